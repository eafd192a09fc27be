/**
 * A device on Espruino: an agent with objects 1 and 3 and what the program adds, on this board's ports.
 */
import {
  DEVICE,
  DEVICE_FIRMWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MEMORY_FREE,
  DEVICE_MODEL_NUMBER,
  DEVICE_SERIAL_NUMBER,
} from "../../../protocol/model/objects/device.ts";
import type { AgentEvent, BasicConfiguration } from "../../agent/basic-agent.ts";
import { BasicAgent } from "../../agent/basic-agent.ts";
import type { DeviceSettings } from "../../agent/device-configuration.ts";
import { deviceConfiguration } from "../../agent/device-configuration.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { run } from "../../loop.ts";
import { deviceObject } from "../../objects/device.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { Datagrams, Power, Streams } from "../../ports.ts";
import { ESPRUINO_CALENDAR, ESPRUINO_CLOCK, EspruinoAlarm } from "./clock.ts";
import { ESPRUINO_RANDOM } from "./entropy.ts";
import { ESPRUINO_POWER } from "./power.ts";

export type { DeviceSettings };

const SHORT_SERVER_ID = 1;
const REFRESH_INTERVAL = 10000;

/**
 * Starts the device and prints what happens to it.
 *
 * @param objects beside 1 and 3
 * @param refresh brings their values up to date; called every 10 s
 * @param carrier the way to the server: UDP, or TCP for a `StreamAgent`
 * @param kind of agent; default `BasicAgent`
 * @returns the agent, of that kind
 */
export function startDevice(
  settings: DeviceSettings,
  features: AgentFeatures,
  objects: readonly LwM2mObject[],
  refresh: () => void,
  carrier: Datagrams | Streams,
  kind?: typeof BasicAgent,
): BasicAgent {
  restartOnMemoryError();
  const agent = new (kind === undefined ? BasicAgent : kind)(
    configurationOf(settings, objects, ESPRUINO_POWER),
    features,
  );
  agent.addServer({ shortServerId: SHORT_SERVER_ID, uri: settings["server"] });
  keepCurrent(agent, refresh);
  run(
    agent,
    {
      datagrams: carrier,
      streams: carrier,
      clock: ESPRUINO_CLOCK,
      calendar: ESPRUINO_CALENDAR,
      alarm: new EspruinoAlarm(),
      random: ESPRUINO_RANDOM,
      power: ESPRUINO_POWER,
    },
    tell,
  );
  return agent;
}

/** What an agent on this board is given. */
export function configurationOf(
  settings: DeviceSettings,
  objects: readonly LwM2mObject[],
  power: Power,
): BasicConfiguration {
  const device = deviceObject(ESPRUINO_CALENDAR, power, {
    [DEVICE_MANUFACTURER]: "Espruino",
    [DEVICE_MODEL_NUMBER]: process.env.BOARD,
    [DEVICE_SERIAL_NUMBER]: getSerial(),
    [DEVICE_FIRMWARE_VERSION]: process.env.VERSION,
    [DEVICE_MEMORY_FREE]: freeKilobytes(),
  });
  return deviceConfiguration(settings, objects.concat(device), getSerial(), ESPRUINO_RANDOM);
}

/** Every 10 s: what is measured, and the memory that is left. */
export function keepCurrent(agent: BasicAgent, refresh: () => void): void {
  setInterval(function () {
    const device = agent.object(DEVICE.id);
    if (device !== undefined) device.set(0, DEVICE_MEMORY_FREE, freeKilobytes());
    refresh();
  }, REFRESH_INTERVAL);
}

/**
 * A board that ran out of memory begins anew: it cut a handler short where nobody knows (docs/decisions/0029-espruino-port.md).
 */
export function restartOnMemoryError(): void {
  E.on("errorFlag", function (flags) {
    if (flags.indexOf("MEMORY") >= 0) E.reboot();
  });
}

function freeKilobytes(): number {
  const memory = process.memory();
  return Math.floor((memory.free * memory.blocksize) / 1024);
}

/** Prints an event. */
export function tell(event: AgentEvent): void {
  if (event.kind === "request") print(event.operation, event.path, event.code);
  else print(event.kind, event.link.uri);
}
