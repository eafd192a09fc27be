/**
 * Lock and Wipe (8), version 1.0 of the OMA registry. Makes a lost device useless, or empty.
 */
import { EXECUTE, INTEGER, MANDATORY, MULTIPLE, NONE, READ, STRING, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const LOCK_AND_WIPE_STATE = 0;
export const LOCK_AND_WIPE_LOCK_TARGET = 1;
export const LOCK_AND_WIPE_WIPE_ITEM = 2;
export const LOCK_AND_WIPE_WIPE = 3;
export const LOCK_AND_WIPE_WIPE_TARGET = 4;
export const LOCK_AND_WIPE_RESULT = 5;

export const LOCK_AND_WIPE: ObjectDefinition = {
  id: 8,
  version: "1.0",
  multiple: false,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    LOCK_AND_WIPE_STATE, INTEGER | READ | WRITE | MANDATORY,
    LOCK_AND_WIPE_LOCK_TARGET, STRING | WRITE | MULTIPLE | MANDATORY,
    LOCK_AND_WIPE_WIPE_ITEM, STRING | READ | MULTIPLE,
    LOCK_AND_WIPE_WIPE, NONE | EXECUTE | MANDATORY,
    LOCK_AND_WIPE_WIPE_TARGET, STRING | WRITE | MULTIPLE | MANDATORY,
    LOCK_AND_WIPE_RESULT, INTEGER | READ | MANDATORY,
  ]),
};
