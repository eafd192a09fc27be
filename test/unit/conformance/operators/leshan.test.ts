import { afterEach, expect, test } from "vitest";
import { SENML_CBOR, SENML_JSON, TLV } from "../../../../protocol/coap/content-formats.ts";
import { isLeshan, leshanOperator } from "../../../conformance/operators/leshan.ts";
import type { Operator, Order, Outcome } from "../../../conformance/server-under-test.ts";

/** What Leshan's demo server answers, by method and path; a list of events is the stream. */
type Script = Readonly<Record<string, unknown>>;

interface Asked {
  readonly what: string;
  readonly body: unknown;
}

const CLIENTS = { "GET /api/clients": [] };
const READY: Script = { ...CLIENTS, "GET /api/event": [] };
const open: Operator[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((operator) => operator.close()));
});

/** Leshan is asked to wait for the client as long as the client's retransmissions may take. */
const TIMEOUT = "timeout=100";

/** A Leshan that answers by the script, 404 to anything else, and writes down what it was asked, without how long it may wait. */
function leshan(script: Script): {
  readonly asked: Asked[];
  readonly fetcher: (url: string, request?: RequestInit) => Promise<Response>;
} {
  const asked: Asked[] = [];
  return {
    asked,
    fetcher: async (url, { method = "GET", body, headers } = {}) => {
      const path = url.replace("http://leshan.test", "").replace(new RegExp(`[?&]${TIMEOUT}`), "");
      const what = `${method} ${path}`;
      const isJson = new Headers(headers).get("content-type") === "application/json";
      asked.push({ what, body: isJson ? JSON.parse(`${body}`) : body });
      const answer = script[what];
      if (answer === undefined) return new Response("", { status: 404 });
      if (what === "GET /api/event") return new Response((answer as string[]).join(""));
      return Response.json(answer);
    },
  };
}

async function operatorOf(script: Script): Promise<{ operator: Operator; asked: Asked[] }> {
  const { asked, fetcher } = leshan({ ...READY, ...script });
  const operator = await leshanOperator("http://leshan.test/", { fetcher });
  open.push(operator);
  return { operator, asked };
}

async function carryOut(operator: Operator, order: Order): Promise<Outcome | undefined> {
  const id = await operator.order("node 1", order);
  await expect.poll(() => operator.outcome(id)).toBeDefined();
  return operator.outcome(id);
}

const content = (node: unknown) => ({ status: "CONTENT(205)", success: true, content: node });

test("a client is found by its name, with its paths and its mode; one that is not there is not", async () => {
  const { operator } = await operatorOf({
    "GET /api/clients/node%201": {
      endpoint: "node 1",
      bindingMode: "U",
      queuemode: true,
      lifetime: 300,
      objectLinks: [{ url: "/" }, { url: "/3/0" }],
    },
  });
  expect(await operator.find("node 1")).toEqual({
    queueMode: true,
    paths: ["/", "/3/0"],
    lifetime: 300,
  });
  expect(await operator.find("node 2")).toBeUndefined();
});

test("a Read tells the value as text, whatever its type", async () => {
  const node = (type: string, value: unknown) =>
    content({ kind: "singleResource", id: 0, type, value });
  const { operator } = await operatorOf({
    "GET /api/clients/node%201/3/0/0": node("string", "Acme"),
    "GET /api/clients/node%201/1/0/1": node("integer", "300"),
    "GET /api/clients/node%201/1/0/6": node("boolean", true),
    "GET /api/clients/node%201/3/0/13": node("time", 1_367_491_215_000),
  });
  const read = async (path: string) => (await carryOut(operator, { kind: "read", path }))?.value;
  expect(await read("/3/0/0")).toBe("Acme");
  expect(await read("/1/0/1")).toBe("300");
  expect(await read("/1/0/6")).toBe("1");
  expect(await read("/3/0/13")).toBe("1367491215");
});

test("a Write says the type of the resource; integers are texts", async () => {
  const answer = { status: "CHANGED(204)", success: true };
  const { operator, asked } = await operatorOf({ "PUT /api/clients/node%201/1/0/1": answer });
  expect(await carryOut(operator, { kind: "write", path: "/1/0/1", value: 63 })).toEqual({
    isSuccess: true,
    words: "CHANGED(204)",
    value: undefined,
  });
  expect(asked.at(-1)?.body).toEqual({
    kind: "singleResource",
    id: 1,
    type: "integer",
    value: "63",
  });
});

test("Execute is a POST of a resource, Create one of an object, Delete a DELETE", async () => {
  const answer = { status: "CHANGED(204)", success: true };
  const { operator, asked } = await operatorOf({
    "POST /api/clients/node%201/3/0/4": answer,
    "POST /api/clients/node%201/16": answer,
    "DELETE /api/clients/node%201/16/1": answer,
  });
  await carryOut(operator, { kind: "execute", path: "/3/0/4", argumentList: "0='a'" });
  expect(asked.at(-1)?.body).toBe("0='a'");
  await carryOut(operator, { kind: "create", path: "/16", values: { "/16/1/0": "id" } });
  expect(asked.at(-1)?.body).toMatchObject({
    kind: "instance",
    id: 1,
    resources: [{ id: 0, value: "id" }],
  });
  expect((await carryOut(operator, { kind: "delete", path: "/16/1" }))?.isSuccess).toBe(true);
});

