import { afterEach, expect, test } from "vitest";
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

/** A Leshan that answers by the script, 404 to anything else, and writes down what it was asked. */
function leshan(script: Script): {
  readonly asked: Asked[];
  readonly fetcher: (url: string, request?: RequestInit) => Promise<Response>;
} {
  const asked: Asked[] = [];
  return {
    asked,
    fetcher: async (url, { method = "GET", body, headers } = {}) => {
      const what = `${method} ${url.replace("http://leshan.test", "")}`;
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
      objectLinks: [{ url: "/" }, { url: "/3/0" }],
    },
  });
  expect(await operator.find("node 1")).toEqual({ queueMode: true, paths: ["/", "/3/0"] });
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
