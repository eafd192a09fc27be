/**
 * Numbers as decimal text and back, exact for 64-bit integers.
 *
 * Floats are written as the engine writes them, which on Node reads back as the same double.
 * Espruino prints about eleven decimals, too few below 1e-5, and wraps integral values from 2^63:
 * there the text is read back, and if it is off, the number is written with an exponent.
 */
import type { Integer64 } from "./data-types.ts";
import { MAX_SAFE } from "./data-types.ts";

const TWO_TO_32 = 4294967296;
const TWO_TO_31 = 2147483648;
const MILLION = 1000000;
/**
 * The text of a float may be off by this much of it: 7 digits are right, which is what a single
 * holds.
 */
const TOLERANCE = 1e-9;

/** Writes an integer as -?[0-9]+. */
export function formatInteger(value: number | Integer64, unsigned: boolean): string {
  if (typeof value === "number") return String(value);
  const negative = !unsigned && value[0] > 127;
  let high = 0;
  let low = 0;
  for (let i = 0; i < 4; i++) {
    high = high * 256 + (negative ? 255 - value[i] : value[i]);
    low = low * 256 + (negative ? 255 - value[i + 4] : value[i + 4]);
  }
  // The complement is one less than the magnitude; the carry reaches `high` only for multiples of
  // 2^32.
  if (negative && ++low === TWO_TO_32) {
    low = 0;
    high++;
  }
  let text = "";
  while (high > 0) {
    // (high * 2^32 + low) divided by a million; each step stays below 2^53.
    const rest = (high % MILLION) * TWO_TO_32 + low;
    high = Math.floor(high / MILLION);
    low = Math.floor(rest / MILLION);
    text = String(MILLION + (rest % MILLION)).slice(1) + text;
  }
  return (negative ? "-" : "") + low + text;
}

/** Reads [+-]?[0-9]+ that fits 64 bits; undefined when it is not that. */
export function parseInteger(text: string, unsigned: boolean): number | Integer64 | undefined {
  const sign = text.charCodeAt(0);
  const negative = sign === 45;
  const from = negative || sign === 43 ? 1 : 0;
  if (text.length === from || text.length > from + 20) return undefined;
  let high = 0;
  let low = 0;
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    low = low * 10 + digit;
    const carry = Math.floor(low / TWO_TO_32);
    low -= carry * TWO_TO_32;
    high = high * 10 + carry;
  }
  const magnitude = high * TWO_TO_32 + low;
  if (unsigned && negative && magnitude > 0) return undefined;
  if (magnitude <= MAX_SAFE) return negative && magnitude > 0 ? -magnitude : magnitude;
  const limit = unsigned ? TWO_TO_32 : TWO_TO_31;
  if (high > limit || (high === limit && !(negative && low === 0))) return undefined;
  return wideInteger(high, low, negative);
}

/** The bytes of high * 2^32 + low, or of its negative. */
export function wideInteger(high: number, low: number, negative: boolean): Integer64 {
  const bytes = new Uint8Array(8);
  let upper = high;
  let lower = low;
  if (negative) {
    lower = low === 0 ? 0 : TWO_TO_32 - low;
    upper = TWO_TO_32 - high - (low === 0 ? 0 : 1);
  }
  for (let i = 3; i >= 0; i--) {
    bytes[i] = upper % 256;
    bytes[i + 4] = lower % 256;
    upper = Math.floor(upper / 256);
    lower = Math.floor(lower / 256);
  }
  return bytes;
}

/** Writes a finite number so that `parseDecimal` reads it back (see above how exactly). */
export function formatDecimal(value: number): string {
  const text = String(value);
  const size = Math.abs(value);
  if (Math.abs(Number(text) - value) <= size * TOLERANCE) return text;
  let mantissa = value;
  let exponent = 0;
  for (; Math.abs(mantissa) >= 10 && exponent < 400; exponent++) mantissa /= 10;
  for (; Math.abs(mantissa) < 1; exponent--) mantissa *= 10;
  return `${mantissa}e${exponent}`;
}

/**
 * Reads [+-]?[0-9]*(.[0-9]*)?([eE][+-]?[0-9]+)? with a digit before the exponent; undefined when it
 * is not that, or too large for a double.
 */
export function parseDecimal(text: string): number | undefined {
  let digits = 0;
  let seen = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 48 && unit <= 57) {
      digits++;
    } else if (unit === 43 || unit === 45) {
      // A sign stands first, or right after the exponent's letter.
      if (i > 0 && (text.charCodeAt(i - 1) | 32) !== 101) return undefined;
    } else if (unit === 46 && seen === 0) {
      seen = 1;
    } else if ((unit | 32) === 101 && seen < 2 && digits > 0) {
      seen = 2;
      digits = 0;
    } else {
      return undefined;
    }
  }
  if (digits === 0) return undefined;
  const value = Number(text);
  return value - value === 0 ? value : undefined;
}
