/**
 * Block-wise transfer that does not stop for each block (RFC 9177): Q-Block1 and Q-Block2 are
 * valued as Block1 and Block2, many blocks go out at once, and the receiver asks for what is
 * missing.
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";

export const Q_BLOCK1 = 19;
export const Q_BLOCK2 = 31;

/** application/missing-blocks+cbor-seq, the payload of a 4.08 (RFC 9177 §5). */
export const MISSING_BLOCKS = 272;

/** The parameters of RFC 9177 §7.2. */
export interface QBlockParameters {
  /** MAX_PAYLOADS: how many blocks go out at once. Both peers have to have the same. */
  readonly maxPayloads: number;
  /** NON_MAX_RETRANSMIT: how often missing blocks are asked for before the body is given up. */
  readonly maxRetransmit: number;
  /** NON_TIMEOUT: between two sets of blocks when the peer says nothing; up to one and a half of it, by chance. */
  readonly timeout: Milliseconds;
  /** NON_RECEIVE_TIMEOUT: how long blocks are waited for before they are asked for; at least a second above one and a half `timeout`. */
  readonly receiveTimeout: Milliseconds;
  /** NON_PARTIAL_TIMEOUT: how long a body that is incomplete, or could be asked for again, is kept. */
  readonly partialTimeout: Milliseconds;
}

export const DEFAULT_Q_BLOCK: QBlockParameters = {
  maxPayloads: 10,
  maxRetransmit: 4,
  timeout: 2000,
  receiveTimeout: 4000,
  partialTimeout: 247000,
};

const HIGHEST_BLOCK = 1048575;

const SOURCE = "RFC 9177 §5";

/** Writes block numbers as a sequence of CBOR integers, as many as fit `limit` bytes. */
export function encodeMissingBlocks(numbers: readonly number[], limit: number): Uint8Array {
  let length = 0;
  let count = 0;
  while (count < numbers.length && length + sizeOf(numbers[count]) <= limit) {
    length += sizeOf(numbers[count++]);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const size = sizeOf(numbers[i]);
    if (size === 1) bytes[at] = numbers[i];
    else bytes[at] = size === 2 ? 24 : size === 3 ? 25 : 26;
    for (let k = size - 1, rest = numbers[i]; k > 0; k--) {
      bytes[at + k] = rest;
      rest >>= 8;
    }
    at += size;
  }
  return bytes;
}

function sizeOf(number: number): number {
  return number < 24 ? 1 : number < 256 ? 2 : number < 65536 ? 3 : 5;
}

/**
 * Reads the block numbers that are asked for again, each once, in the order given.
 *
 * @param count how many blocks the body has; a number beyond is a fault
 */
export function decodeMissingBlocks(bytes: Uint8Array, count: number): number[] | Malformed {
  const numbers: number[] = [];
  const asked = new BlockSet(count);
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const info = bytes[at++];
    if (info > 26) return malformed("coap/missing-block-not-a-number", start, SOURCE);
    let number = info;
    if (info > 23) {
      const size = info === 24 ? 1 : info === 25 ? 2 : 4;
      if (at + size > bytes.length) return malformed("coap/missing-blocks-truncated", at, SOURCE);
      number = 0;
      for (let i = 0; i < size; i++) number = number * 256 + bytes[at++];
    }
    if (number >= count) return malformed("coap/missing-block-unknown", start, SOURCE);
    if (asked.add(number)) numbers.push(number);
  }
  return numbers;
}

/** Which blocks of a body have arrived, in whatever order: one bit each. */
export class BlockSet {
  /** How many have arrived. */
  size = 0;
  /** One above the highest that has arrived. */
  end = 0;
  private bits: Uint8Array = new Uint8Array(0);
  private readonly most: number;

  /** @param most how many blocks there may be, at most 2^20 */
  constructor(most: number) {
    this.most = Math.min(most, HIGHEST_BLOCK + 1);
  }

  /** Notes a block; false when it had arrived before, or is one too many. */
  add(number: number): boolean {
    if (number >= this.most || this.has(number)) return false;
    const at = number >> 3;
    if (at >= this.bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, 2 * this.bits.length));
      larger.set(this.bits, 0);
      this.bits = larger;
    }
    this.bits[at] |= 1 << (number & 7);
    this.size++;
    if (number >= this.end) this.end = number + 1;
    return true;
  }

  has(number: number): boolean {
    return number < this.end && ((this.bits[number >> 3] >> (number & 7)) & 1) === 1;
  }

  /** The blocks below `end` that have not arrived, the first `limit` of them. */
  missing(end: number, limit: number): number[] {
    const numbers: number[] = [];
    for (let i = 0; i < end && numbers.length < limit; i++) if (!this.has(i)) numbers.push(i);
    return numbers;
  }
}
