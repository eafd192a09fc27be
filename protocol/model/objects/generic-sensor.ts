/**
 * Generic Sensor (3300), version 1.1 of the OMA registry.
 */
import {
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
  FRACTIONAL_TIMESTAMP,
  MAX_MEASURED,
  MAX_RANGE,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  MIN_MEASURED,
  MIN_RANGE,
  RESET_MIN_MAX,
  SENSOR_TYPE,
  SENSOR_UNITS,
  SENSOR_VALUE,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const GENERIC_SENSOR: ObjectDefinition = {
  id: 3300,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    MIN_MEASURED, FLOAT | READ,
    MAX_MEASURED, FLOAT | READ,
    MIN_RANGE, FLOAT | READ,
    MAX_RANGE, FLOAT | READ,
    RESET_MIN_MAX, NONE | EXECUTE,
    SENSOR_VALUE, FLOAT | READ | MANDATORY,
    SENSOR_UNITS, STRING | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    SENSOR_TYPE, STRING | READ,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
