/**
 * One body on its way out by Q-Block (RFC 9177 §7.2): which blocks go out when. Sends nothing itself.
 *
 *     set of MAX_PAYLOADS -> wait for Continue, or NON_TIMEOUT_RANDOM -> next set
 *     missing blocks are asked for -> they go first, then the wait begins anew
 */
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { QBlockParameters } from "./q-block.ts";

export class QBlockSender {
  readonly payload: Uint8Array;
  readonly size: number;
  /** Blocks of the body. */
  readonly count: number;
  private readonly maxPayloads: number;
  private readonly pause: Milliseconds;
  /** The first block that has not been sent. */
  private next = 0;
  private again: readonly number[] = [];
  private dueAt: Milliseconds = 0;

  /** @param fraction uniform in [0, 1): the spread of NON_TIMEOUT_RANDOM */
  constructor(payload: Uint8Array, size: number, parameters: QBlockParameters, fraction: number) {
    this.payload = payload;
    this.size = size;
    this.count = Math.max(1, Math.ceil(payload.length / size));
    this.maxPayloads = parameters.maxPayloads;
    this.pause = parameters.timeout * (1 + fraction / 2);
  }

  deadline(): Milliseconds {
    return this.isAllSent() ? NEVER : this.dueAt;
  }

  isAllSent(): boolean {
    return this.next >= this.count && this.again.length === 0;
  }

  /** The peer has all blocks below this one (2.31, or a Q-Block2 that continues): no need to wait. */
  handleContinue(now: Milliseconds, below: number): void {
    if (below >= this.next) this.dueAt = now;
  }

  /** The peer asks for blocks again; those that were not sent yet come in their turn. */
  handleMissing(now: Milliseconds, numbers: readonly number[]): void {
    const next = this.next;
    this.again = numbers.filter(function (number) {
      return number < next;
    });
    if (this.again.length > 0) this.dueAt = now;
  }

  /** The blocks to send now: none before the deadline, at most MAX_PAYLOADS. */
  due(now: Milliseconds): readonly number[] {
    if (now < this.dueAt || this.isAllSent()) return [];
    this.dueAt = now + this.pause;
    const again = this.again.slice(0, this.maxPayloads);
    this.again = this.again.slice(this.maxPayloads);
    if (again.length > 0) return again;
    const numbers: number[] = [];
    const end = Math.min(this.count, this.next - (this.next % this.maxPayloads) + this.maxPayloads);
    while (this.next < end) numbers.push(this.next++);
    return numbers;
  }

  block(number: number): Uint8Array {
    return this.payload.subarray(number * this.size, (number + 1) * this.size);
  }
}
