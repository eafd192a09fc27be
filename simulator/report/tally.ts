/**
 * What a fleet counts while it runs, and the report that follows from it.
 *
 * **Lost** is the number that decides whether a run was good: requests of ours (Register, Update, De-register) that were never
 * answered, plus endpoints that never got registered although the server answered them.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { LatencyHistogram, type LatencySnapshot } from "./latency-histogram.ts";

/** The counters of a run, each a plain sum, so that those of several processes add up. */
export interface Counts {
  /** Endpoints that have been registered at least once. */
  registered: number;
  /** Answered Registers, again after a 4.04 or an expiry included. */
  registrations: number;
  /** Answered Updates. */
  updates: number;
  /** Notifications sent, Confirmable or not. */
  notifications: number;
  /** Endpoints whose De-register was answered. */
  deregistered: number;
  /** The server's requests that our devices answered. */
  requestsAnswered: number;
  /** Requests of ours that were never answered. */
  unanswered: number;
  /** Endpoints that were answered but never registered. */
  neverRegistered: number;
  /** Datagrams that came while a device's radio was off. */
  missedAsleep: number;
  /** Seconds that the radios of devices in queue mode were on, and those that their accounts of it run; both up to the last look. */
  radioOnSeconds: number;
  accountedSeconds: number;
  /** Times that such a radio went on. */
  wakeUps: number;
  /** Times the host reported that the server cannot be reached: nothing listens at its port, or there is no way to it. */
  refused: number;
}

/** A tally as it travels between processes. */
export interface TallySnapshot {
  readonly counts: Readonly<Counts>;
  readonly errors: Readonly<Record<string, number>>;
  readonly latency: LatencySnapshot;
}

/** The report of `--json FILE`, member by member. */
export interface FleetReport {
  /** Endpoints asked for. */
  readonly count: number;
  readonly registered: number;
  readonly updates: number;
  readonly notifications: number;
  readonly deregistered: number;
  readonly lost: number;
  /** Error responses of the server to requests of ours, by code: `{ "4.04": 2 }`. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the first transmission of a request of ours to its response, retransmissions included. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly seconds: number;
  /** Of a fleet in queue mode: what a device's battery feels, per device and day, as far as the run tells. */
  readonly energy?: {
    readonly radioOnSecondsPerDay: number;
    readonly wakeUpsPerDay: number;
  };
}

const SECONDS_PER_DAY = 86400;

export class Tally {
  readonly counts: Counts = {
    registered: 0,
    registrations: 0,
    updates: 0,
    notifications: 0,
    deregistered: 0,
    requestsAnswered: 0,
    unanswered: 0,
    neverRegistered: 0,
    missedAsleep: 0,
    radioOnSeconds: 0,
    accountedSeconds: 0,
    wakeUps: 0,
    refused: 0,
  };
  readonly errors: Record<string, number> = {};
  readonly latency = new LatencyHistogram();

  lost(): number {
    return this.counts.unanswered + this.counts.neverRegistered;
  }

  /** @param code as the RFCs write it, `4.04` */
  recordError(code: string, times = 1): void {
    this.errors[code] = (this.errors[code] ?? 0) + times;
  }

  snapshot(): TallySnapshot {
    return {
      counts: { ...this.counts },
      errors: { ...this.errors },
      latency: this.latency.snapshot(),
    };
  }

  /** Adds what another process counted. */
  merge(other: TallySnapshot): void {
    for (const name of Object.keys(this.counts) as (keyof Counts)[]) {
      this.counts[name] += other.counts[name];
    }
    for (const code of Object.keys(other.errors)) this.recordError(code, other.errors[code]);
    this.latency.merge(other.latency);
  }

  /**
   * @param count endpoints asked for
   * @param elapsed how long the run took
   */
  report(count: number, elapsed: Milliseconds): FleetReport {
    const { registered, updates, notifications, deregistered } = this.counts;
    const errors: Record<string, number> = {};
    for (const code of Object.keys(this.errors).sort()) errors[code] = this.errors[code];
    return {
      count,
      registered,
      updates,
      notifications,
      deregistered,
      lost: this.lost(),
      errors,
      latencyMs: {
        p50: withThreeDecimals(this.latency.percentile(0.5)),
        p90: withThreeDecimals(this.latency.percentile(0.9)),
        p99: withThreeDecimals(this.latency.percentile(0.99)),
        max: withThreeDecimals(this.latency.max),
      },
      seconds: Math.round(elapsed) / 1000,
      ...this.energy(),
    };
  }

  private energy(): Pick<FleetReport, "energy"> {
    const { radioOnSeconds, accountedSeconds, wakeUps } = this.counts;
    if (accountedSeconds === 0) return {};
    const perDay = (sum: number) => Math.round((sum / accountedSeconds) * SECONDS_PER_DAY);
    return {
      energy: { radioOnSecondsPerDay: perDay(radioOnSeconds), wakeUpsPerDay: perDay(wakeUps) },
    };
  }
}

/** A board clock would call the rest noise. */
function withThreeDecimals(latency: Milliseconds): Milliseconds {
  return Math.round(latency * 1000) / 1000;
}
