/**
 * Event Log (20), version 2.1 of the OMA registry. What a device recorded of itself.
 */
import { EXECUTE, INTEGER, MANDATORY, NONE, OPAQUE, READ, UNSIGNED, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const EVENT_LOG_CLASS = 4010;
export const EVENT_LOG_START = 4011;
export const EVENT_LOG_STOP = 4012;
export const EVENT_LOG_STATUS = 4013;
export const EVENT_LOG_DATA = 4014;
export const EVENT_LOG_DATA_FORMAT = 4015;
export const EVENT_LOG_DATA_INCREMENTAL = 4016;
export const EVENT_LOG_DATA_INCREMENTAL_MINIMUM_INTERVAL = 4017;

export const EVENT_LOG: ObjectDefinition = {
  id: 20,
  version: "2.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    EVENT_LOG_CLASS, INTEGER | READ | WRITE,
    EVENT_LOG_START, NONE | EXECUTE,
    EVENT_LOG_STOP, NONE | EXECUTE,
    EVENT_LOG_STATUS, INTEGER | READ,
    EVENT_LOG_DATA, OPAQUE | READ | MANDATORY,
    EVENT_LOG_DATA_FORMAT, INTEGER | READ | WRITE,
    EVENT_LOG_DATA_INCREMENTAL, OPAQUE,
    EVENT_LOG_DATA_INCREMENTAL_MINIMUM_INTERVAL, UNSIGNED | READ | WRITE,
  ]),
};
