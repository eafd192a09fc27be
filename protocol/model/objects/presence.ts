/**
 * Presence (3302), version 1.1 of the OMA registry.
 */
import {
  BOOLEAN,
  EXECUTE,
  FLOAT,
  INTEGER,
  MANDATORY,
  NONE,
  READ,
  STRING,
  TIME,
  WRITE,
} from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  BUSY_TO_CLEAR_DELAY,
  CLEAR_TO_BUSY_DELAY,
  DIGITAL_INPUT_COUNTER,
  DIGITAL_INPUT_COUNTER_RESET,
  DIGITAL_INPUT_STATE,
  FRACTIONAL_TIMESTAMP,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  SENSOR_TYPE,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const PRESENCE: ObjectDefinition = {
  id: 3302,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    DIGITAL_INPUT_STATE, BOOLEAN | READ | MANDATORY,
    DIGITAL_INPUT_COUNTER, INTEGER | READ,
    DIGITAL_INPUT_COUNTER_RESET, NONE | EXECUTE,
    TIMESTAMP, TIME | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    SENSOR_TYPE, STRING | READ,
    BUSY_TO_CLEAR_DELAY, INTEGER | READ | WRITE,
    CLEAR_TO_BUSY_DELAY, INTEGER | READ | WRITE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
