/**
 * Actuation (3306), version 1.1 of the OMA registry.
 */
import { BOOLEAN, FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  DIMMER,
  FRACTIONAL_TIMESTAMP,
  MULTI_STATE_OUTPUT,
  ON_OFF,
  ON_TIME,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const ACTUATION: ObjectDefinition = {
  id: 3306,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    ON_OFF, BOOLEAN | READ | WRITE | MANDATORY,
    DIMMER, INTEGER | READ | WRITE,
    ON_TIME, INTEGER | READ | WRITE,
    MULTI_STATE_OUTPUT, STRING | READ | WRITE,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
