/**
 * Percentage (3320), version 1.1 of the OMA registry.
 */
import type { ObjectDefinition } from "../object-definition.ts";
import { CALIBRATED_SENSOR_RESOURCES } from "./ipso-sensor.ts";

export const PERCENTAGE: ObjectDefinition = {
  id: 3320,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};
