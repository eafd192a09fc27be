/**
 * Up/Down Control (3344), version 1.0 of the OMA registry.
 */
import { BOOLEAN, INTEGER, MANDATORY, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  DECREASE_INPUT_STATE,
  DOWN_COUNTER,
  INCREASE_INPUT_STATE,
  UP_COUNTER,
} from "./ipso-resources.ts";

export const UP_DOWN_CONTROL: ObjectDefinition = {
  id: 3344,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    INCREASE_INPUT_STATE, BOOLEAN | READ | MANDATORY,
    DECREASE_INPUT_STATE, BOOLEAN | READ | MANDATORY,
    UP_COUNTER, INTEGER | READ | WRITE,
    DOWN_COUNTER, INTEGER | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
  ]),
};
