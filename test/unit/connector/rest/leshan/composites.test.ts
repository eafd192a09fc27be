import { beforeEach, describe, expect, test } from "vitest";
import { decodeUtf8 } from "../../../../../protocol/bytes/utf8.ts";
import * as coap from "../../../../../protocol/coap/codes.ts";
import { SENML_CBOR, SENML_JSON, TLV } from "../../../../../protocol/coap/content-formats.ts";
import { INTEGER } from "../../../../../protocol/model/data-types.ts";
import { FakeExchange, RestBench } from "../bench.ts";
import { bytes, FakeDevices, responseEvent } from "../fake-devices.ts";

let devices: FakeDevices;
let bench: RestBench;

beforeEach(() => {
  devices = new FakeDevices();
  bench = new RestBench(devices);
  register("lamp");
});

function register(endpointName: string, more = {}, links = "</1/0>,</3/0>,</3303/0>"): void {
  const registration = devices.register(endpointName, links, { version: "1.1", ...more });
  bench.access.devices.handleRegistration(registration, 0);
  bench.handle({ kind: "registration", registration });
}

const COMPOSITE = "/api/clients/lamp/composite";
const PATHS = "paths=/3/0/9,/3303/0";
const PACK =
  '[{"bn":"/3303/0/","n":"5700","v":1},{"n":"5701","vs":"Cel"},{"bn":"/3/0/","n":"9","v":50}]';
const BATTERY = { kind: "singleResource", id: 9, type: "INTEGER", value: "50" };
const NODES = {
  "/3/0/9": BATTERY,
  "/3303/0": {
    kind: "instance",
    id: 0,
    resources: [
      { kind: "singleResource", id: 5700, type: "FLOAT", value: "1.0" },
      { kind: "singleResource", id: 5701, type: "STRING", value: "Cel" },
    ],
  },
};
type Answer = Parameters<typeof responseEvent>[3];
const FOUND: Answer = { payload: PACK, contentFormat: SENML_JSON };

/** Asks, and lets the device answer when it has been asked. */
async function ask(method: string, path: string, answer: Answer = {}, body?: object) {
  const pending = bench.ask(method, path, body && { body: JSON.stringify(body) });
  await expect.poll(() => devices.submitted.length).toBeGreaterThan(0);
  const { id, request } = devices.submitted.pop()!;
  bench.handle(responseEvent(id, "lamp", "/", answer));
  const [status, text] = await pending;
  return { status, text, request };
}

const written = (value: string) => ({ id: 1, kind: "singleResource", value, type: "integer" });

describe("LwM2M Core 1.2.2 §6.3.8: Read-Composite", () => {
  test("names the places, and shows a node for each where something is", async () => {
    const { request, status, text } = await ask("GET", `${COMPOSITE}?${PATHS},/3/0/77`, FOUND);
    expect(request).toMatchObject({
      method: coap.FETCH,
      path: "/",
      paths: ["/3/0/9", "/3303/0", "/3/0/77"],
      accept: undefined,
    });
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { status: "CONTENT(205)", valid: true, success: true, failure: false, content: NODES },
    ]);
  });

  test("shows the whole tree as a root with its objects", async () => {
    const { request, text } = await ask("GET", `${COMPOSITE}?paths=/`, FOUND);
    expect(request.paths).toEqual(["/"]);
    expect(JSON.parse(text).content).toEqual({
      "/": {
        kind: "root",
        objects: [
          { kind: "obj", id: 3303, instances: [NODES["/3303/0"]] },
          { kind: "obj", id: 3, instances: [{ kind: "instance", id: 0, resources: [BATTERY] }] },
        ],
      },
    });
  });

  test("asks for the format of values that is named, and takes one for paths", async () => {
    const formats = "nodeformat=SENML_CBOR&pathformat=SENML_JSON";
    const { request } = await ask("GET", `${COMPOSITE}?${PATHS}&${formats}`, FOUND);
    expect(request.accept).toBe(SENML_CBOR);
  });

  test("knows the codes that may answer it, which a Read's are not", async () => {
    const code = { status: 400, code: coap.UNSUPPORTED_CONTENT_FORMAT, error: "No", payload: "" };
    const { text } = await ask("GET", `${COMPOSITE}?${PATHS}`, code);
    expect(JSON.parse(text)).toMatchObject({
      status: "UNSUPPORTED_CONTENT_FORMAT(415)",
      valid: true,
      errormessage: "No",
    });
  });

  test.each([
    ["of a format that names no values", { payload: "", contentFormat: TLV }],
    ["that is broken", { payload: "[", contentFormat: SENML_JSON }],
  ])("is an invalid response %s", async (_, answer) => {
    expect(await ask("GET", `${COMPOSITE}?${PATHS}`, answer)).toMatchObject({
      status: 502,
      text: expect.stringContaining("Invalid Response"),
    });
  });
});

