/** Attributes by the version of LwM2M: what may be written where, and what each does to notifications (LwM2M Core 1.2.2 §7.3.2). */
import { describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../../../firmware/agent/all-codecs.ts";
import { LwM2mObject } from "../../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../../firmware/objects/sensor.ts";
import { SENML_JSON } from "../../../../../protocol/coap/content-formats.ts";
import { DEVICE } from "../../../../../protocol/model/objects/device.ts";
import { DIGITAL_INPUT } from "../../../../../protocol/model/objects/digital-input.ts";
import {
  DIGITAL_INPUT_STATE,
  SENSOR_VALUE,
} from "../../../../../protocol/model/objects/ipso-resources.ts";
import { SERVER_DEFAULT_NOTIFICATION_MODE } from "../../../../../protocol/model/objects/server-1-2.ts";
import { TEMPERATURE } from "../../../../../protocol/model/objects/temperature.ts";
import { AgentPair } from "../../../../support/agent-pair.ts";
import { DAY, HOUR, SECOND } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

const VALUE = "/3303/0/5700";
const STATE = "/3200/0/5500";

function given(configuration: Partial<AgentConfiguration> = {}, servers = 1) {
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, 20, "Cel");
  const button = new LwM2mObject(DIGITAL_INPUT);
  button.create(0, { [DIGITAL_INPUT_STATE]: false });
  const device = new LwM2mObject(DEVICE);
  device.create(0, { 0: "Dormouse", 4: true, 7: [3800, 5000], 9: 80, 11: [0], 16: "U" });
  const usual: Partial<AgentConfiguration> = {
    version: "1.2",
    lifetime: 0,
    codecs: ALL_CODECS,
    objects: [device, button, sensor],
  };
  const pair = new AgentPair({ ...usual, ...configuration }, { servers }).started();
  const { server } = pair;
  /** Sets values at seconds, `[1, 21]`. */
  const measure = (...steps: [at: number, value: number][]) => {
    for (const [at, value] of steps) {
      pair.drive(at * SECOND);
      sensor.set(0, SENSOR_VALUE, value);
      pair.wait(0);
    }
  };
  const press = (...steps: [at: number, isDown: boolean][]) => {
    for (const [at, isDown] of steps) {
      pair.drive(at * SECOND);
      button.set(0, DIGITAL_INPUT_STATE, isDown);
      pair.wait(0);
    }
  };
  /** `10 21`: second and value of each notification. */
  const notes = () =>
    server.notifications.map(({ at, code, text }) => {
      return `${at / SECOND} ${code === "2.05" ? text : code}`;
    });
  const confirmable = () =>
    server.ladder.filter((line) => line.includes("-> CON 2.05")).map((line) => line.split(" ")[0]);
  return { pair, server, sensor, button, device, measure, press, notes, confirmable };
}

