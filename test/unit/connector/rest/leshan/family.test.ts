import { beforeEach, describe, expect, test } from "vitest";
import type { ResponseEvent } from "../../../../../connector/contract.ts";
import { QUEUE_FULL } from "../../../../../connector/contract.ts";
import { decodeUtf8 } from "../../../../../protocol/bytes/utf8.ts";
import * as coap from "../../../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../../../protocol/coap/content-formats.ts";
import { FakeExchange, RestBench } from "../bench.ts";
import { bytes, FakeDevices, responseEvent } from "../fake-devices.ts";

let devices: FakeDevices;
let bench: RestBench;

beforeEach(() => {
  devices = new FakeDevices();
  bench = new RestBench(devices);
  register("lamp");
});

function register(endpointName: string, more = {}): void {
  const links = "</1/0>,</3/0>,</3303/0>";
  const registration = devices.register(endpointName, links, { version: "1.1", ...more });
  bench.access.devices.handleRegistration(registration, 0);
  bench.handle({ kind: "registration", registration });
}

type Answer = Parameters<typeof responseEvent>[3];

/** Asks, and lets the device answer when it has been asked. */
async function ask(
  method: string,
  path: string,
  answer: Answer = {},
  body?: string | object,
  endpointName = "lamp",
) {
  const text = typeof body === "object" ? JSON.stringify(body) : body;
  const pending = bench.fetch(method, `/api/clients/${endpointName}/${path}`, {
    ...(text !== undefined && { body: text }),
  });
  await expect.poll(() => devices.submitted.length).toBeGreaterThan(0);
  const { id, request } = devices.submitted.pop()!;
  bench.handle(responseEvent(id, endpointName, request.path, answer));
  const response = await pending;
  return { status: response.status, text: await response.text(), request };
}

async function refusal(method: string, path: string, body?: string) {
  const [status, text] = await bench.ask(method, `/api/clients/lamp/${path}`, {
    ...(body !== undefined && { body }),
  });
  expect(devices.submitted).toEqual([]);
  return `${status} ${text}`;
}

const failed = (code: number, more: Partial<ResponseEvent> = {}): Answer => ({
  status: 400,
  code,
  error: "The device says no",
  ...more,
  payload: "",
});

