import { describe, expect, test } from "vitest";
import type { AgentConfiguration } from "../../../../firmware/agent/agent.ts";
import type { LwM2mObject } from "../../../../firmware/objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../../../firmware/objects/sensor.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { SENSOR_VALUE } from "../../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../../protocol/model/objects/temperature.ts";
import type { PairOptions } from "../../../support/agent-pair.ts";
import { AgentPair } from "../../../support/agent-pair.ts";
import { HOUR, MINUTE, SECOND } from "../../../support/durations.ts";
import { proves } from "../../../support/proves.ts";

const VALUE = "/3303/0/5700";
/** MAX_TRANSMIT_WAIT with default parameters. */
const WINDOW = 93 * SECOND;

function given(
  configuration: Partial<AgentConfiguration> = {},
  options: PairOptions = {},
): { pair: AgentPair; sensor: LwM2mObject } {
  const sensor = sensorObject(TEMPERATURE);
  addSensor(sensor, 0, 20, "Cel");
  const pair = new AgentPair(
    { lifetime: 3600, queueMode: true, objects: [sensor], ...configuration },
    options,
  );
  return { pair: pair.started(), sensor };
}

const isAwake = (pair: AgentPair) => pair.server.link.isAwake();

describe("queue mode", () => {
  test("LwM2M Transport 1.1.1 §6.5: reachable for MAX_TRANSMIT_WAIT after the last message, then asleep", () => {
    proves("device", "queue-window");
    const { pair } = given();
    pair.drive(WINDOW - 1);
    expect(isAwake(pair)).toBe(true);
    pair.drive(WINDOW);
    expect(isAwake(pair)).toBe(false);
    expect(pair.eventLines()).toEqual(["registered", "asleep"]);
  });

  test("LwM2M Transport 1.1.1 §6.5: every message extends the window", () => {
    proves("device", "queue-window");
    const { pair } = given();
    pair.drive(60 * SECOND);
    expect(pair.server.read(VALUE).code).toBe("2.05");
    pair.drive(60 * SECOND + WINDOW - 1);
    expect(isAwake(pair)).toBe(true);
    pair.wait(1);
    expect(isAwake(pair)).toBe(false);
  });

  test("what is sent to a sleeping device is lost", () => {
    const { pair } = given();
    pair.drive(10 * MINUTE);
    expect(pair.server.read(VALUE).code).toBe("no answer");
    expect(pair.missed).toBe(5);
  });

  test("the window can be set", () => {
    const { pair } = given({ awakeFor: 5 * SECOND });
    pair.drive(5 * SECOND);
    expect(isAwake(pair)).toBe(false);
  });

  test("an agent that is not in queue mode is always awake", () => {
    const { pair } = given({ queueMode: false });
    pair.drive(50 * MINUTE);
    expect(isAwake(pair)).toBe(true);
    expect(pair.eventLines()).toEqual(["registered"]);
  });

  test("LwM2M Transport 1.1.1 §6.5: wakes for its Update, and the server drains its queue", () => {
    proves("device", "queue-wake");
    const { pair } = given();
    const at = (3600 - 247) * SECOND;
    pair.drive(at);
    expect(isAwake(pair)).toBe(true);
    expect(pair.server.ladder.slice(-2)).toEqual([`${at} -> CON POST /rd/0`, `${at} <- ACK 2.04`]);
    expect(pair.server.read(VALUE).text).toBe("20");
    pair.drive(at + WINDOW);
    expect(pair.eventLines()).toEqual([
      "registered",
      "asleep",
      "awake",
      "updated",
      "Read /3303/0/5700 -> 2.05",
      "asleep",
    ]);
  });

  test("LwM2M Transport 1.1.1 §6.5: wakes for a notification, the Update first, all that is due after its answer", () => {
    proves("device", "queue-one-wake-up");
    const { pair, sensor } = given({}, { latency: 50 });
    pair.server.observe(VALUE);
    pair.server.observe("/3303/0/5601");
    pair.drive(10 * MINUTE);
    const from = pair.server.ladder.length;
    sensor.set(0, SENSOR_VALUE, 10);
    pair.wait(SECOND);
    expect(pair.server.ladder.slice(from)).toEqual([
      "600000 -> CON POST /rd/0",
      "600050 <- ACK 2.04",
      '600100 -> CON 2.05 observe 3 "10"',
      '600100 -> NON 2.05 observe 4 "10"',
      "600150 <- ACK",
    ]);
    expect(pair.eventLines().slice(-3)).toEqual(["asleep", "awake", "updated"]);
  });

  test("awake, a notification needs no Update", () => {
    const { pair, sensor } = given();
    pair.server.observe(VALUE);
    pair.drive(SECOND);
    sensor.set(0, SENSOR_VALUE, 21);
    pair.wait(0);
    sensor.set(0, SENSOR_VALUE, 22);
    pair.wait(0);
    expect(pair.server.ladder.slice(-3)).toEqual([
      '1000 -> CON 2.05 observe 2 "21"',
      "1000 <- ACK",
      '1000 -> NON 2.05 observe 3 "22"',
    ]);
  });

  test("pmin holds the notification back, not the sleep: one wake-up when it is over", () => {
    const { pair, sensor } = given();
    pair.server.attributes(VALUE, "pmin=600");
    pair.server.observe(VALUE);
    pair.drive(5 * MINUTE);
    sensor.set(0, SENSOR_VALUE, 21);
    sensor.set(0, SENSOR_VALUE, 22);
    pair.drive(10 * MINUTE - 1);
    expect(isAwake(pair)).toBe(false);
    pair.wait(1);
    expect(pair.server.notes()).toEqual(["600000 22"]);
  });

  test("does not sleep while a request of its own is under way", () => {
    const { pair } = given({ awakeFor: 10 * SECOND, lifetime: 600 });
    const update = (600 - 247) * SECOND;
    pair.server.isConnected = false;
    // Nobody answers; it is given up 62 s after it went out.
    pair.drive(update + 62 * SECOND - 1);
    expect(isAwake(pair)).toBe(true);
    pair.wait(1);
    expect(isAwake(pair)).toBe(false);
  });

  test("while Updates fail notifications wait, and go out after the next one", () => {
    const { pair, sensor } = given();
    pair.server.observe(VALUE);
    pair.drive(10 * MINUTE);
    pair.server.isConnected = false;
    sensor.set(0, SENSOR_VALUE, 21);
    pair.drive(11 * MINUTE);
    pair.server.isConnected = true;
    sensor.set(0, SENSOR_VALUE, 22);
    pair.drive(20 * MINUTE);
    expect(pair.server.notifications.map(({ text }) => text)).toEqual(["22"]);
    expect(pair.server.ladder.filter((line) => line.includes("POST /rd/0")).length).toBeLessThan(8);
  });

  test("notifications of one wake-up: the first is Confirmable, the others are not", () => {
    const { pair, sensor } = given();
    pair.server.observe(VALUE);
    pair.server.observe("/3303/0");
    pair.drive(HOUR / 2);
    sensor.set(0, SENSOR_VALUE, 30);
    pair.wait(SECOND);
    const kinds = pair.server.ladder.filter((line) => line.includes("2.05 observe")).slice(-2);
    expect(kinds.map((line) => line.split(" ")[2])).toEqual(["CON", "NON"]);
  });

  test("asleep it takes no registration for granted: 4.04 to the waking Update registers anew", () => {
    const { pair, sensor } = given(
      {},
      {
        answer: (_request, nth) =>
          nth === 1
            ? { code: codes.NOT_FOUND, options: [], payload: new Uint8Array(0) }
            : undefined,
      },
    );
    pair.server.observe(VALUE);
    pair.drive(10 * MINUTE);
    sensor.set(0, SENSOR_VALUE, 30);
    pair.wait(SECOND);
    expect(pair.server.registrations.map((line) => line.split("?")[0])).toEqual([
      "POST /rd",
      "POST /rd/0",
      "POST /rd",
    ]);
    expect(pair.server.notes()).toEqual([]);
  });

  test("a day of sleep costs what it must: one wake-up per Update", () => {
    const { pair } = given();
    pair.drive(24 * HOUR);
    const lines = pair.eventLines();
    expect(lines.filter((line) => line === "awake")).toHaveLength(25);
    expect(lines.filter((line) => line === "updated")).toHaveLength(25);
    expect(pair.server.ladder).toHaveLength(2 + 2 * 25);
  });
});
