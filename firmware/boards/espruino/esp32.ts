/**
 * Deep sleep on an ESP32: everything is off but the clock, and then the board boots.
 */
import type { Power } from "../../ports.ts";
import { ESPRUINO_POWER } from "./power.ts";

/** `ESP32.deepSleep` takes microseconds in a signed integer of 32 bits; what is longer would not end. Whoever wakes early sleeps on. */
const LONGEST_SLEEP = 2147000;
/** ESP_SLEEP_WAKEUP_TIMER. */
const BY_TIMER = 4;

export const ESP32_POWER: Power = {
  setRadio: ESPRUINO_POWER.setRadio,
  deepSleep: function (period) {
    ESP32.deepSleep(Math.floor(Math.min(period, LONGEST_SLEEP) * 1000));
  },
  reboot: ESPRUINO_POWER.reboot,
  factoryReset: ESPRUINO_POWER.factoryReset,
};

/** The board wakes from a deep sleep whose time was over, not from a reset or another cause. */
export function wokeInTime(): boolean {
  return ESP32.getWakeupCause() === BY_TIMER;
}

/** True on boards of this kind. */
export function isEsp32(): boolean {
  return typeof ESP32 !== "undefined";
}
