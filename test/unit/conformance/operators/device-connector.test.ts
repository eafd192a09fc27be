import { afterEach, expect, test } from "vitest";
import { OCTET_STREAM, SENML_JSON, TEXT } from "../../../../protocol/coap/content-formats.ts";
import { deviceConnectorOperator } from "../../../conformance/operators/device-connector.ts";
import type { Operator, Order } from "../../../conformance/server-under-test.ts";

interface Asked {
  readonly what: string;
  readonly accept: string | null;
  readonly contentType: string | null;
  readonly body: string;
}

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64");
const open: Operator[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((operator) => operator.close()));
});

/** A connector that answers by method and path, accepts every other order, and hands out messages as they are told. */
class FakeConnector {
  readonly asked: Asked[] = [];
  private readonly answers: Readonly<Record<string, Response | object>>;
  private readonly messages: object[] = [];
  private wake = () => {};
  private ids = 0;

  constructor(answers: Readonly<Record<string, Response | object>> = {}) {
    this.answers = answers;
  }

  /** Says something on the notification channel. */
  tell(message: object): void {
    this.messages.push(message);
    this.wake();
  }

  readonly fetch = async (url: string, request: RequestInit = {}): Promise<Response> => {
    const { method = "GET", signal } = request;
    const what = `${method} ${url.replace("http://connector.test", "")}`;
    if (what.startsWith("GET /v2/notification/pull?noWait"))
      return new Response(null, { status: 204 });
    if (what.startsWith("GET /v2/notification/pull")) return this.pull(signal ?? undefined);
    const headers = new Headers(request.headers);
    const body =
      request.body === undefined ? "" : Buffer.from(request.body as Uint8Array).toString();
    const [accept, contentType] = [headers.get("accept"), headers.get("content-type")];
    this.asked.push({ what, accept, contentType, body });
    const answer = this.answers[what];
    if (answer instanceof Response) return answer;
    if (answer !== undefined) return Response.json(answer);
    return Response.json({ "async-response-id": `${++this.ids}#a` }, { status: 202 });
  };

  private async pull(signal: AbortSignal | undefined): Promise<Response> {
    if (this.messages.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.wake = resolve;
        signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    }
    return Response.json(this.messages.shift());
  }
}

async function operatorOf(connector: FakeConnector): Promise<Operator> {
  const operator = await deviceConnectorOperator("http://connector.test/", "key", connector.fetch);
  open.push(operator);
  return operator;
}

test("a client is found with its paths and its mode; one that is not there is not", async () => {
  const connector = new FakeConnector({
    "GET /v2/endpoints/node%201": [{ uri: "/3/0" }],
    "GET /v2/endpoints": [{ name: "node 1", q: true }],
    "GET /v2/endpoints/other": new Response("", { status: 404 }),
  });
  const operator = await operatorOf(connector);
  expect(await operator.find("node 1")).toEqual({ queueMode: true, paths: ["/3/0"] });
  expect(await operator.find("other")).toBeUndefined();
});

test("orders are requests with media types for formats", async () => {
  const connector = new FakeConnector();
  const operator = await operatorOf(connector);
  const asked = async (order: Order) => {
    await operator.order("node", order);
    const { what, accept, contentType, body } = connector.asked.at(-1) as Asked;
    return [what.replace("/v2/endpoints/node", ""), accept ?? contentType, body];
  };
  expect(await asked({ kind: "read", path: "/3/0", format: SENML_JSON })).toEqual([
    "GET /3/0",
    "application/senml+json",
    "",
  ]);
  expect(await asked({ kind: "discover", path: "/3" })).toEqual([
    "GET /3",
    "application/link-format",
    "",
  ]);
  expect(await asked({ kind: "write", path: "/1/0/1", value: 63 })).toEqual([
    "PUT /1/0/1",
    "text/plain",
    "63",
  ]);
  const bytes = Uint8Array.of(65, 66);
  const order = { kind: "write", path: "/5/0/0", value: bytes, format: OCTET_STREAM } as const;
  expect(await asked(order)).toEqual(["PUT /5/0/0", "application/octet-stream", "AB"]);
  const values = { "/1/0/1": 61 };
  const tlv = "application/vnd.oma.lwm2m+tlv";
  expect((await asked({ kind: "update", path: "/1/0", values })).slice(0, 2)).toEqual([
    "POST /1/0",
    tlv,
  ]);
  expect((await asked({ kind: "replace", path: "/1/0", values })).slice(0, 2)).toEqual([
    "PUT /1/0",
    tlv,
  ]);
  expect((await asked({ kind: "create", path: "/1", values })).slice(0, 2)).toEqual([
    "POST /1",
    tlv,
  ]);
  expect(await asked({ kind: "execute", path: "/3/0/4", argumentList: "0='a'" })).toEqual([
    "POST /3/0/4",
    "text/plain",
    "0='a'",
  ]);
  expect(await asked({ kind: "delete", path: "/16/1" })).toEqual(["DELETE /16/1", null, ""]);
  await expect(asked({ kind: "write-attributes", path: "/3", attributes: [] })).rejects.toThrow(
    'has no "write-attributes"',
  );
  await expect(asked({ kind: "write", path: "/1/0/1", value: 1, format: 320 })).rejects.toThrow();
});

