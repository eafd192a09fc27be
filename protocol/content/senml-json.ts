/**
 * application/senml+json (110): SenML packs in JSON (RFC 8428 §5, LwM2M Core 1.1.1 §7.4.5).
 *
 * The payload is scanned as bytes: 64-bit integers stay exact, nesting is bounded, and nothing is
 * built for what is not asked.
 */
import { encodeBase64Url } from "../bytes/base64.ts";
import { putCodePoint, readUtf8 } from "../bytes/utf8.ts";
import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry, Integer64, ObjectLink, Value } from "../model/data-types.ts";
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
} from "../model/data-types.ts";
import { formatDecimal, formatInteger, parseDecimal, parseInteger } from "../model/decimal.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import { formatObjectLink } from "../model/object-link.ts";
import type { Path } from "../model/path.ts";
import type { ContentCodec } from "./content-codec.ts";
import {
  BN,
  BT,
  BV,
  BVER,
  entriesOf,
  lastWithValue,
  N,
  OTHER,
  SenmlPack,
  T,
  V,
  VB,
  VD,
  VLO,
  VS,
  writeBaseName,
  writeName,
} from "./senml.ts";

const SOURCE = "RFC 8428 §5";
const MAX_DEPTH = 8;

const QUOTE = 34;
const BACKSLASH = 92;

export const SENML_JSON_CODEC: ContentCodec = { format: 110, encode: encode, decode: decode };

function encode(base: Path, entries: readonly Entry[]): Uint8Array | undefined {
  let i = lastWithValue(entries, entries.length);
  writer.clear();
  writer.byte(93);
  while (i >= 0) {
    const before = lastWithValue(entries, i);
    const entry = entries[i];
    writer.byte(125);
    if (!writeValue(entry.type, entry.value!)) return undefined;
    if (entry.path.length > base.length) {
      writer.text('",');
      writeName(entry.path, base.length);
      writer.text('"n":"');
    }
    // A base time lasts until the next one.
    if (entry.time !== (before < 0 ? undefined : entries[before].time)) {
      writer.text(`"bt":${formatDecimal(entry.time || 0)},`);
    }
    if (before < 0) {
      writer.text('",');
      writeBaseName(base, entry.path);
      writer.text('"bn":"');
    }
    writer.text(before < 0 ? "{" : ",{");
    i = before;
  }
  writer.byte(91);
  return writer.finish();
}

/** Writes `"v":1` or its like in front; false when JSON has no such value. */
function writeValue(type: number, value: Value): boolean {
  switch (type) {
    case INTEGER:
    case TIME:
    case UNSIGNED:
      writer.text(`"v":${formatInteger(value as number | Integer64, type === UNSIGNED)}`);
      return true;
    case FLOAT:
      writer.text(`"v":${formatDecimal(value as number)}`);
      return (value as number) - (value as number) === 0;
    case BOOLEAN:
      writer.text(value ? '"vb":true' : '"vb":false');
      return true;
    case OPAQUE:
      writer.text(`"vd":"${encodeBase64Url(value as Uint8Array)}"`);
      return true;
    case OBJLNK:
      writer.text(`"vlo":"${formatObjectLink(value as ObjectLink)}"`);
      return true;
    default:
      writer.text(`"vs":"${escapeText(value as string)}"`);
      return true;
  }
}

/** Escapes what JSON does not take as it is (RFC 8259 §7). */
function escapeText(text: string): string {
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

function decode(bytes: Uint8Array, base: Path, definitionOf: DefinitionOf): Entry[] | Malformed {
  const pack = readSenmlJson(bytes);
  return pack instanceof SenmlPack ? entriesOf(pack.records, base, definitionOf) : pack;
}

/**
 * Reads a pack; no bytes at all are an empty one, as some peers answer for an object without
 * instances.
 */
export function readSenmlJson(bytes: Uint8Array): SenmlPack | Malformed {
  const pack = new SenmlPack();
  if (bytes.length === 0) return pack;
  const reader = new JsonReader(bytes);
  if (!reader.takes(91)) return malformed("content/senml-pack", reader.at, SOURCE);
  if (!reader.takes(93)) {
    do {
      const at = reader.at;
      const fault = readRecord(reader, pack) || pack.endRecord(at);
      if (fault !== undefined) return malformed(fault, reader.at, SOURCE);
    } while (reader.takes(44));
    if (!reader.takes(93)) return malformed("content/json", reader.at, SOURCE);
  }
  if (reader.next() >= 0) return malformed("content/json", reader.at, SOURCE);
  return pack;
}

/** Reads one object into the pack; the fault, or undefined. */
function readRecord(reader: JsonReader, pack: SenmlPack): string | undefined {
  if (!reader.takes(123)) return "content/senml-record";
  if (reader.takes(125)) return undefined;
  do {
    if (reader.next() !== QUOTE || !reader.scalar()) return "content/json";
    const label = labelOf(reader.value as string);
    if (label === undefined) return "content/senml-label";
    if (!reader.takes(58)) return "content/json";
    if (label === OTHER) {
      if (!reader.skip(0)) return "content/json";
    } else {
      if (!reader.scalar()) return "content/json";
      const fault = pack.field(label, reader.type, reader.value);
      if (fault !== undefined) return fault;
    }
  } while (reader.takes(44));
  return reader.takes(125) ? undefined : "content/json";
}

/**
 * A label's number; undefined for one that forbids to go on when it is not known (RFC 8428 §4.4).
 */
function labelOf(text: string): number | undefined {
  switch (text) {
    case "n":
      return N;
    case "v":
      return V;
    case "vs":
      return VS;
    case "vb":
      return VB;
    case "vd":
      return VD;
    case "vlo":
      return VLO;
    case "t":
      return T;
    case "bn":
      return BN;
    case "bt":
      return BT;
    case "bv":
      return BV;
    case "bver":
      return BVER;
    default:
      return text.charAt(text.length - 1) === "_" ? undefined : OTHER;
  }
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
class JsonReader {
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