describe("LwM2M Core 1.2.2 §6.3.9: Write-Composite", () => {
  test("writes what stands in the body, in tree order and the device's format", async () => {
    const instance = { ...written("7"), kind: "resourceInstance" };
    const body = { "/3/0/11/1": instance, "/1/0/1": written("60") };
    const path = `${COMPOSITE}?nodeformat=SENML_JSON`;
    const { request, text } = await ask("PUT", path, { code: coap.CHANGED }, body);
    expect(request).toMatchObject({ method: coap.IPATCH, path: "/", contentFormat: SENML_JSON });
    const records = JSON.parse(decodeUtf8(request.payload)!);
    expect(records.map(({ v }: { v: number }) => v)).toEqual([60, 7]);
    expect(JSON.parse(text)).toMatchObject({ status: "CHANGED(204)", valid: true });
    const other = await ask("PUT", COMPOSITE, { code: coap.CHANGED }, { "/1/0/1": written("60") });
    expect(other.request.contentFormat).toBe(SENML_CBOR);
  });

  test.each([
    ["{}", "the body must be an object of paths and nodes"],
    ['{"/1/0": {"id": 0, "resources": []}}', "Invalid path /1/0: this is not done to an object"],
    ['{"/1/0/1": {"id": 2, "value": "60", "type": "integer"}}', "the node has id 2"],
    ['{"/1/0/1": {"id": 1, "value": "x", "type": "integer"}}', "the value of /1/0/1 must be"],
    ['{"/3/0/11": {"id": 11, "values": {}, "type": "integer"}}', "removes single resource"],
    ['{"/1/0/1": null}', "a node must be a JSON object"],
    ['{"/3/0/11/0": null}', "the device has no format that can say this"],
  ])("does not write %s", async (body, reason) => {
    const [status, text] = await bench.ask("PUT", COMPOSITE, { body });
    expect([status, text]).toEqual([400, expect.stringContaining(reason)]);
    expect(devices.submitted).toEqual([]);
  });

  test("forgets the values that it can have made wrong", async () => {
    bench.gateway.cache.put(0, "lamp", "/1/0/1", bytes("1"), 0, 60);
    await ask("PUT", COMPOSITE, { code: coap.CHANGED }, { "/1/0/1": written("60") });
    expect(bench.gateway.cache.get(0, "lamp", "/1/0/1")).toBeUndefined();
  });
});

describe("LwM2M Core 1.2.2 §6.4.4: Observe-Composite", () => {
  const OBSERVE = `${COMPOSITE}/observe?${PATHS}`;
  const OBSERVED = "lamp /3/0/9,/3303/0";

  async function observe(answer: Answer = FOUND, key = bench.key): Promise<number> {
    const before = devices.calls.length;
    const pending = bench.ask("POST", OBSERVE, { key });
    await expect.poll(() => devices.calls.length).toBeGreaterThan(before);
    bench.handle(responseEvent(devices.latestId(), "lamp", "/", answer));
    return (await pending)[0];
  }

  test("is shared by who observes the same, and ends with the last of them", async () => {
    const other = bench.newKey();
    expect(await observe()).toBe(200);
    expect(await observe(FOUND, other)).toBe(200);
    expect(await bench.ask("DELETE", OBSERVE)).toEqual([200, ""]);
    expect([...devices.observed]).toEqual([OBSERVED]);
    await bench.ask("DELETE", OBSERVE, { key: other });
    expect([...devices.observed]).toEqual([]);
    expect(await bench.ask("DELETE", `${OBSERVE}&active`)).toEqual([
      404,
      "no composite observation for paths [/3/0/9, /3303/0] for client 'lamp'",
    ]);
  });

  test("ends with the right to it", async () => {
    const key = bench.newKey();
    await observe(FOUND, key);
    const { id } = bench.access.keys.find(key, 0)!;
    bench.access.keys.remove(id);
    bench.gateway.recheck(0);
    expect([...devices.observed]).toEqual([]);
  });

  test("is none that the device has refused", async () => {
    const refused = { status: 405, code: coap.METHOD_NOT_ALLOWED, error: "No", payload: "" };
    expect(await observe(refused)).toBe(200);
    expect([...devices.observed]).toEqual([]);
  });

  test("is there after a restart, and asked for again when the device was away", async () => {
    await observe();
    await bench.store.commit();
    const restarted = new RestBench(devices, bench.store);
    const { composites } = restarted.gateway.subscriptions;
    const registration = devices.registration("lamp")!;
    const ended = { endpointName: "lamp", paths: ["/3/0/9", "/3303/0"], error: "" };
    restarted.handle({ kind: "composite-observation-end", ...ended, status: 503 });
    const before = devices.calls.length;
    restarted.handle({ kind: "update", registration });
    expect(devices.calls.slice(before)).toEqual([`observe ${OBSERVED}`]);
    expect([...composites.keys()]).toHaveLength(1);
    restarted.handle({ kind: "composite-observation-end", ...ended, status: 404 });
    expect([...composites.keys()]).toEqual([]);
  });
});

