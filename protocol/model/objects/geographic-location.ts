/**
 * Location (3336), version 2.0 of the OMA registry.
 */
import { FLOAT, INTEGER, MANDATORY, OPAQUE, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  COMPASS_DIRECTION,
  FRACTIONAL_TIMESTAMP,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  NUMERIC_LATITUDE,
  NUMERIC_LONGITUDE,
  NUMERIC_UNCERTAINTY,
  TIMESTAMP,
  VELOCITY,
} from "./ipso-resources.ts";

export const GEOGRAPHIC_LOCATION: ObjectDefinition = {
  id: 3336,
  version: "2.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    VELOCITY, OPAQUE | READ,
    TIMESTAMP, TIME | READ,
    COMPASS_DIRECTION, FLOAT | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
    NUMERIC_LATITUDE, FLOAT | READ | MANDATORY,
    NUMERIC_LONGITUDE, FLOAT | READ | MANDATORY,
    NUMERIC_UNCERTAINTY, FLOAT | READ,
  ]),
};
