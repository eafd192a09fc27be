/**
 * LwM2M Access Control (2), version 1.0 of LwM2M Core 1.1.1 §E.3. Which server may do what with one
 * object instance.
 */
import { INTEGER, MANDATORY, MULTIPLE, READ, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const ACCESS_CONTROL_OBJECT_ID = 0;
export const ACCESS_CONTROL_OBJECT_INSTANCE_ID = 1;
export const ACCESS_CONTROL_ACL = 2;
export const ACCESS_CONTROL_OWNER = 3;

export const ACCESS_CONTROL: ObjectDefinition = {
  id: 2,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    ACCESS_CONTROL_OBJECT_ID, INTEGER | READ | MANDATORY,
    ACCESS_CONTROL_OBJECT_INSTANCE_ID, INTEGER | READ | MANDATORY,
    ACCESS_CONTROL_ACL, INTEGER | READ | WRITE | MULTIPLE,
    ACCESS_CONTROL_OWNER, INTEGER | READ | WRITE | MANDATORY,
  ]),
};
