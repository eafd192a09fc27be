/**
 * Buzzer (3338), version 1.1 of the OMA registry.
 */
import { BOOLEAN, FLOAT, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  DELAY_DURATION,
  FRACTIONAL_TIMESTAMP,
  LEVEL,
  MINIMUM_OFF_TIME,
  ON_OFF,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const BUZZER: ObjectDefinition = {
  id: 3338,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    DELAY_DURATION, FLOAT | READ | WRITE,
    MINIMUM_OFF_TIME, FLOAT | READ | WRITE | MANDATORY,
    LEVEL, FLOAT | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
    ON_OFF, BOOLEAN | READ | WRITE | MANDATORY,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
