/**
 * Location (6), version 1.0 of LwM2M Core 1.1.1 §E.7. Where the device is.
 */
import { FLOAT, MANDATORY, OPAQUE, READ, TIME } from "../data-types.ts";
import type { ObjectDefinition } from "../object-definition.ts";

export const LOCATION_LATITUDE = 0;
export const LOCATION_LONGITUDE = 1;
export const LOCATION_ALTITUDE = 2;
export const LOCATION_RADIUS = 3;
export const LOCATION_VELOCITY = 4;
export const LOCATION_TIMESTAMP = 5;
export const LOCATION_SPEED = 6;

export const LOCATION: ObjectDefinition = {
  id: 6,
  version: "1.0",
  multiple: false,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    LOCATION_LATITUDE, FLOAT | READ | MANDATORY,
    LOCATION_LONGITUDE, FLOAT | READ | MANDATORY,
    LOCATION_ALTITUDE, FLOAT | READ,
    LOCATION_RADIUS, FLOAT | READ,
    LOCATION_VELOCITY, OPAQUE | READ,
    LOCATION_TIMESTAMP, TIME | READ | MANDATORY,
    LOCATION_SPEED, FLOAT | READ,
  ]),
};
