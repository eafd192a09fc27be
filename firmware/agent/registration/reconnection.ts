/**
 * When to connect again after a connection that carried a registration has ended. A server that restarts, or a cell that goes down, ends
 * all connections at once: each device takes a moment of its own, within a time that doubles as long as connections do not last.
 *
 * Only for connections that there were. One that cannot be made is a Register that fails, with the pauses of registration.
 */
import type { Random } from "../../../protocol/ports.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { MINUTE, SECOND } from "../../../protocol/time/duration.ts";

const FIRST_SPREAD: Milliseconds = 5 * SECOND;
const LONGEST_SPREAD: Milliseconds = 5 * MINUTE;
/** A connection that lasted so long was a good one. */
const LASTING: Milliseconds = 10 * MINUTE;
/** One more than the largest number of `Random`. */
const RANDOM_RANGE = 4294967296;

export class Reconnection {
  private readonly first: Milliseconds;
  private spread: Milliseconds;
  private endedAt: Milliseconds = 0;

  /** @param spreadOver the first time to take a moment of; undefined for 5 s */
  constructor(spreadOver: Milliseconds | undefined) {
    this.first = spreadOver === undefined ? FIRST_SPREAD : Math.max(spreadOver, FIRST_SPREAD);
    this.spread = this.first;
  }

  /** A connection has ended. Returns how long to wait. */
  handleEnd(now: Milliseconds, random: Random): Milliseconds {
    if (now - this.endedAt >= LASTING) this.spread = this.first;
    const wait = Math.floor((random.uint32() / RANDOM_RANGE) * this.spread);
    this.spread = Math.max(this.spread, Math.min(2 * this.spread, LONGEST_SPREAD));
    this.endedAt = now;
    return wait;
  }
}
