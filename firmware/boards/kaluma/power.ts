/**
 * Power on Kaluma.
 */
import type { Power } from "../../ports.ts";

/** Time for the answer to go out before the reboot that it announced, ms. */
const REBOOT_DELAY = 500;

/** A program cannot reset the chip but by a watchdog that nobody feeds. */
function reboot(): void {
  setTimeout(function () {
    new (require("wdt").WDT)(1);
  }, REBOOT_DELAY);
}

export const KALUMA_POWER: Power = {
  /** Leaving the network is all that could be done, and joining it again stops the program for seconds. */
  setRadio: function () {},
  reboot: reboot,
  /** Nothing that a server writes outlives a reboot. */
  factoryReset: reboot,
};
