/**
 * Power on Espruino.
 */
import type { Power } from "../../ports.ts";

/** Time for the answer to go out before the reboot that it announced, ms. */
const REBOOT_DELAY = 500;

function reboot(): void {
  setTimeout(function () {
    E.reboot();
  }, REBOOT_DELAY);
}

export const ESPRUINO_POWER: Power = {
  /** Boards differ in how a radio is switched; what is common to all of them leaves it on. */
  setRadio: function () {},
  reboot: reboot,
  /** Nothing that a server writes outlives a reboot. */
  factoryReset: reboot,
};
