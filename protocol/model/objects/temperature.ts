/**
 * Temperature (3303), version 1.1 of the OMA registry.
 */
import type { ObjectDefinition } from "../object-definition.ts";
import { SENSOR_RESOURCES } from "./ipso-sensor.ts";

export const TEMPERATURE: ObjectDefinition = {
  id: 3303,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: SENSOR_RESOURCES,
};
