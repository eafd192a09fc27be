/**
 * Counts the transactions of each domain within the last 24 hours, as GET /limits tells them (mbed Device Connector, "Traffic limits"):
 * registrations, updates, removals and notifications coming in, requests and subscriptions going out.
 *
 * The window slides by the hour: what was counted in an hour leaves it 24 hours later, so that nobody gets two days' worth around a
 * midnight. Counts survive a restart. They are stored ahead, in steps of a thousandth of the quota (1 at least, 1000 at most): after a
 * kill a domain may have counted up to one step too much, never too little, so that a quota cannot be outlived by crashing. After a
 * graceful stop they are exact.
 */
import { HOUR, type Milliseconds } from "../../../protocol/time/duration.ts";
import type { Journal, Table } from "../../store/store.ts";

export interface Quotas {
  /** Transactions of a domain per 24 hours; requests beyond it are refused. Infinity for as many as there are. */
  readonly transactions: number;
  /** Registered endpoints of a domain; others are refused. Infinity for as many as there is room for. */
  readonly endpoints: number;
}

export const UNLIMITED: Quotas = { transactions: Infinity, endpoints: Infinity };

/** A quota as JSON has it: without one, the largest whole number that every reader has. */
export function shownQuota(quota: number): number {
  return quota === Infinity ? Number.MAX_SAFE_INTEGER : quota;
}

/** One domain's counts. Replaced rather than changed. */
interface StoredTraffic {
  /** Calendar hour -> transactions in it; at most 25 of them. */
  readonly hours: readonly (readonly [hour: number, count: number])[];
}

interface Traffic {
  /** Calendar hours with their counts, the oldest first. */
  readonly hours: { readonly hour: number; count: number }[];
  total: number;
  /** What was stored for the running hour. */
  stored: number;
}

const WINDOW_HOURS = 24;
const LARGEST_STEP = 1000;
/** Of the quota. */
const STEP_SHARE = 1 / 1000;

export class TrafficMeter {
  readonly quotas: Quotas;
  private readonly table: Table<StoredTraffic>;
  /** Calendar time minus the monotonic clock. */
  private readonly calendarOffset: number;
  private readonly byDomain = new Map<string, Traffic>();
  private readonly step: number;

  /** @param calendarNow calendar milliseconds at `now` */
  constructor(now: Milliseconds, calendarNow: number, store: Journal, quotas: Quotas) {
    this.quotas = quotas;
    this.calendarOffset = calendarNow - now;
    this.step = Math.max(1, Math.min(LARGEST_STEP, Math.floor(quotas.transactions * STEP_SHARE)));
    this.table = store.table("traffic");
    const hourNow = this.hourOf(now);
    for (const [domain, { hours }] of this.table.entries()) {
      const traffic = this.of(domain);
      for (const [hour, count] of hours) {
        // A calendar that was set back must not keep a count for longer than a day.
        traffic.hours.push({ hour: Math.min(hour, hourNow), count });
        traffic.total += count;
        traffic.stored = count;
      }
    }
  }

  record(now: Milliseconds, domain: string): void {
    const traffic = this.of(domain);
    const hour = this.roll(now, traffic);
    let running = traffic.hours.at(-1);
    if (running === undefined || running.hour < hour) {
      running = { hour, count: 0 };
      traffic.hours.push(running);
      traffic.stored = 0;
    }
    running.count++;
    traffic.total++;
    if (running.count > traffic.stored) this.store(domain, traffic, running.count - 1 + this.step);
  }

  /** The transactions of a domain within the last 24 hours. */
  transactions(now: Milliseconds, domain: string): number {
    const traffic = this.of(domain);
    this.roll(now, traffic);
    return traffic.total;
  }

  /** How long a domain has to wait until a request is taken again; 0 when one is taken now. */
  refusedFor(now: Milliseconds, domain: string): Milliseconds {
    const traffic = this.of(domain);
    this.roll(now, traffic);
    let excess = traffic.total - this.quotas.transactions + 1;
    if (excess <= 0) return 0;
    for (const { hour, count } of traffic.hours) {
      excess -= count;
      if (excess <= 0) return (hour + WINDOW_HOURS) * HOUR - (now + this.calendarOffset);
    }
    return WINDOW_HOURS * HOUR;
  }

  /** Stores the exact counts; for the end of a run. */
  save(): void {
    for (const [domain, traffic] of this.byDomain) {
      const running = traffic.hours.at(-1);
      if (running !== undefined && running.count !== traffic.stored) {
        this.store(domain, traffic, running.count);
      }
    }
  }

  private of(domain: string): Traffic {
    let traffic = this.byDomain.get(domain);
    if (traffic === undefined) {
      traffic = { hours: [], total: 0, stored: 0 };
      this.byDomain.set(domain, traffic);
    }
    return traffic;
  }

  /** Lets go of the hours that have left the window; returns the running one. */
  private roll(now: Milliseconds, traffic: Traffic): number {
    const hour = this.hourOf(now);
    for (
      let oldest = traffic.hours[0];
      oldest !== undefined && oldest.hour <= hour - WINDOW_HOURS;
      oldest = traffic.hours[0]
    ) {
      traffic.total -= oldest.count;
      traffic.hours.shift();
    }
    return hour;
  }

  private hourOf(now: Milliseconds): number {
    return Math.floor((now + this.calendarOffset) / HOUR);
  }

  private store(domain: string, traffic: Traffic, running: number): void {
    traffic.stored = running;
    const last = traffic.hours.length - 1;
    this.table.put(domain, {
      hours: traffic.hours.map(({ hour, count }, at) => [hour, at === last ? running : count]),
    });
  }
}
