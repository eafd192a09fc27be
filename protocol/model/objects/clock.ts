/**
 * Time (3333), version 1.1 of the OMA registry.
 */
import { FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  CLOCK_FRACTION,
  CLOCK_TIME,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
} from "./ipso-resources.ts";

export const CLOCK: ObjectDefinition = {
  id: 3333,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    CLOCK_TIME, TIME | READ | WRITE | MANDATORY,
    CLOCK_FRACTION, FLOAT | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
  ]),
};
