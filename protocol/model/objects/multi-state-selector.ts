/**
 * Multi-state Selector (3348), version 1.1 of the OMA registry.
 */
import { FLOAT, INTEGER, MANDATORY, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  FRACTIONAL_TIMESTAMP,
  MULTI_STATE_INPUT,
  TIMESTAMP,
} from "./ipso-resources.ts";

export const MULTI_STATE_SELECTOR: ObjectDefinition = {
  id: 3348,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    MULTI_STATE_INPUT, INTEGER | READ | MANDATORY,
    APPLICATION_TYPE, STRING | READ | WRITE,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
