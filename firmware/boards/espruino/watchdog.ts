/**
 * The chip's watchdog over the agent's alarm, on boards that have one: STM32, nRF5x, ESP32, RP2xxx; elsewhere the calls do nothing. A board
 * whose alarm was due and was not armed again, since a memory error cut the handler short for example, starts anew.
 */
import type { Alarm } from "../../ports.ts";
import { WatchedAlarm } from "../../watched-alarm.ts";
import { ESPRUINO_CLOCK } from "./clock.ts";

/** Of the watchdog's time, how often it is looked whether all is well. */
const SHARE = 4;

/** The alarm, watched over. @param seconds until the board restarts */
export function guarded(alarm: Alarm, seconds: number): Alarm {
  const patience = (seconds * 1000) / SHARE;
  const watched = new WatchedAlarm(alarm, ESPRUINO_CLOCK);
  E.enableWatchdog(seconds, false);
  setInterval(function () {
    if (!watched.isLate(patience)) E.kickWatchdog();
  }, patience);
  return watched;
}
