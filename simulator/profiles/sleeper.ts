import {
  DEVICE,
  DEVICE_AVAILABLE_POWER_SOURCES,
  DEVICE_BATTERY_LEVEL,
  DEVICE_BINDINGS,
  DEVICE_ERROR_CODE,
  DEVICE_FIRMWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MODEL_NUMBER,
  DEVICE_POWER_SOURCE_VOLTAGE,
} from "../../protocol/model/objects/device.ts";
import { SENSOR_UNITS, SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../protocol/model/objects/temperature.ts";
import { HOUR, MINUTE } from "../../protocol/time/duration.ts";
import type { Profile } from "./profile.ts";

/** Power source 1: internal battery (LwM2M Core 1.1.1 §E.4). */
const INTERNAL_BATTERY = 1;

/** A battery-powered logger in queue mode: deaf but for a while after it has spoken. */
export const SLEEPER: Profile = {
  name: "sleeper",
  about: "battery-powered temperature logger in queue mode",
  lifetime: 600,
  version: "1.1",
  queueMode: true,
  objects: [
    {
      definition: DEVICE,
      instances: [
        {
          [DEVICE_MANUFACTURER]: "Dormouse",
          [DEVICE_MODEL_NUMBER]: "Virtual logger",
          [DEVICE_FIRMWARE_VERSION]: "1.0.0",
          [DEVICE_AVAILABLE_POWER_SOURCES]: [INTERNAL_BATTERY],
          [DEVICE_POWER_SOURCE_VOLTAGE]: [3000],
          [DEVICE_BATTERY_LEVEL]: 100,
          [DEVICE_ERROR_CODE]: [0],
          [DEVICE_BINDINGS]: "U",
        },
      ],
    },
    { definition: TEMPERATURE, instances: [{ [SENSOR_VALUE]: 8, [SENSOR_UNITS]: "Cel" }] },
  ],
  resources: [],
  changes: [
    {
      path: "/3303/0/5700",
      every: 5 * MINUTE,
      behaviour: {
        kind: "sine",
        mean: 8,
        amplitude: 6,
        period: 24 * HOUR,
        noise: 0.5,
        resolution: 0.1,
      },
    },
    {
      path: "/3/0/9",
      every: HOUR,
      behaviour: { kind: "random-walk", min: 20, max: 100, stride: 1, resolution: 1 },
    },
  ],
};
