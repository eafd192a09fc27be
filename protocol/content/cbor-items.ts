/**
 * CBOR data items, as far as LwM2M's formats need them (RFC 8949 §3): written definite and short,
 * read in any well-formed spelling, indefinite lengths, half floats and tags included.
 */
import { readFloat } from "../bytes/float.ts";
import { readUtf8 } from "../bytes/utf8.ts";
import { writer } from "../bytes/writer.ts";
import type { Integer64, ObjectLink, Value } from "../model/data-types.ts";
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  MAX_SAFE,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
} from "../model/data-types.ts";
import { formatInteger } from "../model/decimal.ts";
import { readInteger } from "../model/integer64.ts";
import { formatObjectLink } from "../model/object-link.ts";
import { parseDateTime } from "./date-time.ts";

/** Major types (RFC 8949 §3.1), in place: the top three bits of an initial byte. */
export const UNSIGNED_INTEGER = 0x00;
export const NEGATIVE_INTEGER = 0x20;
export const BYTE_STRING = 0x40;
export const TEXT_STRING = 0x60;
export const ARRAY = 0x80;
export const MAP = 0xa0;
export const TAG = 0xc0;
export const SIMPLE = 0xe0;

/** Stands for a count that was not given: the items end with a break. */
export const INDEFINITE = -1;

const INDEFINITE_INFO = 31;
const FALSE_INFO = 20;
const TRUE_INFO = 21;
const SINGLE = 0xfa;
const DOUBLE = 0xfb;
const BREAK = 0xff;
/** The simple value null, whole. */
export const NULL = 0xf6;

/** Tags (RFC 8949 §3.4). */
const DATE_TIME_TEXT = 0;
const UNSIGNED_BIGNUM = 2;
const DECIMAL_FRACTION = 4;
const MAX_DEPTH = 8;
const MAX_EXPONENT = 400;

/** Writes a head in front: a major type and its argument, 0..2^53 - 1. */
export function writeHead(major: number, argument: number): void {
  if (argument < 24) {
    writer.byte(major | argument);
    return;
  }
  const size = argument < 256 ? 1 : argument < 65536 ? 2 : argument < 4294967296 ? 4 : 8;
  writer.integer(argument, size);
  writer.byte(major | (size === 1 ? 24 : size === 2 ? 25 : size === 4 ? 26 : 27));
}

export function writeText(text: string): void {
  const mark = writer.size();
  writer.text(text);
  writeHead(TEXT_STRING, writer.size() - mark);
}

export function writeInteger(value: number | Integer64, unsigned: boolean): void {
  if (typeof value === "number") {
    if (value < 0) writeHead(NEGATIVE_INTEGER, -1 - value);
    else writeHead(UNSIGNED_INTEGER, value);
    return;
  }
  const negative = !unsigned && value[0] > 127;
  for (let i = 7; i >= 0; i--) writer.byte(negative ? 255 - value[i] : value[i]);
  writer.byte((negative ? NEGATIVE_INTEGER : UNSIGNED_INTEGER) | 27);
}

/**
 * Writes a value of a data type in front. Floats are single or double, never half, which small
 * peers cannot read.
 */
export function writeValue(type: number, value: Value): void {
  switch (type) {
    case INTEGER:
    case TIME:
    case UNSIGNED:
      writeInteger(value as number | Integer64, type === UNSIGNED);
      break;
    case FLOAT:
      writer.byte(writer.float(value as number) === 4 ? SINGLE : DOUBLE);
      break;
    case BOOLEAN:
      writeHead(SIMPLE, value ? TRUE_INFO : FALSE_INFO);
      break;
    case OPAQUE:
      writer.bytes(value as Uint8Array, (value as Uint8Array).length);
      writeHead(BYTE_STRING, (value as Uint8Array).length);
      break;
    case OBJLNK:
      writeText(formatObjectLink(value as ObjectLink));
      break;
    default:
      writeText(value as string);
  }
}

/**
 * Reads items one after the other. A method that returns false met bytes that are not what it
 * reads; nothing is to be read after that.
 */
