/**
 * What a small device on a board is made of beside its objects: what it was told beside its program, and buffers for 256 bytes a block.
 */
import { DEFAULT_TRANSMISSION } from "../../protocol/coap/parameters.ts";
import type { Random } from "../../protocol/ports.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
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

/**
 * What an agent on a small board is given.
 *
 * @param objects all but 1
 * @param serialNumber the name of a device that has none
 */
export function deviceConfiguration(
  // Names in quotes: the file's, which stay as long as they are there.
  settings: DeviceSettings,
  objects: readonly LwM2mObject[],
  serialNumber: string,
  random: Random,
): BasicConfiguration {
  return {
    endpointName: settings["endpoint"] || serialNumber,
    lifetime: settings["lifetime"],
    queueMode: settings["queue"] === true,
    objects: objects,
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
