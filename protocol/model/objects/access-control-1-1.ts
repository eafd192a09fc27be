/**
 * LwM2M Access Control (2), version 1.1 of LwM2M Core 1.2.2 §E.3. It has the resources of version
 * 1.0.
 */
import type { ObjectDefinition } from "../object-definition.ts";
import { ACCESS_CONTROL } from "./access-control.ts";

export const ACCESS_CONTROL_1_1: ObjectDefinition = {
  id: 2,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: ACCESS_CONTROL.resources,
};
