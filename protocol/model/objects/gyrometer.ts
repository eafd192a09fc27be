/**
 * Gyrometer (3334), version 1.1 of the OMA registry.
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
  MAX_RANGE,
  MAX_X_VALUE,
  MAX_Y_VALUE,
  MAX_Z_VALUE,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  MIN_RANGE,
  MIN_X_VALUE,
  MIN_Y_VALUE,
  MIN_Z_VALUE,
  RESET_MIN_MAX,
  SENSOR_UNITS,
  TIMESTAMP,
  X_VALUE,
  Y_VALUE,
  Z_VALUE,
} from "./ipso-resources.ts";

export const GYROMETER: ObjectDefinition = {
  id: 3334,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    MIN_X_VALUE, FLOAT | READ,
    MAX_X_VALUE, FLOAT | READ,
    MIN_Y_VALUE, FLOAT | READ,
    MAX_Y_VALUE, FLOAT | READ,
    MIN_Z_VALUE, FLOAT | READ,
    MAX_Z_VALUE, FLOAT | READ,
    TIMESTAMP, TIME | READ,
    MIN_RANGE, FLOAT | READ,
    MAX_RANGE, FLOAT | READ,
    RESET_MIN_MAX, NONE | EXECUTE,
    SENSOR_UNITS, STRING | READ,
    X_VALUE, FLOAT | READ | MANDATORY,
    Y_VALUE, FLOAT | READ,
    Z_VALUE, FLOAT | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
