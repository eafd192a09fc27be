/**
 * Time that passes only when nothing is left to happen: days of it in seconds, and the same order of events every run.
 */
import { type Milliseconds, NEVER } from "../protocol/time/duration.ts";

/** Anything that waits for a moment: a machine, or a host loop around machines. */
export interface Timed {
  deadline(): Milliseconds;
  /** Called when `deadline()` has come; must move it on or do something about it. */
  handleTimeout(now: Milliseconds): void;
}

/** Rounds at one instant after which the parts are taken to wake each other for ever. */
const MAX_ROUNDS = 1000000;

/** A clock, and the loop that jumps it from one deadline to the next. */
export class VirtualTime {
  /** The current virtual time, ms since the run began. */
  now: Milliseconds = 0;
  private readonly parts: Timed[] = [];

  /** Parts due at the same instant run in the order in which they were added. */
  add(part: Timed): void {
    this.parts.push(part);
  }

  /** The next instant at which something happens; NEVER when all is quiet for good. */
  deadline(): Milliseconds {
    let earliest = NEVER;
    for (const part of this.parts) earliest = Math.min(earliest, part.deadline());
    return earliest;
  }

  /** Runs everything that is due up to and including `until`, and leaves the clock there. */
  runUntil(until: Milliseconds): void {
    let rounds = 0;
    for (;;) {
      const next = this.deadline();
      if (next > until) break;
      if (next > this.now) {
        this.now = next;
        rounds = 0;
      } else if (++rounds > MAX_ROUNDS) {
        throw new Error(`Virtual time stands still at ${this.now} ms: a deadline never moves on`);
      }
      for (const part of this.parts) {
        if (part.deadline() <= this.now) part.handleTimeout(this.now);
      }
    }
    if (until > this.now && until !== NEVER) this.now = until;
  }

  runFor(duration: Milliseconds): void {
    this.runUntil(this.now + duration);
  }

  /** Runs while something is pending, but no longer than `limit`. Returns true when it ended by itself. */
  runWhile(isPending: () => boolean, limit: Milliseconds): boolean {
    const end = this.now + limit;
    while (isPending()) {
      const next = this.deadline();
      if (next > end) {
        this.runUntil(end);
        return !isPending();
      }
      this.runUntil(Math.max(next, this.now));
    }
    return true;
  }
}

interface Event<T> {
  at: Milliseconds;
  /** Breaks ties: first put, first taken. */
  order: number;
  item: T;
}

/** Things that happen later, taken in order of time and, at the same instant, in the order they were put. */
export class EventQueue<T> {
  private readonly heap: Event<T>[] = [];
  private order = 0;

  get size(): number {
    return this.heap.length;
  }

  deadline(): Milliseconds {
    return this.heap.length === 0 ? NEVER : this.heap[0].at;
  }

  put(at: Milliseconds, item: T): void {
    const event = { at, order: this.order++, item };
    const heap = this.heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = event;
  }

  /** The next item that is due at `now`, or undefined. */
  take(now: Milliseconds): T | undefined {
    const heap = this.heap;
    if (heap.length === 0 || heap[0].at > now) return undefined;
    const first = heap[0].item;
    const last = heap.pop() as Event<T>;
    if (heap.length > 0) this.sink(last);
    return first;
  }

  /** Puts an event in the place of the first and lets it sink to where it belongs. */
  private sink(event: Event<T>): void {
    const heap = this.heap;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], event)) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = event;
  }
}

function isBefore<T>(left: Event<T>, right: Event<T>): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}
