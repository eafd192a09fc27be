/**
 * LwM2M Gateway (25), version 2.0 of OMA's gateway enabler. One instance for each device behind
 * it.
 */
import { CORELNK, MANDATORY, READ, STRING } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const GATEWAY_DEVICE_ID = 0;
export const GATEWAY_PREFIX = 1;
export const GATEWAY_IOT_DEVICE_OBJECTS = 3;

export const GATEWAY: ObjectDefinition = {
  id: 25,
  version: "2.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    GATEWAY_DEVICE_ID, STRING | READ | MANDATORY,
    GATEWAY_PREFIX, STRING | READ | MANDATORY,
    GATEWAY_IOT_DEVICE_OBJECTS, CORELNK | READ | MANDATORY,
  ]),
};
