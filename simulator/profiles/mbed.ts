import {
  DEVICE,
  DEVICE_BINDINGS,
  DEVICE_ERROR_CODE,
  DEVICE_MANUFACTURER,
  DEVICE_MODEL_NUMBER,
} from "../../protocol/model/objects/device.ts";
import { MINUTE, SECOND } from "../../protocol/time/duration.ts";
import type { Profile } from "./profile.ts";

/** A street light as mbed devices are: an endpoint type, and named resources beside its objects. */
export const MBED: Profile = {
  name: "mbed",
  about: "street light with named resources (/led/1/state, /dev/temp) and an endpoint type",
  endpointType: "Light",
  lifetime: 300,
  version: "1.0",
  queueMode: false,
  objects: [
    {
      definition: DEVICE,
      instances: [
        {
          [DEVICE_MANUFACTURER]: "Dormouse",
          [DEVICE_MODEL_NUMBER]: "Virtual street light",
          [DEVICE_ERROR_CODE]: [0],
          [DEVICE_BINDINGS]: "U",
        },
      ],
    },
  ],
  resources: [
    { path: "/led/1/state", type: "5850", observable: true, value: 0 },
    { path: "/actuator/0/speed", type: "5851", observable: true, value: 50 },
    { path: "/dev/temp", type: "temperature-c", observable: true, value: 24 },
    { path: "/dev/power", type: "power-w", observable: true, value: 30 },
  ],
  changes: [
    {
      path: "/dev/temp",
      every: 10 * SECOND,
      behaviour: { kind: "random-walk", min: 15, max: 45, stride: 0.5, resolution: 0.1 },
    },
    {
      path: "/dev/power",
      every: 30 * SECOND,
      behaviour: { kind: "random-walk", min: 20, max: 60, stride: 5, resolution: 1 },
    },
    { path: "/led/1/state", every: 5 * MINUTE, behaviour: { kind: "step", values: [0, 1] } },
  ],
};