describe("what is asked of a device", () => {
  test("is a Read in the format that is named, else in one that it has for sure", async () => {
    expect((await ask("GET", "3/0?format=SENML_JSON")).request).toMatchObject({
      method: coap.GET,
      path: "/3/0",
      accept: 110,
    });
    expect((await ask("GET", "3/0/1")).request.accept).toBeUndefined();
    expect((await ask("GET", "3/0/6")).request.accept).toBe(TLV);
  });

  test("is a Write that replaces, or one in part", async () => {
    const body = { id: 1, kind: "singleResource", value: "60", type: "integer" };
    const { request } = await ask("PUT", "1/0/1", { code: coap.CHANGED }, body);
    expect(request).toMatchObject({ method: coap.PUT, path: "/1/0/1", contentFormat: TEXT });
    expect(decodeUtf8(request.payload)).toBe("60");
    const instance = { id: 0, resources: [body] };
    const partly = await ask("PUT", "1/0?replace=false", { code: coap.CHANGED }, instance);
    expect(partly.request).toMatchObject({ method: coap.POST, path: "/1/0", contentFormat: TLV });
    expect(JSON.parse(partly.text)).toMatchObject({ status: "CHANGED(204)", valid: true });
  });

  test("is a Write in part of a resource, never the Execute that text would make of it", async () => {
    const values = { id: 6, kind: "multiResource", values: { 0: "1" }, type: "integer" };
    const { request } = await ask("PUT", "3/0/6?replace=false", {}, values);
    expect(request).toMatchObject({ method: coap.POST, contentFormat: TLV });
    const text = JSON.stringify({ id: 1, value: "a", type: "string" });
    expect(await refusal("PUT", "3/0/1?replace=false&format=TEXT", text)).toContain(
      "400 Invalid request: text cannot update",
    );
  });

  test("is Discover and Write-Attributes, without the parameters that are the caller's own", async () => {
    const links = {
      contentFormat: LINK_FORMAT,
      payload: '</3/0>;pmin=5,</3/0/6>;dim=2;x="y",</3/0/1>;z',
    };
    const discovered = await ask("GET", "3/0/discover?timeout=3", links);
    expect(discovered.request).toMatchObject({ method: coap.GET, path: "/3/0", accept: 40 });
    expect(JSON.parse(discovered.text).objectLinks).toEqual([
      { url: "/3/0", attributes: { pmin: "5" } },
      { url: "/3/0/6", attributes: { dim: "2", x: "y" } },
      { url: "/3/0/1", attributes: { z: null } },
    ]);
    const written = "3/0/9/attributes?pmin=1&gt=-2.5&lt&timeout=3&access_token=";
    const { request } = await ask("PUT", `${written}${bench.key}`, { code: coap.CHANGED });
    expect(request).toMatchObject({
      method: coap.PUT,
      path: "/3/0/9",
      query: ["pmin=1", "gt=-2.5", "lt"],
    });
    expect(request.payload).toHaveLength(0);
  });

  test("is Create, whose place is told, Execute with its arguments, and Delete", async () => {
    const created = await ask(
      "POST",
      "3303",
      { status: 201, code: coap.CREATED, location: "/3303/7" },
      { resources: [] },
    );
    expect(created.request).toMatchObject({ method: coap.POST, path: "/3303", contentFormat: TLV });
    expect(JSON.parse(created.text)).toMatchObject({ status: "CREATED(201)", location: "/3303/7" });
    const executed = await ask("POST", "3/0/4", { code: coap.CHANGED }, "0='x'");
    expect(decodeUtf8(executed.request.payload)).toBe("0='x'");
    const deleted = await ask("DELETE", "3303/0", { code: coap.DELETED });
    expect(JSON.parse(deleted.text)).toMatchObject({ status: "DELETED(202)", success: true });
  });

  test.each([
    ["GET", "", "400"],
    ["GET", "3/0/1/2/3", "400 Invalid request: Invalid path"],
    ["GET", "3/70000", "400 Invalid request: Invalid path"],
    ["PUT", "3", "400 Invalid request: Invalid path /3: this is not done to an object."],
    [
      "DELETE",
      "3/0/1",
      "400 Invalid request: Invalid path /3/0/1: this is not done to a resource.",
    ],
    ["POST", "3/0", "400 Invalid request: Invalid path /3/0"],
    ["GET", "3/0/1/2/discover", "400 Invalid request: Invalid path /3/0/1/2"],
    ["GET", "3/0?format=YAML", "400 Invalid request: format must be one of"],
    ["PUT", "3/0/9/attributes", '400 Invalid attributes: ""'],
    ["PUT", "3/0/9/attributes?pmin=soon", '400 Invalid attributes: "pmin"'],
    ["PUT", "3/0/9/attributes?color=red", '400 Invalid attributes: "color"'],
    ["PUT", "3/0/1/2?replace=false", "400 Invalid request: a resource instance"],
    ["PUT", "3/0/observe", "400 Invalid request: Invalid path"],
    ["GET", "composite", "400 Invalid request: paths must be a list of paths"],
    ["GET", "composite?paths=/3/0,/x", "400 Invalid request: Invalid path"],
    ["GET", "composite?paths=/3/0&nodeformat=TLV", "400 Invalid request: nodeformat must be one"],
    ["GET", "composite?paths=/3/0&pathformat=YAML", "400 Invalid request: format must be one of"],
    ["POST", "composite/observe?paths=", "400 Invalid request: paths must be a list of paths"],
    ["GET", "barn/3/0", "400 Invalid request: Invalid path"],
  ])("is not %s %s", async (method, path, expected) => {
    if (path === "") expect((await bench.ask(method, "/api/clients/"))[0]).toBe(200);
    else expect(await refusal(method, path)).toContain(expected);
  });

  test("is nothing where the body is no JSON, or no text for a resource", async () => {
    expect(await refusal("PUT", "3/0/1", "{")).toContain("400 The body is not valid JSON");
    const more = { body: "x", headers: { "content-type": "application/xml" } };
    expect(await bench.ask("PUT", "/api/clients/lamp/3/0/1", more)).toEqual([
      400,
      "Invalid request: content type application/xml not supported",
    ]);
  });
});