export class CborReader {
  /** Index of the next byte. */
  at = 0;
  /** Of the last head: its major type, and its argument: a count, a length, or INDEFINITE. */
  major = 0;
  argument = 0;
  /**
   * The last scalar, with the data type that CBOR shows: INTEGER, UNSIGNED from 2^63 on, FLOAT,
   * BOOLEAN, STRING, OPAQUE.
   */
  type = NONE;
  value: Value = 0;
  /** Of the last head: the low five bits of its initial byte. */
  private info = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /**
   * Reads a head. An argument of 2^53 or more, which no length or count can be, reads as Infinity.
   */
  head(): boolean {
    if (this.at >= this.bytes.length) return false;
    const initial = this.bytes[this.at++];
    const info = initial & 31;
    this.info = info;
    this.major = initial & 0xe0;
    this.argument = info;
    if (info < 24) return true;
    if (info > 27) {
      this.argument = INDEFINITE;
      return info === INDEFINITE_INFO && this.major >= BYTE_STRING && this.major < TAG;
    }
    const size = 1 << (info - 24);
    if (this.at + size > this.bytes.length) return false;
    const argument = readInteger(this.bytes, this.at, size, true);
    this.argument = typeof argument === "number" ? argument : Infinity;
    this.at += size;
    return true;
  }

  /**
   * True when one more of `remaining` items follows; of INDEFINITE ones, until the break, which it
   * passes.
   */
  more(remaining: number): boolean {
    if (remaining !== INDEFINITE) return remaining > 0;
    if (this.bytes[this.at] !== BREAK) return true;
    this.at++;
    return false;
  }

  /**
   * Reads a number, boolean or string into `type` and `value`, through any tags. Strings may be
   * views of the bytes.
   */
  scalar(): boolean {
    let isDateTime = false;
    for (let depth = 0; this.head(); depth++) {
      if (this.major !== TAG) return this.untagged() && (!isDateTime || this.dateTime());
      if (this.argument === DECIMAL_FRACTION) return this.decimalFraction();
      if (this.argument === DATE_TIME_TEXT) isDateTime = true;
      // Of bignums, positive or negative, a reader would see no more than bytes.
      else if (this.argument >= UNSIGNED_BIGNUM && this.argument < DECIMAL_FRACTION) return false;
      if (depth === MAX_DEPTH) return false;
    }
    return false;
  }

  /** Passes a null if it is next. */
  takesNull(): boolean {
    if (this.bytes[this.at] !== NULL) return false;
    this.at++;
    return true;
  }

  /** True when the next item is a map. */
  isMapNext(): boolean {
    return (this.bytes[this.at] & 0xe0) === MAP;
  }

  /** Turns the text just read into seconds since 1970 (RFC 8949 §3.4.1). */
  private dateTime(): boolean {
    const seconds = this.type === STRING ? parseDateTime(this.value as string) : undefined;
    if (seconds === undefined) return false;
    this.value = seconds;
    this.type = Math.floor(seconds) === seconds ? INTEGER : FLOAT;
    return true;
  }

  /** Passes one item of any kind, nested at most MAX_DEPTH deep. */
  skip(depth: number): boolean {
    if (depth > MAX_DEPTH || !this.head()) return false;
    const major = this.major;
    if (major === BYTE_STRING || major === TEXT_STRING) return this.untagged();
    if (major === TAG) return this.skip(depth + 1);
    if (major !== ARRAY && major !== MAP) return true;
    let remaining = major === MAP && this.argument > 0 ? this.argument * 2 : this.argument;
    while (this.more(remaining)) {
      if (!this.skip(depth + 1)) return false;
      if (remaining > 0) remaining--;
    }
    return true;
  }

