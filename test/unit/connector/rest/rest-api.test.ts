import { beforeEach, describe, expect, test } from "vitest";
import { GONE, QUEUE_FULL, QUEUE_MODE } from "../../../../connector/contract.ts";
import { POLL_PERIOD } from "../../../../connector/notifications/channel.ts";
import { CONTENT, DELETE, GET, POST, PUT } from "../../../../protocol/coap/codes.ts";
import { SENML_JSON, TEXT, TLV } from "../../../../protocol/coap/content-formats.ts";
import { FakeExchange, RestBench } from "./bench.ts";
import { bytes, FakeDevices, NODE_001, responseEvent } from "./fake-devices.ts";

const SPEED = "/v2/endpoints/node-001/actuator/0/speed";

let devices: FakeDevices;
let bench: RestBench;

beforeEach(() => {
  devices = new FakeDevices();
  devices.register("node-001", NODE_001, { endpointType: "Light" });
  devices.register("node-003", "</dev/temp>;obs", {
    endpointType: "QueueModeNode",
    queueMode: true,
  });
  devices.register("lamp", "</1/0>,</3/0>,</3303/0>;ver=1.1,</5>", { version: "1.1" });
  bench = new RestBench(devices);
});

describe("paths", () => {
  test("with and without a version, with and without a trailing slash, are one route", async () => {
    for (const path of [
      "/v2/rest-versions",
      "/v1/rest-versions",
      "/rest-versions",
      "/rest-versions/",
      "/v2/rest-versions//",
    ]) {
      expect(await bench.ask("GET", path)).toEqual([200, '["v1","v2"]']);
    }
  });

  test("what is not there is 404 with one line of text, another method is 405", async () => {
    const [status, text] = await bench.ask("GET", "/v2/nothing");
    expect([status, text.includes("\n")]).toEqual([404, false]);
    expect((await bench.ask("GET", "/v3/endpoints"))[0]).toBe(404);
    const response = await bench.fetch("PATCH", "/v2/endpoints");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
    expect((await bench.fetch("HEAD", "/v2/notification/pull")).status).toBe(405);
  });

  test("/ names the product and the version, without a key", async () => {
    const response = await bench.fetch("GET", "/", { headers: { authorization: "" } });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("Dormouse test\nREST version = v2\n");
  });
});

