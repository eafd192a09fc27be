/**
 * BinaryAppDataContainer (19), version 1.0 of the OMA registry. Bytes that an application
 * exchanges with its device.
 */
import { INTEGER, MANDATORY, MULTIPLE, OPAQUE, READ, STRING, TIME, WRITE } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const BINARY_APP_DATA = 0;
export const BINARY_APP_DATA_PRIORITY = 1;
export const BINARY_APP_DATA_CREATION_TIME = 2;
export const BINARY_APP_DATA_DESCRIPTION = 3;
export const BINARY_APP_DATA_FORMAT = 4;
export const BINARY_APP_ID = 5;

export const BINARY_APP_DATA_CONTAINER: ObjectDefinition = {
  id: 19,
  version: "1.0",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    BINARY_APP_DATA, OPAQUE | READ | WRITE | MULTIPLE | MANDATORY,
    BINARY_APP_DATA_PRIORITY, INTEGER | READ | WRITE,
    BINARY_APP_DATA_CREATION_TIME, TIME | READ | WRITE,
    BINARY_APP_DATA_DESCRIPTION, STRING | READ | WRITE,
    BINARY_APP_DATA_FORMAT, STRING | READ | WRITE,
    BINARY_APP_ID, INTEGER | READ | WRITE,
  ]),
};