/** What a listener hears until the next heartbeat. */
async function heard(action: () => void): Promise<unknown[]> {
  const response = await bench.fetch("GET", "/api/event", { exchange: new FakeExchange() });
  const reader = response.body!.getReader();
  action();
  bench.leshan.handleBeat();
  let text = "";
  while (!text.endsWith(":\n\n")) text += Buffer.from((await reader.read()).value!).toString();
  await reader.cancel();
  const events = [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)];
  return events.map(([, name, content]) => [name, JSON.parse(content)]);
}

describe("who listens", () => {
  test("hears what several places observed as one have got", async () => {
    const paths = ["/3/0/9", "/3303/0"];
    const event = { payload: bytes(PACK), contentFormat: SENML_JSON, maxAge: 0 };
    const action = () =>
      bench.handle({ kind: "composite-notification", endpointName: "lamp", paths, ...event });
    expect(await heard(action)).toEqual([
      ["NOTIFICATION", { ep: "lamp", kind: "composite", val: NODES, paths }],
    ]);
  });

  test("hears what a device sends, of each place the latest", async () => {
    bench.now = 1_800_000_000_000;
    const entry = { path: [3, 0, 9], type: INTEGER, prefix: undefined };
    const values: [time: number | undefined, value: number][] = [
      [1_799_999_990, 1],
      [-5, 2],
      [1_799_999_993, 3],
    ];
    const entries = values.map(([time, value]) => ({ ...entry, value, time }));
    const sent = { payload: bytes(""), contentFormat: SENML_JSON, entries };
    expect(
      await heard(() => bench.handle({ kind: "send", endpointName: "lamp", ...sent })),
    ).toEqual([["SEND", { ep: "lamp", val: { "/3/0/9": { ...BATTERY, value: "2" } } }]]);
  });
});

describe("a device behind a gateway", () => {
  beforeEach(() => {
    const device = { deviceId: "cellar", instanceId: 0, learnedBy: "read" } as const;
    devices.behind = [{ prefix: "d 1", objects: "</3303/0>", ...device }];
    register("lamp", { isGateway: true }, "</25/0>");
  });

  test("LwM2M Gateway 1.1.1 §9: is asked by its prefix, which names in SenML carry", async () => {
    const pack = { payload: '[{"n":"/d 1/3303/0/5700","v":2}]', contentFormat: SENML_JSON };
    const { request, text } = await ask("GET", "/api/clients/lamp/d%201/3303/0/5700", pack);
    expect(request.path).toBe("/d 1/3303/0/5700");
    expect(JSON.parse(text).content).toEqual({
      kind: "singleResource",
      id: 5700,
      type: "FLOAT",
      value: "2.0",
    });
    const body = { id: 5700, kind: "singleResource", value: 3, type: "float" };
    const path = "/api/clients/lamp/d%201/3303/0/5700?format=SENML_JSON";
    const wrote = await ask("PUT", path, { code: coap.CHANGED }, body);
    expect(decodeUtf8(wrote.request.payload)).toContain("/d 1/3303/0/5700");
  });

  test("is not mixed with another in one Write-Composite", async () => {
    const body = JSON.stringify({ "/1/0/1": written("60"), "/d 1/3303/0/5750": { value: "x" } });
    expect(await bench.ask("PUT", COMPOSITE, { body })).toEqual([
      400,
      "Invalid request: the paths are of several devices.",
    ]);
  });
});
