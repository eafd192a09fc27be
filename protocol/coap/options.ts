/**
 * CoAP options: their numbers and formats as data (RFC 7252 §5.10, RFC 7641 §2, RFC 7959 §2, §4), and small readers over a
 * message's option list. An option value is a view of the datagram that it came in.
 */
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";

export interface Option {
  readonly number: number;
  readonly value: Uint8Array;
}

export const URI_HOST = 3;
export const ETAG = 4;
export const OBSERVE = 6;
export const URI_PORT = 7;
export const LOCATION_PATH = 8;
export const URI_PATH = 11;
export const CONTENT_FORMAT = 12;
export const MAX_AGE = 14;
export const URI_QUERY = 15;
export const ACCEPT = 17;
export const LOCATION_QUERY = 20;
export const BLOCK2 = 23;
export const BLOCK1 = 27;
export const SIZE2 = 28;
export const PROXY_URI = 35;
export const PROXY_SCHEME = 39;
export const SIZE1 = 60;

/** Odd numbers are critical: not understood, they make the message unusable (RFC 7252 §5.4.1). */
export function isCritical(number: number): boolean {
  return (number & 1) === 1;
}

const REPEATABLE = 0x10000;

/**
 * Options this stack understands: number, then shortest length | longest length << 8 | REPEATABLE (RFC 7252 §5.10 table 4).
 * If-Match and If-None-Match are absent on purpose: no resource here is conditional, so they are critical and unrecognized.
 */
const UNDERSTOOD: readonly number[] = [
  URI_HOST, 1 | (255 << 8),
  ETAG, 1 | (8 << 8) | 0x1000000,
  OBSERVE, 3 << 8,
];
void UNDERSTOOD; void REPEATABLE;

/** An option with an unsigned integer value in the fewest bytes; 0 is empty (RFC 7252 §3.2). */
export function uintOption(number: number, value: number): Option {
  return { number: number, value: encodeUint(value) };
}

/** An option with a UTF-8 text value. */
export function textOption(number: number, text: string): Option {
  return { number: number, value: encodeUtf8(text) };
}

/** Big-endian, no leading zero bytes; 0 is the empty string (RFC 7252 §3.2). */
export function encodeUint(value: number): Uint8Array {
  let length = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) length++;
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i--) {
    bytes[i] = rest & 255;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** Reads a big-endian unsigned integer of up to 6 bytes. Leading zeros are accepted (RFC 7252 §3.2). */
export function decodeUint(bytes: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes[i];
  return value;
}

/** The first option with this number, or undefined. */
export function findOption(options: readonly Option[], number: number): Option | undefined {
  for (let i = 0; i < options.length; i++) if (options[i].number === number) return options[i];
  return undefined;
}

/** The unsigned integer value of an option, or `absent` when the option is not there. */
export function uintOf(options: readonly Option[], number: number, absent: number): number {
  const option = findOption(options, number);
  return option === undefined ? absent : decodeUint(option.value);
}

/** The text values of a repeatable option, in order. */
export function textsOf(options: readonly Option[], number: number): string[] {
  const texts: string[] = [];
  for (let i = 0; i < options.length; i++) {
    if (options[i].number === number) texts.push(decodeUtf8(options[i].value));
  }
  return texts;
}
