/**
 * Power on Node: there is no radio to switch, and a reboot is what the application makes of it.
 */
import type { Power } from "../../ports.ts";

/** Time for the answer to go out before the reboot that it announced, ms. */
const REBOOT_DELAY = 100;

export class NodePower implements Power {
  /** The device restarts; `toFactory` when it also has to forget its configuration. */
  onReboot: ((toFactory: boolean) => void) | undefined = undefined;

  setRadio(_isOn: boolean): void {}

  reboot(): void {
    setTimeout(() => this.onReboot?.(false), REBOOT_DELAY).unref();
  }

  factoryReset(): void {
    setTimeout(() => this.onReboot?.(true), REBOOT_DELAY).unref();
  }
}
