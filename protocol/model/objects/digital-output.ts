/**
 * Digital Output (3201), version 1.1 of the OMA registry.
 */
import { BOOLEAN, FLOAT, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  DIGITAL_OUTPUT_POLARITY,
  DIGITAL_OUTPUT_STATE,
  FRACTIONAL_TIMESTAMP,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const DIGITAL_OUTPUT: ObjectDefinition = {
  id: 3201,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    DIGITAL_OUTPUT_STATE, BOOLEAN | READ | WRITE | MANDATORY,
    DIGITAL_OUTPUT_POLARITY, BOOLEAN | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
