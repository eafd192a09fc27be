import { beforeEach, describe, expect, test } from "vitest";
import type { Audience } from "../../../../../connector/access/access.ts";
import type { Callback } from "../../../../../connector/notifications/callback.ts";
import type { Delivery } from "../../../../../connector/notifications/channel.ts";
import { Gateway, ID_TAKEN } from "../../../../../connector/rest/device-connector/gateway.ts";
import { UNLIMITED } from "../../../../../connector/rest/device-connector/traffic-meter.ts";
import { MemoryStore } from "../../../../../connector/store/memory-store.ts";
import { GET } from "../../../../../protocol/coap/codes.ts";
import { bytes, FakeDevices, responseEvent } from "../fake-devices.ts";

const LISTED = "</dev/temp>;obs,</dev/power>;obs";
const READ = { path: "/dev/temp", method: GET, payload: new Uint8Array(0), confirmable: true };
const HOOK: Callback = { url: "http://hook.example/", headers: {} };

/** Keys see the devices that begin with their letter, unless a test says otherwise. */
class FakeAudience implements Audience {
  readonly revoked = new Set<string>();
  readonly hidden = new Set<string>();

  sees(keyId: string, endpointName: string): boolean {
    const isHidden = this.hidden.has(`${keyId} ${endpointName}`);
    return this.isEntitled(keyId) && keyId[0] === endpointName[0] && !isHidden;
  }

  isEntitled(keyId: string): boolean {
    return !this.revoked.has(keyId);
  }

  domainOf(endpointName: string): string {
    return endpointName[0];
  }
}

let devices: FakeDevices;
let audience: FakeAudience;
let store: MemoryStore;
let gateway: Gateway;
let now: number;

beforeEach(() => {
  devices = new FakeDevices();
  for (const name of ["a-lamp", "a-meter", "b-lamp"]) devices.register(name, LISTED);
  audience = new FakeAudience();
  given(new MemoryStore());
});

function given(found: MemoryStore, more: { endsIndividualSubscriptions?: boolean } = {}): void {
  store = found;
  now = 0;
  gateway = new Gateway(now, 1_800_000_000_000, {
    store,
    devices,
    audience,
    quotas: UNLIMITED,
    ...more,
  });
  devices.onDeregister = (endpointName) =>
    gateway.handleEvent(now, { kind: "deregistration", endpointName });
}

function open(...keyIds: string[]): void {
  for (const keyId of keyIds) gateway.channels.poll(now, keyId, 1, false);
  deliveries();
}

function deliveries(): Delivery[] {
  gateway.channels.handleTimeout(now);
  const found: Delivery[] = [];
  for (let next = gateway.channels.pollDelivery(); next; next = gateway.channels.pollDelivery()) {
    found.push(next);
  }
  return found;
}

/** What a key is told now. */
function told(keyId: string): Record<string, { id?: string; status?: number }[]> {
  now += 25;
  gateway.channels.poll(now, keyId, ++lastPoll, false);
  const [{ id, body }] = deliveries();
  if (body === undefined) return {};
  gateway.channels.handleDelivered(now, id);
  return JSON.parse(body);
}
let lastPoll = 10;

function ask(keyId: string, endpointName: string, answerAs?: string): string {
  const asked = gateway.request(now, keyId, endpointName, { ...READ, expiresIn: 1000 }, answerAs);
  if ("refusal" in asked) throw new Error(asked.refusal);
  gateway.channels.handleAnswered(now, keyId, asked.id);
  return asked.id;
}

function respond(endpointName: string, payload: string, status = 200): void {
  const { id } = devices.submitted.at(-1)!;
  gateway.handleEvent(now, responseEvent(id, endpointName, "/dev/temp", { payload, status }));
}

function notify(endpointName: string, payload: string): void {
  const event = { endpointName, path: "/dev/temp", payload: bytes(payload), contentFormat: 0 };
  gateway.handleEvent(now, { kind: "notification", ...event, maxAge: 0 });
}

describe("who sees a device", () => {
  test("is told of its registrations and removals, and nobody else", () => {
    open("a", "b");
    for (const endpointName of ["a-lamp", "b-lamp"]) {
      gateway.handleEvent(now, {
        kind: "registration",
        registration: devices.registration(endpointName)!,
      });
      gateway.handleEvent(now, { kind: "expiry", endpointName });
    }
    const a = told("a");
    expect([a["registrations"].length, a["registrations-expired"]]).toEqual([1, ["a-lamp"]]);
    expect(told("b")["registrations-expired"]).toEqual(["b-lamp"]);
  });

  test("is subscribed to it by its rules", () => {
    gateway.subscriptions.setRules("a", [{ "resource-path": ["/dev/temp"] }]);
    expect([...devices.observed]).toEqual(["a-lamp /dev/temp", "a-meter /dev/temp"]);
    gateway.handleEvent(now, {
      kind: "registration",
      registration: devices.register("b-new", LISTED),
    });
    expect(devices.observed.size).toBe(2);
  });
});