test("an outcome has what was read, by its paths, in whatever format it came", async () => {
  const connector = new FakeConnector();
  const operator = await operatorOf(connector);
  const id = await operator.order("node", { kind: "read", path: "/3/0" });
  const payload = base64('[{"n":"/3/0/9","v":95}]');
  const ct = "application/senml+json; charset=utf-8";
  connector.tell({ "async-responses": [{ id, status: 200, ct, payload }] });
  await expect.poll(() => operator.outcome(id)).toBeDefined();
  expect(operator.outcome(id)?.values?.get("/3/0/9")).toBe(95);
  const links = await operator.order("node", { kind: "discover", path: "/3" });
  const list = {
    id: links,
    status: 200,
    ct: "application/link-format",
    payload: base64("</3/0>;dim=1"),
  };
  connector.tell({ "async-responses": [list] });
  await expect.poll(() => operator.outcome(links)?.links?.[0].uri).toBe("/3/0");
});

test("what cannot be read has no values; what the device refuses has failed", async () => {
  const connector = new FakeConnector();
  const operator = await operatorOf(connector);
  const broken = await operator.order("node", { kind: "read", path: "/3/0" });
  const refused = await operator.order("node", { kind: "read", path: "/3/0/1" });
  connector.tell({
    "async-responses": [
      { id: broken, status: 200, ct: "application/senml+json", payload: base64("[{") },
      { id: refused, status: 404 },
    ],
  });
  await expect.poll(() => operator.outcome(refused)).toBeDefined();
  expect(operator.outcome(broken)).toMatchObject({ isSuccess: true, values: undefined });
  expect(operator.outcome(refused)).toMatchObject({ isSuccess: false, words: "404" });
});

test("a response that comes before its order is known to be accepted is not lost", async () => {
  const connector = new FakeConnector();
  const operator = await operatorOf(connector);
  connector.tell({ "async-responses": [{ id: "1#a", status: 200, payload: base64("Acme") }] });
  await new Promise((resolve) => setImmediate(resolve));
  const id = await operator.order("node", { kind: "read", path: "/3/0/0" });
  await expect.poll(() => operator.outcome(id)?.value).toBe("Acme");
});

test("what is answered at once is an outcome: from the cache, or refused with its reason", async () => {
  const connector = new FakeConnector({
    "GET /v2/endpoints/node/3/0/0": new Response("Acme"),
    "PUT /v2/endpoints/node/3/0/1": new Response("There is no Write.", { status: 405 }),
  });
  const operator = await operatorOf(connector);
  const read = await operator.order("node", { kind: "read", path: "/3/0/0" });
  expect(operator.outcome(read)).toEqual({ isSuccess: true, words: "200", value: "Acme" });
  const write = await operator.order("node", {
    kind: "write",
    path: "/3/0/1",
    value: "x",
    format: TEXT,
  });
  expect(operator.outcome(write)).toMatchObject({
    isSuccess: false,
    words: "405 There is no Write.",
  });
});

test("a subscription tells its first value and its notifications, and ends when its client is let go of", async () => {
  const connector = new FakeConnector();
  const operator = await operatorOf(connector);
  const id = await operator.order("node", { kind: "observe", path: "/3303/0/5700" });
  await operator.order("node", { kind: "listen", path: "/3303/0" });
  connector.tell({
    "async-responses": [{ id, status: 200, ct: "text/plain", payload: base64("20.5") }],
    notifications: [
      { ep: "node", path: "/3303/0/5700", ct: "text/plain", payload: base64("21.5") },
      {
        ep: "node",
        path: "/3303/0",
        ct: "application/senml+json",
        payload: base64('[{"n":"/3303/0/5700","v":22.5}]'),
      },
    ],
  });
  const told = () => operator.told("node", "/3303/0/5700");
  await expect.poll(told).toEqual(["20.5", "21.5", "22.5"]);
  await operator.release?.("node");
  await operator.release?.("other");
  expect(connector.asked.map(({ what }) => what)).toEqual([
    "PUT /v2/subscriptions/node/3303/0/5700",
    "PUT /v2/subscriptions/node/3303/0",
    "DELETE /v2/subscriptions/node",
  ]);
});

test("a key that is refused is said at once", async () => {
  const refuse = async () => new Response("Invalid key", { status: 401 });
  await expect(deviceConnectorOperator("http://connector.test", "no", refuse)).rejects.toThrow(
    "http://connector.test answers 401: Invalid key",
  );
});
