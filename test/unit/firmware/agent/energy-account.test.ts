import { describe, expect, test } from "vitest";
import { EnergyAccount } from "../../../../firmware/agent/energy-account.ts";
import { addSensor, sensorObject } from "../../../../firmware/objects/sensor.ts";
import { SENSOR_VALUE } from "../../../../protocol/model/objects/ipso-resources.ts";
import { SERVER_INITIAL_DELAY } from "../../../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../../../protocol/model/objects/temperature.ts";
import { DAY } from "../../../../protocol/time/duration.ts";
import { AgentPair } from "../../../support/agent-pair.ts";
import { HOUR, SECOND } from "../../../support/durations.ts";
import { proves } from "../../../support/proves.ts";

/** MAX_TRANSMIT_WAIT with default parameters. */
const WINDOW = 93 * SECOND;

describe("the account of the radio", () => {
  test("time on is counted while it is on, and each time it goes on once", () => {
    const account = new EnergyAccount(1000);
    account.note(1000, true);
    account.note(2000, true);
    expect(account.radioOn(3000)).toBe(2000);
    account.note(4000, false);
    account.note(9000, false);
    expect([account.radioOn(11_000), account.elapsed(11_000), account.wakeUps]).toEqual([
      3000, 10_000, 1,
    ]);
    expect(account.secondsPerDay(11_000)).toBeCloseTo(0.3 * 86400);
    expect(new EnergyAccount(5).secondsPerDay(5)).toBe(0);
  });

  test("LwM2M Transport 1.2.2 §6.5: a device that only keeps its registration is on for a window per Update", () => {
    proves("device", "energy-account", "queue-window");
    const pair = new AgentPair({ queueMode: true, lifetime: 86400, accountsEnergy: true });
    pair.started();
    pair.wait(10 * DAY);
    const { energy } = pair.agent;
    const updates = pair.server.registrations.length;
    expect(energy?.wakeUps).toBe(updates);
    expect(energy?.radioOn(pair.now)).toBe(updates * WINDOW);
    expect(energy?.secondsPerDay(pair.now)).toBeLessThan(110);
  });

  test("a device that does not sleep is on all day", () => {
    const pair = new AgentPair({ accountsEnergy: true }).started();
    pair.wait(DAY);
    expect(pair.agent.energy?.secondsPerDay(pair.now)).toBeCloseTo(86400);
    expect(new AgentPair().started().agent.energy).toBeUndefined();
  });

  test("LwM2M Transport 1.2.2 §6.5: one wake-up serves all servers whose turn is near", () => {
    proves("device", "queue-one-wake-up", "queue-wake");
    const lifetime = 10 * HOUR;
    const pair = new AgentPair(
      { queueMode: true, lifetime: lifetime / SECOND, accountsEnergy: true },
      { servers: 2 },
    );
    // Ten minutes behind the first: alone it would wake the radio each time once more.
    pair.agent.servers.set(1, SERVER_INITIAL_DELAY, 600);
    pair.started();
    pair.wait(10 * lifetime);
    const [first, second] = pair.servers;
    const rounds = first.registrations.length;
    expect(rounds).toBeGreaterThan(9);
    expect(second.registrations).toHaveLength(rounds);
    // The two Registers, and then one for both.
    expect(pair.agent.energy?.wakeUps).toBe(rounds + 1);
    expect(pair.agent.energy?.radioOn(pair.now)).toBe((rounds + 1) * WINDOW);
  });

  test("LwM2M Transport 1.2.2 §6.5: a change that wakes the device brings its Update along", () => {
    proves("device", "queue-one-wake-up");
    const temperature = sensorObject(TEMPERATURE);
    addSensor(temperature, 0, 20, "Cel");
    const pair = new AgentPair({
      queueMode: true,
      lifetime: 36_000,
      accountsEnergy: true,
      objects: [temperature],
    }).started();
    pair.server.observe("/3303/0/5700");
    pair.wait(5 * HOUR);
    temperature.set(0, SENSOR_VALUE, 21);
    pair.wait(HOUR);
    expect(pair.agent.energy?.wakeUps).toBe(2);
    expect(pair.server.registrations).toHaveLength(2);
    // The next Update is a whole period after this one.
    pair.wait(8 * HOUR);
    expect(pair.server.registrations).toHaveLength(2);
  });
});
