import {
  CONNECTIVITY_AVAILABLE_NETWORK_BEARER,
  CONNECTIVITY_IP_ADDRESSES,
  CONNECTIVITY_MONITORING,
  CONNECTIVITY_NETWORK_BEARER,
  CONNECTIVITY_RADIO_SIGNAL_STRENGTH,
} from "../../protocol/model/objects/connectivity-monitoring.ts";
import {
  DEVICE,
  DEVICE_BINDINGS,
  DEVICE_ERROR_CODE,
  DEVICE_FIRMWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MODEL_NUMBER,
} from "../../protocol/model/objects/device.ts";
import {
  CUMULATIVE_ACTIVE_POWER,
  POWER_FACTOR,
} from "../../protocol/model/objects/ipso-resources.ts";
import { MINUTE } from "../../protocol/time/duration.ts";
import { INSTANTANEOUS_ACTIVE_POWER, POWER_MEASUREMENT } from "./power-measurement.ts";
import type { Profile } from "./profile.ts";

/** Network bearer 6: narrowband IoT (LwM2M Core 1.1.1 §E.5). */
const NB_IOT = 6;

/** An electricity meter on a cellular link: a reading that only grows, once a minute. */
export const METER: Profile = {
  name: "meter",
  about: "electricity meter (3305) on NB-IoT (4), lifetime of a day",
  lifetime: 86400,
  version: "1.1",
  queueMode: false,
  objects: [
    {
      definition: DEVICE,
      instances: [
        {
          [DEVICE_MANUFACTURER]: "Dormouse",
          [DEVICE_MODEL_NUMBER]: "Virtual electricity meter",
          [DEVICE_FIRMWARE_VERSION]: "1.0.0",
          [DEVICE_ERROR_CODE]: [0],
          [DEVICE_BINDINGS]: "U",
        },
      ],
    },
    {
      definition: CONNECTIVITY_MONITORING,
      instances: [
        {
          [CONNECTIVITY_NETWORK_BEARER]: NB_IOT,
          [CONNECTIVITY_AVAILABLE_NETWORK_BEARER]: [NB_IOT],
          [CONNECTIVITY_RADIO_SIGNAL_STRENGTH]: -95,
          [CONNECTIVITY_IP_ADDRESSES]: ["127.0.0.1"],
        },
      ],
    },
    {
      definition: POWER_MEASUREMENT,
      instances: [
        {
          [INSTANTANEOUS_ACTIVE_POWER]: 400,
          [CUMULATIVE_ACTIVE_POWER]: 0,
          [POWER_FACTOR]: 0.95,
        },
      ],
    },
  ],
  resources: [],
  changes: [
    {
      path: "/3305/0/5800",
      every: MINUTE,
      behaviour: { kind: "random-walk", min: 80, max: 3500, stride: 300, resolution: 1 },
    },
    {
      path: "/3305/0/5805",
      every: MINUTE,
      behaviour: {
        kind: "counter",
        startBelow: 9000000,
        leastGrowth: 2,
        mostGrowth: 60,
        resolution: 1,
      },
    },
    {
      path: "/4/0/2",
      every: 5 * MINUTE,
      behaviour: { kind: "random-walk", min: -115, max: -80, stride: 4, resolution: 1 },
    },
  ],
};
