/**
 * Which server's turn it is to be registered with (LwM2M Core 1.2.2 §6.2.1.1, resources /1/x/13 to /1/x/15). Lets go of one after the
 * other; what each then does is its own affair. Knows no time but the one it is told.
 *
 *   /1/x/13 absent   at once: "not impacted by other server registrations" (§E.2)
 *   /1/x/13          in increasing order; of equals the one with the lower instance of object 1 first
 *   the next one     once the one before is registered, or has failed and /1/x/15 does not block
 *   a blocked order  goes on when the server that blocks it is registered after all
 *   /1/x/14          from when its turn comes until it has been registered once
 *
 * A server that failed and was passed over goes on trying by itself; the order does not wait for it again.
 */
import type { Milliseconds } from "../../../protocol/time/duration.ts";

/** One server, as the order sees it. */
export interface Candidate {
  /** Of object 1. */
  readonly instanceId: number;
  /** /1/x/13; undefined for one outside the order. */
  priority(): number | undefined;
  /** /1/x/14, or 0 when it does not hold any more. */
  initialDelay(): Milliseconds;
  /** /1/x/15. */
  blocks(): boolean;
  isRegistered(): boolean;
  /** Register at this time. */
  letGo(now: Milliseconds, at: Milliseconds): void;
}

export class RegistrationOrder {
  /** Those whose turn has not come, and before them the one whose turn it is. */
  private waiting: readonly Candidate[];

  /** @param at not before it, though the order begins now */
  constructor(now: Milliseconds, at: Milliseconds, candidates: readonly Candidate[]) {
    const ordered: Candidate[] = [];
    for (let i = 0; i < candidates.length; i++) {
      if (candidates[i].priority() === undefined) release(now, at, candidates[i]);
      else ordered.push(candidates[i]);
    }
    this.waiting = sorted(ordered);
    this.release(now, at);
  }

  /** True when nobody waits for anybody any more. */
  isOver(): boolean {
    return this.waiting.length < 2;
  }

  /** True for one whose turn has not come. */
  isWaiting(candidate: Candidate): boolean {
    return this.waiting.indexOf(candidate) > 0;
  }

  handleRegistered(now: Milliseconds, candidate: Candidate): void {
    if (candidate === this.waiting[0]) this.pass(now);
  }

  /** Registration failed, by what its account says of retries, or was rejected. */
  handleFailed(now: Milliseconds, candidate: Candidate): void {
    if (candidate === this.waiting[0] && !candidate.blocks()) this.pass(now);
  }

  private pass(now: Milliseconds): void {
    this.waiting = this.waiting.slice(1);
    this.release(now, now);
  }

  private release(now: Milliseconds, at: Milliseconds): void {
    while (this.waiting.length > 0 && this.waiting[0].isRegistered()) {
      this.waiting = this.waiting.slice(1);
    }
    if (this.waiting.length > 0) release(now, at, this.waiting[0]);
  }
}

function release(now: Milliseconds, at: Milliseconds, candidate: Candidate): void {
  candidate.letGo(now, at + candidate.initialDelay());
}

/** By priority, then by instance: sorting in place is not stable on every engine. */
function sorted(candidates: readonly Candidate[]): readonly Candidate[] {
  const list: Candidate[] = [];
  for (let i = 0; i < candidates.length; i++) {
    let at = list.length;
    while (at > 0 && isBefore(candidates[i], list[at - 1])) at--;
    list.splice(at, 0, candidates[i]);
  }
  return list;
}

function isBefore(one: Candidate, other: Candidate): boolean {
  const difference = (one.priority() as number) - (other.priority() as number);
  return difference === 0 ? one.instanceId < other.instanceId : difference < 0;
}
