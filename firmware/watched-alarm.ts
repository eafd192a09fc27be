/**
 * An alarm of which somebody else can tell whether it still works: what it was armed for has to happen, or has to be put off. A watchdog is
 * fed as long as it does.
 */
import type { Milliseconds } from "../protocol/time/duration.ts";
import type { Alarm, MonotonicClock } from "./ports.ts";

export class WatchedAlarm implements Alarm {
  private readonly alarm: Alarm;
  private readonly clock: MonotonicClock;
  private due: number = Infinity;

  constructor(alarm: Alarm, clock: MonotonicClock) {
    this.alarm = alarm;
    this.clock = clock;
  }

  arm(at: Milliseconds, ring: () => void): void {
    this.due = Math.max(at, this.clock.now());
    this.alarm.arm(at, ring);
  }

  /** It was due so long ago, and nobody has armed it again. */
  isLate(patience: Milliseconds): boolean {
    return this.clock.now() >= this.due + patience;
  }
}
