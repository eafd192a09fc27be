/**
 * The CoAP message over UDP (RFC 7252 §3): bytes <-> fields. Decides what is a message format error; knows no exchange.
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Option } from "./options.ts";

export const CON = 0;
export const NON = 1;
export const ACK = 2;
export const RST = 3;

/** Bytes that are copied one by one: calling `set` costs an engine more than these do. */
const SHORT = 3;

export interface Message {
  /** CON, NON, ACK or RST. */
  readonly type: number;
  /** Code byte, `c.dd` as 3 + 5 bits. */
  readonly code: number;
  /** 0..65535. */
  readonly messageId: number;
  /** 0..8 bytes, or more between peers that both know extended lengths (RFC 8974 §2.1). */
  readonly token: Uint8Array;
  /** When decoded: ascending by number. To encode: in any order; equal numbers keep theirs. */
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
}

export const NO_BYTES: Uint8Array = new Uint8Array(0);
export const NO_OPTIONS: readonly Option[] = [];

/** What a TKL can say (RFC 8974 §2.1). */
export const LONGEST_TOKEN = 65804;

const PAYLOAD_MARKER = 0xff;
const HEADER_LENGTH = 4;
const HIGHEST_OPTION = 65535;
const LONGEST_PLAIN_TOKEN = 8;

/**
 * Decodes one datagram. Token, option values and payload are views of it.
 *
 * @param longestToken what the receiver takes, 8 unless it says otherwise; up to 65804 (RFC 8974 §2.1)
 * @returns the message, or a fault; RFC 7252 §4.2, §4.3 say what its receiver owes the sender: RST for a CON, else nothing.
 */
export function decodeMessage(datagram: Uint8Array, longestToken?: number): Message | Malformed {
  const length = datagram.length;
  if (length < HEADER_LENGTH) return malformed("coap/header-truncated", length, "RFC 7252 §3");
  const first = datagram[0];
  if (first >> 6 !== 1) return malformed("coap/version-unknown", 0, "RFC 7252 §3");
  let tokenLength = first & 15;
  const longest = longestToken === undefined ? LONGEST_PLAIN_TOKEN : longestToken;
  if (
    tokenLength === 15 ||
    (tokenLength > LONGEST_PLAIN_TOKEN && longest === LONGEST_PLAIN_TOKEN)
  ) {
    return malformed("coap/token-length-reserved", 0, "RFC 7252 §3");
  }
  const code = datagram[1];
  if (code === 0 && length > HEADER_LENGTH) {
    return malformed("coap/empty-message-not-empty", HEADER_LENGTH, "RFC 7252 §4.1");
  }
  const codeClass = code >> 5;
  if (codeClass === 1 || codeClass > 5 || codeClass === 3) {
    return malformed("coap/code-class-reserved", 1, "RFC 7252 §3");
  }
  let at = HEADER_LENGTH;
  if (tokenLength > 12) {
    // As below, these reads give undefined past the end.
    tokenLength =
      tokenLength === 13 ? 13 + datagram[at] : 269 + ((datagram[at] << 8) | datagram[at + 1]);
    at += (first & 15) - 12;
  }
  if (tokenLength > longest) return malformed("coap/token-too-long", 0, "RFC 8974 §2.1");
  const tokenAt = at;
  at += tokenLength;
  if (!(at <= length)) return malformed("coap/token-truncated", length, "RFC 7252 §3");
  const options: Option[] = [];
  let payload: Uint8Array = NO_BYTES;
  let number = 0;
  while (at < length) {
    const start = at;
    const lead = datagram[at++];
    if (lead === PAYLOAD_MARKER) {
      if (at === length) return malformed("coap/payload-empty", at, "RFC 7252 §3");
      payload = datagram.subarray(at);
      break;
    }
    let delta = lead >> 4;
    let size = lead & 15;
    if (delta === 15 || size === 15) {
      return malformed("coap/option-nibble-reserved", start, "RFC 7252 §3.1");
    }
    if (delta > 12) {
      // Past the end these reads give undefined, and `at` is found to be too far below.
      delta = delta === 13 ? 13 + datagram[at] : 269 + ((datagram[at] << 8) | datagram[at + 1]);
      at += lead >> 4 === 13 ? 1 : 2;
    }
    if (size > 12) {
      size = size === 13 ? 13 + datagram[at] : 269 + ((datagram[at] << 8) | datagram[at + 1]);
      at += (lead & 15) === 13 ? 1 : 2;
    }
    number += delta;
    if (at > length || at + size > length) {
      return malformed("coap/option-truncated", start, "RFC 7252 §3.1");
    }
    if (number > HIGHEST_OPTION) {
      return malformed("coap/option-number-too-high", start, "RFC 7252 §3.1");
    }
    options.push({
      number: number,
      value: size === 0 ? NO_BYTES : datagram.subarray(at, at + size),
    });
    at += size;
  }
  return {
    type: (first >> 4) & 3,
    code: code,
    messageId: (datagram[2] << 8) | datagram[3],
    token: tokenLength === 0 ? NO_BYTES : datagram.subarray(tokenAt, tokenAt + tokenLength),
    options: options,
    payload: payload,
  };
}

