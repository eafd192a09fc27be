/**
 * A device on Kaluma: an agent with objects 1 and 3 and what the program adds, on this board's ports.
 */
import {
  DEVICE_FIRMWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MEMORY_FREE,
  DEVICE_MODEL_NUMBER,
  DEVICE_SERIAL_NUMBER,
} from "../../../protocol/model/objects/device.ts";
import type { AgentEvent } from "../../agent/basic-agent.ts";
import { BasicAgent } from "../../agent/basic-agent.ts";
import type { DeviceSettings } from "../../agent/device-configuration.ts";
import { deviceConfiguration } from "../../agent/device-configuration.ts";
import type { AgentFeatures } from "../../agent/features.ts";
import { run } from "../../loop.ts";
import { deviceObject } from "../../objects/device.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { KALUMA_CALENDAR, KALUMA_CLOCK, KalumaAlarm } from "./clock.ts";
import { KALUMA_RANDOM } from "./entropy.ts";
import { KALUMA_POWER } from "./power.ts";
import { KALUMA_DATAGRAMS } from "./udp.ts";
import { guarded } from "./watchdog.ts";
import { keepNetwork } from "./wifi.ts";

export type { DeviceSettings };

const SHORT_SERVER_ID = 1;
const REFRESH_INTERVAL = 10000;

/**
 * Joins the network, starts the device and prints what happens to it.
 *
 * @param objects beside 1 and 3
 * @param refresh brings their values up to date; called every 10 s
 */
export function startDevice(
  settings: DeviceSettings,
  features: AgentFeatures,
  objects: readonly LwM2mObject[],
  refresh: () => void,
): void {
  keepNetwork();
  const device = deviceObject(KALUMA_CALENDAR, KALUMA_POWER, {
    [DEVICE_MANUFACTURER]: "Kaluma",
    [DEVICE_MODEL_NUMBER]: board.name,
    [DEVICE_SERIAL_NUMBER]: board.uid,
    [DEVICE_FIRMWARE_VERSION]: process.version,
    [DEVICE_MEMORY_FREE]: freeKilobytes(),
  });
  const agent = new BasicAgent(
    deviceConfiguration(settings, objects.concat(device), board.uid, KALUMA_RANDOM),
    features,
  );
  agent.addServer({ shortServerId: SHORT_SERVER_ID, uri: settings["server"] });
  setInterval(function () {
    device.set(0, DEVICE_MEMORY_FREE, freeKilobytes());
    refresh();
  }, REFRESH_INTERVAL);
  run(
    agent,
    {
      datagrams: KALUMA_DATAGRAMS,
      clock: KALUMA_CLOCK,
      calendar: KALUMA_CALENDAR,
      alarm: guarded(new KalumaAlarm()),
      random: KALUMA_RANDOM,
      power: KALUMA_POWER,
    },
    tell,
  );
}

function freeKilobytes(): number {
  const memory = process.memoryUsage();
  return Math.floor((memory.heapTotal - memory.heapUsed) / 1024);
}

/** Prints an event. */
function tell(event: AgentEvent): void {
  if (event.kind === "request") console.log(event.operation, event.path, event.code);
  else console.log(event.kind, event.link.uri);
}
