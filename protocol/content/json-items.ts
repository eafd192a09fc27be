/**
 * JSON texts, as far as LwM2M's formats need them (RFC 8259).
 *
 * A payload is scanned as bytes: 64-bit integers stay exact, nesting is bounded, and nothing is
 * built for what is not asked.
 */
import { putCodePoint, readUtf8 } from "../bytes/utf8.ts";
import type { Integer64, ObjectLink, Value } from "../model/data-types.ts";
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  NONE,
  OBJLNK,
  STRING,
  TIME,
  UNSIGNED,
} from "../model/data-types.ts";
import { formatDecimal, formatInteger, parseDecimal, parseInteger } from "../model/decimal.ts";
import { formatObjectLink } from "../model/object-link.ts";

const MAX_DEPTH = 8;

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * A value as JSON text: a number, a boolean, or a quoted string; undefined for a float that is not
 * finite. Bytes are not for here: each format has its own alphabet for them.
 */
export function jsonText(type: number, value: Value): string | undefined {
  switch (type) {
    case INTEGER:
    case TIME:
    case UNSIGNED:
      return formatInteger(value as number | Integer64, type === UNSIGNED);
    case FLOAT:
      if ((value as number) - (value as number) !== 0) return undefined;
      return formatDecimal(value as number);
    case BOOLEAN:
      return value ? "true" : "false";
    case OBJLNK:
      return `"${formatObjectLink(value as ObjectLink)}"`;
    default:
      return `"${escapeText(value as string)}"`;
  }
}

/** Escapes what JSON does not take as it is (RFC 8259 §7). */
export function escapeText(text: string): string {
  let from = 0;
  let escaped = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 32 && unit !== QUOTE && unit !== BACKSLASH) continue;
    escaped += text.slice(from, i);
    escaped +=
      unit < 32 ? `\\u00${unit < 16 ? "0" : ""}${unit.toString(16)}` : `\\${text.charAt(i)}`;
    from = i + 1;
  }
  return from === 0 ? text : escaped + text.slice(from);
}

/** What may follow a backslash, and what it stands for (RFC 8259 §7). */
const ESCAPES = '"\\/bfnrt';
const ESCAPED = '"\\/\b\f\n\r\t';

/** Undoes escapes; undefined for one that does not exist, or half a surrogate pair. */
function unescapeText(raw: Uint8Array): Uint8Array | undefined {
  const text = new Uint8Array(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] !== BACKSLASH) {
      text[length++] = raw[i];
      continue;
    }
    i++;
    if (raw[i] !== 117) {
      const index = ESCAPES.indexOf(String.fromCharCode(raw[i]));
      if (index < 0) return undefined;
      text[length++] = ESCAPED.charCodeAt(index);
      continue;
    }
    let point = hexUnit(raw, i + 1);
    i += 4;
    if (point >= 0xd800 && point < 0xdc00 && raw[i + 1] === BACKSLASH && raw[i + 2] === 117) {
      const low = hexUnit(raw, i + 3);
      if (low < 0xdc00 || low > 0xdfff) return undefined;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      i += 6;
    }
    if (point < 0 || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    length = putCodePoint(text, length, point);
  }
  return text.subarray(0, length);
}

/** Four hexadecimal digits as a number, or -1. */
function hexUnit(raw: Uint8Array, from: number): number {
  let unit = 0;
  for (let i = from; i < from + 4; i++) {
    const digit =
      i < raw.length ? "0123456789abcdef".indexOf(String.fromCharCode(raw[i] | 32)) : -1;
    // Setting bit 5 makes letters lower-case, but also maps control characters onto digits.
    if (digit < 0 || raw[i] < 48) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/** Reads JSON values one after the other (RFC 8259); of numbers all that `parseDecimal` takes. */
export class JsonReader {
  /** Index of the next byte. */
  at = 0;
  /** The last scalar: STRING, BOOLEAN, INTEGER, UNSIGNED from 2^63 on, FLOAT, or NONE for null. */
  type = NONE;
  value: Value = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The next byte that is not white space, which it goes to; -1 at the end. */
  next(): number {
    while (this.at < this.bytes.length) {
      const byte = this.bytes[this.at];
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return byte;
      this.at++;
    }
    return -1;
  }

  /** Passes `byte` if it is next. */
  takes(byte: number): boolean {
    if (this.next() !== byte) return false;
    this.at++;
    return true;
  }

  /** Reads a string, number, boolean or null into `type` and `value`; false when none is next. */
  scalar(): boolean {
    const byte = this.next();
    if (byte === QUOTE) return this.string();
    if (byte === 116) return this.literal("true", BOOLEAN, true);
    if (byte === 102) return this.literal("false", BOOLEAN, false);
    if (byte === 110) return this.literal("null", NONE, 0);
    return this.number();
  }

  /** Passes a value of any kind, nested at most MAX_DEPTH deep. */
  skip(depth: number): boolean {
    const byte = this.next();
    if (byte !== 91 && byte !== 123) return this.scalar();
    if (depth > MAX_DEPTH) return false;
    this.at++;
    const close = byte + 2;
    if (this.takes(close)) return true;
    do {
      if (byte === 123 && (this.next() !== QUOTE || !this.scalar() || !this.takes(58))) {
        return false;
      }
      if (!this.skip(depth + 1)) return false;
    } while (this.takes(44));
    return this.takes(close);
  }

  private literal(word: string, type: number, value: Value): boolean {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.at + i] !== word.charCodeAt(i)) return false;
    }
    this.at += word.length;
    this.type = type;
    this.value = value;
    return true;
  }

  private number(): boolean {
    let text = "";
    let isInteger = true;
    for (; this.at < this.bytes.length; this.at++) {
      const byte = this.bytes[this.at];
      if (byte === 46 || byte === 69 || byte === 101) isInteger = false;
      else if (byte !== 43 && byte !== 45 && (byte < 48 || byte > 57)) break;
      text += String.fromCharCode(byte);
    }
    let value: Value | undefined;
    this.type = INTEGER;
    if (isInteger) {
      value = parseInteger(text, false);
      if (value === undefined) {
        this.type = UNSIGNED;
        value = parseInteger(text, true);
      }
    }
    if (value === undefined) {
      this.type = FLOAT;
      value = parseDecimal(text);
    }
    if (value === undefined) return false;
    this.value = value;
    return true;
  }

  private string(): boolean {
    const bytes = this.bytes;
    const from = this.at + 1;
    let at = from;
    let escapes = false;
    while (at < bytes.length && bytes[at] !== QUOTE) {
      if (bytes[at] < 32) return false;
      if (bytes[at] === BACKSLASH) {
        escapes = true;
        at++;
      }
      at++;
    }
    if (at >= bytes.length) return false;
    this.at = at + 1;
    const plain = escapes ? unescapeText(bytes.subarray(from, at)) : bytes;
    const text = plain && (escapes ? readUtf8(plain, 0, plain.length) : readUtf8(plain, from, at));
    if (text === undefined) return false;
    this.type = STRING;
    this.value = text;
    return true;
  }
}
