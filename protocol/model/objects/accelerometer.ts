/**
 * Accelerometer (3313), version 1.1 of the OMA registry.
 */
import { FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  FRACTIONAL_TIMESTAMP,
  MAX_RANGE,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  MIN_RANGE,
  SENSOR_UNITS,
  TIMESTAMP,
  X_VALUE,
  Y_VALUE,
  Z_VALUE,
} from "./ipso-resources.ts";

export const ACCELEROMETER: ObjectDefinition = {
  id: 3313,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    MIN_RANGE, FLOAT | READ,
    MAX_RANGE, FLOAT | READ,
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
