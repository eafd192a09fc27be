import { beforeEach, describe, expect, test } from "vitest";
import { GONE, QUEUE_FULL } from "../../../../../connector/contract.ts";
import { DELETE, GET, POST, PUT } from "../../../../../protocol/coap/codes.ts";
import { JSON_FORMAT, TEXT, TLV } from "../../../../../protocol/coap/content-formats.ts";
import { FakeExchange, RestBench } from "../bench.ts";
import { FakeDevices, NODE_001, responseEvent } from "../fake-devices.ts";

const REQUESTS = "/v2/device-requests/node-001?async-id=";

let devices: FakeDevices;
let bench: RestBench;

beforeEach(() => {
  devices = new FakeDevices();
  devices.register("node-001", NODE_001, { endpointType: "Light" });
  bench = new RestBench(devices);
});

function post(asyncId: string, body: unknown): Promise<[number, string]> {
  return bench.ask("POST", `${REQUESTS}${asyncId}`, { body: JSON.stringify(body) });
}

describe("device requests", () => {
  test("each method goes to the device, with the value and the formats that were named", async () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const path = "/actuator/0/speed";
    const cases = [
      [{ method: "GET", uri: path, accept: null }, { method: GET }],
      [
        { method: "get", uri: path, accept: "application/vnd.oma.lwm2m+tlv" },
        { method: GET, accept: TLV },
      ],
      [
        { method: "PUT", uri: path, "content-type": null, "payload-b64": base64("95") },
        { method: PUT, contentFormat: TEXT, payload: Buffer.from("95") },
      ],
      [
        {
          method: "POST",
          uri: path,
          "content-type": "application/json",
          accept: "*/*",
          "payload-b64": base64("{}"),
        },
        { method: POST, contentFormat: JSON_FORMAT, payload: Buffer.from("{}") },
      ],
      [{ method: "DELETE", uri: path }, { method: DELETE }],
    ] as const;
    for (const [i, [body, sent]] of cases.entries()) {
      expect(await post(`id-${i}`, body)).toEqual([202, ""]);
      const { request } = devices.submitted.at(-1)!;
      const { method, path: uri, accept, contentFormat, payload, confirmable } = request;
      expect({ method, uri, accept, contentFormat, payload: Buffer.from(payload) }).toEqual({
        uri: path,
        accept: undefined,
        contentFormat: undefined,
        payload: Buffer.alloc(0),
        ...sent,
      });
      expect(confirmable).toBe(true);
    }
  });

  test("the response has the chosen id, and comes after the 202 also when the device is quicker", async () => {
    const exchange = new FakeExchange();
    const response = await bench.fetch("POST", `${REQUESTS}mine`, {
      body: JSON.stringify({ method: "GET", uri: "/actuator/0/speed" }),
      exchange,
    });
    expect(response.status).toBe(202);
    const { id } = devices.submitted[0];
    bench.handle(responseEvent(id, "node-001", "/actuator/0/speed", { payload: "12" }));
    expect(await bench.pull()).toEqual({});
    exchange.end(true);
    expect((await bench.pull())["async-responses"]).toMatchObject([
      { id: "mine", status: 200, payload: "MTI=" },
    ]);
  });

  test("the first one opens the channel, so that a client may poll a moment later", async () => {
    await post("early", { method: "GET", uri: "/actuator/0/speed" });
    bench.handle(responseEvent("1#id", "node-001", "/actuator/0/speed"));
    expect((await bench.pull())["async-responses"]).toMatchObject([{ id: "early" }]);
  });

  test("it may wait as long as it says", async () => {
    await bench.ask("POST", `${REQUESTS}a&expiry-seconds=7&retry=3`, {
      body: JSON.stringify({ method: "GET", uri: "/dev/temp" }),
    });
    await post("b", { method: "GET", uri: "/dev/temp" });
    expect(devices.submitted.map(({ request }) => request.expiresIn)).toEqual([7000, 1000]);
    for (const query of [
      "expiry-seconds=0",
      "expiry-seconds=259201",
      "expiry-seconds=x",
      "retry=11",
    ]) {
      const body = JSON.stringify({ method: "GET", uri: "/dev/temp" });
      expect((await bench.ask("POST", `${REQUESTS}c&${query}`, { body }))[0]).toBe(400);
    }
  });

  test("a response still awaited under the id is 409", async () => {
    await post("a", { method: "GET", uri: "/dev/temp" });
    expect((await post("a", { method: "GET", uri: "/dev/power" }))[0]).toBe(409);
    bench.handle(responseEvent("1#id", "node-001", "/dev/temp"));
    expect((await post("a", { method: "GET", uri: "/dev/power" }))[0]).toBe(202);
  });

  test("what is wrong is named, and nothing is sent", async () => {
    const uri = "/dev/temp";
    const cases: [asyncId: string, body: unknown, status: number, names: string][] = [
      ["", { method: "GET", uri }, 400, "async-id"],
      ["a%20b", { method: "GET", uri }, 400, "async-id"],
      ["x".repeat(129), { method: "GET", uri }, 400, "async-id"],
      ["a", [], 400, "JSON object"],
      ["a", null, 400, "JSON object"],
      ["a", { uri }, 400, "method"],
      ["a", { method: "PATCH", uri }, 400, "method"],
      ["a", { method: "toString", uri }, 400, "method"],
      ["a", { method: "GET" }, 400, "uri"],
      ["a", { method: "GET", uri: "dev/temp" }, 400, "uri"],
      ["a", { method: "GET", uri: "/dev//temp" }, 400, "uri"],
      ["a", { method: "GET", uri: `/${"é".repeat(200)}` }, 400, "uri"],
      ["a", { method: "PUT", uri, "payload-b64": "!" }, 400, "payload-b64"],
      ["a", { method: "PUT", uri, "payload-b64": 7 }, 400, "payload-b64"],
      ["a", { method: "PUT", uri, "content-type": "image/png" }, 415, "media type"],
      ["a", { method: "GET", uri, accept: "image/png" }, 415, "media type"],
      ["a", { method: "PUT", uri, "payload-b64": "A".repeat(90_000) }, 413, "65536"],
      ["a", { method: "GET", uri: "/no/such" }, 404, "resource"],
    ];
    for (const [asyncId, body, status, names] of cases) {
      const answer = await post(asyncId, body);
      expect([answer[0], answer[1], body]).toEqual([status, expect.stringContaining(names), body]);
    }
    const nobody = "/v2/device-requests/nobody?async-id=a";
    const body = JSON.stringify({ method: "GET", uri });
    expect((await bench.ask("POST", nobody, { body }))[0]).toBe(410);
    expect(devices.submitted).toEqual([]);
  });

  test("a refusal of the device's side has its status, and the id is free", async () => {
    for (const [refusal, status] of [
      [GONE, 410],
      [QUEUE_FULL, 429],
    ] as const) {
      devices.refusal = refusal;
      expect((await post("a", { method: "GET", uri: "/dev/temp" }))[0]).toBe(status);
    }
  });
});

