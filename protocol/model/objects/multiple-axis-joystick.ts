/**
 * Multiple Axis Joystick (3345), version 1.0 of the OMA registry.
 */
import { BOOLEAN, FLOAT, INTEGER, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";
import {
  APPLICATION_TYPE,
  DIGITAL_INPUT_COUNTER,
  DIGITAL_INPUT_STATE,
  X_VALUE,
  Y_VALUE,
  Z_VALUE,
} from "./ipso-resources.ts";

export const MULTIPLE_AXIS_JOYSTICK: ObjectDefinition = {
  id: 3345,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    DIGITAL_INPUT_STATE, BOOLEAN | READ,
    DIGITAL_INPUT_COUNTER, INTEGER | READ,
    X_VALUE, FLOAT | READ,
    Y_VALUE, FLOAT | READ,
    Z_VALUE, FLOAT | READ,
    APPLICATION_TYPE, STRING | READ | WRITE,
  ]),
};