describe("what a device says", () => {
  test("is told with its code when it refuses, legal or not", async () => {
    const refused = await ask("GET", "3/0/1", failed(coap.NOT_FOUND));
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      200,
      {
        status: "NOT_FOUND(404)",
        valid: true,
        success: false,
        failure: true,
        errormessage: "The device says no",
      },
    ]);
    const odd = await ask("GET", "3/0/1", failed(coap.CONFLICT));
    expect(JSON.parse(odd.text)).toMatchObject({ status: "UNKNOWN(409)", valid: false });
  });

  test("is a timeout when it is nothing, and nothing is promised for later", async () => {
    const silent = await ask("GET", "3/0/1", failed(0, { status: 504, code: undefined }));
    expect([silent.status, silent.text]).toEqual([504, "Request timeout"]);
    const pending = bench.ask("GET", "/api/clients/lamp/3/0/1?timeout=7");
    await expect.poll(() => devices.submitted.length).toBe(1);
    expect(devices.submitted[0].request.expiresIn).toBe(7000);
    expect(bench.alarms.map(({ delay }) => delay)).toEqual([8000]);
    bench.alarms[0].action();
    expect(await pending).toEqual([504, "Request timeout"]);
  });

  test("is 5 s away at most unless the caller has another patience, and 120 s then", async () => {
    const patience = async (query: string) => (await ask("GET", `3/0/1${query}`)).request.expiresIn;
    expect(await patience("")).toBe(5000);
    expect(await patience("?timeout=0")).toBe(5000);
    expect(await patience("?timeout=x")).toBe(5000);
    expect(await patience("?timeout=99999")).toBe(120_000);
  });

  test("is an invalid response when it cannot be read", async () => {
    const { status, text } = await ask("GET", "3/0", { payload: "?", contentFormat: TLV });
    expect([status, text]).toEqual([502, expect.stringContaining("Invalid Response")]);
  });

  test("is not waited for when too much waits already", async () => {
    devices.refusal = QUEUE_FULL;
    expect(await bench.ask("GET", "/api/clients/lamp/3/0/1")).toEqual([
      429,
      "Too many requests wait for this device.",
    ]);
  });

  test.each([
    ["refuses", failed(coap.SERVICE_UNAVAILABLE, { status: 503 }), 200],
    ["is silent", failed(0, { status: 504, code: undefined }), 504],
  ])("is the end of an observation that it %s", async (_, answer, expected) => {
    const pending = bench.ask("POST", "/api/clients/lamp/3/0/9/observe");
    await expect.poll(() => devices.observed.size).toBe(1);
    bench.handle(responseEvent(devices.latestId(), "lamp", "/3/0/9", answer));
    expect((await pending)[0]).toBe(expected);
    expect(devices.observed.size).toBe(0);
  });

  test("comes to all who wait for the same first value", async () => {
    const path = "/api/clients/lamp/3/0/9/observe";
    devices.observe = () => ({ id: "9#id" });
    const pending = [bench.ask("POST", path), bench.ask("POST", path, { key: bench.newKey() })];
    await expect.poll(() => bench.alarms.length).toBe(2);
    bench.handle(responseEvent("9#id", "lamp", "/3/0/9", { payload: "90" }));
    for (const [status] of await Promise.all(pending)) expect(status).toBe(200);
    expect(bench.alarms).toEqual([]);
  });

  test("is for whoever observes, until he has enough", async () => {
    const path = "/api/clients/lamp/3/0/9/observe";
    const first = bench.ask("POST", path);
    await expect.poll(() => devices.calls).toEqual(["observe lamp /3/0/9"]);
    bench.handle(responseEvent(devices.latestId(), "lamp", "/3/0/9", { payload: "90" }));
    const [status, text] = await first;
    expect([status, JSON.parse(text).content]).toEqual([
      200,
      { kind: "singleResource", id: 9, type: "INTEGER", value: "90" },
    ]);
    expect(await bench.ask("DELETE", path)).toEqual([200, ""]);
    expect(devices.observed.size).toBe(0);
    expect((await bench.ask("DELETE", `${path}?active`))[0]).toBe(404);
  });
});