describe("after a change of what a key sees", () => {
  beforeEach(() => {
    open("a", "a2");
    for (const keyId of ["a", "a2"]) {
      for (const name of ["a-lamp", "a-meter"]) gateway.subscribe(now, keyId, name, "/dev/temp");
    }
  });

  test("its subscriptions to what it does not see end, and no other key's", () => {
    audience.hidden.add("a a-lamp");
    gateway.recheck(now, ["a"]);
    expect(gateway.subscriptions.pathsOf("a", "a-lamp")).toEqual([]);
    expect(gateway.subscriptions.pathsOf("a", "a-meter")).toEqual(["/dev/temp"]);
    expect(gateway.subscriptions.pathsOf("a2", "a-lamp")).toEqual(["/dev/temp"]);
    expect(devices.observed.has("a-lamp /dev/temp")).toBe(true);
  });

  test("what waits of it is taken back, what was asked of it is 410, later values are not told", () => {
    notify("a-lamp", "secret");
    notify("a-meter", "7");
    const asked = ask("a", "a-lamp");
    audience.hidden.add("a a-lamp");
    gateway.recheck(now);
    respond("a-lamp", "secret");
    notify("a-lamp", "secret");
    const message = told("a");
    expect(JSON.stringify(message)).not.toContain(Buffer.from("secret").toString("base64"));
    expect(message["notifications"]).toMatchObject([{ ep: "a-meter" }]);
    expect(message["async-responses"]).toMatchObject([{ id: asked, status: 410, payload: "" }]);
    expect(told("a2")["notifications"].length).toBe(3);
  });

  test("its rules take up what it sees now", () => {
    audience.hidden.add("a2 a-lamp");
    gateway.subscriptions.setRules("a2", [{ "endpoint-name": "a-lamp" }]);
    expect(gateway.subscriptions.pathsOf("a2", "a-lamp")).toEqual([]);
    audience.hidden.clear();
    gateway.recheck(now, ["a2"]);
    expect(gateway.subscriptions.pathsOf("a2", "a-lamp")).toEqual(["/dev/temp", "/dev/power"]);
  });

  test("its rules take it up at the device's next update when anybody's rights may have changed", () => {
    const registration = devices.registration("a-lamp")!;
    audience.hidden.add("a2 a-lamp");
    gateway.subscriptions.setRules("a2", [{ "endpoint-name": "a-lamp" }]);
    gateway.handleEvent(now, { kind: "update", registration });
    audience.hidden.clear();
    gateway.handleEvent(now, { kind: "update", registration });
    expect(gateway.subscriptions.pathsOf("a2", "a-lamp")).toEqual([]);
    gateway.recheck(now);
    gateway.handleEvent(now, { kind: "update", registration });
    expect(gateway.subscriptions.pathsOf("a2", "a-lamp")).toEqual(["/dev/temp", "/dev/power"]);
  });
});

describe("a key that is revoked", () => {
  test("its waiting poll ends, its subscriptions and rules are gone, and nothing is left in the store", () => {
    open("a");
    gateway.subscribe(now, "a", "a-lamp", "/dev/temp");
    gateway.subscriptions.setRules("a", [{ "endpoint-name": "a-meter" }]);
    devices.calls.length = 0;
    gateway.channels.poll(now, "a", 7, true);
    audience.revoked.add("a");
    gateway.recheck(now);
    expect(deliveries()).toMatchObject([{ kind: "poll", pollId: 7, body: undefined }]);
    expect([gateway.subscriptions.rulesOf("a"), devices.observed.size]).toEqual([[], 0]);
    for (const table of ["channels", "channel-events", "subscriptions", "pre-subscriptions"]) {
      expect([table, ...store.table(table).entries()]).toEqual([table]);
    }
  });

  test("its callback is not called again, whoever was told of the revocation or not", () => {
    for (const isTold of [true, false]) {
      given(new MemoryStore());
      audience.revoked.clear();
      gateway.channels.setCallback(now, "a", HOOK);
      gateway.handleEvent(now, { kind: "expiry", endpointName: "a-lamp" });
      const [first] = deliveries();
      audience.revoked.add("a");
      if (isTold) gateway.recheck(now);
      gateway.channels.handleUndelivered(now, first.id);
      now += 1000;
      expect(deliveries()).toEqual([]);
      now += 1000;
      expect([deliveries(), gateway.channels.hasOpen()]).toEqual([[], false]);
    }
  });
});

