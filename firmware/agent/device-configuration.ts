/**
 * What a small device on a board is made of: what it was told beside its program, and what its board says of itself.
 */
import { DEFAULT_TRANSMISSION } from "../../protocol/coap/parameters.ts";
import {
  DEVICE_FIRMWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MEMORY_FREE,
  DEVICE_MODEL_NUMBER,
  DEVICE_SERIAL_NUMBER,
} from "../../protocol/model/objects/device.ts";
import type { Random } from "../../protocol/ports.ts";
import { deviceObject } from "../objects/device.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import type { CalendarClock, Power } from "../ports.ts";
import type { BasicConfiguration } from "./basic-agent.ts";

/**
 * Who the device is and whom it talks to, by the names of the file `dormouse.json`, such as
 * `{"endpoint":"board-1","server":"coap://192.168.1.10","lifetime":3600,"queue":true}`, all optional but the server.
 */
export interface DeviceSettings {
  /** Default: the chip's serial number. */
  readonly endpoint?: string;
  /** `coap://host:port`; of a device over TCP `coap+tcp://host:port`. */
  readonly server: string;
  /** Seconds. */
  readonly lifetime?: number;
  /** True: the device sleeps between its contacts. */
  readonly queue?: boolean;
}

/** What object 3 tells of a board. */
export interface BoardIdentity {
  readonly manufacturer: string;
  readonly modelNumber: string;
  readonly serialNumber: string;
  readonly firmwareVersion: string;
  /** Kilobytes. */
  readonly memoryFree: number;
}

/**
 * What an agent on a small board is given: objects 1 and 3 and what the program adds, and buffers for 256 bytes a block.
 *
 * @param objects beside 1 and 3
 */
export function deviceConfiguration(
  // Names in quotes: the file's, which stay as long as they are there.
  settings: DeviceSettings,
  objects: readonly LwM2mObject[],
  identity: BoardIdentity,
  calendar: CalendarClock,
  power: Power,
  random: Random,
): BasicConfiguration {
  const device = deviceObject(calendar, power, {
    [DEVICE_MANUFACTURER]: identity.manufacturer,
    [DEVICE_MODEL_NUMBER]: identity.modelNumber,
    [DEVICE_SERIAL_NUMBER]: identity.serialNumber,
    [DEVICE_FIRMWARE_VERSION]: identity.firmwareVersion,
    [DEVICE_MEMORY_FREE]: identity.memoryFree,
  });
  return {
    endpointName: settings["endpoint"] || identity.serialNumber,
    lifetime: settings["lifetime"],
    queueMode: settings["queue"] === true,
    objects: objects.concat(device),
    settings: {
      random: random,
      transmission: DEFAULT_TRANSMISSION,
      blockSize: 256,
      maxBody: 2048,
      rememberedMessages: 4,
      maxRequests: 2,
    },
  };
}
