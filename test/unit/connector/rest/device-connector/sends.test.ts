import { beforeEach, describe, expect, test } from "vitest";
import type { SentEntry } from "../../../../../connector/contract.ts";
import { SENML_CBOR } from "../../../../../protocol/coap/content-formats.ts";
import { FLOAT, INTEGER, OPAQUE, STRING } from "../../../../../protocol/model/data-types.ts";
import { proves } from "../../../../support/proves.ts";
import { RestBench } from "../bench.ts";
import { bytes, FakeDevices, responseEvent } from "../fake-devices.ts";

let devices: FakeDevices;
let bench: RestBench;

beforeEach(async () => {
  devices = new FakeDevices();
  bench = new RestBench(devices);
  bench.now = 1_800_000_000_000;
  register("node", "</3/0>,</3303/0>");
  await bench.openChannel();
});

function register(endpointName: string, links: string, more = {}): void {
  const registration = devices.register(endpointName, links, { version: "1.1", ...more });
  bench.access.devices.handleRegistration(registration, 0);
  bench.handle({ kind: "registration", registration });
}

const TEMPERATURE = { path: [3303, 0, 5700], type: FLOAT, value: 21.5, prefix: undefined };

function send(...entries: SentEntry[]): void {
  const format = { payload: bytes("x"), contentFormat: SENML_CBOR };
  bench.handle({ kind: "send", endpointName: "node", entries, ...format });
}

async function subscribe(path: string, key = bench.key): Promise<void> {
  await bench.accepted("PUT", `/v2/subscriptions/node${path}`, { key });
  bench.handle(responseEvent(devices.latestId(), "node", path));
  await bench.pull(key);
}

async function told(key = bench.key): Promise<unknown[]> {
  const { notifications = [] } = await bench.pull(key);
  return notifications.map((each) => {
    const { path, payload, ct, "max-age": maxAge } = each as Record<string, string>;
    return [path, Buffer.from(payload, "base64").toString(), ct, maxAge];
  });
}

describe("LwM2M Core 1.2.2 §6.4.6: a value that a device sends", () => {
  test("reaches who is subscribed to its resource, as a notification does", async () => {
    proves("connector", "send");
    await subscribe("/3303/0/5700");
    send(TEMPERATURE, { ...TEMPERATURE, path: [3303, 0, 5701], type: STRING, value: "Cel" });
    expect(await told()).toEqual([["/3303/0/5700", "21.5", "text/plain", 60]]);
  });

  test("reaches who is subscribed to what it is in, once, under its own path", async () => {
    await subscribe("/3303/0");
    await subscribe("/3303");
    send(TEMPERATURE);
    expect(await told()).toEqual([["/3303/0/5700", "21.5", "text/plain", 60]]);
  });

  test("reaches who is subscribed by a rule", async () => {
    const body = JSON.stringify([{ "endpoint-name": "no*", "resource-path": ["/3303/0/5700"] }]);
    await bench.ask("PUT", "/v2/subscriptions", { body });
    send(TEMPERATURE);
    expect(await told()).toEqual([["/3303/0/5700", "21.5", "text/plain", 60]]);
  });

  test("reaches nobody else", async () => {
    const other = bench.newKey();
    await bench.openChannel(other);
    await subscribe("/3303/0/5700");
    await subscribe("/3/0", other);
    send(TEMPERATURE);
    expect(await told(other)).toEqual([]);
    const endpointName = "other";
    devices.register(endpointName, "</3303/0>", { version: "1.1" });
    const format = { payload: bytes("x"), contentFormat: SENML_CBOR };
    bench.handle({ kind: "send", endpointName, entries: [TEMPERATURE], ...format });
    expect(await told()).toHaveLength(1);
  });

  test("is the latest of those with times, and as fresh as it is old", async () => {
    await subscribe("/3/0");
    const battery = { path: [3, 0, 9], type: INTEGER, prefix: undefined };
    send(
      { ...battery, value: 3, time: -40 },
      { ...battery, value: 2, time: 1_799_999_990 },
      { ...battery, value: 1, time: 1_799_999_000 },
      { path: [3, 0, 11, 0], type: INTEGER, value: 0, time: -3600, prefix: undefined },
    );
    expect(await told()).toEqual([
      ["/3/0/9", "2", "text/plain", 50],
      ["/3/0/11/0", "0", "text/plain", 0],
    ]);
  });

  test("is bytes where it is opaque", async () => {
    await subscribe("/3303/0");
    send({ ...TEMPERATURE, type: OPAQUE, value: bytes("raw") });
    expect(await told()).toMatchObject([["/3303/0/5700", "raw", "application/octet-stream", 60]]);
  });

  test("is what the cache answers with, in place of what was there", async () => {
    bench.gateway.cache.put(bench.now, "node", "/3303/0", bytes("old"), 0, 60);
    send(TEMPERATURE);
    const cached = "?cacheOnly=true";
    expect(await bench.ask("GET", `/v2/endpoints/node/3303/0/5700${cached}`)).toEqual([
      200,
      "21.5",
    ]);
    expect((await bench.ask("GET", `/v2/endpoints/node/3303/0${cached}`))[0]).toBe(205);
  });

  test("is in the shadow of its device", async () => {
    const device = bench.access.devices.named("node")!;
    bench.customerSide.shadows.begin(device);
    send(TEMPERATURE);
    const { reported } = bench.customerSide.shadows.of("node")!;
    expect(reported.get("/3303/0/5700")).toMatchObject({ value: 21.5 });
  });
});