test("what the client refuses, and what the server refuses, are failed orders in their own words", async () => {
  const { operator } = await operatorOf({
    "GET /api/clients/node%201/3/0/9": { status: "NOT_FOUND(404)", success: false },
  });
  expect(await carryOut(operator, { kind: "read", path: "/3/0/9" })).toMatchObject({
    isSuccess: false,
    words: "NOT_FOUND(404)",
  });
  expect(await carryOut(operator, { kind: "read", path: "/9" })).toMatchObject({
    isSuccess: false,
    words: "404",
  });
});

test("an observation tells its first value and what the event stream brings, other events nothing", async () => {
  const value = (text: string) => ({ kind: "singleResource", id: 7, type: "integer", value: text });
  const notification = { ep: "node 1", kind: "single", res: "/3/0/7", val: value("3801") };
  const { operator, asked } = await operatorOf({
    "GET /api/event": [
      "event: COAPLOG\ndata: {}\n\n",
      `event: NOTIFICATION\ndata: ${JSON.stringify(notification).slice(0, 20)}`,
      `${JSON.stringify(notification).slice(20)}\r\n\r\n`,
    ],
    "POST /api/clients/node%201/3/0/7/observe": content(value("3800")),
    "DELETE /api/clients/node%201/3/0/7/observe?active": content(value("3800")),
  });
  await carryOut(operator, { kind: "observe", path: "/3/0/7" });
  expect([...operator.told("node 1", "/3/0/7")].sort()).toEqual(["3800", "3801"]);
  await carryOut(operator, { kind: "cancel", path: "/3/0/7" });
  expect(asked.at(-1)?.what).toBe("DELETE /api/clients/node%201/3/0/7/observe?active");
});

test("an order names the format that it wants, in Leshan's words", async () => {
  const { operator, asked } = await operatorOf({});
  const whats = async (order: Order) => {
    await carryOut(operator, order);
    return asked.at(-1)?.what.replace(" /api/clients/node%201", " ");
  };
  expect(await whats({ kind: "read", path: "/3/0", format: TLV })).toBe("GET /3/0?format=TLV");
  const values = { "/1/0/1": 61, "/1/0/6": true };
  expect(await whats({ kind: "update", path: "/1/0", values, format: SENML_JSON })).toBe(
    "PUT /1/0?format=SENML_JSON&replace=false",
  );
  expect(await whats({ kind: "replace", path: "/1/0", values })).toBe("PUT /1/0?replace=true");
  expect(await whats({ kind: "discover", path: "/3" })).toBe("GET /3/discover");
  const attributes = ["pmin=10", "gt"];
  expect(await whats({ kind: "write-attributes", path: "/3", attributes })).toBe(
    "PUT /3/attributes?pmin=10&gt",
  );
  const paths = ["/3/0/0", "/1/0"];
  expect(await whats({ kind: "read-composite", paths, format: SENML_CBOR })).toBe(
    "GET /composite?paths=%2F3%2F0%2F0%2C%2F1%2F0&pathformat=SENML_CBOR&nodeformat=SENML_CBOR",
  );
  expect(await whats({ kind: "write-composite", values: { "/1/0/1": 61 } })).toBe("PUT /composite");
  expect(await whats({ kind: "observe-composite", paths })).toBe(
    "POST /composite/observe?paths=%2F3%2F0%2F0%2C%2F1%2F0",
  );
  expect(await whats({ kind: "cancel-composite", paths })).toBe(
    "DELETE /composite/observe?paths=%2F3%2F0%2F0%2C%2F1%2F0&active",
  );
});

test("an instance is written with its resources, several values of one by their ids", async () => {
  const { operator, asked } = await operatorOf({});
  const values = { "/3/0/11/0": 0, "/3/0/11/1": 8, "/3/0/13": 1_367_491_215 };
  await carryOut(operator, { kind: "update", path: "/3/0", values });
  expect(asked.at(-1)?.body).toEqual({
    kind: "instance",
    id: 0,
    resources: [
      { kind: "singleResource", id: 13, type: "time", value: 1_367_491_215_000 },
      { kind: "multiResource", id: 11, type: "integer", values: { 0: "0", 1: "8" } },
    ],
  });
  await carryOut(operator, { kind: "write", path: "/16/0/0/1", value: "second" });
  expect(asked.at(-1)?.body).toMatchObject({ kind: "resourceInstance", id: 1, value: "second" });
});

