/**
 * Writes values as CBOR (RFC 8949) one behind the other into one growing array.
 *
 * A library makes a buffer for each value, and with a store that writes thousands of small rows a second those cost more than the
 * encoding. Reading is the library's. What CBOR has and rows have not (functions, symbols, big integers) is written as undefined.
 */

const UNSIGNED = 0x00;
const NEGATIVE = 0x20;
const BYTES = 0x40;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const UNDEFINED = 0xf7;
const FLOAT64 = 0xfb;

/** Text longer than this is encoded by the platform, characters. */
const SHORT_TEXT = 200;

export class CborWriter {
  /** What was written is before `end`; the array changes when it grows. */
  bytes = Buffer.allocUnsafeSlow(64 * 1024);
  end = 0;

  clear(): void {
    this.end = 0;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.end++] = value;
  }

  value(value: unknown): void {
    if (typeof value === "string") this.text(value);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "boolean") this.byte(value ? TRUE : FALSE);
    else if (value === null) this.byte(NULL);
    else if (typeof value === "object") this.composite(value);
    else this.byte(UNDEFINED);
  }

  /** The array of what a row has under some names. */
  values(row: Readonly<Record<string, unknown>>, names: readonly string[]): void {
    this.head(ARRAY, names.length);
    for (let i = 0; i < names.length; i++) this.value(row[names[i]]);
  }

  text(text: string): void {
    const { length } = text;
    if (length <= SHORT_TEXT && this.ascii(text)) return;
    const size = Buffer.byteLength(text);
    this.head(TEXT, size);
    this.reserve(size);
    this.end += this.bytes.write(text, this.end);
  }

  private composite(value: object): void {
    if (Array.isArray(value)) {
      this.head(ARRAY, value.length);
      for (let i = 0; i < value.length; i++) this.value(value[i]);
    } else if (value instanceof Uint8Array) {
      this.head(BYTES, value.length);
      this.reserve(value.length);
      this.bytes.set(value, this.end);
      this.end += value.length;
    } else {
      const names = Object.keys(value);
      this.head(MAP, names.length);
      for (let i = 0; i < names.length; i++) {
        this.text(names[i]);
        this.value((value as Record<string, unknown>)[names[i]]);
      }
    }
  }

  private number(value: number): void {
    if (value >>> 0 === value && !Object.is(value, -0)) {
      this.head(UNSIGNED, value);
      return;
    }
    if ((value | 0) === value && value < 0) {
      this.head(NEGATIVE, -1 - value);
      return;
    }
    this.reserve(9);
    this.bytes[this.end] = FLOAT64;
    this.bytes.writeDoubleBE(value, this.end + 1);
    this.end += 9;
  }

  /** Writes text of one byte per character; returns false, with nothing written, when it is not. */
  private ascii(text: string): boolean {
    const start = this.end;
    this.head(TEXT, text.length);
    this.reserve(text.length);
    const { bytes } = this;
    let at = this.end;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.end = start;
        return false;
      }
      bytes[at++] = code;
    }
    this.end = at;
    return true;
  }

  /** Major type and argument, below 2^32. */
  private head(major: number, argument: number): void {
    this.reserve(5);
    const { bytes } = this;
    if (argument < 24) {
      bytes[this.end++] = major | argument;
    } else if (argument < 0x100) {
      bytes[this.end++] = major | 24;
      bytes[this.end++] = argument;
    } else if (argument < 0x10000) {
      bytes[this.end++] = major | 25;
      bytes[this.end++] = argument >> 8;
      bytes[this.end++] = argument & 0xff;
    } else {
      bytes[this.end++] = major | 26;
      this.end = bytes.writeUInt32BE(argument, this.end);
    }
  }

  private reserve(size: number): void {
    if (this.end + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.end + size));
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }
}
