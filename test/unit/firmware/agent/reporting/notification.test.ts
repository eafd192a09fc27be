import { describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { ALL_FEATURES } from "../../../../../firmware/agent/all-features.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import * as codes from "../../../../../protocol/coap/codes.ts";
import { SENML_JSON, TEXT, TLV } from "../../../../../protocol/coap/content-formats.ts";
import { encodeEmpty, RST } from "../../../../../protocol/coap/message.ts";
import { DEVICE } from "../../../../../protocol/model/objects/device.ts";
import {
  APPLICATION_TYPE,
  SENSOR_UNITS,
  SENSOR_VALUE,
} from "../../../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { DAY, HOUR, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const VALUE = "/3303/0/5700";

function given(configuration: Partial<AgentConfiguration> = {}): {
  pair: AgentPair;
  sensor: LwM2mObject;
  measure: (at: number, ...values: number[]) => void;
} {
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, 20, "Cel");
  const pair = new AgentPair({
    lifetime: 0,
    objects: [sensor],
    codecs: ALL_CODECS,
    ...configuration,
  });
  pair.started();
  return {
    pair,
    sensor,
    /** Measures values a millisecond apart, the first at this time. */
    measure: (at, ...values) => {
      for (let i = 0; i < values.length; i++) {
        pair.drive(at + i);
        sensor.set(0, SENSOR_VALUE, values[i]);
      }
      pair.wait(0);
    },
  };
}

