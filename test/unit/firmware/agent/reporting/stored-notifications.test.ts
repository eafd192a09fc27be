/** Notifications for a server that cannot be reached (LwM2M Core 1.2.2 §E.2, /1/x/6; §7.3.2, hqmax). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import type { ReportingLink } from "../../../../../firmware/agent/reporting/reporting-link.ts";
import { ReportingObservation } from "../../../../../firmware/agent/reporting/reporting-observation.ts";
import {
  StoredNotifications,
  senmlTime,
} from "../../../../../firmware/agent/reporting/stored-notifications.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import {
  LWM2M_JSON,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../../../protocol/coap/content-formats.ts";
import { SENML_CBOR_CODEC } from "../../../../../protocol/content/senml-cbor.ts";
import { isMalformed } from "../../../../../protocol/malformed.ts";
import { NO_ATTRIBUTES } from "../../../../../protocol/model/attributes.ts";
import {
  APPLICATION_TYPE,
  SENSOR_VALUE,
} from "../../../../../protocol/model/objects/ipso-resources.ts";
import { SERVER_STORE_NOTIFICATIONS } from "../../../../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { MINUTE, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const VALUE = "/3303/0/5700";
const EPOCH = 1_767_225_600;

function given(configuration: Partial<AgentConfiguration> = {}) {
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, 20, "Cel");
  const pair: AgentPair = new AgentPair({
    version: "1.2",
    lifetime: 0,
    codecs: ALL_CODECS,
    objects: [sensor],
    calendar: { seconds: () => EPOCH + Math.floor(pair.now / SECOND) },
    ...configuration,
  }).started();
  const { server } = pair;
  const link = server.link as ReportingLink;
  const measure = (...steps: [at: number, value: number][]) => {
    for (const [at, value] of steps) {
      pair.drive(at * SECOND);
      sensor.set(0, SENSOR_VALUE, value);
      pair.wait(0);
    }
  };
  /** The server is gone, and an Update has shown it. */
  const lose = () => {
    server.isConnected = false;
    link.handleAccount(8);
    pair.agent.handleTimeout(pair.now);
    pair.wait(100 * SECOND);
    expect(link.isAway()).toBe(true);
  };
  const find = () => {
    server.isConnected = true;
    pair.wait(10 * MINUTE);
    expect(link.isAway()).toBe(false);
  };
  const texts = () => server.notifications.map(({ text }) => text);
  return { pair, server, link, sensor, measure, lose, find, texts };
}

/** `time name=value` of each record of a SenML JSON pack; the time is after EPOCH, or as it is. */
function records(text: string): string[] {
  let name = "";
  let time = 0;
  return (JSON.parse(text) as Record<string, unknown>[]).map((record) => {
    name = (record.bn as string | undefined) ?? name;
    time = (record.bt as number | undefined) ?? time;
    const value = record.v ?? record.vs;
    return `${time > EPOCH ? time - EPOCH : time} ${name}${record.n ?? ""}=${value}`;
  });
}

