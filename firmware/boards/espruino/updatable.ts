/**
 * A device on Espruino that updates itself: `main.ts` with object 5. The boot program (boot.ts) is `.bootcde`, this one a signed package
 * in a slot; `dormouse package` makes it.
 */
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { PiecewiseEndpoint } from "../../../protocol/coap/piecewise-endpoint.ts";
import { OPAQUE_CODEC } from "../../../protocol/content/opaque.ts";
import { TEXT_CODEC } from "../../../protocol/content/text.ts";
import { TLV_CODEC } from "../../../protocol/content/tlv.ts";
import {
  DEVICE_FIRMWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MEMORY_FREE,
  DEVICE_MODEL_NUMBER,
  DEVICE_SERIAL_NUMBER,
  DEVICE_SOFTWARE_VERSION,
} from "../../../protocol/model/objects/device.ts";
import { SENSOR_VALUE } from "../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import type { AgentEvent } from "../../agent/basic-agent.ts";
import { MachineAgent } from "../../agent/machine-agent.ts";
import { PACKAGE_CLAIMS } from "../../agent/management/package-uploads.ts";
import { NOTIFICATION_ATTRIBUTES } from "../../agent/reporting/notification-attributes.ts";
import { run } from "../../loop.ts";
import { deviceObject } from "../../objects/device.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { addSensor, sensorObject } from "../../objects/sensor.ts";
import { coapPackages } from "../../update/coap-packages.ts";
import { ESPRUINO_CALENDAR, ESPRUINO_CLOCK, EspruinoAlarm } from "./clock.ts";
import type { DeviceSettings } from "./device.ts";
import { restartOnMemoryError } from "./device.ts";
import { ESPRUINO_RANDOM } from "./entropy.ts";
import { espruinoFirmware } from "./firmware.ts";
import { ESPRUINO_POWER } from "./power.ts";
import { readSettings } from "./settings.ts";
import { ESPRUINO_DATAGRAMS } from "./udp.ts";

/** What `dormouse.json` has beside the rest, such as `"packageKeys":["hmac-sha256:8f3c..."]`. Without a key no package is taken. */
interface UpdatableSettings extends DeviceSettings {
  readonly packageKeys?: readonly string[];
  readonly allowOlder?: boolean;
}

const SHORT_SERVER_ID = 1;
const REFRESH_INTERVAL = 10000;

const COAP_SETTINGS = {
  random: ESPRUINO_RANDOM,
  transmission: DEFAULT_TRANSMISSION,
  blockSize: 512,
  maxBody: 2048,
  rememberedMessages: 4,
  maxRequests: 2,
  inPieces: PACKAGE_CLAIMS,
};

function freeKilobytes(): number {
  const memory = process.memory();
  return Math.floor((memory.free * memory.blocksize) / 1024);
}

function start(file: UpdatableSettings): void {
  restartOnMemoryError();
  const firmware = espruinoFirmware({
    keys: file.packageKeys === undefined ? [] : file.packageKeys,
    allowOlder: file.allowOlder === true,
    sources: [coapPackages(ESPRUINO_DATAGRAMS, COAP_SETTINGS)],
  });
  const device = deviceObject(ESPRUINO_CALENDAR, ESPRUINO_POWER, {
    [DEVICE_MANUFACTURER]: "Espruino",
    [DEVICE_MODEL_NUMBER]: process.env.BOARD,
    [DEVICE_SERIAL_NUMBER]: getSerial(),
    [DEVICE_FIRMWARE_VERSION]: firmware === undefined ? process.env.VERSION : firmware.version,
    [DEVICE_SOFTWARE_VERSION]: process.env.VERSION,
    [DEVICE_MEMORY_FREE]: freeKilobytes(),
  });
  const objects: LwM2mObject[] = [device];
  if (firmware !== undefined) objects.push(firmware.object);
  const measure = E.getTemperature;
  const temperature = measure === undefined ? undefined : sensorObject(TEMPERATURE);
  if (measure !== undefined && temperature !== undefined) {
    addSensor(temperature, 0, measure(), "Cel");
    objects.push(temperature);
  }
  const agent = new MachineAgent(
    {
      endpointName: file.endpoint === undefined ? getSerial() : file.endpoint,
      lifetime: file.lifetime,
      queueMode: file.queue === true,
      objects: objects,
      settings: COAP_SETTINGS,
    },
    {
      codecs: [TEXT_CODEC, TLV_CODEC, OPAQUE_CODEC],
      endpoint: function (settings) {
        return new PiecewiseEndpoint(settings);
      },
      attributes: NOTIFICATION_ATTRIBUTES,
    },
  );
  agent.addServer({ shortServerId: SHORT_SERVER_ID, uri: file.server });
  setInterval(function () {
    device.set(0, DEVICE_MEMORY_FREE, freeKilobytes());
    if (measure !== undefined && temperature !== undefined) {
      temperature.set(0, SENSOR_VALUE, measure());
    }
  }, REFRESH_INTERVAL);
  function handle(event: AgentEvent): void {
    if (event.kind === "registered" && firmware !== undefined) firmware.confirm();
    if (event.kind === "request") print(event.operation, event.path, event.code);
    else print(event.kind, event.link.uri);
  }
  const board = {
    datagrams: ESPRUINO_DATAGRAMS,
    clock: ESPRUINO_CLOCK,
    calendar: ESPRUINO_CALENDAR,
    alarm: new EspruinoAlarm(),
    random: ESPRUINO_RANDOM,
    power: ESPRUINO_POWER,
  };
  run(agent, board, handle);
}

const settings = readSettings();
if (settings !== undefined) start(settings);
