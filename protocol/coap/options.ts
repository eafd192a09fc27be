/**
 * CoAP options: numbers and formats as data, and small readers over a message's option list (RFC 7252 §5.4, §5.10).
 *
 * An option value is a view of the datagram that it came in.
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

const REPEATABLE = 0x1000;

/**
 * Longest legal value in bytes by option number, plus REPEATABLE (RFC 7252 §5.10, RFC 7641 §2, RFC 7959 §2.1, §4). If-Match,
 * If-None-Match and OSCORE are absent on purpose: nothing here understands them, so, being critical, they are refused.
 */
const UNDERSTOOD: { readonly [number: number]: number } = {
  3: 255, // Uri-Host
  4: 8 + REPEATABLE, // ETag
  6: 3, // Observe
  7: 2, // Uri-Port
  8: 255 + REPEATABLE, // Location-Path
  11: 255 + REPEATABLE, // Uri-Path
  12: 2, // Content-Format
  14: 4, // Max-Age
  15: 255 + REPEATABLE, // Uri-Query
  17: 2, // Accept
  20: 255 + REPEATABLE, // Location-Query
  23: 3, // Block2
  27: 3, // Block1
  28: 4, // Size2
  35: 1034, // Proxy-Uri
  39: 255, // Proxy-Scheme
  60: 4, // Size1
};

/**
 * The first critical option that cannot be used: unknown, too long or too short, or repeated where it must not be (RFC 7252 §5.4.1,
 * §5.4.3, §5.4.5). Undefined when there is none. An elective one in that state is ignored, as if it were not there.
 *
 * @param options ascending, as decoded
 * @param knowsBlocks false where block-wise transfer is not at hand: its critical options are then unknown
 */
export function unusableCriticalOption(
  options: readonly Option[],
  knowsBlocks: boolean,
): number | undefined {
  let previous = -1;
  for (let i = 0; i < options.length; i++) {
    const number = options[i].number;
    if ((number & 1) === 1) {
      const format = UNDERSTOOD[number];
      const length = options[i].value.length;
      if (format === undefined || length > (format & 0xfff)) return number;
      if (number === URI_HOST && length === 0) return number;
      if (number === previous && format < REPEATABLE) return number;
      if (!knowsBlocks && (number === BLOCK1 || number === BLOCK2)) return number;
    }
    previous = number;
  }
  return undefined;
}

/** An option with an unsigned integer value in the fewest bytes; 0 is empty (RFC 7252 §3.2). */
export function uintOption(number: number, value: number): Option {
  let length = 0;
  for (let rest = value; rest >= 1; rest /= 256) length++;
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i--) {
    bytes[i] = rest & 255;
    rest = Math.floor(rest / 256);
  }
  return { number: number, value: bytes };
}

/** An option with a UTF-8 text value. */
export function textOption(number: number, text: string): Option {
  return { number: number, value: encodeUtf8(text) };
}

/** The first usable option with this number: one longer than its format allows counts as absent (§5.4.3). */
export function findOption(options: readonly Option[], number: number): Option | undefined {
  for (let i = 0; i < options.length; i++) {
    if (options[i].number !== number) continue;
    const format = UNDERSTOOD[number];
    const tooLong = format !== undefined && options[i].value.length > (format & 0xfff);
    return tooLong ? undefined : options[i];
  }
  return undefined;
}

/** The unsigned integer value of an option, or `absent` when the option is not there. Leading zeros are accepted (§3.2). */
export function uintOf(options: readonly Option[], number: number, absent: number): number {
  const option = findOption(options, number);
  if (option === undefined) return absent;
  let value = 0;
  for (let i = 0; i < option.value.length; i++) value = value * 256 + option.value[i];
  return value;
}

/** The text values of a repeatable option, in order. */
export function textsOf(options: readonly Option[], number: number): string[] {
  const texts: string[] = [];
  for (let i = 0; i < options.length; i++) {
    if (options[i].number === number) texts.push(decodeUtf8(options[i].value));
  }
  return texts;
}
