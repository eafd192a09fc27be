/**
 * The chip's watchdog over the agent's alarm: JerryScript ends for ever when it is out of memory, and a handler that throws is not called
 * again. Then, and when the network is gone for so long that joining it takes more than the watchdog's time, the board starts anew.
 */
import type { Alarm } from "../../ports.ts";
import { WatchedAlarm } from "../../watched-alarm.ts";
import { KALUMA_CLOCK } from "./clock.ts";

/** The longest there is, ms. */
const TIME = 8300;
/** Of the watchdog's time, how often it is looked whether all is well. */
const SHARE = 4;

/** The alarm, watched over until the board restarts. */
export function guarded(alarm: Alarm): Alarm {
  const watched = new WatchedAlarm(alarm, KALUMA_CLOCK);
  const watchdog = new (require("wdt").WDT)(TIME);
  setInterval(function () {
    if (!watched.isLate(TIME)) watchdog.feed();
  }, TIME / SHARE);
  return watched;
}