  /** The scalar whose head was just read. */
  private untagged(): boolean {
    const bytes = this.bytes;
    const at = this.at;
    switch (this.major) {
      case UNSIGNED_INTEGER:
        this.value =
          this.argument === Infinity ? readInteger(bytes, at - 8, 8, true) : this.argument;
        this.type = this.argument === Infinity && bytes[at - 8] > 127 ? UNSIGNED : INTEGER;
        return true;
      case NEGATIVE_INTEGER:
        this.type = INTEGER;
        if (this.argument < MAX_SAFE) {
          this.value = -1 - this.argument;
          return true;
        }
        this.value = new Uint8Array(8);
        for (let i = 0; i < 8; i++) this.value[i] = 255 - bytes[at - 8 + i];
        // Below -2^63 there is no such LwM2M value.
        return this.value[0] > 127;
      case BYTE_STRING:
      case TEXT_STRING:
        this.type = this.major === TEXT_STRING ? STRING : OPAQUE;
        if (this.argument === INDEFINITE) {
          const joined = this.pieces();
          return joined !== undefined && this.string(joined, 0, joined.length);
        }
        if (this.argument > bytes.length - at) return false;
        this.at += this.argument;
        return this.string(bytes, at, this.at);
      case SIMPLE:
        return this.simple();
      default:
        return false;
    }
  }

  /** The boolean or float whose head was just read; null and undefined are no LwM2M values. */
  private simple(): boolean {
    const width = this.info === 25 ? 2 : this.info === 26 ? 4 : this.info === 27 ? 8 : 0;
    if (width > 0) {
      const at = this.at - width;
      this.type = FLOAT;
      this.value = width === 2 ? readHalf(this.bytes, at) : readFloat(this.bytes, at, width);
      return true;
    }
    this.type = BOOLEAN;
    this.value = this.info === TRUE_INFO;
    return this.info === TRUE_INFO || this.info === FALSE_INFO;
  }

  /** mantissa * 10^exponent, whose tag was just read (RFC 8949 §3.4.4). */
  private decimalFraction(): boolean {
    if (!this.head() || this.major !== ARRAY) return false;
    let remaining = this.argument;
    if (!this.more(remaining) || !this.head() || !this.untagged()) return false;
    const exponent = this.value;
    if (typeof exponent !== "number" || exponent !== Math.floor(exponent)) return false;
    if (exponent > MAX_EXPONENT || exponent < -MAX_EXPONENT) return false;
    if (remaining > 0) remaining--;
    if (!this.more(remaining) || !this.head() || !this.untagged()) return false;
    if (this.type !== INTEGER && this.type !== UNSIGNED) return false;
    if (remaining > 0) remaining--;
    const mantissa = formatInteger(this.value as number | Integer64, this.type === UNSIGNED);
    if (this.more(remaining)) return false;
    if (exponent === 0) return true;
    this.type = FLOAT;
    this.value = Number(`${mantissa}e${exponent}`);
    return this.value < Infinity && this.value > -Infinity;
  }

  /** Makes bytes[from, to) the value: text when `type` is STRING, else a view. */
  private string(bytes: Uint8Array, from: number, to: number): boolean {
    const value = this.type === STRING ? readUtf8(bytes, from, to) : bytes.subarray(from, to);
    if (value === undefined) return false;
    this.value = value;
    return true;
  }

  /**
   * The content of the string of indefinite length whose head was just read, its pieces joined (RFC
   * 8949 §3.2.3).
   */
  private pieces(): Uint8Array | undefined {
    const bytes = this.bytes;
    const from = this.at;
    const major = this.major;
    let length = 0;
    while (this.more(INDEFINITE)) {
      if (!this.head() || this.major !== major || this.argument === INDEFINITE) return undefined;
      if (this.argument > bytes.length - this.at) return undefined;
      this.at += this.argument;
      length += this.argument;
    }
    const joined = new Uint8Array(length);
    const end = this.at;
    this.at = from;
    for (let at = 0; at < length; at += this.argument) {
      this.head();
      joined.set(bytes.subarray(this.at, this.at + this.argument), at);
      this.at += this.argument;
    }
    this.at = end;
    return joined;
  }
}

/** A half-precision float (RFC 8949 Appendix D). */
function readHalf(bytes: Uint8Array, at: number): number {
  const exponent = (bytes[at] >> 2) & 31;
  const fraction = (bytes[at] & 3) * 256 + bytes[at + 1];
  const sign = bytes[at] > 127 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  let value = exponent === 0 ? fraction * 2 : 1024 + fraction;
  for (let power = exponent; power < 25; power++) value /= 2;
  for (let power = exponent; power > 25; power--) value *= 2;
  return sign * value;
}
