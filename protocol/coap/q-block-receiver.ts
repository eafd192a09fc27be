/**
 * One body on its way in by Q-Block (RFC 9177 §4.3, §4.4, §7.2): what has come, and what to ask for when. Sends nothing itself; the same rules
 * for a server, whose questions are 4.08, and a client, whose questions are requests with Q-Block2.
 */
import type { Milliseconds } from "../time/duration.ts";
import type { Block } from "./block.ts";
import type { QBlockParameters } from "./q-block.ts";
import { BlockSet } from "./q-block.ts";

/** What a block leads to: nothing, a Continue for the set that begins at `next`, a question for what is missing, or the whole body. */
export type QBlockStep =
  | { readonly kind: "wait" }
  | { readonly kind: "continue"; readonly next: number }
  | { readonly kind: "ask"; readonly missing: readonly number[] }
  | { readonly kind: "whole" };

const WAIT: QBlockStep = { kind: "wait" };

export class QBlockReceiver {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly count: number;
  private readonly parameters: QBlockParameters;
  private readonly blocks: BlockSet;
  private dueAt: Milliseconds;
  /** Questions since a block came that was missing. */
  private questions = 0;
  /** Sets below this block were asked for already when their successor began. */
  private askedBelow = 0;

  /** @param length of the body, as Size1 or Size2 say; @param size of its blocks */
  constructor(now: Milliseconds, length: number, size: number, parameters: QBlockParameters) {
    this.bytes = new Uint8Array(length);
    this.size = size;
    this.count = Math.max(1, Math.ceil(length / size));
    this.parameters = parameters;
    this.blocks = new BlockSet(this.count);
    this.dueAt = now + parameters.receiveTimeout;
  }

  deadline(): Milliseconds {
    return this.dueAt;
  }

  isWhole(): boolean {
    return this.blocks.size === this.count;
  }

  /** False for a block that cannot be one of this body. */
  fits(block: Block, payload: Uint8Array): boolean {
    if (block.size !== this.size || block.num >= this.count) return false;
    const isLast = block.num === this.count - 1;
    const length = isLast ? this.bytes.length - block.num * this.size : this.size;
    return payload.length === length && block.more === !isLast;
  }

  /** Takes a block that fits. One that has come before changes nothing and leads to the same (§4.3). */
  take(now: Milliseconds, block: Block, payload: Uint8Array): QBlockStep {
    if (this.blocks.add(block.num)) {
      this.bytes.set(payload, block.num * this.size);
      this.questions = 0;
      this.dueAt = now + this.parameters.receiveTimeout;
    }
    if (this.isWhole()) return { kind: "whole" };
    const maxPayloads = this.parameters.maxPayloads;
    const next = this.setEnd(this.blocks.end - 1);
    if (next < this.count && this.blocks.size === next) return { kind: "continue", next: next };
    const start = block.num - (block.num % maxPayloads);
    // The next set has begun: what lacks of those before will not come by itself.
    if (start > this.askedBelow) {
      this.askedBelow = start;
      const missing = this.blocks.missing(start, maxPayloads);
      if (missing.length > 0) return { kind: "ask", missing: missing };
    }
    return WAIT;
  }

  /** Nothing came for long: what to ask for, each time after twice as long; undefined when the body is to be given up. */
  handleTimeout(now: Milliseconds): readonly number[] | undefined {
    const parameters = this.parameters;
    if (++this.questions > parameters.maxRetransmit) return undefined;
    this.dueAt = now + parameters.receiveTimeout * (1 << this.questions);
    return this.blocks.missing(this.setEnd(this.blocks.end), parameters.maxPayloads);
  }

  /** The block after the set that a block is in. */
  private setEnd(number: number): number {
    const maxPayloads = this.parameters.maxPayloads;
    return Math.min(number - (number % maxPayloads) + maxPayloads, this.count);
  }
}
