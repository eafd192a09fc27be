import {
  EXECUTE,
  FLOAT,
  INTEGER,
  MANDATORY,
  NONE,
  READ,
  STRING,
  TIME,
  WRITE,
} from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import {
  APPLICATION_TYPE,
  CUMULATIVE_ACTIVE_POWER,
  FRACTIONAL_TIMESTAMP,
  MEASUREMENT_QUALITY_INDICATOR,
  MEASUREMENT_QUALITY_LEVEL,
  POWER_FACTOR,
  RESET_MIN_MAX,
  TIMESTAMP,
} from "../../protocol/model/objects/ipso-resources.ts";

export const INSTANTANEOUS_ACTIVE_POWER = 5800;

/** Power Measurement (3305), version 1.1 of the OMA registry. */
export const POWER_MEASUREMENT: ObjectDefinition = {
  id: 3305,
  version: "1.1",
  multiple: true,
  mandatory: false,
  // biome-ignore format: one resource per line
  resources: new Uint16Array([
    TIMESTAMP, TIME | READ,
    RESET_MIN_MAX, NONE | EXECUTE,
    APPLICATION_TYPE, STRING | READ | WRITE,
    INSTANTANEOUS_ACTIVE_POWER, FLOAT | READ | MANDATORY,
    5801, FLOAT | READ,
    5802, FLOAT | READ,
    5803, FLOAT | READ,
    5804, FLOAT | READ,
    CUMULATIVE_ACTIVE_POWER, FLOAT | READ,
    5806, FLOAT | WRITE,
    5810, FLOAT | READ,
    5811, FLOAT | READ,
    5812, FLOAT | READ,
    5813, FLOAT | READ,
    5814, FLOAT | READ,
    5815, FLOAT | READ,
    5816, FLOAT | WRITE,
    POWER_FACTOR, FLOAT | READ,
    5821, FLOAT | READ | WRITE,
    5822, NONE | EXECUTE,
    MEASUREMENT_QUALITY_INDICATOR, INTEGER | READ,
    MEASUREMENT_QUALITY_LEVEL, INTEGER | READ,
    FRACTIONAL_TIMESTAMP, FLOAT | READ,
  ]),
};
