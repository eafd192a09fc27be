/**
 * Block-wise transfer, the parts both directions share (RFC 7959 §2): the Block option's value, a body being collected,
 * and what makes two messages part of the same transfer.
 */
import { equalBytes } from "../bytes/equal.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Option } from "./options.ts";
import { BLOCK1, BLOCK2, ETAG, findOption, OBSERVE, uintOption } from "./options.ts";

const NO_CACHE_KEY = 0x1c;

export interface Block {
  /** Which block, 0..2^20-1, counted in blocks of this size. */
  readonly num: number;
  readonly more: boolean;
  /** Bytes in a full block: 16..1024, 2^(SZX + 4). */
  readonly size: number;
}

/**
 * Decodes one Block option value (RFC 7959 §2.2).
 *
 *   0 1 2 3 4 5 6 7
 *  +-+-+-+-+-+-+-+-+
 *  |  NUM  |M| SZX |      0-3 bytes, NUM widens to 20 bits
 *  +-+-+-+-+-+-+-+-+
 *
 * @returns the block, or the fault `coap/block-szx-reserved` when SZX is 7
 */
export function decodeBlock(value: Uint8Array): Block | Malformed {
  let bits = 0;
  for (let i = 0; i < value.length; i++) bits = bits * 256 + value[i];
  const szx = bits & 7;
  if (szx === 7) return malformed("coap/block-szx-reserved", 0, "RFC 7959 §2.2");
  return { num: bits >> 4, more: (bits & 8) !== 0, size: 16 << szx };
}

/** @param number BLOCK1 or BLOCK2 @param size 16..1024, a power of two */
export function blockOption(number: number, num: number, more: boolean, size: number): Option {
  let szx = 0;
  while (16 << szx < size) szx++;
  return uintOption(number, num * 16 + (more ? 8 : 0) + szx);
}

/** A body that grows block by block, never beyond `limit` bytes. */
export class Body {
  length = 0;
  private readonly limit: number;
  private bytes: Uint8Array;

  constructor(limit: number) {
    this.limit = limit;
    this.bytes = new Uint8Array(0);
  }

  /** Copies a block to the end. False when the body would exceed its limit; it is then unchanged. */
  append(block: Uint8Array): boolean {
    const length = this.length + block.length;
    if (length > this.limit) return false;
    if (length > this.bytes.length) {
      const grown = new Uint8Array(Math.min(this.limit, Math.max(length, 2 * this.bytes.length)));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(block, this.length);
    this.length = length;
    return true;
  }

  /** All of it, as a view. */
  whole(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/**
 * True when two requests belong to one block-wise transfer: same options but for those that differ from block to block
 * (RFC 7959 §2.4, §2.5; Observe belongs to the first request only, §3.4).
 */
export function isSameTransfer(a: readonly Option[], b: readonly Option[]): boolean {
  let i = nextKept(a, 0);
  let j = nextKept(b, 0);
  while (i < a.length && j < b.length) {
    if (a[i].number !== b[j].number || !equalBytes(a[i].value, b[j].value)) return false;
    i = nextKept(a, i + 1);
    j = nextKept(b, j + 1);
  }
  return i >= a.length && j >= b.length;
}

function nextKept(options: readonly Option[], from: number): number {
  let at = from;
  while (at < options.length && isPerBlock(options[at].number)) at++;
  return at;
}

/** What a request's later blocks carry of its options. */
export function withoutPerBlock(options: readonly Option[]): Option[] {
  const kept: Option[] = [];
  for (let i = 0; i < options.length; i++) {
    if (!isPerBlock(options[i].number)) kept.push(options[i]);
  }
  return kept;
}

/** False when an ETag says that two blocks are of different representations (§2.4). */
export function hasSameTag(a: readonly Option[], b: readonly Option[]): boolean {
  const left = findOption(a, ETAG);
  const right = findOption(b, ETAG);
  if (left === undefined || right === undefined) return left === right;
  return equalBytes(left.value, right.value);
}

/** Options that the block-wise layer owns, Observe, and those that are NoCacheKey: Size1, Size2, Echo (RFC 7252 §5.4.6). */
function isPerBlock(number: number): boolean {
  return (
    number === BLOCK1 || number === BLOCK2 || number === OBSERVE || (number & 0x1e) === NO_CACHE_KEY
  );
}

/** Four bytes that change with the body: an ETag for the blocks of one representation (FNV-1a, without overflow). */
export function entityTag(body: Uint8Array): Uint8Array {
  let high = 0x811c;
  let low = 0x9dc5;
  for (let i = 0; i < body.length; i++) {
    low ^= body[i];
    // (high:low) * 0x01000193 modulo 2^32, in halves of 16 bits.
    const product = low * 0x0193;
    high = (high * 0x0193 + low * 0x0100 + (product >> 16)) & 0xffff;
    low = product & 0xffff;
  }
  const tag = new Uint8Array(4);
  tag[0] = high >> 8;
  tag[1] = high;
  tag[2] = low >> 8;
  tag[3] = low;
  return tag;
}