/** Encodes a message into a fresh array, the caller's. */
export function encodeMessage(message: Message): Uint8Array {
  const options = message.options;
  const token = message.token;
  const payload = message.payload;
  let length =
    HEADER_LENGTH +
    extensionLength(token.length) +
    token.length +
    (payload.length > 0 ? 1 + payload.length : 0);
  let previous = 0;
  let ascends = true;
  for (let i = 0; i < options.length; i++) {
    const size = options[i].value.length;
    const delta = options[i].number - previous;
    if (delta < 0) ascends = false;
    length += 1 + size;
    // Calls cost a board more than comparisons, and most options need no extension.
    if (delta > 12 || size > 12) length += extensionLength(delta) + extensionLength(size);
    previous += delta;
  }
  if (!ascends) return encodeMessage(inOrder(message));
  const bytes = new Uint8Array(length);
  bytes[0] = 0x40 | (message.type << 4) | nibble(token.length);
  bytes[1] = message.code;
  bytes[2] = message.messageId >> 8;
  bytes[3] = message.messageId;
  let at = HEADER_LENGTH;
  if (token.length > 12) at = putExtension(bytes, at, token.length);
  bytes.set(token, at);
  at += token.length;
  previous = 0;
  for (let i = 0; i < options.length; i++) {
    const value = options[i].value;
    const size = value.length;
    const delta = options[i].number - previous;
    previous += delta;
    if (delta < 13 && size < 13) bytes[at++] = (delta << 4) | size;
    else {
      bytes[at++] = (nibble(delta) << 4) | nibble(size);
      if (delta > 12) at = putExtension(bytes, at, delta);
      if (size > 12) at = putExtension(bytes, at, size);
    }
    if (size > SHORT) bytes.set(value, at);
    else for (let k = 0; k < size; k++) bytes[at + k] = value[k];
    at += size;
  }
  if (payload.length > 0) {
    bytes[at++] = PAYLOAD_MARKER;
    bytes.set(payload, at);
  }
  return bytes;
}

/** An empty ACK or RST (§4.1). */
export function encodeEmpty(type: number, messageId: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH);
  bytes[0] = 0x40 | (type << 4);
  bytes[2] = messageId >> 8;
  bytes[3] = messageId;
  return bytes;
}

/** The same with its options sorted. By insertion: lists are short, and Espruino's sort is not stable. */
function inOrder(message: Message): Message {
  const { type, code, messageId, token, options, payload } = message;
  const list: Option[] = [];
  for (let i = 0; i < options.length; i++) {
    let at = list.length;
    while (at > 0 && list[at - 1].number > options[i].number) at--;
    list.splice(at, 0, options[i]);
  }
  return { type, code, messageId, token, options: list, payload };
}

function nibble(value: number): number {
  return value < 13 ? value : value < 269 ? 13 : 14;
}

function extensionLength(value: number): number {
  return value < 13 ? 0 : value < 269 ? 1 : 2;
}

function putExtension(bytes: Uint8Array, at: number, value: number): number {
  if (value < 269) {
    bytes[at] = value - 13;
    return at + 1;
  }
  bytes[at] = (value - 269) >> 8;
  bytes[at + 1] = value - 269;
  return at + 2;
}
