/**
 * Magnetometer (3314), version 1.1 of the OMA registry.
 */
import { FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  COMPASS_DIRECTION,
  FRACTIONAL_TIMESTAMP,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  SENSOR_UNITS,
  TIMESTAMP,
  X_VALUE,
  Y_VALUE,
  Z_VALUE,
} from "./ipso-resources.ts";

export const MAGNETOMETER: ObjectDefinition = {
  id: 3314,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    SENSOR_UNITS, STRING | READ,
    X_VALUE, FLOAT | READ | MANDATORY,
    Y_VALUE, FLOAT | READ,
    Z_VALUE, FLOAT | READ,
    COMPASS_DIRECTION, FLOAT | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
