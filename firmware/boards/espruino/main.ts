/**
 * A device on Espruino: objects 1, 3 and, where the chip measures it, 3303, in text and TLV.
 *
 * Its name and its server are in the file `dormouse.json` of the board's Storage:
 * `{"endpoint":"board-1","server":"coap://192.168.1.10","lifetime":3600,"queue":true}`, all optional but the server.
 */
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import {
  DEVICE_FIRMWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MEMORY_FREE,
  DEVICE_MODEL_NUMBER,
  DEVICE_SERIAL_NUMBER,
} from "../../../protocol/model/objects/device.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import type { AgentEvent } from "../../agent/agent.ts";
import { Agent } from "../../agent/agent.ts";
import { run } from "../../loop.ts";
import { deviceObject } from "../../objects/device.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../objects/sensor.ts";
import { ESPRUINO_CALENDAR, ESPRUINO_CLOCK, EspruinoAlarm } from "./clock.ts";
import { ESPRUINO_RANDOM } from "./entropy.ts";
import { ESPRUINO_POWER } from "./power.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";

const SETTINGS_FILE = "dormouse.json";
const SHORT_SERVER_ID = 1;
const REFRESH_INTERVAL = 10000;

interface Settings {
  readonly endpoint?: string;
  readonly server: string;
  readonly lifetime?: number;
  readonly queue?: boolean;
}

function start(settings: Settings): void {
  const device = deviceObject(ESPRUINO_CALENDAR, ESPRUINO_POWER, {
    [DEVICE_MANUFACTURER]: "Espruino",
    [DEVICE_MODEL_NUMBER]: process.env.BOARD,
    [DEVICE_SERIAL_NUMBER]: getSerial(),
    [DEVICE_FIRMWARE_VERSION]: process.env.VERSION,
    [DEVICE_MEMORY_FREE]: freeKilobytes(),
  });
  const objects: LwM2mObject[] = [device];
  if (E.getTemperature !== undefined) {
    const temperature = sensorObject(TEMPERATURE);
    addSensor(temperature, 0, E.getTemperature(), "Cel");
    objects.push(temperature);
  }
  const agent = new Agent({
    endpointName: settings.endpoint === undefined ? getSerial() : settings.endpoint,
    lifetime: settings.lifetime,
    queueMode: settings.queue === true,
    objects: objects,
    settings: {
      random: ESPRUINO_RANDOM,
      transmission: DEFAULT_TRANSMISSION,
      blockSize: 256,
      maxBody: 2048,
      rememberedMessages: 4,
      maxRequests: 2,
    },
  });
  agent.addServer({ shortServerId: SHORT_SERVER_ID, uri: settings.server });
  setInterval(function () {
    device.set(0, DEVICE_MEMORY_FREE, freeKilobytes());
    if (objects.length > 1 && E.getTemperature !== undefined) {
      objects[1].set(0, SENSOR_VALUE, E.getTemperature());
    }
  }, REFRESH_INTERVAL);
  run(
    agent,
    {
      datagrams: ESPRUINO_DATAGRAMS,
      clock: ESPRUINO_CLOCK,
      calendar: ESPRUINO_CALENDAR,
      alarm: new EspruinoAlarm(),
      random: ESPRUINO_RANDOM,
      power: ESPRUINO_POWER,
    },
    tell,
  );
}

function freeKilobytes(): number {
  const memory = process.memory();
  return Math.floor((memory.free * memory.blocksize) / 1024);
}

function tell(event: AgentEvent): void {
  if (event.kind === "request") print(event.operation, event.path, event.code);
  else print(event.kind, event.link.uri);
}

// Not JSON.parse: what writeJSON wrote has no quotes around names.
const settings = require("Storage").readJSON(SETTINGS_FILE, true) as Settings | undefined;
if (settings === undefined) print(`There is no ${SETTINGS_FILE} in Storage, or it cannot be read.`);
else start(settings);
