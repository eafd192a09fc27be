/**
 * Which responses have to wait for the `202` of their request.
 *
 * The original's Node client starts to listen for an id only when the body that names it has arrived, and drops what comes before. So a
 * response is held until its `202` has been written, and a little longer.
 */
import { type Milliseconds, NEVER } from "../../protocol/time/duration.ts";

/** From the end of writing a `202` to the earliest delivery of its response. */
export const ANSWER_HEAD_START: Milliseconds = 25;

export class AnswerHolds {
  /** Ids whose 202 is being written, and those whose 202 was, with the time from which their responses may go. */
  private readonly answering = new Set<string>();
  private readonly answered = new Map<string, Milliseconds>();

  /** Whether the `202` of some request was written just now. */
  isFresh(now: Milliseconds): boolean {
    this.forgetAnswered(now);
    return this.answered.size > 0;
  }

  /** When a response that has come now may go. */
  eligibleAt(now: Milliseconds, asyncId: string): Milliseconds {
    return this.answering.has(asyncId) ? NEVER : (this.answered.get(asyncId) ?? now);
  }

  /** A `202` is about to be written. */
  begin(asyncId: string): void {
    this.answering.add(asyncId);
  }

  /** A `202` has been written, or its connection is gone: when its response may go; undefined for an id that is not held. */
  end(now: Milliseconds, asyncId: string): Milliseconds | undefined {
    if (!this.answering.delete(asyncId)) return undefined;
    this.forgetAnswered(now);
    const eligibleAt = now + ANSWER_HEAD_START;
    this.answered.set(asyncId, eligibleAt);
    return eligibleAt;
  }

  private forgetAnswered(now: Milliseconds): void {
    // Set in the order of their times: what has passed stands in front.
    for (const [asyncId, eligibleAt] of this.answered) {
      if (eligibleAt > now) return;
      this.answered.delete(asyncId);
    }
  }
}
