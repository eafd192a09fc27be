/**
 * Firmware Update (5), version 1.0 of LwM2M Core 1.1.1 §E.6. A package, how it comes, and how far
 * it got.
 */
import {
  EXECUTE,
  INTEGER,
  MANDATORY,
  MULTIPLE,
  NONE,
  OPAQUE,
  READ,
  STRING,
  WRITE,
} from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const FIRMWARE_PACKAGE = 0;
export const FIRMWARE_PACKAGE_URI = 1;
export const FIRMWARE_START = 2;
export const FIRMWARE_STATE = 3;
export const FIRMWARE_UPDATE_RESULT = 5;
export const FIRMWARE_PACKAGE_NAME = 6;
export const FIRMWARE_PACKAGE_VERSION = 7;
export const FIRMWARE_PROTOCOLS = 8;
export const FIRMWARE_DELIVERY_METHOD = 9;

export const FIRMWARE_UPDATE: ObjectDefinition = {
  id: 5,
  version: "1.0",
  multiple: false,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    FIRMWARE_PACKAGE, OPAQUE | WRITE | MANDATORY,
    FIRMWARE_PACKAGE_URI, STRING | READ | WRITE | MANDATORY,
    FIRMWARE_START, NONE | EXECUTE | MANDATORY,
    FIRMWARE_STATE, INTEGER | READ | MANDATORY,
    FIRMWARE_UPDATE_RESULT, INTEGER | READ | MANDATORY,
    FIRMWARE_PACKAGE_NAME, STRING | READ,
    FIRMWARE_PACKAGE_VERSION, STRING | READ,
    FIRMWARE_PROTOCOLS, INTEGER | READ | MULTIPLE,
    FIRMWARE_DELIVERY_METHOD, INTEGER | READ | MANDATORY,
  ]),
};
