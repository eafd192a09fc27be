/**
 * Device (3), version 1.0, of LwM2M 1.0. It has the resources of version 1.1.
 */
import type { ObjectDefinition } from "../object-definition.ts";
import { DEVICE } from "./device.ts";

export const DEVICE_1_0: ObjectDefinition = {
  id: 3,
  version: "1.0",
  multiple: false,
  mandatory: true,
  resources: DEVICE.resources,
};
