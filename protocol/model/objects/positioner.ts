/**
 * Positioner (3337), version 1.1 of the OMA registry.
 */
import { EXECUTE, FLOAT, MANDATORY, NONE, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  CURRENT_POSITION,
  FRACTIONAL_TIMESTAMP,
  MAX_LIMIT,
  MAX_MEASURED,
  MIN_LIMIT,
  MIN_MEASURED,
  REMAINING_TIME,
  RESET_MIN_MAX,
  TIMESTAMP,
  TRANSITION_TIME,
} from "./ipso-resources.ts";

export const POSITIONER: ObjectDefinition = {
  id: 3337,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    MIN_LIMIT, FLOAT | READ,
    MAX_LIMIT, FLOAT | READ,
    CURRENT_POSITION, FLOAT | READ | WRITE | MANDATORY,
    TRANSITION_TIME, FLOAT | READ | WRITE,
    REMAINING_TIME, FLOAT | READ,
    MIN_MEASURED, FLOAT | READ,
    MAX_MEASURED, FLOAT | READ,
    RESET_MIN_MAX, NONE | EXECUTE,
    APPLICATION_TYPE, STRING | READ | WRITE,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
