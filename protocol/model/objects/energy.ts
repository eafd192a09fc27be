/**
 * Energy (3331), version 1.1 of the OMA registry.
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
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  RESET_CUMULATIVE_ENERGY,
  SENSOR_UNITS,
  SENSOR_VALUE,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const ENERGY: ObjectDefinition = {
  id: 3331,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    SENSOR_VALUE, FLOAT | READ | MANDATORY,
    SENSOR_UNITS, STRING | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    RESET_CUMULATIVE_ENERGY, NONE | EXECUTE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
