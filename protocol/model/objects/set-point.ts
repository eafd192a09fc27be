/**
 * Set Point (3308), version 1.1 of the OMA registry.
 */
import { FLOAT, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  COLOUR,
  FRACTIONAL_TIMESTAMP,
  SENSOR_UNITS,
  SET_POINT_VALUE,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const SET_POINT: ObjectDefinition = {
  id: 3308,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    SENSOR_UNITS, STRING | READ,
    COLOUR, STRING | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
    SET_POINT_VALUE, FLOAT | READ | WRITE | MANDATORY,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