describe("a device that sleeps", () => {
  beforeEach(() => {
    register("sleepy", { queueMode: true });
    devices.asleep.add("sleepy");
  });

  test("is shown so", async () => {
    const [, text] = await bench.ask("GET", "/api/clients/sleepy");
    expect(JSON.parse(text)).toMatchObject({ queuemode: true, sleeping: true });
  });

  test("answers later, as an event that names the request", async () => {
    const events = await listen();
    const [status, text] = await bench.ask("GET", "/api/clients/sleepy/3/0/9");
    const { id, request } = devices.submitted[0];
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { ep: "sleepy", path: "/3/0/9", requestId: id, delayed: true },
    ]);
    expect(request.expiresIn).toBe(bench.host.requestExpiry);
    expect(bench.commits).toBeGreaterThan(0);
    devices.asleep.clear();
    bench.handle(responseEvent(id, "sleepy", "/3/0/9", { payload: "90" }));
    expect(await events.take()).toEqual([
      [
        "REQUEST_RESPONSE",
        {
          ep: "sleepy",
          path: "/3/0/9",
          requestId: id,
          delayed: true,
          response: expect.objectContaining({ status: "CONTENT(205)" }),
        },
      ],
      ["AWAKE", { ep: "sleepy" }],
    ]);
  });
});

/** A stream, and what came on it. */
async function listen(query = "", key = bench.key) {
  const exchange = new FakeExchange();
  const response = await bench.fetch("GET", `/api/event${query}`, { key, exchange });
  expect(response.status).toBe(200);
  const reader = response.body!.getReader();
  return {
    exchange,
    cancel: () => reader.cancel(),
    /** All that has come by the next heartbeat: names and what they hold. */
    async take(): Promise<[string, unknown][]> {
      bench.leshan.handleBeat();
      let text = "";
      while (!text.endsWith(":\n\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("ended");
        text += Buffer.from(value).toString();
      }
      const events = [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)];
      return events.map(([, name, content]) => [name, JSON.parse(content)]);
    },
  };
}

function notify(endpointName: string): void {
  bench.handle({
    kind: "notification",
    endpointName,
    path: "/3/0/9",
    payload: bytes("55"),
    contentFormat: TEXT,
    maxAge: 0,
  });
}

describe("who listens", () => {
  test("hears of registrations, updates and their end, with the same registration id", async () => {
    const events = await listen();
    register("new");
    const registration = devices.registration("new")!;
    bench.handle({ kind: "update", registration });
    devices.deregister("new");
    const heard = await events.take();
    expect(heard.map(([name]) => name)).toEqual(["REGISTRATION", "UPDATED", "DEREGISTRATION"]);
    const ids = heard.map(([, { registration: inner, ...outer }]: Parsed) => {
      return (inner ?? outer).registrationId;
    });
    expect(new Set(ids).size).toBe(1);
    expect(JSON.stringify(heard)).not.toContain(registration.location);
  });

  test("hears of the end of a device that was there before", async () => {
    const events = await listen();
    bench.handle({ kind: "expiry", endpointName: "lamp" });
    expect(await events.take()).toMatchObject([["DEREGISTRATION", { endpoint: "lamp" }]]);
  });

  test("hears values as nodes, of the one device that it asks for", async () => {
    register("other");
    const events = await listen("?ep=lamp");
    notify("other");
    notify("lamp");
    expect(await events.take()).toEqual([
      [
        "NOTIFICATION",
        {
          ep: "lamp",
          kind: "single",
          res: "/3/0/9",
          val: { kind: "singleResource", id: 9, type: "INTEGER", value: "55" },
        },
      ],
    ]);
  });

  test("hears when a device in queue mode falls asleep, and when it wakes", async () => {
    register("sleepy", { queueMode: true });
    const events = await listen();
    devices.asleep.add("sleepy");
    expect(await events.take()).toEqual([["SLEEPING", { ep: "sleepy" }]]);
    devices.asleep.clear();
    notify("sleepy");
    expect((await events.take()).map(([name]) => name)).toEqual(["NOTIFICATION", "AWAKE"]);
  });

  test("is let go of when its connection is lost, or it ends the stream", async () => {
    const one = await listen();
    const other = await listen();
    expect(bench.leshan.streams.size).toBe(2);
    one.exchange.end(false);
    expect(bench.leshan.streams.size).toBe(1);
    await other.cancel();
    expect(bench.leshan.streams.size).toBe(0);
  });

  test("is cut off when it does not read", async () => {
    await listen();
    for (let i = 0; i < 5000; i++) notify("lamp");
    expect(bench.leshan.streams.size).toBe(0);
  });

  test("is not let in when as many of its own listen as may", async () => {
    for (let i = 0; i < 20; i++) await listen();
    expect((await bench.ask("GET", "/api/event"))[0]).toBe(429);
    await listen("", bench.newKey());
  });

  test("hears nothing more when its key is gone, and its stream ends", async () => {
    const key = bench.newKey();
    const events = await listen("", key);
    const { id } = bench.access.keys.find(key, 0)!;
    bench.access.keys.remove(id);
    notify("lamp");
    await expect(events.take()).rejects.toThrow("ended");
  });

  test("is told so when the connector stops", async () => {
    const events = await listen();
    bench.leshan.close();
    await expect(events.take()).rejects.toThrow("ended");
  });
});

