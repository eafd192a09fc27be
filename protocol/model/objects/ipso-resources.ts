/**
 * Resource ids that sensors and actuators share (OMA registry, reusable resources).
 */

export const DIGITAL_INPUT_STATE = 5500;
export const DIGITAL_INPUT_COUNTER = 5501;
export const TIMESTAMP = 5518;
export const MIN_MEASURED = 5601;
export const MAX_MEASURED = 5602;
export const MIN_RANGE = 5603;
export const MAX_RANGE = 5604;
export const RESET_MIN_MAX = 5605;
export const SENSOR_VALUE = 5700;
export const SENSOR_UNITS = 5701;
export const COLOUR = 5706;
export const APPLICATION_TYPE = 5750;
export const CUMULATIVE_ACTIVE_POWER = 5805;
export const POWER_FACTOR = 5820;
export const ON_OFF = 5850;
export const DIMMER = 5851;
export const ON_TIME = 5852;
export const MULTI_STATE_OUTPUT = 5853;
export const MEASUREMENT_QUALITY_INDICATOR = 6042;
export const MEASUREMENT_QUALITY_LEVEL = 6049;
export const FRACTIONAL_TIMESTAMP = 6050;