describe("an id that the application has chosen", () => {
  test("is what the response has, and free again afterwards", () => {
    open("a");
    expect(ask("a", "a-lamp", "mine")).toBe("mine");
    const again = () => gateway.request(now, "a", "a-lamp", { ...READ, expiresIn: 1000 }, "mine");
    expect(again()).toEqual({ refusal: ID_TAKEN });
    respond("a-lamp", "21");
    expect(told("a")["async-responses"]).toMatchObject([{ id: "mine", status: 200 }]);
    expect(again()).toEqual({ id: "mine" });
  });

  test("two keys may choose the same", () => {
    open("a", "a2");
    ask("a", "a-lamp", "mine");
    ask("a2", "a-lamp", "mine");
    respond("a-lamp", "21");
    expect(told("a2")["async-responses"]).toMatchObject([{ id: "mine" }]);
    expect(told("a")).toEqual({});
  });

  test("survives a restart", async () => {
    open("a");
    ask("a", "a-lamp", "mine");
    await store.commit();
    given(store.afterKill());
    respond("a-lamp", "21");
    expect(told("a")["async-responses"]).toMatchObject([{ id: "mine" }]);
  });
});

describe("a registration that an application ends", () => {
  test("is told to all who see the device, and by a response to who ended it", () => {
    open("a", "a2", "b");
    const submission = gateway.deregister(now, "a", "a-lamp");
    const id = "id" in submission ? submission.id : "";
    // As long as the 202 is not written, the response waits.
    expect(told("a")).toEqual({ "de-registrations": ["a-lamp"] });
    gateway.channels.handleAnswered(now, "a", id);
    expect(told("a")["async-responses"]).toMatchObject([{ id, status: 200, payload: "" }]);
    expect(told("a2")).toEqual({ "de-registrations": ["a-lamp"] });
    expect(told("b")).toEqual({});
    expect(gateway.deregister(now, "a", "a-lamp")).toEqual({ refusal: "gone" });
  });
});

describe("a restart between an outcome and the news of it", () => {
  test("the request ends with 503, once, and one that is still under way does not", async () => {
    open("a");
    const lost = ask("a", "a-lamp");
    const waiting = ask("a", "a-lamp");
    const subscribing = gateway.subscribe(now, "a", "a-meter", "/dev/temp");
    const subscribed = "id" in subscribing ? subscribing.id : "";
    await store.commit();
    for (const id of [lost, subscribed]) devices.lost.add(id);
    given(store.afterKill());
    gateway.endOrphans(now);
    gateway.endOrphans(now);
    expect(told("a")["async-responses"].map(({ id, status }) => [id, status])).toEqual([
      [lost, 503],
      [subscribed, 503],
    ]);
    expect(gateway.subscriptions.pathsOf("a", "a-meter")).toEqual([]);
    gateway.handleEvent(now, responseEvent(waiting, "a-lamp", "/dev/temp"));
    expect(told("a")["async-responses"]).toMatchObject([{ id: waiting, status: 200 }]);
  });
});

describe("subscriptions as the original had them", () => {
  test("a device that registers anew ends individual ones, those by rule go on", async () => {
    given(new MemoryStore(), { endsIndividualSubscriptions: true });
    gateway.subscriptions.setRules("a", [{ "resource-path": ["/dev/temp"] }]);
    for (const path of ["/dev/temp", "/dev/power"]) gateway.subscribe(now, "a", "a-lamp", path);
    await store.commit();
    given(store.afterKill(), { endsIndividualSubscriptions: true });
    const registration = devices.registration("a-lamp")!;
    gateway.handleEvent(now, { kind: "update", registration });
    expect(gateway.subscriptions.pathsOf("a", "a-lamp").sort()).toEqual([
      "/dev/power",
      "/dev/temp",
    ]);
    gateway.handleEvent(now, { kind: "registration", registration });
    expect(gateway.subscriptions.pathsOf("a", "a-lamp")).toEqual(["/dev/temp"]);
  });
});

describe("quotas", () => {
  test("a new device is admitted while its domain has room, and transactions count per domain", () => {
    gateway = new Gateway(now, 0, {
      store: new MemoryStore(),
      devices,
      audience,
      quotas: { transactions: 2, endpoints: 2 },
    });
    expect(gateway.admits("a-new", "a")).toBe(false);
    expect(gateway.admits("a-lamp", "a")).toBe(true);
    expect(gateway.admits("b-new", "b")).toBe(true);
    gateway.handleEvent(now, { kind: "expiry", endpointName: "a-meter" });
    expect(gateway.admits("a-new", "a")).toBe(true);
    notify("a-lamp", "1");
    notify("a-lamp", "2");
    expect([
      gateway.traffic.refusedFor(now, "a") > 0,
      gateway.traffic.refusedFor(now, "b"),
    ]).toEqual([true, 0]);
  });
});
