import {
  DEVICE,
  DEVICE_BINDINGS,
  DEVICE_ERROR_CODE,
  DEVICE_FIRMWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MODEL_NUMBER,
} from "../../protocol/model/objects/device.ts";
import { HUMIDITY } from "../../protocol/model/objects/humidity.ts";
import {
  MAX_RANGE,
  MIN_RANGE,
  SENSOR_UNITS,
  SENSOR_VALUE,
} from "../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../protocol/model/objects/temperature.ts";
import { HOUR, SECOND } from "../../protocol/time/duration.ts";
import type { Profile } from "./profile.ts";

/** A room sensor on mains power: it is always reachable and measures every ten seconds. */
export const SENSOR: Profile = {
  name: "sensor",
  about: "temperature (3303) and humidity (3304), always reachable",
  lifetime: 300,
  version: "1.1",
  queueMode: false,
  objects: [
    {
      definition: DEVICE,
      instances: [
        {
          [DEVICE_MANUFACTURER]: "Dormouse",
          [DEVICE_MODEL_NUMBER]: "Virtual room sensor",
          [DEVICE_FIRMWARE_VERSION]: "1.0.0",
          [DEVICE_ERROR_CODE]: [0],
          [DEVICE_BINDINGS]: "U",
        },
      ],
    },
    {
      definition: TEMPERATURE,
      instances: [{ [SENSOR_VALUE]: 21, [SENSOR_UNITS]: "Cel", [MIN_RANGE]: -40, [MAX_RANGE]: 85 }],
    },
    {
      definition: HUMIDITY,
      instances: [{ [SENSOR_VALUE]: 45, [SENSOR_UNITS]: "%RH", [MIN_RANGE]: 0, [MAX_RANGE]: 100 }],
    },
  ],
  resources: [],
  changes: [
    {
      path: "/3303/0/5700",
      every: 10 * SECOND,
      behaviour: {
        kind: "sine",
        mean: 21,
        amplitude: 3,
        period: 24 * HOUR,
        noise: 0.2,
        resolution: 0.1,
      },
    },
    {
      path: "/3304/0/5700",
      every: 10 * SECOND,
      behaviour: { kind: "random-walk", min: 30, max: 60, stride: 0.5, resolution: 0.1 },
    },
  ],
};
