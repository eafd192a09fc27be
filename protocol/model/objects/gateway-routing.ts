/**
 * LwM2M Gateway Routing (26), version 1.0 of LwM2M Core 1.2.2 §E.13.
 */
import { CORELNK, MANDATORY, READ, UNSIGNED } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const GATEWAY_ROUTING_OBJECT_ID = 0;
export const GATEWAY_ROUTING_MAPPING_INFO = 1;

export const GATEWAY_ROUTING: ObjectDefinition = {
  id: 26,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    GATEWAY_ROUTING_OBJECT_ID, UNSIGNED | READ | MANDATORY,
    GATEWAY_ROUTING_MAPPING_INFO, CORELNK | READ | MANDATORY,
  ]),
};
