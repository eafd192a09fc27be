/**
 * Timer (3340), version 1.0 of the OMA registry.
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
  WRITE,
} from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  COUNTER,
  CUMULATIVE_TIME,
  DELAY_DURATION,
  DIGITAL_INPUT_COUNTER,
  DIGITAL_STATE,
  MINIMUM_OFF_TIME,
  ON_OFF,
  REMAINING_TIME,
  TIMER_MODE,
  TRIGGER,
} from "./ipso-resources.ts";

export const TIMER: ObjectDefinition = {
  id: 3340,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    DIGITAL_INPUT_COUNTER, INTEGER | READ,
    DELAY_DURATION, FLOAT | READ | WRITE | MANDATORY,
    TRIGGER, NONE | EXECUTE,
    MINIMUM_OFF_TIME, FLOAT | READ | WRITE,
    TIMER_MODE, INTEGER | READ | WRITE,
    COUNTER, INTEGER | READ | WRITE,
    REMAINING_TIME, FLOAT | READ,
    DIGITAL_STATE, BOOLEAN | READ,
    CUMULATIVE_TIME, FLOAT | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
    ON_OFF, BOOLEAN | READ | WRITE,
  ]),
};