type Parsed = ReturnType<typeof JSON.parse>;

describe("the objects of a device", () => {
  test("are described in the versions that it has", async () => {
    register("old", { version: "1.0" });
    const specs = async (name: string): Promise<Parsed> =>
      JSON.parse((await bench.ask("GET", `/api/objectspecs/${name}`))[1]);
    expect((await specs("lamp")).map(({ urn }: Parsed) => urn)).toEqual([
      "urn:oma:lwm2m:oma:1:1.1",
      "urn:oma:lwm2m:oma:3:1.1",
      "urn:oma:lwm2m:ext:3303:1.1",
    ]);
    const [server] = await specs("old");
    expect(server).toMatchObject({ id: 1, name: "LwM2M Server", instancetype: "multiple" });
    expect(server.resourcedefs[1]).toEqual({
      id: 1,
      name: "Lifetime",
      operations: "RW",
      instancetype: "single",
      mandatory: true,
      type: "integer",
      units: "s",
    });
  });
});

describe("an open face", () => {
  const LOCAL = { key: "", address: "127.0.0.1", headers: { host: "localhost" } };

  async function statusOf(more: Parameters<RestBench["fetch"]>[2], url = "http://localhost:8080") {
    const request = new Request(`${url}/api/clients`, { headers: more?.headers ?? {} });
    const exchange = new FakeExchange();
    const env = { exchange, address: more?.address ?? "127.0.0.1" };
    return (await bench.app.fetch(request, env)).status;
  }

  beforeEach(() => {
    bench = new RestBench(devices, undefined, undefined, { opensLeshanApi: true });
    register("lamp");
  });

  test("lets in who comes from this machine", async () => {
    for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.9.9.9"]) {
      expect(await statusOf({ address })).toBe(200);
    }
    expect(await statusOf({}, "http://127.0.0.1:8080")).toBe(200);
    expect(await statusOf({}, "http://[::1]:8080")).toBe(200);
  });

  test("shows the registration id that the device itself uses, for tests of its secrecy", async () => {
    const request = new Request("http://localhost/api/clients/lamp");
    const env = { exchange: new FakeExchange(), address: "::1" };
    const shown: Parsed = await (await bench.app.fetch(request, env)).json();
    expect(shown.registrationId).toBe("1");
  });

  test.each([
    ["another machine", { address: "192.0.2.1" }, undefined],
    ["a proxy", { headers: { "x-forwarded-for": "192.0.2.1" } }, undefined],
    ["a page of another site", { headers: { origin: "http://evil.test" } }, undefined],
    ["an image on such a page", { headers: { "sec-fetch-site": "cross-site" } }, undefined],
    ["a name that was made to point here", {}, "http://evil.test:8080"],
    ["a wrong key", { headers: { authorization: "Bearer x" } }, undefined],
  ])("does not let in %s", async (_, more, url) => {
    expect(await statusOf(more, url)).toBe(401);
  });

  test("opens nothing else", async () => {
    for (const path of ["/endpoints", "/api/v2/devices", "/admin/users", "/api/api_tokens"]) {
      const method = path === "/api/api_tokens" ? "POST" : "GET";
      expect((await bench.ask(method, path, LOCAL))[0]).toBe(401);
    }
  });
});

test("a face that is not open lets nobody in without a key, wherever he comes from", async () => {
  const more = { key: "", address: "127.0.0.1" };
  expect((await bench.ask("GET", "/api/clients", more))[0]).toBe(401);
  expect((await bench.ask("GET", `/api/clients?access_token=${bench.key}`, more))[0]).toBe(200);
});

test("requests to devices count towards the quota of their domain", async () => {
  bench = new RestBench(devices, undefined, { transactions: 2, endpoints: 100 });
  register("lamp");
  await ask("GET", "3/0/1");
  expect((await bench.ask("GET", "/api/clients/lamp/3/0/1"))[0]).toBe(429);
});
