import { beforeEach, describe, expect, test } from "vitest";
import { GONE, QUEUE_FULL } from "../../../../../connector/contract.ts";
import { CALL_PERIOD } from "../../../../../connector/rest/customers/device-calls.ts";
import type { Listener } from "../../../../../connector/rest/customers/notify-listeners.ts";
import { GET, POST, PUT } from "../../../../../protocol/coap/codes.ts";
import { JSON_FORMAT, TEXT, TLV } from "../../../../../protocol/coap/content-formats.ts";
import { RestBench } from "../bench.ts";
import { bytes, FakeDevices, responseEvent } from "../fake-devices.ts";

const KEG = "</config/name>,</temp>;obs,</Kegtron/ResetVolume>,</json>;ct=50";
const CHANGED = 0x44;
const DAY = 24 * 3_600_000;

let devices: FakeDevices;
let bench: RestBench;

beforeEach(() => {
  devices = new FakeDevices();
  bench = new RestBench(devices);
  register("keg", KEG);
  register("lamp", "</1/0>,</3/0>,</3311/0>", "1.1");
});

function register(endpointName: string, links: string, version?: string): void {
  const registration = devices.register(endpointName, links, { version });
  bench.access.devices.handleRegistration(registration, 0);
  bench.handle({ kind: "registration", registration });
}

function publicKey(endpointName = "keg"): string {
  const record = bench.access.devices.named(endpointName)!;
  return bench.access.devices.publicKeyOf(record);
}

async function ask(method: string, path: string, body?: unknown, key = publicKey()) {
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await bench.fetch(method, path, { key, ...text });
  return { status: response.status, data: JSON.parse(await response.text()) };
}

/** Calls a function, and lets the device answer when it has been asked. */
async function call(
  name: string,
  params: unknown,
  answer: { payload?: string; status?: number; code?: number; contentFormat?: number } = {},
  endpointName = "keg",
) {
  const pending = ask("POST", `/api/v2/m/device/rpc/${name}`, params, publicKey(endpointName));
  await expect.poll(() => devices.submitted.length).toBeGreaterThan(0);
  const { id, request } = devices.submitted.pop()!;
  const error = (answer.status ?? 200) < 400 ? undefined : "The device says no";
  bench.handle(responseEvent(id, endpointName, request.path, { code: CHANGED, ...answer, error }));
  return { ...(await pending), request };
}

function notify(path: string, payload: string, endpointName = "keg"): void {
  bench.handle({
    kind: "notification",
    endpointName,
    path,
    payload: bytes(payload),
    contentFormat: TEXT,
    maxAge: 0,
  });
}