describe("what may be written", () => {
  test.each([
    ["1.0", "epmin=1", "4.00"],
    ["1.0", "con=1", "4.00"],
    ["1.0", "pmin=1", "2.04"],
    ["1.1", "epmax=1", "2.04"],
    ["1.1", "hqmax=1", "4.00"],
    ["1.2", "hqmax=1", "2.04"],
    ["1.2", "con=1", "2.04"],
  ] as const)("LwM2M Core 1.2.2 §7.3.2: in LwM2M %s %s is answered with %s", (version, query, code) => {
    proves("device", "write-attributes");
    expect(given({ version }).server.attributes(VALUE, query).code).toBe(code);
  });

  test.each([
    [VALUE, "edge=1"],
    [STATE, "gt=1"],
    ["/3303/0", "gt=1"],
    ["/3303", "edge=0"],
    [STATE, "edge=2"],
    [VALUE, "con=2"],
    [VALUE, "pmin=-1"],
    [VALUE, "band=1"],
  ])("LwM2M Core 1.2.2 §7.3.2: %s takes no %s", (path, query) => {
    expect(given().server.attributes(path, query).code).toBe("4.00");
  });

  test("LwM2M Core 1.2.2 §7.3.2: nothing that cannot be read has attributes", () => {
    expect(given().server.attributes("/3/0/4", "pmin=1").code).toBe("4.05");
  });

  test.each([
    ["gt=10", "lt=10"],
    ["gt=10", "lt=2", "st=4"],
    ["epmin=5", "epmax=5"],
    ["pmin=7", "gt=1", "lt=2"],
  ])("LwM2M Core 1.2.2 §7.3.2: of %s %s %s nothing is kept", (...query) => {
    proves("device", "write-attributes");
    const { server } = given();
    server.attributes(VALUE, "pmin=3");
    expect(server.attributes(VALUE, ...query).code).toBe("4.00");
    expect(server.read(VALUE, { accept: 40 }).text).toBe(`<${VALUE}>;pmin=3`);
  });

  test("LwM2M Core 1.2.2 §7.3.2: all are told in Discover, and a bare name unsets one", () => {
    const { server } = given();
    const all = ["pmin=1", "pmax=60", "gt=30.5", "lt=-4", "st=0.5"];
    const rest = ["epmin=2", "epmax=10", "con=1", "hqmax=5"];
    server.attributes(VALUE, ...all, ...rest);
    expect(server.read(VALUE, { accept: 40 }).text).toBe(
      `<${VALUE}>;pmin=1;pmax=60;gt=30.5;lt=-4;st=0.5;epmin=2;epmax=10;con=1;hqmax=5`,
    );
    server.attributes(VALUE, "gt", "pmin", "epmin=3");
    expect(server.read(VALUE, { accept: 40 }).text).toBe(
      `<${VALUE}>;pmax=60;lt=-4;st=0.5;epmin=3;epmax=10;con=1;hqmax=5`,
    );
    server.attributes(VALUE, "pmax", "lt", "st", "epmin", "epmax", "con", "hqmax");
    expect(server.read(VALUE, { accept: 40 }).text).toBe(`<${VALUE}>`);
    expect(server.link.observers?.attributeSets).toEqual([]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: what is attached to an instance goes with it", () => {
    const { server, sensor } = given();
    addSensor(sensor, 1, 5, "Cel");
    server.attributes("/3303/1", "pmin=9");
    server.attributes("/3303", "pmax=99");
    sensor.remove(1);
    addSensor(sensor, 1, 5, "Cel");
    const left = server.read("/3303/1", { accept: 40, query: ["depth=0"] }).text;
    expect(left).toBe("</3303/1>;pmax=99");
    expect(server.read("/3303", { accept: 40, query: ["depth=0"] }).text).toContain("pmax=99");
  });
});

describe("parameters of an Observe", () => {
  test("LwM2M Core 1.2.2 §6.4.1: a client before 1.2 knows none, and refuses", () => {
    for (const version of ["1.0", "1.1"] as const) {
      const { server } = given({ version });
      const answer = server.observe(VALUE, { query: ["pmin=3"] });
      expect(answer.code).toBe("4.00");
      expect(server.link.observers?.observations ?? []).toEqual([]);
    }
  });

  test("LwM2M Core 1.2.2 §6.4.1: with parameters nothing counts that is attached, but the defaults of the account do", () => {
    proves("device", "observe-parameters");
    const { pair, server, measure, notes } = given();
    server.attributes(VALUE, "pmin=60", "gt=100");
    pair.agent.servers.set(0, 3, 30);
    server.observe(VALUE, { query: ["epmin=0"] });
    measure([1, 21]);
    pair.drive(40 * SECOND);
    expect(notes()).toEqual(["1 21", "31 21"]);
  });

  test("LwM2M Core 1.2.2 §6.4.1: they hold for their observation only, and no Discover shows them", () => {
    const { server, measure, notes } = given();
    server.observe(VALUE, { query: ["gt=25"] });
    server.observe(VALUE, { accept: SENML_JSON });
    measure([1, 21], [2, 26]);
    expect(server.notifications.map(({ at, id }) => `${at / SECOND} ${id}`)).toEqual([
      "1 2",
      "2 1",
      "2 2",
    ]);
    expect(notes()).toContain("2 26");
    expect(server.read(VALUE, { accept: 40 }).text).toBe(`<${VALUE}>`);
  });

  test.each([
    ["gt=1", "lt=2"],
    ["epmin=2", "epmax=1"],
    ["edge=1"],
    ["pmin"],
    ["nonsense=1"],
  ])("LwM2M Core 1.2.2 §6.4.1: %s %s is refused", (...query) => {
    expect(given().server.observe(VALUE, { query }).code).toBe("4.00");
  });
});

describe("edge", () => {
  test("LwM2M Core 1.2.2 §7.3.2: 1 tells of each becoming true, though it was told to be true before", () => {
    proves("device", "edge");
    const { server, press, notes } = given();
    server.attributes(STATE, "edge=1");
    server.observe(STATE);
    press([1, true], [2, false], [3, true], [4, false]);
    expect(notes()).toEqual(["1 1", "3 1"]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: 0 tells of each becoming false", () => {
    const { server, press, notes } = given();
    server.attributes(STATE, "edge=0");
    server.observe(STATE);
    press([1, true], [2, false], [3, true], [4, false]);
    expect(notes()).toEqual(["2 0", "4 0"]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: an edge within pmin is told when pmin is over, with the present value", () => {
    const { pair, server, press, notes } = given();
    server.attributes(STATE, "edge=1", "pmin=10");
    server.observe(STATE);
    press([1, true], [2, false]);
    pair.drive(60 * SECOND);
    expect(notes()).toEqual(["10 0"]);
  });

  test("without edge each change of a boolean is told", () => {
    const { server, press, notes } = given();
    server.observe(STATE);
    press([1, true], [2, true], [3, false]);
    expect(notes()).toEqual(["1 1", "3 0"]);
  });
});

describe("epmin and epmax", () => {
  test("LwM2M Core 1.2.2 §7.3.2: a change is evaluated when epmin is over, and what happened in between is not seen", () => {
    proves("device", "epmin-epmax");
    const { pair, server, measure, notes } = given();
    server.attributes(VALUE, "gt=25", "epmin=10");
    server.observe(VALUE);
    measure([1, 30], [5, 20], [12, 30]);
    pair.drive(60 * SECOND);
    expect(notes()).toEqual(["20 30"]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: a change when epmin is over is evaluated at once", () => {
    const { server, measure, notes } = given();
    server.attributes(VALUE, "epmin=10");
    server.observe(VALUE);
    measure([15, 21], [16, 22], [26, 23]);
    expect(notes()).toEqual(["15 21", "25 22"]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: every epmax the agent reads what nobody sets", () => {
    proves("device", "epmin-epmax");
    const { pair, server, sensor, notes } = given();
    let live = 20;
    sensor.onRead = (_object, _instanceId, resourceId) =>
      resourceId === SENSOR_VALUE ? live : undefined;
    server.attributes(VALUE, "epmax=10", "st=2");
    server.observe(VALUE);
    pair.drive(9 * SECOND);
    live = 23;
    pair.drive(15 * SECOND);
    live = 30;
    pair.drive(16 * SECOND);
    live = 23.5;
    pair.drive(45 * SECOND);
    live = 26;
    pair.drive(60 * SECOND);
    expect(notes()).toEqual(["10 23", "50 26"]);
  });

  test("without epmax a threshold on a value that only a read shows is evaluated every pmin", () => {
    const { pair, server, sensor, notes } = given();
    let live = 20;
    sensor.onRead = (_object, _instanceId, resourceId) =>
      resourceId === SENSOR_VALUE ? live : undefined;
    server.attributes(VALUE, "pmin=30", "gt=25");
    server.observe(VALUE);
    pair.drive(31 * SECOND);
    live = 26;
    pair.drive(200 * SECOND);
    expect(notes()).toEqual(["60 26"]);
  });

  test("without epmax and without a threshold nothing is read that nobody says has changed", () => {
    const { pair, server, sensor } = given();
    let reads = 0;
    sensor.onRead = (_object, _instanceId, resourceId) =>
      resourceId === SENSOR_VALUE ? ++reads : undefined;
    server.attributes(VALUE, "pmin=1");
    server.observe(VALUE);
    pair.wait(HOUR);
    expect(reads).toBe(1);
    expect(pair.agent.deadline()).toBe(DAY);
  });

  test("LwM2M Core 1.2.2 §7.3.2: an instance is compared as a whole every epmax", () => {
    const { pair, server, sensor } = given();
    let live = 20;
    sensor.onRead = (_object, _instanceId, resourceId) =>
      resourceId === SENSOR_VALUE ? live : undefined;
    server.attributes("/3303/0", "epmax=10");
    server.observe("/3303/0", { accept: SENML_JSON });
    pair.drive(25 * SECOND);
    live = 21;
    pair.drive(60 * SECOND);
    expect(server.notifications.map(({ at }) => at / SECOND)).toEqual([30]);
  });

  test("an evaluation within pmin tells when pmin is over", () => {
    const { pair, server, measure, notes } = given();
    server.attributes(VALUE, "pmin=15", "epmin=10");
    server.observe(VALUE);
    measure([1, 21]);
    pair.drive(60 * SECOND);
    expect(notes()).toEqual(["15 21"]);
  });

  test("what is gone at an evaluation ends the observation", () => {
    const { pair, server, sensor, notes } = given();
    server.attributes("/3303/0/5701", "epmax=10");
    server.observe("/3303/0/5701");
    sensor.unset(0, 5701);
    pair.drive(60 * SECOND);
    expect(notes()).toEqual(["0 4.04"]);
    expect(server.link.observers?.observations).toEqual([]);
  });
});

describe("levels", () => {
  test("LwM2M Core 1.2.2 §7.3.2: resource instance before resource before instance before object before account", () => {
    proves("device", "attribute-precedence");
    const pmaxOf = (...levels: string[]) => {
      const { pair, server } = given();
      pair.agent.servers.set(0, 3, 50);
      levels.forEach((path, i) => server.attributes(path, `pmax=${40 - i * 10}`));
      server.observe("/3/0/7/1");
      pair.drive(60 * SECOND);
      return server.notifications[0].at / SECOND;
    };
    expect(pmaxOf()).toBe(50);
    expect(pmaxOf("/3")).toBe(40);
    expect(pmaxOf("/3", "/3/0")).toBe(30);
    expect(pmaxOf("/3", "/3/0", "/3/0/7")).toBe(20);
    expect(pmaxOf("/3", "/3/0", "/3/0/7", "/3/0/7/1")).toBe(10);
    expect(pmaxOf("/3", "/3/0", "/3/0/7", "/3/0/7/0")).toBe(20);
  });

  test("levels that contradict each other leave no condition: every change is told", () => {
    const { pair, server, device } = given();
    server.attributes("/3/0/7", "gt=5000");
    server.attributes("/3/0/7/1", "lt=6000");
    server.observe("/3/0/7/1");
    device.setOne(0, 7, 1, 5001);
    pair.wait(0);
    device.setOne(0, 7, 1, 5002);
    pair.wait(0);
    expect(server.notifications.map(({ text }) => text)).toEqual(["5001", "5002"]);
  });

  test("LwM2M Core 1.2.2 §7.3.2: gt holds for each instance of a multiple resource", () => {
    proves("device", "gt-lt-st");
    const { pair, server, device } = given();
    server.attributes("/3/0/7", "gt=4000");
    server.observe("/3/0/7", { accept: SENML_JSON });
    const steps: [number, number][] = [
      [0, 3900],
      [0, 4001],
      [1, 4500],
      [1, 4000],
    ];
    steps.forEach(([instance, value], i) => {
      pair.drive((i + 1) * SECOND);
      device.setOne(0, 7, instance, value);
      pair.wait(0);
    });
    expect(server.notifications.map(({ at }) => at / SECOND)).toEqual([2, 4]);
  });
});

describe("con and the default mode", () => {
  test("LwM2M Core 1.2.2 §7.3.2: con=1 makes notifications Confirmable, con=0 leaves them Non-confirmable", () => {
    proves("device", "con");
    for (const [query, expected] of [
      ["con=1", ["1000"]],
      ["con=0", []],
    ] as const) {
      const { server, measure, confirmable } = given();
      server.attributes(VALUE, query);
      server.observe(VALUE);
      measure([1, 21]);
      expect(confirmable()).toEqual(expected);
    }
  });

  test("LwM2M Core 1.2.2 §7.3.2: one part with con=1 suffices", () => {
    const { server, measure, confirmable } = given();
    server.attributes("/3303", "con=0");
    server.attributes("/3303/0/5701", "con=1");
    server.observe("/3303/0", { accept: SENML_JSON });
    measure([1, 21]);
    expect(confirmable()).toEqual(["1000"]);
  });

  test("LwM2M Core 1.2.2 §E.2: /1/x/26 is the default, con overrides it", () => {
    proves("device", "notification-mode");
    const { pair, server, measure, confirmable } = given();
    pair.agent.servers.set(0, SERVER_DEFAULT_NOTIFICATION_MODE, 1);
    server.observe(VALUE);
    measure([1, 21]);
    server.attributes(VALUE, "con=0");
    measure([2, 22]);
    server.attributes(VALUE, "con");
    measure([3, 23]);
    pair.agent.servers.set(0, SERVER_DEFAULT_NOTIFICATION_MODE, 0);
    measure([4, 24]);
    expect(confirmable()).toEqual(["1000", "3000"]);
  });

  test("RFC 7641 §4.5.2: while one waits for its ACK the next is not begun; then the newest value goes", () => {
    const { pair, server, measure } = given();
    server.attributes(VALUE, "con=1");
    server.observe(VALUE);
    server.isConnected = false;
    measure([1, 21], [2, 22], [2.5, 23]);
    server.isConnected = true;
    measure([4.5, 24]);
    pair.drive(10 * SECOND);
    expect(server.notifications.map(({ text }) => text)).toEqual(["21", "23", "24"]);
  });

  test("RFC 7641 §4.5.2: observations take turns, the one that waits longest first", () => {
    const { pair, server, device, measure } = given();
    server.attributes(VALUE, "con=1");
    server.attributes("/3/0/9", "con=1");
    server.observe(VALUE);
    server.observe("/3/0/9");
    server.isConnected = false;
    measure([1, 21]);
    device.set(0, 9, 79);
    measure([2, 22]);
    server.isConnected = true;
    pair.drive(20 * SECOND);
    expect(server.notifications.map(({ text }) => text)).toEqual(["21", "79", "22"]);
  });
});

describe("liveness", () => {
  test("RFC 7641 §4.5: a day after the last Confirmable notification comes another, though nothing changed", () => {
    proves("device", "liveness");
    const { pair, server, notes, confirmable } = given();
    server.observe(VALUE);
    pair.drive(2 * DAY + HOUR);
    expect(notes()).toEqual([`${DAY / SECOND} 20`, `${(2 * DAY) / SECOND} 20`]);
    expect(confirmable()).toEqual([`${DAY}`, `${2 * DAY}`]);
  });

  test("RFC 7641 §4.5: it is counted from the last Confirmable one, and pmin holds for it too", () => {
    const { pair, server, measure, notes } = given();
    server.attributes(VALUE, "pmin=7200");
    server.observe(VALUE);
    pair.drive(23 * HOUR);
    measure([(23 * HOUR) / SECOND, 21]);
    pair.drive(26 * HOUR);
    expect(notes()).toEqual([`${(23 * HOUR) / SECOND} 21`, `${(25 * HOUR) / SECOND} 21`]);
  });
});