describe("Observe and Notify", () => {
  test("LwM2M Core 1.1.1 §6.4.1: the answer is the first notification, a change the next", () => {
    proves("device", "observe");
    const { pair, measure } = given();
    expect(pair.server.observe(VALUE)).toMatchObject({ code: "2.05", format: TEXT, text: "20" });
    measure(1000, 21, 22.5);
    expect(pair.server.notes()).toEqual(["1000 21", "1001 22.5"]);
    expect(pair.server.ladder.slice(-4)).toEqual([
      "0 <- CON GET /3303/0/5700 observe 0",
      '0 -> ACK 2.05 observe 1 "20"',
      '1000 -> NON 2.05 observe 2 "21"',
      '1001 -> NON 2.05 observe 3 "22.5"',
    ]);
  });

  test("a value that is set to what it is changes nothing", () => {
    const { pair, measure } = given();
    pair.server.observe(VALUE);
    measure(1000, 20, 20);
    expect(pair.server.notes()).toEqual([]);
  });

  test.each([
    ["/3303", SENML_JSON],
    ["/3303/0", SENML_JSON],
    ["/3303/0", TLV],
    ["/3303/0/5700", SENML_JSON],
  ])("LwM2M Core 1.1.1 §6.4.1: %s in format %i, all notifications alike", (path, accept) => {
    proves("device", "observe");
    const { pair, measure } = given();
    expect(pair.server.observe(path, { accept })).toMatchObject({ code: "2.05", format: accept });
    measure(5, 25);
    const note = pair.server.notifications[0];
    expect(note).toMatchObject({ code: "2.05", format: accept, at: 5 });
    if (accept === SENML_JSON) expect(note.text).toContain("25");
  });

  test("a resource instance is observed without its siblings", () => {
    const device = new LwM2mObject(DEVICE);
    device.create(0, { 6: [0, 1], 7: [12000, 3800], 11: [0], 16: "U" });
    const pair = new AgentPair({ objects: [device] }).started();
    expect(pair.server.observe("/3/0/7/1").text).toBe("3800");
    device.setOne(0, 7, 0, 11900);
    pair.wait(10);
    device.setOne(0, 7, 1, 3700);
    pair.wait(10);
    expect(pair.server.notes()).toEqual(["10 3700"]);
  });

  test("what is not observed is not told", () => {
    const { pair, sensor } = given();
    pair.server.observe("/3303/0/5701");
    sensor.set(0, SENSOR_VALUE, 30);
    addSensor(sensor, 1, 5, "Cel");
    pair.wait(10);
    expect(pair.server.notes()).toEqual([]);
    sensor.set(0, SENSOR_UNITS, "K");
    pair.wait(0);
    expect(pair.server.notes()).toEqual(["10 K"]);
  });

  test("LwM2M Core 1.1.1 §6.4.3: Observe 1 cancels, and is answered with the value", () => {
    proves("device", "cancel");
    const { pair, measure } = given();
    pair.server.observe(VALUE);
    pair.server.endpoint.cancelObservation(pair.now, 1);
    pair.wait(0);
    expect(pair.server.ladder.slice(-2)).toEqual([
      "0 <- CON GET /3303/0/5700 observe 1",
      '0 -> ACK 2.05 "20"',
    ]);
    measure(10, 21);
    expect(pair.server.ladder.slice(-1)[0]).toMatch(/^0 /);
    expect(pair.eventLines().slice(-1)).toEqual(["Cancel /3303/0/5700 -> 2.05"]);
  });

  test("RFC 7641 §3.6: RST to a notification cancels, be it NON or CON", () => {
    proves("device", "cancel");
    for (const confirmableNotifications of [false, true]) {
      const { pair, measure } = given({ confirmableNotifications });
      pair.server.observe(VALUE);
      pair.server.endpoint.forget(1);
      measure(10, 21);
      expect(pair.server.ladder.slice(-1)).toEqual(["10 <- RST"]);
      measure(20, 22);
      expect(pair.server.ladder.slice(-1)).toEqual(["10 <- RST"]);
    }
  });

  test("RFC 7641 §4.1: observing again in the same format replaces, in another it adds", () => {
    const { pair, measure } = given();
    pair.server.observe(VALUE);
    pair.server.observe(VALUE);
    pair.server.observe(VALUE, { accept: SENML_JSON });
    measure(10, 21);
    expect(pair.server.notifications.map(({ id }) => id)).toEqual([2, 3]);
  });

  test("LwM2M Core 1.1.1 §6.4.3: a new registration ends observations", () => {
    proves("device", "observations-end");
    const { pair, measure } = given();
    pair.server.observe(VALUE);
    pair.agent.stop(0);
    pair.wait(0);
    pair.started();
    measure(10, 21);
    expect(pair.server.notes()).toEqual([]);
  });

  test("LwM2M Core 1.1.1 §6.4.2: 4.04 tells that what was observed is gone, whatever pmin says, and that is the end", () => {
    proves("device", "error-notification");
    const { pair, sensor } = given();
    pair.server.attributes("/3303/0", "pmin=100");
    pair.server.observe("/3303/0");
    pair.server.observe(VALUE);
    pair.server.observe("/3303", { accept: SENML_JSON });
    sensor.remove(0);
    pair.wait(10);
    expect(pair.server.notes().sort()).toEqual(["0 4.04", "0 4.04", "0 []"]);
    expect(pair.server.ladder.filter((line) => line.includes("CON 4.04"))).toHaveLength(2);
    addSensor(sensor, 0, 1, "Cel");
    pair.wait(10);
    expect(pair.server.notifications).toHaveLength(4);
  });

  test("an object that is taken away ends its observations too, and so does a resource", () => {
    const { pair, sensor } = given();
    sensor.set(0, APPLICATION_TYPE, "room");
    pair.server.observe("/3303");
    pair.server.observe("/3303/0/5750");
    sensor.unset(0, APPLICATION_TYPE);
    pair.wait(0);
    pair.agent.removeObject(3303);
    pair.wait(0);
    // The Confirmable 4.04 waits for its turn.
    expect(pair.server.notifications.map(({ id, code }) => `${id} ${code}`)).toEqual([
      "1 2.05",
      "2 4.04",
      "1 4.04",
    ]);
  });

  test.each([
    ["/3303/9", "4.04"],
    ["/3303/0/5605", "4.05"],
    ["/0", "4.01"],
  ])("%s cannot be observed: %s, without an Observe option", (path, code) => {
    const { pair } = given();
    const answer = pair.server.observe(path);
    expect(answer.code).toBe(code);
    expect(answer.options).toEqual([]);
  });

  test("RFC 7641 §4.1: beyond 64 observations a server gets values without Observe", () => {
    const { pair, sensor } = given();
    for (let i = 1; i < 65; i++) addSensor(sensor, i, i, "Cel");
    for (let i = 0; i < 65; i++) pair.server.observe(`/3303/${i}/5700`);
    expect(pair.server.ladder.slice(-3)[0]).toBe('0 -> ACK 2.05 observe 64 "63"');
    expect(pair.server.ladder.slice(-1)[0]).toBe('0 -> ACK 2.05 "64"');
  });

  test("RFC 7641 §4.5: one notification a day is Confirmable, the others are not", () => {
    proves("device", "liveness");
    const { pair, measure } = given();
    pair.server.observe(VALUE);
    for (let hour = 1; hour <= 50; hour++) measure(hour * HOUR, hour + 20);
    const confirmed = pair.server.ladder.filter((line) => line.includes("-> CON 2.05"));
    expect(confirmed.map((line) => Number.parseInt(line, 10) / DAY)).toEqual([1, 2]);
  });

  test("where notifications are Confirmable, the newest waits and replaces those before it", () => {
    const { pair, measure } = given({ confirmableNotifications: true });
    pair.server.observe(VALUE);
    pair.server.isConnected = false;
    measure(10, 21, 22, 23);
    pair.server.isConnected = true;
    pair.drive(5000);
    expect(pair.server.notifications.map(({ text }) => text)).toEqual(["21", "23"]);
  });

  test("RFC 7641 §4.5: an observer that never acknowledges is forgotten by a client without stored notifications", () => {
    const sensor = sensorObject(TEMPERATURE);
    addSensor(sensor, 0, 20, "Cel");
    const pair = new AgentPair(
      { lifetime: 0, objects: [sensor], confirmableNotifications: true },
      { features: ALL_FEATURES },
    ).started();
    pair.server.observe(VALUE);
    pair.server.isConnected = false;
    pair.drive(10);
    sensor.set(0, SENSOR_VALUE, 21);
    pair.wait(100 * SECOND);
    pair.server.isConnected = true;
    pair.drive(200 * SECOND);
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(0);
    expect(pair.server.notes()).toEqual([]);
  });

  test("a RST from nowhere disturbs nothing", () => {
    const { pair, measure } = given();
    pair.server.observe(VALUE);
    pair.agent.handleDatagram(0, pair.server.link, encodeEmpty(RST, 4711));
    measure(10, 21);
    expect(pair.server.notes()).toEqual(["10 21"]);
  });

  test("a value behind onRead is reported when the application says that it changed", () => {
    const { pair, sensor } = given();
    let live = 20;
    sensor.onRead = (_sensor, _instanceId, resourceId) =>
      resourceId === SENSOR_VALUE ? live : undefined;
    pair.server.attributes(VALUE, "st=5");
    pair.server.observe(VALUE);
    live = 23;
    sensor.changed(0, SENSOR_VALUE);
    pair.wait(1);
    live = 25;
    sensor.changed(0, SENSOR_VALUE);
    pair.wait(1);
    expect(pair.server.notes()).toEqual(["1 25"]);
  });

  test("a server's own write is reported to observers as any change", () => {
    const { pair } = given();
    pair.server.write("/3303/0/5750", "room", TEXT);
    pair.server.observe("/3303/0/5750");
    pair.server.write("/3303/0/5750", "hall", TEXT);
    expect(pair.server.notes()).toEqual(["0 hall"]);
  });

  test("the driver is nudged when a change by the application makes a notification due", () => {
    const { pair, sensor } = given();
    let nudges = 0;
    pair.server.observe(VALUE);
    pair.agent.nudge = () => nudges++;
    sensor.set(0, SENSOR_VALUE, 30);
    expect(nudges).toBeGreaterThan(0);
    expect(pair.agent.deadline()).toBeLessThanOrEqual(pair.now);
  });
});