describe("the device of a PUBLIC_KEY", () => {
  test("is shown with its shadow, whether it is there or not", async () => {
    const empty = { reported: { online: true, ota: { id: "" } }, desired: {}, delta: {} };
    expect((await ask("GET", "/api/v2/m/device")).data).toEqual({
      id: "keg",
      shadow: { state: empty },
    });
    notify("/temp", "20.5");
    devices.deregister("keg");
    const { data } = await ask("GET", `/api/v2/m/device?access_token=${publicKey()}`);
    expect(data.shadow.state.reported).toEqual({ online: false, ota: { id: "" }, temp: 20.5 });
  });

  test("names its firmware where it has told of it; its own online and ota do not count", async () => {
    await ask("GET", "/api/v2/m/device", undefined, publicKey("lamp"));
    notify("/3/0/3", "1.2.0", "lamp");
    notify("/online", "no", "lamp");
    const { data } = await ask("GET", "/api/v2/m/device", undefined, publicKey("lamp"));
    expect(data.shadow.state.reported).toMatchObject({ online: true, ota: { id: "1.2.0" } });
  });

  test("is nothing to other kinds of credentials, and to a key that was replaced", async () => {
    const former = publicKey();
    const { devices: records } = bench.access;
    for (const key of [bench.key, "x", publicKey().replace(/.$/, "!")]) {
      expect((await ask("GET", "/api/v2/m/device", undefined, key)).status).toBe(401);
    }
    records.rotatePublicKey(records.named("keg")!, 1);
    expect((await ask("GET", "/api/v2/m/device", undefined, former)).status).toBe(401);
    const [status] = await bench.ask("GET", "/v2/endpoints", { key: publicKey() });
    expect(status).toBe(401);
  });

  test("is wanted to be another way, in part, durably, and the answer shows it", async () => {
    const desired = { config: { name: "King" }, tap: 3 };
    const { status, data } = await ask("POST", "/api/v2/m/device", {
      shadow: { state: { desired } },
    });
    expect([status, data.shadow.state.desired, data.shadow.state.delta]).toEqual([
      200,
      desired,
      desired,
    ]);
    expect(bench.store.hasUncommitted()).toBe(false);
    expect(devices.submitted.map(({ request }) => request.path)).toEqual(["/config/name"]);
    const { id } = devices.submitted[0];
    bench.handle(
      responseEvent(id, "keg", "/config/name", {
        status: 403,
        error: "No: it is mine",
        code: 0x83,
      }),
    );
    const after = (await ask("GET", "/api/v2/m/device")).data.shadow;
    expect(after.refused).toEqual({ "/config/name": "No: it is mine" });
  });

  test.each([
    [{ shadow: { state: { desired: 5 } } }, "must be a JSON object"],
    [{ shadow: { state: [] } }, '"state" must be an object'],
    [{ shadow: 5 }, '"shadow" must be an object'],
    [{ shadow: { state: { desired: { "": 1 } } } }, "cannot be a part"],
    [{ tags: { save: "x" } }, '"tags.save" must be an array'],
    [{ tags: { save: [5] } }, '"tags.save" must be an array'],
    [{ tags: { save: ["/"] } }, '"tags.save" must be an array'],
    [{ tags: { save: Array(21).fill("/temp") } }, '"tags.save" must be an array'],
  ])("is not changed by what it cannot be: %j", async (body, reason) => {
    const { status, data } = await ask("POST", "/api/v2/m/device", body);
    expect([status, data.error.message]).toEqual([400, expect.stringContaining(reason)]);
    expect(devices.submitted).toEqual([]);
  });

  test("cannot be told what it reports", async () => {
    await ask("POST", "/api/v2/m/device", { shadow: { state: { reported: { temp: 99 } } } });
    const { data } = await ask("GET", "/api/v2/m/device");
    expect(data.shadow.state.reported).not.toHaveProperty("temp");
  });
});

describe("tags.save", () => {
  const save = (...paths: string[]) => ask("POST", "/api/v2/m/device", { tags: { save: paths } });

  test("has the values of its paths observed, until it names others", async () => {
    expect((await save("/temp", "config.name")).data.tags).toEqual({
      save: ["/temp", "/config/name"],
    });
    expect([...devices.observed]).toEqual(["keg /temp", "keg /config/name"]);
    await save("/temp");
    expect([...devices.observed]).toEqual(["keg /temp"]);
    await save();
    expect([...devices.observed]).toEqual([]);
    expect((await ask("GET", "/api/v2/m/device")).data).not.toHaveProperty("tags");
  });

  test("waits for a device that is away", async () => {
    devices.deregister("keg");
    devices.refusal = GONE;
    await save("/temp");
    devices.refusal = undefined;
    register("keg", KEG);
    expect([...devices.observed]).toEqual(["keg /temp"]);
  });

  test("stays when rights are looked over, and ends when the device is taken off the record", async () => {
    await save("/temp");
    bench.gateway.recheck(0);
    expect([...devices.observed]).toEqual(["keg /temp"]);
    const { status } = await ask("DELETE", "/api/v2/devices/keg", undefined, bench.key);
    expect(status).toBe(200);
    expect([...devices.observed]).toEqual([]);
  });
});

