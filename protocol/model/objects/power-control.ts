/**
 * Power Control (3312), version 1.1 of the OMA registry.
 */
import { BOOLEAN, FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  CUMULATIVE_ACTIVE_POWER,
  DIMMER,
  FRACTIONAL_TIMESTAMP,
  ON_OFF,
  ON_TIME,
  POWER_FACTOR,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const POWER_CONTROL: ObjectDefinition = {
  id: 3312,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    CUMULATIVE_ACTIVE_POWER, FLOAT | READ,
    POWER_FACTOR, FLOAT | READ,
    ON_OFF, BOOLEAN | READ | WRITE | MANDATORY,
    DIMMER, INTEGER | READ | WRITE,
    ON_TIME, INTEGER | READ | WRITE,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