describe("other origins", () => {
  test("a page may call with a key: the preflight is answered without one", async () => {
    const response = await bench.fetch("OPTIONS", "/v2/endpoints", {
      headers: {
        authorization: "",
        origin: "http://page.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-methods")).toContain("PUT");
    expect(response.headers.get("access-control-allow-headers")).toBe("authorization");
    const listed = await bench.fetch("GET", "/v2/endpoints");
    expect(listed.headers.get("access-control-allow-origin")).toBe("*");
    expect(listed.headers.get("cache-control")).toBe("no-store");
  });
});

describe("access", () => {
  test("every route but / is 401 without a valid key, with the same words for each cause", async () => {
    const bodies = new Set<string>();
    const routes: [method: string, path: string][] = [
      ["GET", "/rest-versions"],
      ["GET", "/v2/limits"],
      ["GET", "/v2/endpoints"],
      ["GET", "/v2/endpoints/node-001"],
      ["GET", "/v2/endpoints/nobody"],
      ["GET", SPEED],
      ["PUT", SPEED],
      ["POST", SPEED],
      ["DELETE", SPEED],
      ["GET", "/v2/notification/pull"],
      ["DELETE", "/v2/notification/pull"],
      ["GET", "/v2/notification/callback"],
      ["PUT", "/v2/notification/callback"],
      ["DELETE", "/v2/notification/callback"],
      ["GET", "/v2/subscriptions"],
      ["PUT", "/v2/subscriptions"],
      ["DELETE", "/v2/subscriptions"],
      ["GET", "/v2/subscriptions/node-001"],
      ["DELETE", "/v2/subscriptions/node-001"],
      ["GET", "/v2/subscriptions/node-001/dev/temp"],
      ["PUT", "/v2/subscriptions/node-001/dev/temp"],
      ["DELETE", "/v2/subscriptions/node-001/dev/temp"],
      ["POST", "/api/api_tokens"],
    ];
    for (const [method, path] of routes) {
      for (const authorization of ["", "Bearer wrong", `Basic ${bench.key}`, bench.key]) {
        const response = await bench.fetch(method, path, { headers: { authorization } });
        expect([method, path, response.status]).toEqual([method, path, 401]);
        expect(response.headers.get("www-authenticate")).toBe("Bearer");
        bodies.add(await response.text());
      }
    }
    expect(bodies.size).toBe(1);
  });

  test("a new key admits, with a name of its own or the one asked for", async () => {
    const [status, text] = await bench.ask("POST", "/api/api_tokens", { body: '{"name":"app"}' });
    const created = JSON.parse(text);
    expect([status, created.name]).toEqual([201, "app"]);
    expect((await bench.ask("GET", "/v2/limits", { key: created.access_key }))[0]).toBe(200);
    const [, unnamed] = await bench.ask("POST", "/api/api_tokens");
    expect(JSON.parse(unnamed).name).toMatch(/^[A-Za-z0-9]{10}$/);
    for (const body of ["{", "[1]x", '{"name":1}', '"app"', "7"]) {
      expect((await bench.ask("POST", "/api/api_tokens", { body }))[0]).toBe(400);
    }
  });
});

describe("endpoints", () => {
  test("they are listed with name, type and status, and q only when it is true", async () => {
    const response = await bench.fetch("GET", "/v2/endpoints");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual([
      { name: "node-001", type: "Light", status: "ACTIVE" },
      { name: "node-003", type: "QueueModeNode", status: "ACTIVE", q: true },
      { name: "lamp", type: "", status: "ACTIVE" },
    ]);
  });

  test("type filters exactly; nothing found is an empty list", async () => {
    const [, light] = await bench.ask("GET", "/v2/endpoints?type=Light");
    expect(JSON.parse(light)).toHaveLength(1);
    expect(await bench.ask("GET", "/v2/endpoints?type=Ligh")).toEqual([200, "[]"]);
  });

  test("resources have uri, rt, a boolean obs, and a type that may be empty", async () => {
    const [, text] = await bench.ask("GET", "/v2/endpoints/node-001/");
    expect(JSON.parse(text).slice(0, 3)).toEqual([
      { uri: "/actuator/0/speed", rt: "5851", obs: true, type: "text/plain" },
      { uri: "/actuator/0/drive", rt: "", obs: false, type: "" },
      { uri: "/led/1/state", rt: "5850", obs: false, type: "" },
    ]);
    const [, lamp] = await bench.ask("GET", "/v2/endpoints/lamp");
    expect(JSON.parse(lamp).map((resource: { obs: boolean }) => resource.obs)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  test("both lists come as link-format on demand", async () => {
    const headers = { accept: "application/link-format" };
    const endpoints = await bench.fetch("GET", "/v2/endpoints?type=Light", { headers });
    expect(endpoints.headers.get("content-type")).toBe("application/link-format");
    expect(await endpoints.text()).toBe('</endpoints/node-001>;ep="node-001";et="Light"');
    const [, resources] = await bench.ask("GET", "/v2/endpoints/lamp", { headers });
    expect(resources).toBe("</1/0>,</3/0>,</3303/0>;ver=1.1,</5>");
  });

  test("an unknown name is 404, without wildcards", async () => {
    expect((await bench.ask("GET", "/v2/endpoints/node-*"))[0]).toBe(404);
    expect((await bench.ask("GET", "/v2/endpoints/%FF"))[0]).toBe(404);
  });

  test("a name with a slash or a colon is found when it is escaped", async () => {
    devices.register("urn:dev:a/b", "</3/0>");
    expect((await bench.ask("GET", "/v2/endpoints/urn%3Adev%3Aa%2Fb"))[0]).toBe(200);
  });
});

describe("requests to resources", () => {
  beforeEach(() => bench.openChannel());

  test("a read is accepted with an id, and its value comes on the channel", async () => {
    const id = await bench.accepted("GET", SPEED);
    expect(devices.submitted).toMatchObject([
      {
        endpointName: "node-001",
        request: { method: GET, path: "/actuator/0/speed", confirmable: true, expiresIn: 1000 },
      },
    ]);
    bench.handle(responseEvent(id, "node-001", "/actuator/0/speed", { payload: "12" }));
    expect(await bench.pull()).toEqual({
      "async-responses": [{ id, status: 200, ct: "text/plain", "max-age": 0, payload: "MTI=" }],
    });
  });

  test("a failure has an error and an empty payload", async () => {
    const id = await bench.accepted("GET", SPEED);
    const failure = { status: 504, error: "No answer.", contentFormat: undefined };
    bench.handle(responseEvent(id, "node-001", "/actuator/0/speed", failure));
    expect(await bench.pull()).toEqual({
      "async-responses": [
        { id, status: 504, error: "No answer.", ct: "text/plain", "max-age": 0, payload: "" },
      ],
    });
  });

  test("only the key that asked is answered", async () => {
    const other = bench.newKey();
    await bench.openChannel(other);
    const id = await bench.accepted("GET", SPEED);
    bench.handle(responseEvent(id, "node-001", "/actuator/0/speed", { payload: "12" }));
    expect(await bench.pull(other)).toEqual({});
    expect(await bench.pull()).toHaveProperty("async-responses");
  });

  test("PUT, POST and DELETE carry value and format to the device", async () => {
    await bench.accepted("PUT", SPEED, { body: "95" });
    await bench.accepted("PUT", "/v2/endpoints/lamp/3/0/14", {
      body: "+02",
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
    await bench.accepted("POST", "/v2/endpoints/node-001/actuator/0/drive", { body: "go" });
    await bench.accepted("POST", "/v2/endpoints/lamp/3/0/4");
    await bench.accepted("DELETE", "/v2/endpoints/node-001/logs/0/debug");
    const sent = devices.submitted.map(({ request }) => [
      request.method,
      request.path,
      Buffer.from(request.payload).toString(),
      request.contentFormat,
    ]);
    expect(sent).toEqual([
      [PUT, "/actuator/0/speed", "95", TEXT],
      [PUT, "/3/0/14", "+02", TEXT],
      [POST, "/actuator/0/drive", "go", undefined],
      [POST, "/3/0/4", "", undefined],
      [DELETE, "/logs/0/debug", "", undefined],
    ]);
  });

  test("curl's own form type says nothing about a value", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await bench.accepted("PUT", SPEED, { body: "95", headers });
    expect(devices.submitted[0].request.contentFormat).toBe(TEXT);
  });

  test("a JSON scalar for a resource that is no JSON is taken as the text it means", async () => {
    const headers = { "content-type": "application/json" };
    await bench.accepted("PUT", SPEED, { body: '"95"', headers });
    await bench.accepted("PUT", "/v2/endpoints/node-001/dev/json", { body: '"95"', headers });
    await bench.accepted("PUT", SPEED, { body: "[95]", headers });
    const sent = devices.submitted.map(({ request }) => [
      Buffer.from(request.payload).toString(),
      request.contentFormat,
    ]);
    expect(sent).toEqual([
      ["95", TEXT],
      ['"95"', 50],
      ["[95]", 50],
    ]);
  });

  test("a media type that devices know is asked for, application/json and */* are not", async () => {
    for (const accept of ["application/senml+json", "application/vnd.oma.lwm2m+tlv, */*"]) {
      await bench.accepted("GET", "/v2/endpoints/lamp/3/0", { headers: { accept } });
    }
    for (const accept of ["application/json", "*/*"]) {
      await bench.accepted("GET", SPEED, { headers: { accept } });
    }
    const formats = devices.submitted.map(({ request }) => request.accept);
    expect(formats).toEqual([SENML_JSON, TLV, undefined, undefined]);
  });

  test("paths that cannot exist are 404, paths that may are asked for, and PUT may create", async () => {
    for (const path of ["node-001/no/such", "node-001/3/0/0", "lamp/99/0/1", "lamp/named"]) {
      for (const method of ["GET", "POST", "DELETE"]) {
        expect([path, (await bench.ask(method, `/v2/endpoints/${path}`))[0]]).toEqual([path, 404]);
      }
      await bench.accepted("PUT", `/v2/endpoints/${path}`, { body: "1" });
    }
    await bench.accepted("GET", "/v2/endpoints/lamp/3");
    await bench.accepted("GET", "/v2/endpoints/lamp/3303/0/5700");
    await bench.accepted("POST", "/v2/endpoints/lamp/5");
  });

  test("paths that are none are 404", async () => {
    for (const path of ["a//b", "a/%2F/b", "a/%FF", `a/${"b".repeat(255)}`]) {
      expect((await bench.ask("PUT", `/v2/endpoints/node-001/${path}`, { body: "1" }))[0]).toBe(
        404,
      );
    }
  });

  test("escaped segments are decoded once", async () => {
    await bench.accepted("PUT", "/v2/endpoints/node-001/a%20b/%2541", { body: "1" });
    expect(devices.submitted[0].request.path).toBe("/a b/%41");
  });

  test("an unknown endpoint is 410", async () => {
    expect((await bench.ask("GET", "/v2/endpoints/nobody/3/0/0"))[0]).toBe(410);
    devices.refusal = GONE;
    expect((await bench.ask("GET", SPEED))[0]).toBe(410);
  });

  test("a full queue is 429, an unknown media type 415, a value too long 413", async () => {
    devices.refusal = QUEUE_FULL;
    expect((await bench.ask("GET", SPEED))[0]).toBe(429);
    devices.refusal = undefined;
    const headers = { "content-type": "image/png" };
    expect((await bench.ask("PUT", SPEED, { body: "1", headers }))[0]).toBe(415);
    expect((await bench.ask("PUT", SPEED, { body: "x".repeat(65537) }))[0]).toBe(413);
    expect(devices.submitted).toEqual([]);
    await bench.accepted("PUT", SPEED, { body: "x".repeat(65536) });
  });

  test("without a channel it is 412 in the original's words, and nothing is sent", async () => {
    const key = bench.newKey();
    for (const [method, body] of [["GET"], ["PUT", "1"], ["POST"], ["DELETE"]]) {
      expect(await bench.ask(method, SPEED, { key, body })).toEqual([
        412,
        "No notification channel found.",
      ]);
    }
    expect(devices.submitted).toEqual([]);
  });

  test("noResp is 204 without an id or a channel, 409 in queue mode", async () => {
    const key = bench.newKey();
    expect(await bench.ask("PUT", `${SPEED}?noResp=true`, { key, body: "1" })).toEqual([204, ""]);
    expect(devices.submitted[0].request.confirmable).toBe(false);
    devices.refusal = QUEUE_MODE;
    expect((await bench.ask("GET", "/v2/endpoints/node-003/dev/temp?noResp=true"))[0]).toBe(409);
  });

  test("an id is given out only when the request is stored, and its response waits for the 202", async () => {
    const exchange = new FakeExchange();
    const before = bench.commits;
    const id = await bench.accepted("GET", SPEED, { exchange });
    expect(bench.commits).toBe(before + 1);
    expect([...bench.store.afterKill().table("async-requests").entries()]).toMatchObject([
      [id, {}],
    ]);
    bench.handle(responseEvent(id, "node-001", "/actuator/0/speed", { payload: "12" }));
    expect(await bench.pull()).toEqual({});
    exchange.end(true);
    expect(await bench.pull()).toHaveProperty("async-responses");
  });

  test("a response after a restart still finds its key", async () => {
    const id = await bench.accepted("GET", SPEED);
    const after = new RestBench(devices, bench.store.afterKill());
    after.handle(responseEvent(id, "node-001", "/actuator/0/speed", { payload: "12" }));
    expect(await after.pull(bench.key)).toMatchObject({ "async-responses": [{ id }] });
  });

  test("a key that never takes its responses cannot ask for ever", async () => {
    for (let i = 0; i < 999; i++) await bench.accepted("GET", SPEED);
    const last = await bench.accepted("GET", SPEED);
    const refused = (await bench.ask("GET", SPEED))[0];
    bench.handle(responseEvent(last, "node-001", "/actuator/0/speed"));
    const stillRefused = (await bench.ask("GET", SPEED))[0];
    await bench.pull();
    expect([refused, stillRefused]).toEqual([429, 429]);
    await bench.accepted("PUT", SPEED, { body: "1" });
  });
});

describe("cache", () => {
  const TEMP = "/v2/endpoints/node-001/dev/temp";
  beforeEach(() => bench.openChannel());

  async function givenCached(maxAge: number): Promise<void> {
    const id = await bench.accepted("GET", TEMP);
    const value = { payload: "21.5", maxAge };
    bench.handle(responseEvent(id, "node-001", "/dev/temp", value));
  }

  test("a fresh value is answered at once, without a channel or a device", async () => {
    await givenCached(60);
    bench.now += 59_999;
    const response = await bench.fetch("GET", TEMP, { key: bench.newKey() });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(await response.text()).toBe("21.5");
    bench.now += 1;
    expect(await bench.ask("GET", `${TEMP}?cacheOnly=true`)).toEqual([205, ""]);
  });

  test("Max-Age 0 is not kept, and cacheOnly without a value is 205 without asking", async () => {
    await givenCached(0);
    expect(devices.submitted.length).toBe(1);
    expect(await bench.ask("GET", `${TEMP}?cacheOnly=true`)).toEqual([205, ""]);
    expect(devices.submitted.length).toBe(1);
  });

  test("a notification replaces it", async () => {
    await givenCached(60);
    bench.handle({
      kind: "notification",
      endpointName: "node-001",
      path: "/dev/temp",
      payload: bytes("22"),
      contentFormat: TEXT,
      maxAge: 5,
    });
    expect(await bench.ask("GET", TEMP)).toEqual([200, "22"]);
    bench.now += 5000;
    expect((await bench.ask("GET", `${TEMP}?cacheOnly=true`))[0]).toBe(205);
  });

  for (const method of ["PUT", "POST", "DELETE"]) {
    test(`${method} ends it, when sent and again when answered`, async () => {
      await givenCached(60);
      const id = await bench.accepted(method, TEMP);
      expect((await bench.ask("GET", `${TEMP}?cacheOnly=true`))[0]).toBe(205);
      await givenCached(60);
      bench.handle(responseEvent(id, "node-001", "/dev/temp", { code: CONTENT }));
      expect((await bench.ask("GET", `${TEMP}?cacheOnly=true`))[0]).toBe(205);
    });
  }

  test("registering anew and leaving end it", async () => {
    await givenCached(60);
    bench.handle({ kind: "registration", registration: devices.registration("node-001")! });
    expect((await bench.ask("GET", `${TEMP}?cacheOnly=true`))[0]).toBe(205);
  });
});

describe("pull", () => {
  test("what devices do is told to every open channel, with rf and rt, booleans and plain names", async () => {
    const other = bench.newKey();
    await bench.openChannel();
    await bench.openChannel(other);
    const registration = devices.register("led", '</led/1/state>;rt="5850";if="x";obs', {
      endpointType: "Lamp",
      queueMode: true,
    });
    bench.handle({ kind: "registration", registration });
    bench.handle({ kind: "update", registration });
    bench.handle({ kind: "deregistration", endpointName: "led" });
    bench.handle({ kind: "expiry", endpointName: "old" });
    const resource = { path: "/led/1/state", if: "x", rf: "5850", rt: "5850", ct: "", obs: true };
    const entry = { ep: "led", ept: "Lamp", q: true, resources: [resource] };
    const message = {
      registrations: [entry],
      "reg-updates": [entry],
      "de-registrations": ["led"],
      "registrations-expired": ["old"],
    };
    expect(await bench.pull()).toEqual(message);
    expect(await bench.pull(other)).toEqual(message);
    expect(await bench.pull()).toEqual({});
  });

  test("it waits, is woken by an event, and keeps it until the answer is written", async () => {
    const exchange = new FakeExchange();
    const waiting = bench.fetch("GET", "/v2/notification/pull", { exchange });
    await new Promise(setImmediate);
    bench.handle({ kind: "expiry", endpointName: "old" });
    bench.driver.wake();
    const response = await waiting;
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    exchange.end(false);
    expect(await bench.pull()).toEqual({ "registrations-expired": ["old"] });
  });

  test("a newer one ends an older one with 204, and so does its time", async () => {
    const older = bench.fetch("GET", "/notification/pull");
    const newer = bench.fetch("GET", "/notification/pull");
    expect((await older).status).toBe(204);
    bench.now += POLL_PERIOD;
    bench.driver.wake();
    expect((await newer).status).toBe(204);
  });

  test("closing the channel drops what waits, and closing it again is 404", async () => {
    await bench.openChannel();
    bench.handle({ kind: "expiry", endpointName: "old" });
    expect(await bench.ask("DELETE", "/v2/notification/pull")).toEqual([204, ""]);
    expect((await bench.ask("DELETE", "/v2/notification/pull"))[0]).toBe(404);
    expect(await bench.pull()).toEqual({});
  });
});

describe("callback", () => {
  const body = JSON.stringify({ url: "http://hook.example/x", headers: { "X-Auth": "secret" } });

  test("it is set, shown to its key alone, used, and removed with the subscriptions", async () => {
    expect(await bench.ask("PUT", "/v2/notification/callback", { body })).toEqual([204, ""]);
    expect(JSON.parse((await bench.ask("GET", "/notification/callback"))[1])).toEqual(
      JSON.parse(body),
    );
    const other = bench.newKey();
    expect((await bench.ask("GET", "/v2/notification/callback", { key: other }))[0]).toBe(404);

    await bench.accepted("PUT", "/v2/subscriptions/node-001/dev/temp");
    bench.handle({ kind: "expiry", endpointName: "old" });
    bench.driver.wake();
    await new Promise(setImmediate);
    expect(bench.carried).toEqual([
      { callback: JSON.parse(body), body: '{"registrations-expired":["old"]}' },
    ]);

    expect(await bench.ask("DELETE", "/v2/notification/callback")).toEqual([204, ""]);
    expect((await bench.ask("DELETE", "/v2/notification/callback"))[0]).toBe(404);
    expect((await bench.ask("GET", "/v2/subscriptions/node-001"))[0]).toBe(404);
  });

  test("a refused one gives its reason and leaves the old one", async () => {
    await bench.ask("PUT", "/v2/notification/callback", { body });
    bench.probeRefusal = "The url did not answer.";
    const other = JSON.stringify({ url: "http://other.example/" });
    expect(await bench.ask("PUT", "/v2/notification/callback", { body: other })).toEqual([
      400,
      "The url did not answer.",
    ]);
    const [, shown] = await bench.ask("GET", "/v2/notification/callback");
    expect(JSON.parse(shown).url).toBe("http://hook.example/x");
  });

  test("polling while a callback is set is 409, and setting one ends a waiting poll", async () => {
    const waiting = bench.fetch("GET", "/v2/notification/pull");
    await bench.ask("PUT", "/v2/notification/callback", { body });
    expect((await waiting).status).toBe(204);
    expect((await bench.ask("GET", "/v2/notification/pull"))[0]).toBe(409);
    expect((await bench.ask("DELETE", "/v2/notification/pull"))[0]).toBe(404);
  });

  test("more than ten attempts a minute are 429", async () => {
    for (let i = 0; i < 10; i++) await bench.ask("PUT", "/v2/notification/callback", { body });
    const response = await bench.fetch("PUT", "/v2/notification/callback", { body });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
    bench.now += 60_000;
    expect((await bench.ask("PUT", "/v2/notification/callback", { body }))[0]).toBe(204);
  });

  test("bad JSON is 400 with a reason of one line", async () => {
    const deep = `${"[".repeat(40)}${"]".repeat(40)}`;
    for (const bad of ["", "{", "[]", "7", '{"url":7}', deep, '{"url":"x","__proto__":{}}']) {
      const [status, text] = await bench.ask("PUT", "/v2/notification/callback", { body: bad });
      expect([bad, status, text.includes("\n"), text !== ""]).toEqual([bad, 400, false, true]);
    }
    const long = JSON.stringify({ url: `http://hook.example/${"x".repeat(381)}` });
    expect((await bench.ask("PUT", "/v2/notification/callback", { body: long }))[1]).toContain(
      "401",
    );
    const huge = { body: " ".repeat(1024 * 1024 + 1) };
    expect((await bench.ask("PUT", "/v2/notification/callback", huge))[0]).toBe(413);
  });
});

describe("subscriptions", () => {
  const TEMP = "/v2/subscriptions/node-001/dev/temp";
  beforeEach(() => bench.openChannel());

  test("one is accepted with an id, shown without a version, and removed", async () => {
    const id = await bench.accepted("PUT", TEMP);
    bench.handle(responseEvent(id, "node-001", "/dev/temp", { payload: "21" }));
    expect(await bench.pull()).toMatchObject({ "async-responses": [{ id, payload: "MjE=" }] });
    const response = await bench.fetch("GET", TEMP);
    expect(response.headers.get("content-type")).toBe("text/uri-list");
    expect(await response.text()).toBe("/subscriptions/node-001/dev/temp");
    expect(await bench.ask("DELETE", TEMP)).toEqual([204, ""]);
    expect((await bench.ask("DELETE", TEMP))[0]).toBe(404);
    expect((await bench.ask("GET", TEMP))[0]).toBe(404);
    expect(devices.observed.size).toBe(0);
  });

  test("values come as notifications to the keys that are subscribed", async () => {
    const other = bench.newKey();
    await bench.openChannel(other);
    await bench.accepted("PUT", TEMP);
    bench.handle({
      kind: "notification",
      endpointName: "node-001",
      path: "/dev/temp",
      payload: bytes("22"),
      contentFormat: TEXT,
      maxAge: 60,
    });
    expect(await bench.pull()).toEqual({
      notifications: [
        { ep: "node-001", path: "/dev/temp", ct: "text/plain", payload: "MjI=", "max-age": 60 },
      ],
    });
    expect(await bench.pull(other)).toEqual({});
  });

  test("those of an endpoint are listed by LF and removed together; none is 404", async () => {
    expect((await bench.ask("GET", "/v2/subscriptions/node-001"))[0]).toBe(404);
    await bench.accepted("PUT", TEMP);
    await bench.accepted("PUT", "/v2/subscriptions/node-001/dev/power");
    expect(await bench.ask("GET", "/v2/subscriptions/node-001/")).toEqual([
      200,
      "/subscriptions/node-001/dev/temp\n/subscriptions/node-001/dev/power",
    ]);
    expect((await bench.ask("DELETE", "/v2/subscriptions/node-001"))[0]).toBe(204);
    expect((await bench.ask("DELETE", "/v2/subscriptions/node-001"))[0]).toBe(204);
    expect((await bench.ask("DELETE", "/v2/subscriptions/nobody"))[0]).toBe(404);
    expect(devices.observed.size).toBe(0);
  });

  test("unknown endpoint or resource 404, not observable 412, no channel 412, full queue 429", async () => {
    expect((await bench.ask("PUT", "/v2/subscriptions/nobody/dev/temp"))[0]).toBe(404);
    expect((await bench.ask("PUT", "/v2/subscriptions/node-001/no/such"))[0]).toBe(404);
    expect(await bench.ask("PUT", "/v2/subscriptions/node-001/led/1/state")).toEqual([
      412,
      "The resource is not observable.",
    ]);
    expect(await bench.ask("PUT", TEMP, { key: bench.newKey() })).toEqual([
      412,
      "No notification channel found.",
    ]);
    devices.refusal = QUEUE_FULL;
    expect((await bench.ask("PUT", TEMP))[0]).toBe(429);
    expect((await bench.ask("GET", TEMP))[0]).toBe(404);
  });

  test("objects, instances and resources of an LwM2M device can be subscribed to", async () => {
    for (const path of ["3303", "3303/0", "3303/0/5700"]) {
      await bench.accepted("PUT", `/v2/subscriptions/lamp/${path}`);
    }
    expect(devices.observed.size).toBe(3);
  });

  test("all are removed at once, and the rules stay", async () => {
    const rules = [{ "endpoint-name": "node-001", "resource-path": ["/dev/*"] }];
    await bench.ask("PUT", "/v2/subscriptions", { body: JSON.stringify(rules) });
    expect(devices.observed.size).toBe(2);
    expect(await bench.ask("DELETE", "/v2/subscriptions/")).toEqual([204, ""]);
    expect(devices.observed.size).toBe(0);
    expect(JSON.parse((await bench.ask("GET", "/v2/subscriptions"))[1])).toEqual(rules);
  });

  test("rules are shown as they were put, [] when there are none, and 400 when they are none", async () => {
    expect(await bench.ask("GET", "/v2/subscriptions")).toEqual([200, "[]"]);
    const rules = [
      { "endpoint-name": "node-001", "resource-path": ["/dev"] },
      { "endpoint-type": "Light", "resource-path": ["/sen/*"] },
      { "endpoint-name": "node*" },
      { "endpoint-type": "Sensor" },
      { "resource-path": ["/dev/temp", "/dev/hum"] },
    ];
    expect(await bench.ask("PUT", "/v2/subscriptions", { body: JSON.stringify(rules) })).toEqual([
      204,
      "",
    ]);
    expect(JSON.parse((await bench.ask("GET", "/subscriptions/"))[1])).toEqual(rules);
    for (const body of ["", "{}", "[7]", '[{"endpoint-nam":"x"}]', '[{"resource-path":"/x"}]']) {
      expect((await bench.ask("PUT", "/v2/subscriptions", { body }))[0]).toBe(400);
    }
    expect(JSON.parse((await bench.ask("GET", "/v2/subscriptions"))[1])).toEqual(rules);
    await bench.ask("PUT", "/v2/subscriptions", { body: "[]" });
    expect(await bench.ask("GET", "/v2/subscriptions")).toEqual([200, "[]"]);
  });
});

describe("limits", () => {
  test("traffic in both directions is counted, and requests beyond the quota are 429", async () => {
    bench = new RestBench(devices, undefined, { transactions: 3, endpoints: 5 });
    await bench.openChannel();
    bench.handle({ kind: "registration", registration: devices.registration("node-001")! });
    await bench.accepted("GET", SPEED);
    await bench.accepted("PUT", "/v2/subscriptions/node-001/dev/temp");
    expect(JSON.parse((await bench.ask("GET", "/v2/limits"))[1])).toEqual({
      "transaction-quota": 3,
      "transaction-count": 3,
      "endpoint-quota": 5,
      "endpoint-count": 3,
    });
    const response = await bench.fetch("GET", SPEED);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "86400"]);
    bench.now += 24 * 3600 * 1000;
    await bench.accepted("GET", SPEED);
  });
});
