import { beforeEach, describe, expect, test } from "vitest";
import type { DeviceRecord } from "../../../../connector/access/model.ts";
import type { ConnectorEvent } from "../../../../connector/contract.ts";
import { GONE, QUEUE_FULL } from "../../../../connector/contract.ts";
import type { Json } from "../../../../connector/shadow/json.ts";
import type { Shadow } from "../../../../connector/shadow/shadow.ts";
import { Shadows } from "../../../../connector/shadow/shadows.ts";
import { ValueHistory } from "../../../../connector/shadow/value-history.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";
import { PUT } from "../../../../protocol/coap/codes.ts";
import { FakeDevices, responseEvent } from "../rest/fake-devices.ts";

const KEG = "keg";
const LINKS = "</config/name>,</config/size>,</temp>;obs,</json>;ct=50,</1/0>";
const MINUTE = 60_000;
const CHANGED = 0x44;

let store: MemoryStore;
let devices: FakeDevices;
let record: DeviceRecord;
let history: ValueHistory;
let shadows: Shadows;
let shadow: Shadow;
let now: number;

beforeEach(() => {
  store = new MemoryStore();
  devices = new FakeDevices();
  record = {
    id: 7,
    domainId: "default",
    endpointName: KEG,
    endpointType: undefined,
    keyVersion: 1,
    createdAt: 0,
    updatedAt: 0,
  };
  now = 1000;
  open();
});

/** Opens the machine on what the store has. */
function open(): void {
  history = new ValueHistory(store);
  shadows = new Shadows(store, devices, history, (name) => (name === KEG ? record : undefined));
  shadow = shadows.begin(record)!;
}

function handle(event: ConnectorEvent): Shadow | undefined {
  return shadows.handleEvent(now, now, event);
}

function register(): void {
  handle({ kind: "registration", registration: devices.register(KEG, LINKS) });
}

function want(state: Json): string | undefined {
  return shadows.change(now, shadow, state)?.refusal;
}

/** What was written since the last call: path and text. */
function written(): [path: string, text: string][] {
  return devices.submitted.splice(0).map(({ request }) => {
    expect([request.method, request.confirmable]).toEqual([PUT, true]);
    return [request.path, Buffer.from(request.payload).toString()];
  });
}

/** The device answers the latest write. */
function answer(path: string, status = 200): void {
  const error = status < 400 ? undefined : `The device answered ${status}`;
  handle(responseEvent(devices.latestId(), KEG, path, { status, error, code: CHANGED }));
}

function notify(path: string, payload: string): Shadow | undefined {
  return handle({
    kind: "notification",
    endpointName: KEG,
    path,
    payload: new Uint8Array(Buffer.from(payload)),
    contentFormat: 0,
    maxAge: 0,
  });
}

function reported(): Record<string, Json> {
  return Object.fromEntries([...shadow.reported].map(([path, { value }]) => [path, value]));
}

describe("what is reported", () => {
  test("is what notifications and reads bring, also those that others asked for", () => {
    expect(notify("/temp", "20.5")).toBe(shadow);
    handle(responseEvent("9#id", KEG, "/config/name", { payload: "King" }));
    expect(reported()).toEqual({ "/temp": 20.5, "/config/name": "King" });
    expect([...history.of(7)]).toMatchObject([
      { at: 1000, path: "/temp", value: 20.5 },
      { at: 1000, path: "/config/name", value: "King" },
    ]);
  });

  test("is news only when it is another value, and history each time", () => {
    notify("/temp", "20");
    expect(notify("/temp", "20")).toBeUndefined();
    expect(notify("/temp", "21")).toBe(shadow);
    expect([...history.of(7)]).toHaveLength(3);
  });

  test("is not what a write or a failure answers", () => {
    handle(responseEvent("9#id", KEG, "/temp", { payload: "x", code: CHANGED }));
    handle(responseEvent("9#id", KEG, "/temp", { status: 404, error: "no", code: 0x84 }));
    expect(reported()).toEqual({});
  });

  test("of a device without a shadow is not kept", () => {
    record = { ...record, endpointName: "other" };
    handle({
      kind: "notification",
      endpointName: "other",
      path: "/temp",
      payload: new Uint8Array(0),
      contentFormat: 0,
      maxAge: 0,
    });
    expect(history.size).toBe(0);
  });

  test("is bounded: too long a value is left out, and the one not heard of for longest goes", () => {
    notify("/big", "x".repeat(3000));
    for (let i = 0; i < 501; i++) notify(`/n/${i}`, "1");
    expect(shadow.reported.size).toBe(500);
    expect(shadow.reported.has("/big")).toBe(false);
    expect(shadow.reported.has("/n/0")).toBe(false);
    expect(shadow.reported.has("/n/1")).toBe(true);
  });
});

