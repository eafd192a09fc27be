/**
 * Time on Espruino: the one clock there is, made monotonic, and the one alarm.
 */
import type { Alarm, CalendarClock, MonotonicClock } from "../../ports.ts";

/** Timers count milliseconds in 31 bits here too; a longer wait rings early, which is harmless. */
const LONGEST_TIMEOUT = 2147483647;

/** What setting the clock took away from the monotonic time, ms. */
let offset = 0;
/** By how much the clock is behind, s: the interpreter for Linux leaves its own as it was. */
let lag = 0;

export const ESPRUINO_CLOCK: MonotonicClock = {
  now: function () {
    return getTime() * 1000 + offset;
  },
};

export const ESPRUINO_CALENDAR: CalendarClock = {
  seconds: function () {
    return getTime() + lag;
  },
  setSeconds: function (seconds) {
    const before = getTime();
    setTime(seconds);
    const after = getTime();
    offset += (before - after) * 1000;
    lag = seconds - after;
    return true;
  },
};

export class EspruinoAlarm implements Alarm {
  private timer: number | undefined = undefined;

  arm(at: number, ring: () => void): void {
    // clearTimeout(undefined) throws, and without an argument it clears every timer of the board.
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    if (at === Infinity) return;
    const alarm = this;
    const wait = Math.max(at - ESPRUINO_CLOCK.now(), 0);
    this.timer = setTimeout(
      function () {
        alarm.timer = undefined;
        ring();
      },
      Math.min(wait, LONGEST_TIMEOUT),
    );
  }
}
