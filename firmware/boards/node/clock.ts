/**
 * Time on Node: the monotonic clock, the time of day, and the one alarm.
 */
import { performance } from "node:perf_hooks";
import { NEVER } from "../../../protocol/time/duration.ts";
import type { Alarm, CalendarClock, MonotonicClock } from "../../ports.ts";

/** What setTimeout can count to; a longer wait rings early, which is harmless. */
const LONGEST_TIMEOUT = 2147483647;

export const NODE_CLOCK: MonotonicClock = { now: () => performance.now() };

/** The host's clock, which stays as it is: setting it moves what this device calls the time. */
export class NodeCalendar implements CalendarClock {
  private offset = 0;

  seconds(): number {
    return Date.now() / 1000 + this.offset;
  }

  setSeconds(seconds: number): boolean {
    this.offset = seconds - Date.now() / 1000;
    return true;
  }

  /** The host's time again. */
  reset(): void {
    this.offset = 0;
  }
}

export class NodeAlarm implements Alarm {
  private timeout: NodeJS.Timeout | undefined = undefined;

  arm(at: number, ring: () => void): void {
    clearTimeout(this.timeout);
    this.timeout = undefined;
    if (at === NEVER) return;
    // Rounded up, else it rings before its time and has nothing to do.
    const wait = Math.ceil(at - performance.now());
    this.timeout = setTimeout(ring, Math.min(Math.max(wait, 0), LONGEST_TIMEOUT));
  }
}