describe("what is wanted", () => {
  test("is written one value at a time, in order, and reported when the device has confirmed", () => {
    register();
    expect(want({ config: { name: "King", size: 5 } })).toBeUndefined();
    expect(written()).toEqual([["/config/name", "King"]]);
    answer("/config/name");
    expect(written()).toEqual([["/config/size", "5"]]);
    expect(shadow.delta()).toEqual([["/config/size", 5]]);
    answer("/config/size");
    expect(written()).toEqual([]);
    expect(shadow.delta()).toEqual([]);
    expect(reported()).toEqual({ "/config/name": "King", "/config/size": 5 });
  });

  test("waits for a device that is away", () => {
    want({ config: { name: "King" } });
    expect(written()).toEqual([]);
    register();
    expect(written()).toEqual([["/config/name", "King"]]);
  });

  test("is not written when the device reports it already", () => {
    register();
    notify("/config/size", "5");
    want({ config: { size: "5" } });
    expect(written()).toEqual([]);
    expect(shadow.delta()).toEqual([]);
  });

  test("stays wanted, and unwritten, while the device has no such resource", () => {
    register();
    want({ tap: { label: "3" } });
    expect(written()).toEqual([]);
    expect(shadow.delta()).toEqual([["/tap/label", "3"]]);
    const registration = devices.relist(KEG, `${LINKS},</tap/label>`);
    handle({ kind: "update", registration });
    expect(written()).toEqual([["/tap/label", "3"]]);
  });

  test("merges with what was wanted; null takes back, with all below it", () => {
    want({ config: { name: "King", size: 5 } });
    want({ config: { size: 6 } });
    expect(Object.fromEntries(shadow.delta())).toEqual({
      "/config/name": "King",
      "/config/size": 6,
    });
    want({ config: null });
    expect(shadow.delta()).toEqual([]);
  });

  test("at a path replaces what is above and below it", () => {
    want({ a: { b: { c: 1 } } });
    want({ a: { b: 2 } });
    expect(shadow.delta()).toEqual([["/a/b", 2]]);
    want({ a: { b: { c: 3 } } });
    expect(shadow.delta()).toEqual([["/a/b/c", 3]]);
  });

  test("changes while its write is under way: the newer value is written after it", () => {
    register();
    want({ config: { size: 5 } });
    want({ config: { size: 6 } });
    expect(written()).toEqual([["/config/size", "5"]]);
    answer("/config/size");
    expect(written()).toEqual([["/config/size", "6"]]);
    answer("/config/size");
    expect(reported()).toEqual({ "/config/size": 6 });
    expect(written()).toEqual([]);
  });

  test("is not written again when somebody turns the knob on the device, but when it is wanted again", () => {
    register();
    want({ temp: 20 });
    answer("/temp");
    written();
    notify("/temp", "25");
    expect(written()).toEqual([]);
    expect(shadow.delta()).toEqual([["/temp", 20]]);
    want({ temp: 20 });
    expect(written()).toEqual([["/temp", "20"]]);
  });

  test("is written again when the device registers anew without reporting it", () => {
    register();
    want({ temp: 20 });
    answer("/temp");
    notify("/temp", "25");
    written();
    register();
    expect(written()).toEqual([["/temp", "20"]]);
  });

  test("may be JSON where the device lists that", () => {
    register();
    want({ json: [1, 2] });
    expect(written()).toEqual([["/json", "[1,2]"]]);
    expect(devices.submitted).toEqual([]);
  });

  test("is refused as a whole when it is too much, and nothing is changed", () => {
    register();
    const many = Object.fromEntries([...Array(201).keys()].map((i) => [`n${i}`, i]));
    expect(want(many)).toContain("more than 200 values");
    expect(want({ config: { name: "x".repeat(20_000) } })).toContain("longer than 16384 bytes");
    const first = Object.fromEntries([...Array(150).keys()].map((i) => [`a${i}`, i]));
    const second = Object.fromEntries([...Array(150).keys()].map((i) => [`b${i}`, i]));
    expect(want(first)).toBeUndefined();
    expect(want(second)).toContain("200 values");
    expect(shadow.delta()).toHaveLength(150);
    expect(written()).toEqual([]);
  });
});

