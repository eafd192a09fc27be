/**
 * Direction (3332), version 1.1 of the OMA registry.
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
  COMPASS_DIRECTION,
  FRACTIONAL_TIMESTAMP,
  MAX_MEASURED,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  MIN_MEASURED,
  RESET_MIN_MAX,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const DIRECTION: ObjectDefinition = {
  id: 3332,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    MIN_MEASURED, FLOAT | READ,
    MAX_MEASURED, FLOAT | READ,
    RESET_MIN_MAX, NONE | EXECUTE,
    COMPASS_DIRECTION, FLOAT | READ | MANDATORY,
    APPLICATION_TYPE, STRING | READ | WRITE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
