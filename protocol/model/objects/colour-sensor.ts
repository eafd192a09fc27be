/**
 * Colour (3335), version 1.1 of the OMA registry.
 */
import { FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  COLOUR,
  FRACTIONAL_TIMESTAMP,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  SENSOR_UNITS,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const COLOUR_SENSOR: ObjectDefinition = {
  id: 3335,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    SENSOR_UNITS, STRING | READ,
    COLOUR, STRING | READ | WRITE | MANDATORY,
    APPLICATION_TYPE, STRING | READ | WRITE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
