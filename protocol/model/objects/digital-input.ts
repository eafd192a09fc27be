/**
 * Digital Input (3200), version 1.1 of the OMA registry.
 */
import {
  BOOLEAN,
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
  DIGITAL_INPUT_COUNTER,
  DIGITAL_INPUT_COUNTER_RESET,
  DIGITAL_INPUT_DEBOUNCE,
  DIGITAL_INPUT_EDGE_SELECTION,
  DIGITAL_INPUT_POLARITY,
  DIGITAL_INPUT_STATE,
  FRACTIONAL_TIMESTAMP,
  SENSOR_TYPE,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const DIGITAL_INPUT: ObjectDefinition = {
  id: 3200,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    DIGITAL_INPUT_STATE, BOOLEAN | READ | MANDATORY,
    DIGITAL_INPUT_COUNTER, INTEGER | READ,
    DIGITAL_INPUT_POLARITY, BOOLEAN | READ | WRITE,
    DIGITAL_INPUT_DEBOUNCE, INTEGER | READ | WRITE,
    DIGITAL_INPUT_EDGE_SELECTION, INTEGER | READ | WRITE,
    DIGITAL_INPUT_COUNTER_RESET, NONE | EXECUTE,
    TIMESTAMP, TIME | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    SENSOR_TYPE, STRING | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
