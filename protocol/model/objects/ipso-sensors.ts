/**
 * IPSO's sensors of one value, as the OMA registry has them: they differ in what they measure alone.
 */
import type { ObjectDefinition } from "../object-definition.ts";
import { CALIBRATED_SENSOR_RESOURCES, SENSOR_RESOURCES } from "./ipso-sensor.ts";

/** Illuminance (3301), version 1.1. */
export const ILLUMINANCE: ObjectDefinition = {
  id: 3301,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: SENSOR_RESOURCES,
};

/** Barometer (3315), version 1.1. */
export const BAROMETER: ObjectDefinition = {
  id: 3315,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: SENSOR_RESOURCES,
};

/** Voltage (3316), version 1.1. */
export const VOLTAGE: ObjectDefinition = {
  id: 3316,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Current (3317), version 1.1. */
export const CURRENT: ObjectDefinition = {
  id: 3317,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Frequency (3318), version 1.1. */
export const FREQUENCY: ObjectDefinition = {
  id: 3318,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Depth (3319), version 1.1. */
export const DEPTH: ObjectDefinition = {
  id: 3319,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Altitude (3321), version 1.1. */
export const ALTITUDE_SENSOR: ObjectDefinition = {
  id: 3321,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Load (3322), version 1.1. */
export const LOAD: ObjectDefinition = {
  id: 3322,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Pressure (3323), version 1.1. */
export const PRESSURE: ObjectDefinition = {
  id: 3323,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Loudness (3324), version 1.1. */
export const LOUDNESS: ObjectDefinition = {
  id: 3324,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Concentration (3325), version 1.1. */
export const CONCENTRATION: ObjectDefinition = {
  id: 3325,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Acidity (3326), version 1.1. */
export const ACIDITY: ObjectDefinition = {
  id: 3326,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Conductivity (3327), version 1.1. */
export const CONDUCTIVITY: ObjectDefinition = {
  id: 3327,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Power (3328), version 1.1. */
export const POWER: ObjectDefinition = {
  id: 3328,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Power Factor (3329), version 1.1. */
export const POWER_FACTOR_SENSOR: ObjectDefinition = {
  id: 3329,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Distance (3330), version 1.1. */
export const DISTANCE: ObjectDefinition = {
  id: 3330,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};

/** Rate (3346), version 1.1. */
export const RATE: ObjectDefinition = {
  id: 3346,
  version: "1.1",
  multiple: true,
  mandatory: false,
  resources: CALIBRATED_SENSOR_RESOURCES,
};
