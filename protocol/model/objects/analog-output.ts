/**
 * Analog Output (3203), version 1.1 of the OMA registry.
 */
import { FLOAT, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  ANALOG_OUTPUT_CURRENT_VALUE,
  APPLICATION_TYPE,
  FRACTIONAL_TIMESTAMP,
  MAX_RANGE,
  MIN_RANGE,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const ANALOG_OUTPUT: ObjectDefinition = {
  id: 3203,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    MIN_RANGE, FLOAT | READ,
    MAX_RANGE, FLOAT | READ,
    ANALOG_OUTPUT_CURRENT_VALUE, FLOAT | READ | WRITE | MANDATORY,
    APPLICATION_TYPE, STRING | READ | WRITE,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
