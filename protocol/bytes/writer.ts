/**
 * Writes bytes back to front, so that every length, count and header is known when its turn comes:
 * nothing is measured beforehand and nothing moved afterwards. Content formats write their last
 * entry first, and of each entry the value, then what stands before it.
 */
import { floatBytes, layFloat } from "./float.ts";
import { encodeUtf8 } from "./utf8.ts";

const INITIAL_ROOM = 128;
/** A larger buffer is given back after use: one long payload must not occupy a board for ever. */
const KEPT_ROOM = 2048;
/** Up to here bytes are copied one by one, which is quicker than a call. */
const SHORT = 48;

export class Writer {
  private room: Uint8Array = new Uint8Array(INITIAL_ROOM);
  /** Index in `room` of the first byte written. */
  private at = INITIAL_ROOM;

  /** How many bytes are written. */
  size(): number {
    return this.room.length - this.at;
  }

  /**
   * Forgets what was written. Every encoder begins with it, so that one that failed half-way leaves
   * nothing behind.
   */
  clear(): void {
    this.at = this.room.length;
  }

  byte(value: number): void {
    if (this.at === 0) this.grow(1);
    this.room[--this.at] = value;
  }

  /** A copy of `bytes[0, length)`. */
  bytes(bytes: Uint8Array, length: number): void {
    if (this.at < length) this.grow(length);
    this.at -= length;
    if (length > SHORT) {
      this.room.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.at);
    } else {
      for (let i = 0; i < length; i++) this.room[this.at + i] = bytes[i];
    }
  }

  /** An integer within +-(2^53 - 1), big-endian, two's complement, in `length` bytes. */
  integer(value: number, length: number): void {
    let rest = value;
    for (let i = 0; i < length; i++) {
      const higher = Math.floor(rest / 256);
      this.byte(rest - higher * 256);
      rest = higher;
    }
  }

  /** A single where that is exact, else a double; returns its length. */
  float(value: number): number {
    const length = layFloat(value);
    this.bytes(floatBytes, length);
    return length;
  }

  /** UTF-8. */
  text(text: string): void {
    const length = text.length;
    if (this.at < length) this.grow(length);
    const from = this.at - length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) {
        const bytes = encodeUtf8(text);
        this.bytes(bytes, bytes.length);
        return;
      }
      this.room[from + i] = unit;
    }
    this.at = from;
  }

  /** What was written, front to back, as bytes of the caller's own. */
  finish(): Uint8Array {
    const from = this.at;
    const length = this.size();
    const written = new Uint8Array(length);
    if (length > SHORT) written.set(this.room.subarray(from), 0);
    else for (let i = 0; i < length; i++) written[i] = this.room[from + i];
    if (this.room.length > KEPT_ROOM) {
      this.room = new Uint8Array(INITIAL_ROOM);
      this.clear();
    }
    return written;
  }

  /** Makes room in front for `count` more bytes. */
  private grow(count: number): void {
    const length = this.size();
    let size = this.room.length * 2;
    while (size < length + count) size *= 2;
    const larger = new Uint8Array(size);
    larger.set(this.room, size - this.room.length);
    this.room = larger;
    this.at = size - length;
  }
}

/** The one writer that all encoders share, since none of them runs inside another. */
export const writer = new Writer();