describe("attributes", () => {
  test("LwM2M Core 1.1.1 §5.1.2: a resource with instances is reported when one of them moves by st", () => {
    const device = new LwM2mObject(DEVICE);
    device.create(0, { 7: [3800, 5000], 11: [0], 16: "U" });
    const { pair } = given({ objects: [device] });
    pair.server.attributes("/3/0/7", "st=100");
    pair.server.observe("/3/0/7");
    const steps: [at: number, instance: number, value: number | undefined][] = [
      [1000, 0, 3850],
      [2000, 1, 5099],
      [3000, 1, 5100],
      [4000, 0, 3760],
      [5000, 1, undefined],
    ];
    for (const [at, instance, value] of steps) {
      pair.drive(at);
      device.setOne(0, 7, instance, value);
      pair.wait(0);
    }
    expect(pair.server.notes().map((note) => note.split(" ")[0])).toEqual(["3000", "5000"]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: a change within pmin is reported exactly when pmin is over, with the newest value", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "pmin=10");
    pair.server.observe(VALUE);
    measure(1, 21, 22, 23);
    pair.drive(60 * SECOND);
    expect(pair.server.notes()).toEqual(["10000 23"]);
    measure(60_001, 24);
    measure(60_002, 25);
    pair.drive(2 * 60 * SECOND);
    expect(pair.server.notes().slice(1)).toEqual(["60001 24", "70001 25"]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: a change within pmin is reported though the value has returned", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "pmin=10");
    pair.server.observe(VALUE);
    measure(1, 21, 20);
    pair.drive(60 * SECOND);
    expect(pair.server.notes()).toEqual(["10000 20"]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: without a change a notification goes out every pmax, counted from the last", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "pmax=30");
    pair.server.observe(VALUE);
    pair.drive(70 * SECOND);
    measure(71 * SECOND, 21);
    pair.drive(101 * SECOND);
    expect(pair.server.notes()).toEqual(["30000 20", "60000 20", "71000 21", "101000 21"]);
  });

  test.each([
    ["pmax=0"],
    ["pmin=20", "pmax=10"],
  ])("LwM2M Core 1.1.1 §5.1.2: %s %s is no limit", (...query) => {
    const { pair } = given();
    pair.server.attributes(VALUE, ...query);
    pair.server.observe(VALUE);
    pair.wait(DAY - 1);
    expect(pair.server.notes()).toEqual([]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: with gt a notification tells of each crossing, in either direction, and of nothing else", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "gt=25");
    pair.server.observe(VALUE);
    measure(1, 24, 25, 25.1, 30, 25, 24);
    expect(pair.server.notes()).toEqual(["3 25.1", "5 25"]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: with lt likewise", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "lt=10");
    pair.server.observe(VALUE);
    measure(1, 11, 10, 9.9, 5, 10, 12);
    expect(pair.server.notes()).toEqual(["3 9.9", "5 10"]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: with st a notification tells of a step from the value notified last", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "st=2");
    pair.server.observe(VALUE);
    measure(1, 21, 21.9, 22, 23.9, 20, 19);
    expect(pair.server.notes()).toEqual(["3 22", "5 20"]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: any of gt, lt and st suffices", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "gt=30", "lt=10", "st=8");
    pair.server.observe(VALUE);
    measure(1, 27, 28, 31, 29, 12, 9);
    expect(pair.server.notes()).toEqual(["2 28", "3 31", "4 29", "5 12", "6 9"]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: a crossing within pmin is reported when pmin is over", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "gt=25", "pmin=5");
    pair.server.observe(VALUE);
    measure(1000, 26, 24);
    pair.drive(60 * SECOND);
    expect(pair.server.notes()).toEqual(["5000 24"]);
  });

  test("pmax reports a value that no threshold would", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "st=5", "pmax=10");
    pair.server.observe(VALUE);
    measure(1000, 23);
    pair.drive(10 * SECOND);
    measure(11 * SECOND, 27, 28);
    expect(pair.server.notes()).toEqual(["10000 23", "11001 28"]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: the more exact level wins, attribute by attribute, and /1/x/2 and /1/x/3 come last", () => {
    const period = (...steps: [string, ...string[]][]) => {
      const { pair } = given();
      for (const [path, ...query] of steps) pair.server.attributes(path, ...query);
      pair.server.write("/1/0/3", "100", TEXT);
      pair.server.observe(VALUE);
      pair.drive(100 * SECOND);
      return pair.server.notifications[0].at / SECOND;
    };
    expect(period()).toBe(100);
    expect(period(["/3303", "pmax=50"])).toBe(50);
    expect(period(["/3303", "pmax=50"], ["/3303/0", "pmax=40"])).toBe(40);
    expect(period(["/3303/0/5700", "pmax=30"], ["/3303/0", "pmax=40"])).toBe(30);
    expect(period(["/3303/0/5700", "pmin=1"], ["/3303/0", "pmax=40"])).toBe(40);
  });

  test("LwM2M Core 1.1.1 §5.1.2: what is set below the observed level does not count", () => {
    const { pair, measure } = given();
    pair.server.attributes(VALUE, "pmin=60", "gt=100");
    pair.server.observe("/3303/0");
    measure(10, 21);
    expect(pair.server.notifications.map(({ at }) => at)).toEqual([10]);
  });

  test("attributes set while observing hold from then on, and so do the server's defaults", () => {
    const { pair, measure } = given();
    pair.server.observe(VALUE);
    pair.server.write("/1/0/2", "10", TEXT);
    measure(1000, 21);
    pair.drive(10 * SECOND);
    pair.server.attributes(VALUE, "pmin=2");
    measure(11 * SECOND, 22);
    pair.drive(60 * SECOND);
    expect(pair.server.notes()).toEqual(["10000 21", "12000 22"]);
  });

  test("LwM2M Core 1.2 §6.4.1: attributes of the Observe itself win, for this observation only", () => {
    const { pair, measure } = given({ version: "1.2" });
    pair.server.attributes(VALUE, "pmin=60");
    expect(pair.server.observe(VALUE, { query: ["pmin=3"] }).code).toBe("2.05");
    measure(1000, 21);
    pair.drive(10 * SECOND);
    expect(pair.server.notes()).toEqual(["3000 21"]);
    expect(pair.server.observe(VALUE, { query: ["con=2"] }).code).toBe("4.00");
  });

  test("LwM2M Core 1.1.1 §5.1.2: each server is told by its own attributes", () => {
    proves("device", "attributes-per-server");
    const sensor = sensorObject(TEMPERATURE);
    addSensor(sensor, 0, 20, "Cel");
    const pair = new AgentPair({ lifetime: 0, objects: [sensor] }, { servers: 2 }).started();
    pair.servers[0].attributes(VALUE, "pmin=10");
    for (const server of pair.servers) server.observe(VALUE);
    pair.drive(1000);
    sensor.set(0, SENSOR_VALUE, 21);
    pair.drive(60_000);
    expect(pair.servers.map((server) => server.notes())).toEqual([["10000 21"], ["1000 21"]]);
  });
});

test("notifications go on while Updates do", () => {
  const { pair, measure } = given({ lifetime: 60 });
  pair.server.observe(VALUE);
  for (let i = 1; i <= 20; i++) measure(i * 10 * SECOND, 20 + i);
  expect(pair.server.notifications).toHaveLength(20);
  expect(pair.server.registrations).toHaveLength(7);
  expect(pair.server.ask(codes.GET, VALUE).text).toBe("40");
});