describe("DELETE of an endpoint", () => {
  test("ends its registration, and says so on the channel after the 202", async () => {
    await bench.openChannel();
    const id = await bench.accepted("DELETE", "/v2/endpoints/node-001/");
    expect(devices.registration("node-001")).toBeUndefined();
    expect(await bench.pull()).toEqual({
      "de-registrations": ["node-001"],
      "async-responses": [{ id, status: 200, ct: "text/plain", "max-age": 0, payload: "" }],
    });
    expect((await bench.ask("GET", "/v2/endpoints/node-001"))[0]).toBe(404);
    expect((await bench.ask("DELETE", "/v2/endpoints/node-001"))[0]).toBe(404);
  });

  test("is 200 at once without a channel", async () => {
    expect(await bench.ask("DELETE", "/endpoints/node-001")).toEqual([200, ""]);
    expect(devices.registration("node-001")).toBeUndefined();
  });
});

describe("paths longer than CoAP has them", () => {
  test("are 404, and not a failure inside", async () => {
    await bench.openChannel();
    const segment = encodeURIComponent("é".repeat(128));
    for (const method of ["GET", "PUT", "POST", "DELETE"]) {
      expect((await bench.ask(method, `/v2/endpoints/node-001/x/${segment}`))[0]).toBe(404);
    }
  });
});
