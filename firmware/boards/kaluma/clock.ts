/**
 * Time on Kaluma: the milliseconds since the chip started, which nothing sets, a calendar beside them, and the one alarm.
 */
import type { Alarm, CalendarClock, MonotonicClock } from "../../ports.ts";

/** A longer wait rings early, which is harmless. */
const LONGEST_TIMEOUT = 2147483647;

export const KALUMA_CLOCK: MonotonicClock = {
  now: function () {
    return millis();
  },
};

/** What the calendar is ahead of the milliseconds. Kept here: on 1.3 any `Date.now()` of a program sets the chip's own back. */
let ahead: number | undefined;

export const KALUMA_CALENDAR: CalendarClock = {
  seconds: function () {
    if (ahead === undefined) ahead = require("rtc").getTime() - millis();
    return (millis() + ahead) / 1000;
  },
  setSeconds: function (seconds) {
    ahead = seconds * 1000 - millis();
    // It outlives a restart of the program.
    require("rtc").setTime(seconds * 1000);
    return true;
  },
};

export class KalumaAlarm implements Alarm {
  private timer: number | undefined = undefined;

  arm(at: number, ring: () => void): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    if (at === Infinity) return;

    const alarm = this;
    const wait = Math.max(at - millis(), 0);
    this.timer = setTimeout(
      function () {
        // Before anything can clear it: a timer that clears itself while it rings is freed twice.
        alarm.timer = undefined;
        ring();
      },
      Math.min(wait, LONGEST_TIMEOUT),
    );
  }
}