describe("functions", () => {
  test("Read asks for a value, and the shadow has it then", async () => {
    const answer = { payload: "20.5", code: 0x45 };
    await ask("GET", "/api/v2/m/device");
    const { status, data, request } = await call("Read", { path: "/temp" }, answer);
    expect([status, data]).toEqual([200, 20.5]);
    expect(request).toMatchObject({ method: GET, path: "/temp", expiresIn: CALL_PERIOD });
    const shadow = bench.customerSide.shadows.of("keg")!;
    expect(shadow.reported.get("/temp")?.value).toBe(20.5);
  });

  test("Read of an instance is its values by path", async () => {
    const pending = ask("POST", "/api/v2/m/device/rpc/Read", { path: "/3/0" }, publicKey("lamp"));
    await expect.poll(() => devices.submitted.length).toBe(1);
    bench.handle({
      ...responseEvent(devices.latestId(), "lamp", "/3/0", { code: 0x45, contentFormat: TLV }),
      payload: new Uint8Array(Buffer.from("c10964", "hex")),
    });
    expect((await pending).data).toEqual({ "/3/0/9": 100 });
  });

  test("Write writes one, as the device takes it", async () => {
    const text = await call("Write", { path: "/temp", value: 21 });
    expect([text.data, text.request]).toEqual([
      true,
      expect.objectContaining({
        method: PUT,
        payload: bytes("21"),
        contentFormat: TEXT,
      }),
    ]);
    const lamp = await call("Write", { path: "/3311/0/5850", value: true }, {}, "lamp");
    expect(lamp.request.payload).toEqual(bytes("1"));
    const json = await call("Write", { path: "/json", value: { a: 1 } });
    expect(json.request).toMatchObject({ payload: bytes('{"a":1}'), contentFormat: JSON_FORMAT });
  });

  test("Execute posts, with arguments or without; what the device says is the result", async () => {
    const bare = await call("Execute", { path: "/3/0/4" }, {}, "lamp");
    expect([bare.data, bare.request]).toEqual([
      true,
      expect.objectContaining({
        method: POST,
        path: "/3/0/4",
        payload: bytes(""),
      }),
    ]);
    const said = await call(
      "Execute",
      { path: "/Kegtron/ResetVolume", args: "0='x'" },
      { payload: "42" },
    );
    expect([said.data, said.request.payload]).toEqual([42, bytes("0='x'")]);
  });

  test("Sys.Reboot and Sys.GetInfo are the Device object's", async () => {
    expect((await call("Sys.Reboot", {}, {}, "lamp")).request).toMatchObject({
      method: POST,
      path: "/3/0/4",
    });
    const pending = ask("GET", "/api/v2/m/device/rpc/Sys.GetInfo", undefined, publicKey("lamp"));
    await expect.poll(() => devices.submitted.length).toBe(1);
    expect(devices.submitted[0].request).toMatchObject({ method: GET, path: "/3/0", accept: TLV });
    bench.handle({
      ...responseEvent(devices.latestId(), "lamp", "/3/0", { code: 0x45, contentFormat: TLV }),
      payload: new Uint8Array(Buffer.from("c4004f70656ec10964", "hex")),
    });
    expect((await pending).data).toEqual({ manufacturer: "Open", battery_level: 100 });
    const none = await ask("POST", "/api/v2/m/device/rpc/Sys.Reboot", {});
    expect([none.status, none.data.message]).toEqual([404, "No handler for Sys.Reboot"]);
  });

  test("a listed resource is one by its name; its parameters go to it as JSON", async () => {
    const { data, request } = await call("Kegtron.ResetVolume", { port: 1 });
    expect(data).toBe(true);
    expect(request).toMatchObject({
      method: POST,
      path: "/Kegtron/ResetVolume",
      payload: bytes('{"port":1}'),
      contentFormat: JSON_FORMAT,
    });
    expect((await call("Kegtron.ResetVolume", {})).request.payload).toEqual(bytes(""));
  });

  test("RPC.List names them, without asking the device", async () => {
    const { data } = await ask("GET", "/api/v2/m/device/rpc/RPC.List");
    expect(data).toEqual([
      "RPC.List",
      "Read",
      "Write",
      "Execute",
      "config.name",
      "temp",
      "Kegtron.ResetVolume",
      "json",
    ]);
  });

  test("take their parameters as a query, too", async () => {
    const pending = ask(
      "GET",
      `/api/v2/m/device/rpc/Write?path=/temp&value=5&access_token=${publicKey()}`,
    );
    await expect.poll(() => devices.submitted.length).toBe(1);
    expect(devices.submitted[0].request.payload).toEqual(bytes("5"));
    bench.handle(responseEvent(devices.latestId(), "keg", "/temp", { code: CHANGED }));
    expect((await pending).data).toBe(true);
  });

  test.each([
    ["Nothing", {}, 404],
    ["config", {}, 404],
    ["config..name", {}, 404],
    ["Read", {}, 400],
    ["Read", { path: 5 }, 400],
    ["Read", { path: "temp" }, 400],
    ["Read", { path: "/temp/" }, 400],
    ["Read", { path: `/${"x".repeat(300)}` }, 400],
    ["Read", { path: "/elsewhere" }, 404],
    ["Write", { path: "/temp" }, 400],
    ["Write", { path: "/temp", value: [1] }, 400],
    ["Execute", { path: "/temp", args: {} }, 400],
  ])("%s with %j is refused: %i", async (name, params, status) => {
    const refused = await ask("POST", `/api/v2/m/device/rpc/${name}`, params);
    expect([refused.status, typeof refused.data.error.message]).toEqual([status, "string"]);
    expect(devices.submitted).toEqual([]);
  });

  test.each([
    [400, 400],
    [403, 403],
    [404, 404],
    [405, 405],
    [410, 504],
    [415, 415],
    [408, 502],
    [502, 502],
    [503, 503],
    [504, 504],
  ])("an answer of %i is told as %i", async (status, told) => {
    const { status: shown, data } = await call("Read", { path: "/temp" }, { status });
    expect([shown, data.error]).toEqual([told, { code: told, message: "The device says no" }]);
  });

  test("of a device that is away, or has too much to do, are refused at once", async () => {
    const read = () => ask("POST", "/api/v2/m/device/rpc/Read", { path: "/temp" });
    devices.refusal = QUEUE_FULL;
    expect((await read()).status).toBe(429);
    devices.refusal = undefined;
    devices.deregister("keg");
    expect((await read()).status).toBe(504);
  });

  test("do not wait for ever: what was sent and not answered may have been done", async () => {
    const pending = ask("POST", "/api/v2/m/device/rpc/Read", { path: "/temp" });
    await expect.poll(() => bench.alarms.length).toBe(1);
    expect(bench.alarms[0].delay).toBeGreaterThan(CALL_PERIOD);
    bench.alarms[0].action();
    const { status, data } = await pending;
    expect([status, data.message]).toEqual([
      504,
      "The device did not answer; it may have done it.",
    ]);
    expect(bench.alarms).toEqual([]);
    // The answer comes after all: it is nobody's.
    bench.handle(responseEvent(devices.latestId(), "keg", "/temp"));
  });

  test("are bounded for each device", async () => {
    const read = () => ask("POST", "/api/v2/m/device/rpc/Read", { path: "/temp" });
    const waiting = [...Array(8)].map(read);
    await expect.poll(() => devices.submitted.length).toBe(8);
    expect((await read()).status).toBe(429);
    for (const { id } of devices.submitted) bench.handle(responseEvent(id, "keg", "/temp"));
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    bench.customerSide.close();
  });

  test("count as transactions, and are refused beyond the quota", async () => {
    bench = new RestBench(devices, undefined, { transactions: 2, endpoints: 100 });
    register("keg", KEG);
    await call("Read", { path: "/temp" });
    const { status } = await ask("POST", "/api/v2/m/device/rpc/Read", { path: "/temp" });
    expect(status).toBe(429);
  });
});

