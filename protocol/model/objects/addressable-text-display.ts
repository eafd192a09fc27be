/**
 * Addressable Text Display (3341), version 1.0 of the OMA registry.
 */
import { EXECUTE, FLOAT, INTEGER, MANDATORY, NONE, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  CLEAR_DISPLAY,
  CONTRAST,
  DISPLAY_TEXT,
  LEVEL,
  MAX_X_COORDINATE,
  MAX_Y_COORDINATE,
  X_COORDINATE,
  Y_COORDINATE,
} from "./ipso-resources.ts";

export const ADDRESSABLE_TEXT_DISPLAY: ObjectDefinition = {
  id: 3341,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    DISPLAY_TEXT, STRING | READ | WRITE | MANDATORY,
    X_COORDINATE, INTEGER | READ | WRITE,
    Y_COORDINATE, INTEGER | READ | WRITE,
    CLEAR_DISPLAY, NONE | EXECUTE,
    CONTRAST, FLOAT | READ | WRITE,
    MAX_X_COORDINATE, INTEGER | READ,
    MAX_Y_COORDINATE, INTEGER | READ,
    LEVEL, FLOAT | READ | WRITE,
    APPLICATION_TYPE, STRING | READ | WRITE,
  ]),
};
