/**
 * Load Control (3310), version 1.1 of the OMA registry.
 */
import { FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  AVG_LOAD_ADJPCT,
  CRITICALITY_LEVEL,
  DURATION_IN_MIN,
  DUTY_CYCLE,
  EVENT_IDENTIFIER,
  FRACTIONAL_TIMESTAMP,
  START_TIME,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const LOAD_CONTROL: ObjectDefinition = {
  id: 3310,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
    EVENT_IDENTIFIER, STRING | READ | WRITE | MANDATORY,
    START_TIME, TIME | READ | WRITE | MANDATORY,
    DURATION_IN_MIN, INTEGER | READ | WRITE | MANDATORY,
    CRITICALITY_LEVEL, INTEGER | READ | WRITE,
    AVG_LOAD_ADJPCT, INTEGER | READ | WRITE,
    DUTY_CYCLE, INTEGER | READ | WRITE,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
