/**
 * Integers of up to 64 bits without BigInt: plain numbers up to +-(2^53 - 1), beyond that their
 * bytes (`Integer64`).
 */
import type { Integer64 } from "./data-types.ts";
import { MAX_SAFE } from "./data-types.ts";

/** Reads a big-endian integer of 1, 2, 4 or 8 bytes; two's complement unless `unsigned`. */
export function readInteger(
  bytes: Uint8Array,
  at: number,
  length: number,
  unsigned: boolean,
): number | Integer64 {
  let value = !unsigned && bytes[at] > 127 ? -1 : 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i];
  // Rounding is monotonic: a sum that had to be rounded is beyond MAX_SAFE before and after.
  if (value <= MAX_SAFE && value >= -MAX_SAFE) return value;
  const exact = new Uint8Array(8);
  exact.set(bytes.subarray(at, at + 8), 0);
  return exact;
}

/** The fewest of 1, 2, 4 or 8 bytes that hold an integer. */
export function integerLength(value: number | Integer64, unsigned: boolean): number {
  if (typeof value !== "number") return 8;
  if (unsigned) return value < 256 ? 1 : value < 65536 ? 2 : value < 4294967296 ? 4 : 8;
  const magnitude = value < 0 ? -1 - value : value;
  return magnitude < 128 ? 1 : magnitude < 32768 ? 2 : magnitude < 2147483648 ? 4 : 8;
}
