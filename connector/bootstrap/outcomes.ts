/** What became of bootstraps: of each device the last few, also across restarts. Bounded: whoever was bootstrapped longest ago is forgotten first. */
import type { Journal, Table } from "../store/store.ts";
import type { BootstrapEvent, BootstrapVia } from "./events.ts";

/** One bootstrap that has ended, or an attempt to make a device ask for one. Never changed. */
export interface Outcome {
  /** Calendar milliseconds. */
  readonly endedAt: number;
  /** How long it took, milliseconds. */
  readonly took: number;
  readonly via: BootstrapVia | "trigger";
  readonly outcome: "finished" | "failed";
  /** One line for people, exactly when it failed. */
  readonly reason?: string | undefined;
  /** The device's transport address; empty for a trigger. */
  readonly address: string;
  /** Where its configuration is written, `configuration` or `rule NAME`. */
  readonly source: string;
  readonly steps: number;
  /** What was read of the device: path -> value. */
  readonly found: Readonly<Record<string, string>>;
}

interface OutcomesRow {
  readonly endpointName: string;
  /** Whose the device was. Nobody else gets to know. */
  readonly domainId: string;
  /** The latest first. */
  readonly outcomes: readonly Outcome[];
}

/** What is under way. */
export interface Running {
  readonly startedAt: number;
  readonly via: BootstrapVia;
  readonly address: string;
  readonly source: string;
}

const MOST_DEVICES = 20_000;
const MOST_OF_DEVICE = 5;
const MOST_RUNNING = 10_000;

export class Outcomes {
  private readonly table: Table<OutcomesRow>;
  private readonly calendarNow: () => number;
  private readonly domainOf: (endpointName: string) => string;
  /** Whoever was bootstrapped last is the last. */
  private readonly rows = new Map<string, OutcomesRow>();
  /** By the session's id. */
  private readonly running = new Map<number, { endpointName: string; running: Running }>();

  constructor(
    store: Journal,
    calendarNow: () => number,
    domainOf: (endpointName: string) => string,
  ) {
    this.domainOf = domainOf;
    this.table = store.table("bootstrap-outcomes");
    this.calendarNow = calendarNow;
    const rows = [...this.table.entries()].map(([, row]) => row);
    rows.sort((one, other) => latestOf(one) - latestOf(other));
    for (const row of rows) this.rows.set(row.endpointName, row);
  }

  /** How many devices are remembered. */
  get size(): number {
    return this.rows.size;
  }

  /** The latest first. */
  of(endpointName: string): readonly Outcome[] {
    const row = this.rows.get(endpointName);
    return row?.domainId === this.domainOf(endpointName) ? row.outcomes : [];
  }

  /** The devices of a domain of which something is known. */
  *devicesOf(domainId: string): Iterable<string> {
    for (const row of this.rows.values()) {
      const isItsOwn = row.domainId === domainId && this.domainOf(row.endpointName) === domainId;
      if (isItsOwn) yield row.endpointName;
    }
  }

  /** What is under way with a device, the latest of several. */
  runningOf(endpointName: string): Running | undefined {
    let found: Running | undefined;
    for (const each of this.running.values()) {
      if (each.endpointName === endpointName) found = each.running;
    }
    return found;
  }

  /** A device belongs to another domain from now on: what became of it before is none of that one's business. */
  handleMove(endpointName: string): void {
    if (!this.rows.delete(endpointName)) return;
    this.table.remove(endpointName);
  }

  handleEvent(event: BootstrapEvent): void {
    const { sessionId, endpointName, via, address, source } = event;
    const now = this.calendarNow();
    if (event.kind === "bootstrap-started") {
      if (this.running.size < MOST_RUNNING) {
        const running = { startedAt: now, via, address, source };
        this.running.set(sessionId, { endpointName, running });
      }
      return;
    }
    const startedAt = this.running.get(sessionId)?.running.startedAt ?? now;
    this.running.delete(sessionId);
    this.add(endpointName, {
      endedAt: now,
      took: Math.max(0, now - startedAt),
      via,
      outcome: event.kind === "bootstrap-finished" ? "finished" : "failed",
      ...(event.kind === "bootstrap-failed" && { reason: event.reason }),
      address,
      source,
      steps: event.steps,
      found: event.found,
    });
  }

  add(endpointName: string, outcome: Outcome): void {
    const outcomes = [outcome, ...this.of(endpointName)].slice(0, MOST_OF_DEVICE);
    const row = { endpointName, domainId: this.domainOf(endpointName), outcomes };
    this.rows.delete(endpointName);
    this.rows.set(endpointName, row);
    this.table.put(endpointName, row);
    if (this.rows.size <= MOST_DEVICES) return;
    for (const oldest of this.rows.keys()) {
      this.rows.delete(oldest);
      this.table.remove(oldest);
      return;
    }
  }
}

function latestOf({ outcomes }: OutcomesRow): number {
  return outcomes[0]?.endedAt ?? 0;
}
