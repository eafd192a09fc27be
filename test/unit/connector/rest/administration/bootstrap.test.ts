import { beforeEach, describe, expect, test } from "vitest";
import type { BootstrapEvent } from "../../../../../connector/bootstrap/events.ts";
import { proves } from "../../../../support/proves.ts";
import { RestBench } from "../bench.ts";
import { FakeDevices, responseEvent } from "../fake-devices.ts";

const KEY = "canary-of-a-key";
const SECURE = {
  servers: [
    {
      uri: "coaps://c.test",
      shortServerId: 1,
      securityMode: "psk",
      secretKey: { text: KEY },
    },
  ],
};
const PLAIN = { servers: [{ uri: "coap://c.test", shortServerId: 1 }] };

let devices: FakeDevices;
let bench: RestBench;

beforeEach(() => {
  devices = new FakeDevices();
  bench = new RestBench(devices);
});

async function ask(method: string, path: string, body?: object) {
  const more = body === undefined ? {} : { body: JSON.stringify(body) };
  const [status, text] = await bench.ask(method, `/admin/bootstrap${path}`, more);
  return { status, body: text === "" ? undefined : JSON.parse(text), text };
}

const about = { endpointName: "a", address: "10.0.0.1:1", source: "configuration" } as const;

function ended(sessionId: number, more: Partial<BootstrapEvent> = {}): void {
  const event = { sessionId, via: "request" as const, ...about };
  bench.handle({ kind: "bootstrap-started", ...event });
  bench.now += 250;
  bench.handle({
    kind: "bootstrap-finished",
    ...event,
    steps: 5,
    found: {},
    ...more,
  } as BootstrapEvent);
}

describe("configurations", () => {
  test("one is written, shown without its secrets, listed, written back, and removed", async () => {
    const written = await ask("PUT", "/configurations/a", SECURE);
    expect(written.status).toBe(200);
    expect(written.body).toMatchObject({
      endpointName: "a",
      domain: "default",
      writtenIn: "api",
      configuration: { servers: [{ uri: "coaps://c.test", secretKey: { secret: true } }] },
    });
    const shown = await ask("GET", "/configurations/a");
    const listed = await ask("GET", "/configurations");
    expect(listed.body.items).toEqual([shown.body]);
    expect(written.text + shown.text + listed.text).not.toContain(KEY);
    expect((await ask("PUT", "/configurations/a", shown.body.configuration)).status).toBe(200);
    expect((await ask("DELETE", "/configurations/a")).status).toBe(204);
    expect((await ask("DELETE", "/configurations/a")).status).toBe(404);
    expect((await ask("GET", "/configurations/a")).status).toBe(404);
  });

  test("what cannot be used is refused with the place and what was expected, and changes nothing", async () => {
    await ask("PUT", "/configurations/a", PLAIN);
    const wrong = { ...SECURE, servers: [{ ...SECURE.servers[0], uri: "coap://c.test" }] };
    const refused = await ask("PUT", "/configurations/a", wrong);
    expect(refused.body).toMatchObject({
      status: 400,
      detail: "/0/1/0: security mode psk goes with coaps, not coap.",
    });
    expect(refused.text).not.toContain(KEY);
    const unknown = await ask("PUT", "/configurations/a", { server: [] });
    expect(unknown.status).toBe(400);
    const { configuration } = (await ask("GET", "/configurations/a")).body;
    expect(configuration).toEqual(PLAIN);
  });

  test("what the file has is shown as such, and is not removed here", async () => {
    bench.bootstrap.accounts.setFile({ configurations: { b: PLAIN } });
    expect((await ask("GET", "/configurations/b")).body).toMatchObject({
      writtenIn: "file",
      updatedAt: null,
    });
    expect((await ask("DELETE", "/configurations/b")).status).toBe(409);
  });

  test("writing is in the audit, by name and without a secret", async () => {
    await ask("PUT", "/configurations/a", SECURE);
    const [, text] = await bench.ask("GET", "/admin/audit");
    expect(JSON.parse(text).items).toMatchObject([{ action: "bootstrap.configured", object: "a" }]);
    expect(text).not.toContain(KEY);
  });
});

describe("rules", () => {
  test("they are listed in the order in which they are tried", async () => {
    await ask("PUT", "/rules/others", { pattern: "*", order: 9000, configuration: PLAIN });
    await ask("PUT", "/rules/meters", { pattern: "meter-*", configuration: SECURE });
    const listed = await ask("GET", "/rules");
    expect(listed.body.items).toMatchObject([
      { name: "meters", order: 1000, pattern: "meter-*" },
      { name: "others", order: 9000 },
    ]);
    expect(listed.text).not.toContain(KEY);
    expect((await ask("GET", "/devices/meter-1")).body).toMatchObject({
      source: "rule meters",
      requests: ["Delete /0", "Delete /1", "Write /0/1", "Write /1/0", "Finish"],
      running: null,
      outcomes: [],
    });
    expect((await ask("DELETE", "/rules/meters")).status).toBe(204);
    expect((await ask("GET", "/rules/meters")).status).toBe(404);
    expect((await ask("GET", "/devices/meter-1")).body.source).toBe("rule others");
    expect((await ask("PUT", "/rules/a%20b", { pattern: "*", configuration: PLAIN })).status).toBe(
      400,
    );
  });
});

