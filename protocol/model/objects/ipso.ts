/**
 * IPSO's sensors and actuators, 3200 to 3348, as the OMA registry has them: each in the version that
 * is current.
 */
export { ACCELEROMETER } from "./accelerometer.ts";
export { ACTUATION } from "./actuation.ts";
export { ADDRESSABLE_TEXT_DISPLAY } from "./addressable-text-display.ts";
export { ANALOG_INPUT } from "./analog-input.ts";
export { ANALOG_OUTPUT } from "./analog-output.ts";
export { AUDIO_CLIP } from "./audio-clip.ts";
export { BUZZER } from "./buzzer.ts";
export { CLOCK } from "./clock.ts";
export { COLOUR_SENSOR } from "./colour-sensor.ts";
export { DIGITAL_INPUT } from "./digital-input.ts";
export { DIGITAL_OUTPUT } from "./digital-output.ts";
export { DIMMER_CONTROL } from "./dimmer-control.ts";
export { DIRECTION } from "./direction.ts";
export { ENERGY } from "./energy.ts";
export { GENERIC_SENSOR } from "./generic-sensor.ts";
export { GEOGRAPHIC_LOCATION } from "./geographic-location.ts";
export { GYROMETER } from "./gyrometer.ts";
export { HUMIDITY } from "./humidity.ts";
export * from "./ipso-sensors.ts";
export { LIGHT_CONTROL } from "./light-control.ts";
export { LOAD_CONTROL } from "./load-control.ts";
export { MAGNETOMETER } from "./magnetometer.ts";
export { MULTI_STATE_SELECTOR } from "./multi-state-selector.ts";
export { MULTIPLE_AXIS_JOYSTICK } from "./multiple-axis-joystick.ts";
export { ON_OFF_SWITCH } from "./on-off-switch.ts";
export { PERCENTAGE } from "./percentage.ts";
export { POSITIONER } from "./positioner.ts";
export { POWER_CONTROL } from "./power-control.ts";
export { POWER_MEASUREMENT } from "./power-measurement.ts";
export { PRESENCE } from "./presence.ts";
export { PUSH_BUTTON } from "./push-button.ts";
export { SET_POINT } from "./set-point.ts";
export { TEMPERATURE } from "./temperature.ts";
export { TIMER } from "./timer.ts";
export { UP_DOWN_CONTROL } from "./up-down-control.ts";
