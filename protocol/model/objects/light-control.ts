/**
 * Light Control (3311), version 1.0 of the OMA registry.
 */
import { BOOLEAN, FLOAT, INTEGER, MANDATORY, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  COLOUR,
  CUMULATIVE_ACTIVE_POWER,
  DIMMER,
  ON_OFF,
  ON_TIME,
  POWER_FACTOR,
  SENSOR_UNITS,
} from "./ipso-resources.ts";

export const LIGHT_CONTROL: ObjectDefinition = {
  id: 3311,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    SENSOR_UNITS, STRING | READ,
    COLOUR, STRING | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
    CUMULATIVE_ACTIVE_POWER, FLOAT | READ,
    POWER_FACTOR, FLOAT | READ,
    ON_OFF, BOOLEAN | READ | WRITE | MANDATORY,
    DIMMER, INTEGER | READ | WRITE,
    ON_TIME, INTEGER | READ | WRITE,
  ]),
};
