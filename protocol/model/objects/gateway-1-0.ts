/**
 * LwM2M Gateway (25), version 1.0 of LwM2M Core 1.2.2 §E.12. Not what gateways implement: their
 * own enabler's is version 2.0.
 */
import { MANDATORY, OBJLNK, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import { GATEWAY_DEVICE_ID, GATEWAY_PREFIX } from "./gateway.ts";

export const GATEWAY_ROUTING_TABLE_ENTRY = 2;

export const GATEWAY_1_0: ObjectDefinition = {
  id: 25,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    GATEWAY_DEVICE_ID, STRING | READ | MANDATORY,
    GATEWAY_PREFIX, STRING | READ | WRITE | MANDATORY,
    GATEWAY_ROUTING_TABLE_ENTRY, OBJLNK | READ,
  ]),
};