describe("outcomes", () => {
  test("the last of each device is listed, the last five of one are shown, the latest first", async () => {
    for (let i = 1; i <= 6; i++) ended(i);
    ended(7, { kind: "bootstrap-failed", reason: "Finish was answered 4.06" });
    const { body } = await ask("GET", "/devices/a");
    expect(body.outcomes).toHaveLength(5);
    expect(body.outcomes[0]).toMatchObject({
      outcome: "failed",
      reason: "Finish was answered 4.06",
      took: 250,
      address: "10.0.0.1:1",
    });
    expect(body.outcomes[1]).toMatchObject({ outcome: "finished", reason: null });
    expect((await ask("GET", "/devices?outcome=failed")).body.items).toMatchObject([
      { endpointName: "a", outcome: "failed" },
    ]);
    expect((await ask("GET", "/devices?outcome=finished")).body.items).toEqual([]);
    expect((await ask("GET", "/devices?outcome=lost")).status).toBe(400);
  });

  test("what is under way is shown until it ends", async () => {
    bench.handle({ kind: "bootstrap-started", sessionId: 1, via: "request", ...about });
    expect((await ask("GET", "/devices/a")).body.running).toMatchObject({ via: "request" });
    bench.handle({
      kind: "bootstrap-finished",
      sessionId: 1,
      via: "request",
      ...about,
      steps: 5,
      found: {},
    });
    expect((await ask("GET", "/devices/a")).body.running).toBeNull();
  });

  test("they are there again after a restart", async () => {
    ended(1);
    const restarted = new RestBench(devices, bench.store);
    expect(restarted.bootstrap.outcomes.of("a")).toMatchObject([
      { outcome: "finished", took: 250 },
    ]);
  });

  test("of 20,000 devices the rest is forgotten, whoever was bootstrapped longest ago first", () => {
    const { outcomes } = bench.bootstrap;
    const event = { sessionId: 1, via: "request" as const, ...about, steps: 1, found: {} };
    for (let i = 0; i < 20_010; i++) {
      outcomes.handleEvent({ kind: "bootstrap-finished", ...event, endpointName: `d-${i}` });
    }
    expect(outcomes.size).toBe(20_000);
    expect(outcomes.of("d-9")).toEqual([]);
    expect(outcomes.of("d-10")).toHaveLength(1);
  });
});

describe("bootstrap now", () => {
  const begin = (name = "a", body: object = {}) => ask("POST", `/devices/${name}`, body);

  test("LwM2M Core 1.2.2 §6.1.3.4: a registered device is told by Execute of /1/x/9, in its queue", async () => {
    proves("bootstrap-server", "bootstrap-server-initiated");
    devices.register("a", "</1/3>,</3/0>", { version: "1.1" });
    expect(await begin()).toMatchObject({ status: 202, body: { how: "trigger", path: "/1/3/9" } });
    expect(devices.submitted).toMatchObject([
      { endpointName: "a", request: { method: 2, path: "/1/3/9" } },
    ]);
  });

  test("of several instances of Server one has to be said", async () => {
    devices.register("a", "</1/0>,</1/1>", { version: "1.2" });
    expect((await begin()).body.detail).toBe(
      "The device has /1/0 and /1/1: say which with instance.",
    );
    expect((await begin("a", { instance: 7 })).status).toBe(409);
    expect((await begin("a", { instance: 1 })).body.path).toBe("/1/1/9");
  });

  test("a device that refuses is in the outcomes, one that does as told is heard of by its request", async () => {
    devices.register("a", "</1/0>", { version: "1.1" });
    await begin();
    bench.handle(responseEvent(devices.submitted[0].id, "a", "/1/0/9", { payload: "" }));
    expect(bench.bootstrap.outcomes.of("a")).toEqual([]);
    await begin();
    const refused = { status: 405, error: "The device answered 4.05", payload: "" };
    bench.handle(responseEvent(devices.submitted[1].id, "a", "/1/0/9", refused));
    expect(bench.bootstrap.outcomes.of("a")).toMatchObject([
      {
        via: "trigger",
        outcome: "failed",
        reason: "/1/0/9 was answered 405: The device answered 4.05",
      },
    ]);
  });

  test("LwM2M Core 1.0.2 §5.2: one of LwM2M 1.0 is sent its configuration, if there is one", async () => {
    devices.register("a", "</1/0>", { version: "1.0" });
    expect(await begin()).toMatchObject({ status: 202, body: { how: "push", path: null } });
    expect(devices.pushed).toEqual(["a"]);
    devices.canPush = false;
    expect((await begin()).status).toBe(409);
  });

  test("who is not registered, or no LwM2M device, cannot be bootstrapped", async () => {
    devices.register("plain", "</led/0>");
    expect((await begin("nobody")).body.detail).toContain("is not registered");
    expect((await begin("plain")).body.detail).toContain("no LwM2M device");
  });
});
