/**
 * Text to UTF-8 bytes and back, in ES5 (RFC 3629).
 *
 * On Espruino boards without unicode support a string is already bytes: "é" in a UTF-8 source has
 * length 2. There both directions pass code units through unchanged.
 */

/** True where a string holds bytes, not UTF-16 code units. */
const STRINGS_ARE_BYTES = String.fromCharCode(0x20ac).charCodeAt(0) !== 0x20ac;

const REPLACEMENT = 0xfffd;

/** Encodes text; a lone surrogate becomes U+FFFD. The result is the caller's. */
export function encodeUtf8(text: string): Uint8Array {
  let length = text.length;
  let ascii = true;
  for (let i = 0; i < text.length && ascii; i++) ascii = text.charCodeAt(i) < 128;
  if (!ascii && !STRINGS_ARE_BYTES) length = utf8Length(text);
  const bytes = new Uint8Array(length);
  if (ascii || STRINGS_ARE_BYTES) {
    for (let i = 0; i < length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const point = codePointAt(text, i);
    if (point > 0xffff) i++;
    at = putCodePoint(bytes, at, point);
  }
  return bytes;
}

function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const point = codePointAt(text, i);
    if (point > 0xffff) i++;
    length += lengthOf(point);
  }
  return length;
}

/** How many bytes a code point takes. */
function lengthOf(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

function codePointAt(text: string, i: number): number {
  const unit = text.charCodeAt(i);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
  if (unit > 0xdbff || next < 0xdc00 || next > 0xdfff) return REPLACEMENT;
  return 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
}

/** Puts one code point at `at`; returns the index behind it. */
export function putCodePoint(bytes: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    bytes[at] = point;
    return at + 1;
  }
  let trailing = lengthOf(point) - 1;
  bytes[at] = (0xff00 >> (trailing + 1)) | (point >> (6 * trailing));
  const end = at + trailing;
  for (; trailing > 0; trailing--)
    bytes[end - trailing + 1] = 0x80 | ((point >> (6 * (trailing - 1))) & 63);
  return end + 1;
}

/** Decodes bytes; what is not UTF-8 becomes U+FFFD. `isUtf8` tells beforehand. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = asciiRun(bytes, 0, bytes.length);
  let at = text.length;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte < 0x80 || STRINGS_ARE_BYTES) {
      text += String.fromCharCode(byte);
      at++;
      continue;
    }
    const point = readCodePoint(bytes, at);
    text += fromCodePoint(point < 0 ? REPLACEMENT : point);
    at += point < 0 ? 1 : lengthOf(point);
  }
  return text;
}

/** Reads bytes[from, to) as text; undefined when they are not UTF-8. */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  const text = asciiRun(bytes, from, to);
  if (text.length === to - from) return text;
  const rest = bytes.subarray(from + text.length, to);
  return isUtf8(rest) ? text + decodeUtf8(rest) : undefined;
}

/**
 * The ASCII characters from `from` on, up to the first that is none: eight at a time, since
 * appending is what costs.
 */
function asciiRun(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  let at = from;
  for (; at + 8 <= to; at += 8) {
    const a = bytes[at];
    const b = bytes[at + 1];
    const c = bytes[at + 2];
    const d = bytes[at + 3];
    const e = bytes[at + 4];
    const f = bytes[at + 5];
    const g = bytes[at + 6];
    const h = bytes[at + 7];
    if ((a | b | c | d | e | f | g | h) > 127) break;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  while (at < to && bytes[at] < 128) text += String.fromCharCode(bytes[at++]);
  return text;
}

/**
 * True when the bytes are well-formed UTF-8 (RFC 3629 §4): no overlong form, no surrogate, nothing
 * above U+10FFFF.
 */
export function isUtf8(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const point = readCodePoint(bytes, at);
    if (point < 0) return false;
    at += lengthOf(point);
  }
  return true;
}

/** The code point that begins at `at`, or -1 when these bytes are not one. */
function readCodePoint(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return lead;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return -1;
  let point = lead & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    if ((bytes[at + i] & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (bytes[at + i] & 63);
  }
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  return isSurrogate || point > 0x10ffff || lengthOf(point) !== length ? -1 : point;
}

function fromCodePoint(point: number): string {
  if (point < 0x10000) return String.fromCharCode(point);
  const rest = point - 0x10000;
  return String.fromCharCode(0xd800 + (rest >> 10), 0xdc00 + (rest & 1023));
}