describe("a device behind a gateway", () => {
  beforeEach(() => {
    const device = {
      deviceId: "c",
      instanceId: 0,
      objects: "</3303/0>",
      learnedBy: "read",
    } as const;
    devices.behind = [{ prefix: "cellar", ...device }];
    register("node", "</25/0>", { isGateway: true });
  });

  test("LwM2M Gateway 1.1.1 §6: is asked by its prefix", async () => {
    await bench.accepted("GET", "/v2/endpoints/node/cellar/3303/0/5700");
    expect(devices.submitted[0].request.path).toBe("/cellar/3303/0/5700");
    await bench.accepted("PUT", "/v2/subscriptions/node/cellar/3303/0/5700");
    expect(devices.calls).toContain("observe node /cellar/3303/0/5700");
  });

  test("is not there by another, nor behind a device that is no gateway", async () => {
    expect((await bench.ask("GET", "/v2/endpoints/node/attic/3303/0/5700"))[0]).toBe(404);
    register("node", "</25/0>");
    expect((await bench.ask("GET", "/v2/endpoints/node/cellar/3303/0/5700"))[0]).toBe(404);
  });

  test("LwM2M Gateway 1.1.1 §9: is told from others by it in what it sends", async () => {
    await bench.accepted("PUT", "/v2/subscriptions/node/cellar/3303/0");
    bench.handle(responseEvent(devices.latestId(), "node", "/cellar/3303/0"));
    await bench.pull();
    send(TEMPERATURE, { ...TEMPERATURE, value: 4, prefix: "cellar" });
    expect(await told()).toEqual([["/cellar/3303/0/5700", "4", "text/plain", 60]]);
  });
});

describe("how a request waits", () => {
  test("is said with it", async () => {
    await bench.accepted("GET", "/v2/endpoints/node/3/0/0?priority=high&expiry-seconds=30");
    expect(devices.submitted[0].request).toMatchObject({ priority: "high", expiresIn: 30_000 });
    const more = { body: JSON.stringify({ method: "GET", uri: "/3/0/0" }) };
    await bench.ask("POST", "/v2/device-requests/node?async-id=a&priority=low", more);
    expect(devices.submitted[1].request).toMatchObject({ priority: "low" });
  });

  test.each([
    ["GET", "priority=urgent", "priority must be high, normal or low."],
    ["PUT", "expiry-seconds=0", "expiry-seconds must be a whole number from 1 to 259200."],
    ["POST", "expiry-seconds=x", "expiry-seconds must be a whole number from 1 to 259200."],
    ["DELETE", "priority=", "priority must be high, normal or low."],
  ])("is not %s with %s", async (method, query, reason) => {
    expect(await bench.ask(method, `/v2/endpoints/node/3/0/0?${query}`)).toEqual([400, reason]);
    expect(devices.submitted).toEqual([]);
  });
});
