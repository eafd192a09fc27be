/**
 * Humidity (3304), version 1.1 of the OMA registry.
 */
import type { ObjectDefinition } from "../object-definition.ts";
import { SENSOR_RESOURCES } from "./ipso-sensor.ts";

export const HUMIDITY: ObjectDefinition = {
  id: 3304,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: SENSOR_RESOURCES,
};
