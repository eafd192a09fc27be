/**
 * Counts transactions per 24 hours, as GET /limits tells them (mbed Device Connector, "Traffic limits"): registrations, updates,
 * removals and notifications coming in, requests and subscriptions going out.
 */
import { HOUR, type Milliseconds } from "../../protocol/time/duration.ts";

export interface Quotas {
  /** Transactions per 24 hours; requests beyond it are refused. */
  readonly transactions: number;
  /** Registered endpoints. */
  readonly endpoints: number;
}

const WINDOW: Milliseconds = 24 * HOUR;

export class TrafficMeter {
  readonly quotas: Quotas;
  private count = 0;
  private windowEnd: Milliseconds;

  constructor(now: Milliseconds, quotas: Quotas) {
    this.quotas = quotas;
    this.windowEnd = now + WINDOW;
  }

  record(now: Milliseconds): void {
    this.roll(now);
    this.count++;
  }

  transactions(now: Milliseconds): number {
    this.roll(now);
    return this.count;
  }

  /** How long to wait until a request is taken again; 0 when one is taken now. */
  refusedFor(now: Milliseconds): Milliseconds {
    this.roll(now);
    return this.count < this.quotas.transactions ? 0 : this.windowEnd - now;
  }

  private roll(now: Milliseconds): void {
    if (now < this.windowEnd) return;
    this.count = 0;
    this.windowEnd = now + WINDOW;
  }
}