describe("in a format that tells times", () => {
  test("LwM2M Core 1.2.2 §E.2: what was due meanwhile comes in one notification, each value with its time", () => {
    proves("device", "stored-notifications");
    const { server, measure, lose, find, texts } = given();
    server.observe(VALUE, { accept: SENML_JSON });
    lose();
    measure([101, 21], [102, 22.5], [110, 23]);
    find();
    expect(texts().map(records)).toEqual([
      [`101 ${VALUE}=21`, `102 ${VALUE}=22.5`, `110 ${VALUE}=23`],
    ]);
    expect(server.ladder.filter((line) => line.includes("CON 2.05"))).toHaveLength(1);
  });

  test("LwM2M Core 1.2.2 §7.3.2: what is stored obeys pmin, pmax and st as if it were sent", () => {
    const { pair, server, measure, lose, find, texts } = given();
    server.attributes(VALUE, "pmin=10", "pmax=60", "st=2");
    server.observe(VALUE, { accept: SENML_JSON });
    pair.drive(60 * SECOND);
    lose();
    const before = server.notifications.length;
    measure([170, 21], [175, 23], [176, 26], [188, 26.5]);
    find();
    const stored = texts().slice(before).map(records)[0];
    // pmax was over at 120 s, while the Update was still being repeated: that one is lost, as Non-confirmable ones may be.
    expect(stored).toEqual([`175 ${VALUE}=23`, `185 ${VALUE}=26`]);
  });

  test("RFC 8428 §4.5.3: without a clock, times are seconds before now", () => {
    const { server, measure, lose, find, texts } = given({ calendar: undefined });
    server.observe(VALUE, { accept: SENML_JSON });
    lose();
    measure([101, 21], [111, 22]);
    find();
    const [first, second] = records(texts()[0]).map((record) => Number(record.split(" ")[0]));
    expect(second - first).toBe(10);
    expect(second).toBeLessThan(0);
    const at = server.notifications[0].at / SECOND;
    expect(first).toBe(101 - at);
  });

  test("in SenML CBOR likewise", () => {
    const { server, measure, lose, find } = given();
    server.observe(VALUE, { accept: SENML_CBOR });
    lose();
    measure([101, 21], [111, 22]);
    find();
    const entries = SENML_CBOR_CODEC.decode(server.notifications[0].payload, [], () => TEMPERATURE);
    if (isMalformed(entries)) throw new Error(entries.fault);
    expect(entries.map(({ time, value }) => [time, value])).toEqual([
      [EPOCH + 101, 21],
      [EPOCH + 111, 22],
    ]);
  });

  test("in LwM2M JSON, which counts from the moment of the message, they are relative", () => {
    const { server, measure, lose, find, texts } = given({ version: "1.0" });
    server.observe(VALUE, { accept: LWM2M_JSON });
    lose();
    measure([101, 21], [111, 22]);
    find();
    const { e } = JSON.parse(texts()[0]) as { e: { t: number; v: number }[] };
    expect(e.map(({ v }) => v)).toEqual([21, 22]);
    expect(e[1].t - e[0].t).toBe(10);
    expect(e[1].t).toBeLessThan(0);
  });

  test("a history longer than a message comes in several, in order", () => {
    const { server, measure, lose, find, texts } = given();
    server.observe(VALUE, { accept: SENML_JSON });
    lose();
    for (let i = 0; i < 60; i++) measure([101 + i, i]);
    find();
    const all = texts()
      .flatMap(records)
      .map((record) => Number(record.split("=")[1]));
    expect(texts().length).toBeGreaterThan(1);
    expect(all).toEqual(Array.from({ length: 60 }, (_, i) => i));
    for (const { payload } of server.notifications)
      expect(payload.length).toBeLessThanOrEqual(1024);
  });
});

describe("in a format without times", () => {
  test.each([
    [TEXT],
    [TLV],
  ])("LwM2M Core 1.2.2 §E.2: in %i they come one by one, in order, each acknowledged before the next", (accept) => {
    proves("device", "stored-notifications");
    const { server, measure, lose, find } = given();
    server.observe(VALUE, { accept });
    lose();
    measure([101, 21], [102, 22], [110, 23]);
    find();
    expect(server.notifications).toHaveLength(3);
    const sequences = server.notifications.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    if (accept === TEXT)
      expect(server.notifications.map(({ text }) => text)).toEqual(["21", "22", "23"]);
  });
});