test("what is read of more than one value is told by its paths", async () => {
  const integer = (id: number, value: string) => ({
    kind: "singleResource",
    id,
    type: "INTEGER",
    value,
  });
  const errors = { kind: "multiResource", id: 11, type: "INTEGER", values: { 0: "8" } };
  const apn = { kind: "singleResource", id: 9, type: "OBJLNK", value: { objectId: 11 } };
  const instance = { kind: "instance", id: 0, resources: [integer(9, "95"), errors, apn] };
  const root = { kind: "root", objects: [{ kind: "obj", id: 3, instances: [instance] }] };
  const { operator } = await operatorOf({
    "GET /api/clients/node%201/3": content({ kind: "obj", id: 3, instances: [instance] }),
    "GET /api/clients/node%201/composite?paths=%2F": content({ "/": root, "/9": null }),
  });
  const read = await carryOut(operator, { kind: "read", path: "/3" });
  expect(Object.fromEntries(read?.values ?? [])).toMatchObject({ "/3/0/11/0": 8 });
  const all = await carryOut(operator, { kind: "read-composite", paths: ["/"] });
  expect([...(all?.values?.keys() ?? [])]).toEqual(["/3/0/9", "/3/0/11/0"]);
});

test("a Discover tells its links with their attributes", async () => {
  const { operator } = await operatorOf({
    "GET /api/clients/node%201/3/discover": {
      status: "CONTENT(205)",
      success: true,
      objectLinks: [{ url: "/3/0/7", attributes: { dim: 2, pmin: "10", hidden: null } }],
    },
  });
  const outcome = await carryOut(operator, { kind: "discover", path: "/3" });
  expect(outcome?.links).toEqual([
    {
      uri: "/3/0/7",
      attributes: [
        { name: "dim", value: "2" },
        { name: "pmin", value: "10" },
        { name: "hidden", value: undefined },
      ],
    },
  ]);
});

test("what has to wait for a sleeping client ends with an event", async () => {
  const value = { kind: "singleResource", id: 0, type: "string", value: "Sleeper Inc." };
  const events = [
    { ep: "node 1", requestId: "7#a", delayed: true, response: content(value) },
    { ep: "node 1", requestId: "7#b", delayed: true, errormessage: "gone" },
  ].map((one) => `event: REQUEST_RESPONSE\ndata: ${JSON.stringify(one)}\n\n`);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { fetcher } = leshan({
    ...READY,
    "GET /api/clients/node%201/3/0/0": { delayed: true, requestId: "7#a" },
    "GET /api/clients/node%201/3/0/1": { delayed: true, requestId: "7#b" },
  });
  const operator = await leshanOperator("http://leshan.test", {
    fetcher: async (url, request) => {
      if (!url.endsWith("/api/event")) return fetcher(url, request);
      return new Response(
        new ReadableStream({
          async start(controller) {
            await released;
            controller.enqueue(new TextEncoder().encode(events.join("")));
            controller.close();
          },
        }),
      );
    },
  });
  open.push(operator);
  const first = await operator.order("node 1", { kind: "read", path: "/3/0/0" });
  const second = await operator.order("node 1", { kind: "read", path: "/3/0/1" });
  await new Promise((resolve) => setImmediate(resolve));
  expect([operator.outcome(first), operator.outcome(second)]).toEqual([undefined, undefined]);
  release();
  await expect.poll(() => operator.outcome(first)?.value).toBe("Sleeper Inc.");
  await expect.poll(() => operator.outcome(second)?.words).toBe("gone");
});

test("what a client sends, and what several paths notify, is told by path", async () => {
  const node = { kind: "singleResource", id: 5700, type: "FLOAT", value: "22.0" };
  const val = { "/3303/0/5700": node };
  const { operator } = await operatorOf({
    "GET /api/event": [
      `event: SEND\ndata: ${JSON.stringify({ ep: "node 1", val })}\n\n`,
      `event: NOTIFICATION\ndata: ${JSON.stringify({ ep: "node 1", kind: "composite", val })}\n\n`,
    ],
  });
  expect((await carryOut(operator, { kind: "listen", path: "/3303" }))?.isSuccess).toBe(true);
  await expect.poll(() => operator.told("node 1", "/3303/0/5700")).toEqual(["22", "22"]);
});

test("a client that is let go of is not observed any more, passively", async () => {
  const { operator, asked } = await operatorOf({});
  await carryOut(operator, { kind: "observe", path: "/3/0/7" });
  await carryOut(operator, { kind: "observe-composite", paths: ["/3/0/7"] });
  await operator.release?.("node 1");
  await operator.release?.("node 1");
  expect(asked.slice(-2).map(({ what }) => what)).toEqual([
    "DELETE /api/clients/node%201/3/0/7/observe",
    "DELETE /api/clients/node%201/composite/observe?paths=%2F3%2F0%2F7",
  ]);
});

test("Leshan is known by its list of clients; a server that answers otherwise is refused", async () => {
  expect(await isLeshan("http://leshan.test", leshan(READY).fetcher)).toBe(true);
  expect(await isLeshan("http://leshan.test", leshan({}).fetcher)).toBe(false);
  await expect(leshanOperator("http://leshan.test", leshan({}))).rejects.toThrow(
    "http://leshan.test/api/clients answers 404",
  );
  await expect(leshanOperator("http://leshan.test", leshan(CLIENTS))).rejects.toThrow(
    "/api/event answers 404",
  );
});