describe("data", () => {
  const query = async (path: string, params?: unknown) =>
    (await ask("POST", `/api/v2/m/device/data/${path}`, params === undefined ? {} : { params }))
      .data;

  beforeEach(async () => {
    await ask("GET", "/api/v2/m/device");
    bench.now = DAY;
    notify("/temp", "20");
    bench.now = 2 * DAY;
    notify("/temp", "21");
    notify("/servings/0", '{"port":0,"vol":262}');
  });

  const FIRST = ["1970-01-02T00:00:00.000Z", "keg", "/temp", "20"];
  const SECOND = ["1970-01-03T00:00:00.000Z", "keg", "/temp", "21"];
  const SERVING = [
    "1970-01-03T00:00:00.000Z",
    "keg",
    "/servings/0",
    JSON.stringify('{"port":0,"vol":262}'),
  ];

  test("is rows of time, device, topic and JSON text, the oldest first", async () => {
    expect(await query("all")).toEqual({ rows: [FIRST, SECOND, SERVING] });
    expect(await query("latest")).toEqual({ rows: [SECOND, SERVING] });
    expect(await query("temp")).toEqual({ rows: [FIRST, SECOND] });
    expect(await query("servings")).toEqual({ rows: [SERVING] });
    expect(await query("nothing")).toEqual({ rows: [] });
  });

  test("lies between two times; a day as the end is meant to its end", async () => {
    expect(await query("temp", ["1970-01-03"])).toEqual({ rows: [SECOND] });
    expect(await query("temp", [null, "1970-01-02"])).toEqual({ rows: [FIRST] });
    expect(await query("temp", ["1970-01-02", "1970-01-03"])).toEqual({ rows: [FIRST, SECOND] });
    expect(await query("temp", [null, "1970-01-02T23:59:59Z"])).toEqual({ rows: [FIRST] });
    const { data } = await ask("GET", `/api/v2/m/device/data/temp?params=["1970-01-03"]`);
    expect(data).toEqual({ rows: [SECOND] });
  });

  test.each([5, "x", ["never"], [5], ["x".repeat(100)]])("is 400 for params %j", async (params) => {
    expect(await query("temp", params)).toHaveProperty("error.code", 400);
  });
});