describe("what is kept", () => {
  test("LwM2M Core 1.2.2 §E.2: /1/x/6 false: nothing of the past is told, only the present", () => {
    const { pair, server, measure, lose, find, texts } = given();
    server.observe(VALUE);
    pair.agent.servers.set(0, SERVER_STORE_NOTIFICATIONS, false);
    lose();
    measure([101, 21], [102, 22], [110, 23]);
    find();
    expect(texts()).toEqual(["23"]);
  });

  test("LwM2M Core 1.2.2 §E.2: /1/x/6 absent is true", () => {
    const { pair, server, measure, lose, find, texts } = given();
    pair.agent.servers.unset(0, SERVER_STORE_NOTIFICATIONS);
    server.observe(VALUE);
    lose();
    measure([101, 21], [102, 22]);
    find();
    expect(texts()).toEqual(["21", "22"]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: hqmax keeps so many, the oldest is dropped", () => {
    proves("device", "hqmax");
    const { server, measure, lose, find, texts, link } = given();
    server.attributes(VALUE, "hqmax=2");
    server.observe(VALUE, { accept: SENML_JSON });
    lose();
    measure([101, 21], [102, 22], [110, 23]);
    find();
    expect(texts().map(records)).toEqual([[`102 ${VALUE}=22`, `110 ${VALUE}=23`]]);
    expect(link.observers?.stored?.dropped).toBe(1);
  });

  test("LwM2M Core 1.2.2 §7.3.2: hqmax=0 keeps nothing: only the present is told", () => {
    const { server, measure, lose, find, texts } = given();
    server.attributes(VALUE, "hqmax=0");
    server.observe(VALUE);
    lose();
    measure([101, 21], [102, 22]);
    find();
    expect(texts()).toEqual(["22"]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: where only parts have hqmax, only these parts are told of, each so often as it says", () => {
    proves("device", "hqmax");
    const { pair, server, sensor, measure, lose, find, texts } = given();
    sensor.set(0, APPLICATION_TYPE, "a");
    server.attributes(VALUE, "hqmax=3");
    server.attributes("/3303/0/5750", "hqmax=1");
    server.observe("/3303/0", { accept: SENML_JSON });
    lose();
    measure([101, 21], [102, 22]);
    pair.drive(103 * SECOND);
    sensor.set(0, APPLICATION_TYPE, "b");
    pair.wait(0);
    find();
    expect(texts().map(records)).toEqual([
      ["101 /3303/0/5700=21", "102 /3303/0/5700=22", "103 /3303/0/5700=22", "103 /3303/0/5750=b"],
    ]);
  });

  test("an end that comes meanwhile is told last", () => {
    const { server, sensor, measure, lose, find } = given();
    server.observe(VALUE);
    lose();
    measure([101, 21]);
    sensor.remove(0);
    find();
    expect(server.notes().map((note) => note.split(" ")[1])).toEqual(["21", "4.04"]);
    expect(server.link.observers?.observations).toEqual([]);
  });

  test("LwM2M Core 1.2.2 §6.4.1: a new Register ends observations, and drops what is stored for them", () => {
    proves("device", "observations-end");
    const { pair, server, measure, lose, link, texts } = given({ lifetime: 200 });
    server.observe(VALUE);
    lose();
    measure([101, 21]);
    server.isConnected = true;
    pair.agent.servers.set(0, 1, 200);
    pair.drive(400 * SECOND);
    pair.agent.stop(pair.now);
    pair.wait(SECOND);
    expect(link.observers?.stored?.all()).toEqual([]);
    pair.started();
    const before = texts().length;
    measure([500, 30]);
    expect(texts().length).toBe(before);
  });

  test("a Reset to what was stored ends the observation and drops the rest", () => {
    const { server, measure, lose, find, link } = given();
    server.observe(VALUE);
    lose();
    measure([101, 21], [102, 22], [103, 23]);
    server.endpoint.forget(1);
    find();
    expect(server.ladder.filter((line) => line.includes("CON 2.05"))).toHaveLength(1);
    expect(link.observers?.stored?.dropped).toBe(2);
    expect(link.observers?.observations).toEqual([]);
  });
});

describe("a Confirmable notification that is lost", () => {
  test("LwM2M Core 1.2.2 §6.4.1: is told again when an Update has found the server; the observation is remembered", () => {
    const { pair, server, measure, link, texts } = given();
    server.attributes(VALUE, "con=1");
    server.observe(VALUE, { accept: SENML_JSON });
    server.isConnected = false;
    measure([1, 21], [2, 22]);
    pair.drive(99 * SECOND);
    expect(link.isAway()).toBe(true);
    measure([100, 23]);
    server.isConnected = true;
    pair.drive(10 * MINUTE);
    expect(
      texts()
        .flatMap(records)
        .map((record) => record.split("=")[1]),
    ).toEqual(["21", "22", "23"]);
    expect(server.registrations.some((line) => line === "POST /rd/0")).toBe(true);
  });

  test("RFC 7641 §4.5: a server that answers Updates but never a notification loses its observation", () => {
    const { pair, server, measure, link } = given();
    server.attributes(VALUE, "con=1");
    server.observe(VALUE);
    // Notifications never arrive, all else does.
    server.endpoint.handleDatagram = (now, datagram) => {
      if (datagram[1] === codes.CONTENT && datagram.length > 12) return;
      Object.getPrototypeOf(server.endpoint).handleDatagram.call(server.endpoint, now, datagram);
    };
    measure([1, 21]);
    pair.drive(20 * MINUTE);
    expect(server.ladder.filter((line) => / CON 2\.05/.test(line)).length).toBe(15);
    expect(link.observers?.observations).toEqual([]);
  });
});

test("queue mode: what is stored wakes the device's radio no oftener than what is due", () => {
  const { pair, server, measure, lose, find, texts } = given({
    queueMode: true,
    awakeFor: 10 * SECOND,
  });
  server.observe(VALUE, { accept: SENML_JSON });
  lose();
  measure([101, 21], [102, 22]);
  find();
  expect(
    texts()
      .flatMap(records)
      .map((record) => record.split("=")[1]),
  ).toEqual(["21", "22"]);
  pair.eventLines();
  measure([2000, 23]);
  expect(pair.eventLines()).toEqual(["awake", "updated"]);
});

describe("bounds", () => {
  const observation = () =>
    new ReportingObservation(new Uint8Array([1]), [3303, 0, 5700], TEXT, NO_ATTRIBUTES);
  const sample = (of: ReportingObservation, at: number, length = 1) => {
    return { observation: of, at, code: codes.CONTENT, payload: new Uint8Array(length), maxAge: 0 };
  };

  test("64 notifications and 16 KiB of one server, the oldest dropped and counted", () => {
    const of = observation();
    const stored = new StoredNotifications();
    for (let i = 0; i < 70; i++) stored.add(sample(of, i), Number.POSITIVE_INFINITY);
    expect([stored.all().length, stored.dropped, stored.first()?.at]).toEqual([64, 6, 6]);
    stored.add(sample(of, 99, 16384), Number.POSITIVE_INFINITY);
    expect([stored.all().length, stored.dropped]).toEqual([1, 70]);
    stored.add(sample(of, 100, 16385), Number.POSITIVE_INFINITY);
    expect([stored.all().length, stored.dropped]).toEqual([0, 72]);
  });

  test("whatever is added, taken and put back: never above the bounds, in order, and nothing lost uncounted", () => {
    const step = fc.oneof(
      fc.record({ add: fc.nat(4000), of: fc.nat(2), limit: fc.integer({ min: 1, max: 80 }) }),
      fc.record({ take: fc.nat(10), of: fc.nat(2), isLost: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const observations = [observation(), observation(), observation()];
        const stored = new StoredNotifications();
        let added = 0;
        let delivered = 0;
        for (const each of steps) {
          const of = observations[each.of];
          if ("add" in each) stored.add(sample(of, ++added, each.add), each.limit);
          else {
            const taken = stored.take(of, each.take);
            if (each.isLost) stored.restore(taken);
            else delivered += taken.length;
          }
          const all = stored.all();
          expect(all.length).toBeLessThanOrEqual(64);
          expect(all.reduce((sum, { payload }) => sum + payload.length, 0)).toBeLessThanOrEqual(
            16384,
          );
          expect(all.length + delivered + stored.dropped).toBe(added);
          for (const one of observations) {
            const times = all.filter((each) => each.observation === one).map(({ at }) => at);
            expect(times).toEqual([...times].sort((a, b) => a - b));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test("RFC 8428 §4.5.3: a calendar that is not set yet is not believed", () => {
    expect(senmlTime(5000, undefined, 2000)).toBe(-3);
    expect(senmlTime(5000, 86400, 2000)).toBe(-3);
    expect(senmlTime(5000, EPOCH, 2500)).toBe(EPOCH - 2.5);
  });
});
