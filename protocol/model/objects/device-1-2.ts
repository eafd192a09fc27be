/**
 * Device (3), version 1.2 of LwM2M Core 1.2.2 §E.4. It has the resources of version 1.1.
 */
import type { ObjectDefinition } from "../object-definition.ts";
import { DEVICE } from "./device.ts";

export const DEVICE_1_2: ObjectDefinition = {
  id: 3,
  version: "1.2",
  multiple: false,
  mandatory: true,
  resources: DEVICE.resources,
};