describe("listening", () => {
  /** Opens a listener, and returns what it hears and how it ended. */
  async function listen(path = "/api/v2/m/device/notify", key = publicKey()) {
    const frames: { name: string; id: string; data?: unknown }[] = [];
    const ends: [code: number, reason: string][] = [];
    let isFast = true;
    let taken: Listener | undefined;
    const response = await bench.fetch("GET", path, {
      key,
      upgrade: (listener) => {
        taken = {
          ...listener,
          socket: {
            send: (frame) => {
              if (isFast) frames.push(JSON.parse(frame));
              return isFast;
            },
            close: (code, reason) => ends.push([code, reason]),
          },
        };
        bench.customerSide.listeners.add(taken);
      },
    });
    return { status: response.status, frames, ends, taken, slowDown: () => (isFast = false) };
  }

  test("hears of its device: that it comes, goes, is called, tells and shows", async () => {
    const { frames } = await listen();
    devices.deregister("keg");
    register("keg", KEG);
    notify("/temp", "20");
    await call("Kegtron.ResetVolume", { port: 1 });
    register("lamp", "</3/0>", "1.1");
    expect(frames.map(({ name, id }) => `${name} ${id}`)).toEqual([
      "offline keg",
      "online keg",
      "updated keg",
      "rpc.out.Notify keg",
      "rpc.in.Kegtron.ResetVolume keg",
    ]);
    expect(frames[0]).toEqual({ name: "offline", id: "keg" });
    expect(frames[2].data).toMatchObject({
      shadow: { state: { reported: { temp: 20, online: true } } },
    });
    expect(frames[3].data).toEqual({ path: "/temp", value: 20 });
    expect(frames[4].data).toEqual({ port: 1 });
  });

  test("without asking for a WebSocket is 426, and with another credential 401", async () => {
    expect((await bench.fetch("GET", "/api/v2/m/device/notify", { key: publicKey() })).status).toBe(
      426,
    );
    const refused = await listen("/api/v2/m/device/notify", bench.key);
    expect([refused.status, refused.taken]).toEqual([401, undefined]);
  });

  test("ends when the key is replaced, before anything more is heard", async () => {
    const { frames, ends } = await listen();
    const { devices: records } = bench.access;
    records.rotatePublicKey(records.named("keg")!, 1);
    notify("/temp", "20");
    expect([frames, ends]).toEqual([[], [[1008, "The key is not good any more."]]]);
    expect(bench.customerSide.listeners.size).toBe(0);
  });

  test("ends within a second when nothing happens, too", async () => {
    const { ends } = await listen();
    const { devices: records } = bench.access;
    records.rotatePublicKey(records.named("keg")!, 1);
    bench.customerSide.handleTick();
    expect(ends).toHaveLength(1);
  });

  test("too slowly is ended", async () => {
    const { ends, slowDown } = await listen();
    slowDown();
    notify("/temp", "20");
    expect(ends).toEqual([[1013, "You take frames too slowly."]]);
    notify("/temp", "21");
    expect(ends).toHaveLength(1);
  });

  test("is bounded for each device, and has room again when one ends", async () => {
    const first = await listen();
    for (let i = 0; i < 49; i++) expect((await listen()).status).toBe(204);
    expect((await listen()).status).toBe(429);
    bench.customerSide.listeners.remove(first.taken!);
    bench.customerSide.listeners.remove(first.taken!);
    expect((await listen()).status).toBe(204);
    expect((await listen()).status).toBe(429);
    expect((await listen(undefined, publicKey("lamp"))).status).toBe(204);
  });

  test("to all hears of the devices of the domain, for as long as the key is good", async () => {
    const { frames, ends } = await listen("/api/v2/notify", bench.key);
    bench.access.domains.put({
      ...bench.access.domains.get("default")!,
      id: "other",
      name: "other",
    });
    bench.access.devices.create("other", "foreign", undefined, 0);
    register("foreign", "</temp>");
    register("keg", KEG);
    expect(frames.map(({ id }) => id)).toEqual(["keg"]);
    const [key] = bench.access.keys.all();
    bench.access.keys.revoke(key.id, 0);
    register("lamp", "</3/0>", "1.1");
    expect([frames.length, ends.length]).toEqual([1, 1]);
  });

  test("ends when the connector stops", async () => {
    const { ends } = await listen();
    bench.customerSide.close();
    expect(ends).toEqual([[1001, "The connector stops."]]);
  });
});

