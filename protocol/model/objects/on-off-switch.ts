/**
 * On/Off switch (3342), version 1.1 of the OMA registry.
 */
import { BOOLEAN, FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  DIGITAL_INPUT_COUNTER,
  DIGITAL_INPUT_STATE,
  FRACTIONAL_TIMESTAMP,
  OFF_TIME,
  ON_TIME,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const ON_OFF_SWITCH: ObjectDefinition = {
  id: 3342,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    DIGITAL_INPUT_STATE, BOOLEAN | READ | MANDATORY,
    DIGITAL_INPUT_COUNTER, INTEGER | READ,
    TIMESTAMP, TIME | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    ON_TIME, INTEGER | READ | WRITE,
    OFF_TIME, INTEGER | READ | WRITE,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