describe("a write that fails", () => {
  test("because the device is away or busy is tried again, later each time", () => {
    register();
    want({ temp: 20 });
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      written();
      answer("/temp", 504);
      expect(written()).toEqual([]);
      waits.push(shadows.deadline() - now);
      now = shadows.deadline();
      shadows.handleTimeout(now - 1);
      expect(written()).toEqual([]);
      shadows.handleTimeout(now);
      expect(devices.submitted).toHaveLength(1);
    }
    expect(waits.map((wait) => wait / MINUTE)).toEqual([0.5, 1, 2, 4, 8, 15, 15]);
  });

  test("is tried at once when the device registers", () => {
    register();
    want({ temp: 20 });
    answer("/temp", 503);
    written();
    register();
    expect(written()).toEqual([["/temp", "20"]]);
  });

  test("for good is not repeated, says why, and does not hold up the others", () => {
    register();
    want({ config: { name: "King" }, temp: 20 });
    answer("/config/name", 405);
    expect(written().map(([path]) => path)).toEqual(["/config/name", "/temp"]);
    expect(shadow.desired.get("/config/name")).toEqual({
      value: "King",
      progress: "refused",
      reason: "The device answered 405",
    });
    answer("/temp");
    want({ temp: 21 });
    expect(written()).toEqual([["/temp", "21"]]);
  });

  test("for good is tried again when the device registers anew", () => {
    register();
    want({ config: { name: "King" } });
    answer("/config/name", 405);
    written();
    register();
    expect(written()).toEqual([["/config/name", "King"]]);
  });

  test.each([QUEUE_FULL, GONE] as const)("to be taken (%s) is tried again", (refusal) => {
    register();
    devices.refusal = refusal;
    want({ temp: 20 });
    devices.refusal = undefined;
    shadows.handleTimeout(now + 30_000);
    expect(written()).toEqual([["/temp", "20"]]);
  });
});

describe("after a restart", () => {
  function restart(): void {
    store.commitNow();
    store = store.afterKill();
    open();
  }

  test("everything is as it was", () => {
    notify("/temp", "20.5");
    want({ config: { name: "King" }, temp: 21 });
    shadows.watch(shadow, ["/temp"]);
    restart();
    expect(reported()).toEqual({ "/temp": 20.5 });
    expect(shadow.delta()).toEqual([
      ["/config/name", "King"],
      ["/temp", 21],
    ]);
    expect(shadow.watched).toEqual(["/temp"]);
    expect([...history.of(7)]).toHaveLength(1);
  });

  test("a write that is still under way is waited for", () => {
    register();
    want({ temp: 20 });
    written();
    restart();
    shadows.handleTimeout(now);
    expect(written()).toEqual([]);
    answer("/temp");
    expect(shadow.delta()).toEqual([]);
  });

  test("a write that was lost is written again", () => {
    register();
    want({ temp: 20 });
    written();
    devices.lost.add(devices.latestId());
    restart();
    expect(shadows.deadline()).toBeLessThanOrEqual(now);
    shadows.handleTimeout(now);
    expect(written()).toEqual([["/temp", "20"]]);
  });
});

describe("a device that is another one by the same name", () => {
  test.each([
    ["was forgotten and came again", { id: 8 }],
    ["belongs to somebody else now", { domainId: "other" }],
  ])("because it %s starts without a shadow", (_, change) => {
    register();
    notify("/temp", "20");
    want({ config: { name: "King" } });
    record = { ...record, ...change };
    expect(shadows.of(KEG)).toBeUndefined();
    expect(history.size).toBe(0);
    answer("/config/name");
    shadow = shadows.begin(record)!;
    expect([reported(), shadow.delta()]).toEqual([{}, []]);
    store.commitNow();
    expect([...store.afterKill().table("shadow-values").entries()]).toEqual([]);
  });

  test("is found out by sweeping, when nobody asks for it", () => {
    notify("/temp", "20");
    record = { ...record, id: 8 };
    for (let i = 0; i < 3; i++) shadows.sweep(1);
    expect([shadows.size, history.size]).toEqual([0, 0]);
  });
});