describe("the administrator's API", () => {
  const admin = (method: string, path: string, body?: unknown) =>
    ask(method, path, body, bench.key);

  test("lists the devices of the domain, in pages where that is wanted", async () => {
    bench.access.devices.create("other", "foreign", undefined, 0);
    const { data } = await admin("GET", "/api/v2/devices");
    expect(data).toEqual([
      { id: "keg", type: "", online: true, created: "1970-01-01T00:00:00.000000000Z" },
      { id: "lamp", type: "", online: true, created: "1970-01-01T00:00:00.000000000Z" },
    ]);
    const ids = async (query: string) =>
      (await admin("GET", `/api/v2/devices?${query}`)).data.map(({ id }: { id: string }) => id);
    expect(await ids("limit=1")).toEqual(["keg"]);
    expect(await ids("limit=1&after=keg")).toEqual(["lamp"]);
    for (const query of ["limit=0", "limit=x", "after=foreign", "after=nothing"]) {
      expect((await admin("GET", `/api/v2/devices?${query}`)).status).toBe(400);
    }
  });

  test("does with any of them what its PUBLIC_KEY is good for", async () => {
    const shown = (await admin("GET", "/api/v2/devices/keg")).data;
    expect(shown).toMatchObject({ id: "keg", public_key: publicKey() });
    const body = { shadow: { state: { desired: { tap: 3 } } } };
    expect((await admin("POST", "/api/v2/devices/keg", body)).status).toBe(200);
    const state = { state: { desired: { tap: 4 } } };
    expect((await admin("POST", "/api/v2/devices/keg/shadow", state)).status).toBe(200);
    const { data } = await admin("GET", "/api/v2/devices/keg/shadow");
    expect(data.state.desired).toEqual({ tap: 4 });
    expect((await admin("GET", "/api/v2/devices/keg/data/all")).data).toEqual({ rows: [] });
    const pending = admin("POST", "/api/v2/devices/keg/rpc/Read", { path: "/temp" });
    await expect.poll(() => devices.submitted.length).toBe(1);
    bench.handle(responseEvent(devices.latestId(), "keg", "/temp", { payload: "20" }));
    expect((await pending).data).toBe(20);
  });

  test("says honestly that it takes no firmware", async () => {
    expect((await admin("POST", "/api/v2/devices/keg/ota")).status).toBe(501);
  });

  test("answers a foreign device like an unknown one, everywhere", async () => {
    bench.access.devices.create("other", "foreign", undefined, 0);
    for (const [method, path] of [
      ["GET", ""],
      ["POST", ""],
      ["DELETE", ""],
      ["GET", "/shadow"],
      ["POST", "/shadow"],
      ["GET", "/rpc/Read"],
      ["POST", "/rpc/Read"],
      ["GET", "/data/all"],
      ["POST", "/data/all"],
      ["POST", "/ota"],
    ]) {
      const foreign = await admin(method, `/api/v2/devices/foreign${path}`);
      const unknown = await admin(method, `/api/v2/devices/unknown${path}`);
      expect([method, path, foreign.status]).toEqual([method, path, 404]);
      expect(foreign).toEqual(unknown);
    }
  });

  test("puts devices on record and takes them off", async () => {
    expect((await admin("POST", "/api/v2/devices", { id: "new-1" })).data.id).toBe("new-1");
    expect((await admin("POST", "/api/v2/devices", { id: "new-1" })).status).toBe(409);
    expect((await admin("POST", "/api/v2/devices", {})).status).toBe(400);
    expect((await admin("DELETE", "/api/v2/devices/new-1")).status).toBe(200);
    expect((await admin("GET", "/api/v2/devices/new-1")).status).toBe(404);
  });

  test("makes, lists and ends keys, which are shown once", async () => {
    const made = (await admin("POST", "/api/v2/keys", { name: "script" })).data;
    expect(Object.keys(made)).toEqual(["id", "name", "key"]);
    const listed = (await admin("GET", "/api/v2/keys")).data;
    expect(listed).toContainEqual(expect.objectContaining({ id: made.id, name: "script" }));
    expect(JSON.stringify(listed)).not.toContain(made.key);
    expect((await ask("GET", "/api/v2/devices", undefined, made.key)).status).toBe(200);
    expect((await admin("DELETE", `/api/v2/keys/${made.id}`)).status).toBe(200);
    expect((await ask("GET", "/api/v2/devices", undefined, made.key)).status).toBe(401);
    expect((await admin("DELETE", "/api/v2/keys/unknown")).status).toBe(404);
  });

  test("shows the PUBLIC_KEY to nobody who may only look", async () => {
    const reader = bench.access.users.put({
      ...bench.access.users.get("admin")!,
      id: "reader",
      name: "reader",
      superuser: false,
      permissions: ["view device", "view resource"],
    });
    const { key } = bench.access.keys.create({ domainId: "default", ownerId: reader.id }, "r", 0);
    const { status, data } = await ask("GET", "/api/v2/devices/keg", undefined, key);
    expect([status, data.public_key]).toEqual([200, undefined]);
    expect((await ask("POST", "/api/v2/devices/keg/rpc/Read", {}, key)).status).toBe(403);
    expect((await ask("POST", "/api/v2/keys", {}, key)).status).toBe(403);
  });
});
