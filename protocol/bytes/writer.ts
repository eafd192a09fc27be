/**
 * Writes bytes back to front, so that every length, count and header is known when its turn comes: nothing is measured
 * beforehand and nothing moved afterwards. Content formats write their last entry first, and of each entry the value, then
 * what stands before it.
 */
import { floatBytes, layFloat } from "./float.ts";
import { encodeUtf8 } from "./utf8.ts";

const INITIAL_ROOM = 128;
/** A larger buffer is given back after use: one long payload must not occupy a board for ever. */
const KEPT_ROOM = 2048;

export class Writer {
  /** How many bytes are written. */
  length = 0;
  private room: Uint8Array = new Uint8Array(INITIAL_ROOM);

  /** Forgets what was written. Every encoder begins with it, so that one that failed half-way leaves nothing behind. */
  clear(): void {
    this.length = 0;
  }

  /** Makes room for `count` bytes and returns the index of the first; it is for the caller to fill them. */
  private open(count: number): number {
    const length = this.length + count;
    if (length > this.room.length) {
      let size = this.room.length * 2;
      while (size < length) size *= 2;
      const larger = new Uint8Array(size);
      larger.set(this.room, size - this.room.length);
      this.room = larger;
    }
    this.length = length;
    return this.room.length - length;
  }

  byte(value: number): void {
    // The order matters: open may replace the room.
    const at = this.open(1);
    this.room[at] = value;
  }

  /** A copy of `bytes[0, length)`. */
  bytes(bytes: Uint8Array, length: number): void {
    const at = this.open(length);
    this.room.set(length === bytes.length ? bytes : bytes.subarray(0, length), at);
  }

  /** An integer within +-(2^53 - 1), big-endian, two's complement, in `length` bytes. */
  integer(value: number, length: number): void {
    const at = this.open(length);
    let rest = value;
    for (let i = at + length - 1; i >= at; i--) {
      const higher = Math.floor(rest / 256);
      this.room[i] = rest - higher * 256;
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
    const at = this.open(text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) {
        this.length -= text.length;
        const bytes = encodeUtf8(text);
        this.bytes(bytes, bytes.length);
        return;
      }
      this.room[at + i] = unit;
    }
  }

  /** What was written, front to back, as bytes of the caller's own. */
  finish(): Uint8Array {
    const written = new Uint8Array(this.length);
    written.set(this.room.subarray(this.room.length - this.length), 0);
    if (this.room.length > KEPT_ROOM) this.room = new Uint8Array(INITIAL_ROOM);
    return written;
  }
}

/** The one writer that all encoders share, since none of them runs inside another. */
export const writer = new Writer();
