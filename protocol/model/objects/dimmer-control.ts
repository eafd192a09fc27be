/**
 * Dimmer (3343), version 1.0 of the OMA registry.
 */
import { FLOAT, INTEGER, MANDATORY, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import { APPLICATION_TYPE, LEVEL, OFF_TIME, ON_TIME } from "./ipso-resources.ts";

export const DIMMER_CONTROL: ObjectDefinition = {
  id: 3343,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    LEVEL, FLOAT | READ | WRITE | MANDATORY,
    APPLICATION_TYPE, STRING | READ | WRITE,
    ON_TIME, INTEGER | READ | WRITE,
    OFF_TIME, INTEGER | READ | WRITE,
  ]),
};
