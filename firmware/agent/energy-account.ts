/**
 * How long a device's radio is on, and how often it is woken: what a battery feels of the agent. The radio is on while any server may
 * reach the device (LwM2M Transport 1.2.2 §6.5).
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { DAY, SECOND } from "../../protocol/time/duration.ts";

export class EnergyAccount {
  /** Times the radio went on. */
  wakeUps = 0;
  private readonly begunAt: Milliseconds;
  private onSince: Milliseconds = -1;
  private onBefore: Milliseconds = 0;

  constructor(now: Milliseconds) {
    this.begunAt = now;
  }

  /** The radio is on, or off, from now on. */
  note(now: Milliseconds, isOn: boolean): void {
    if (isOn === this.onSince >= 0) return;
    if (isOn) {
      this.wakeUps++;
      this.onSince = now;
    } else {
      this.onBefore += now - this.onSince;
      this.onSince = -1;
    }
  }

  /** How long the account runs. */
  elapsed(now: Milliseconds): Milliseconds {
    return now - this.begunAt;
  }

  /** How long the radio was on in that time. */
  radioOn(now: Milliseconds): Milliseconds {
    return this.onBefore + (this.onSince < 0 ? 0 : now - this.onSince);
  }

  /** Radio-on seconds per day, from what was so far; 0 before any time has passed. */
  secondsPerDay(now: Milliseconds): number {
    const elapsed = this.elapsed(now);
    return elapsed <= 0 ? 0 : (this.radioOn(now) / elapsed) * (DAY / SECOND);
  }
}
