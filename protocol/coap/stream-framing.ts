/**
 * CoAP messages on a stream, over TCP or TLS (RFC 8323 §3): each begins with its length; there are
 * no types and no Message IDs.
 *
 *    0 1 2 3 4 5 6 7
 *   +-------+-------+------------------+------+-------+---------+----+---------+
 *   |  Len  |  TKL  | length, 0-4 bytes| Code | Token | Options | FF | Payload |
 *   +-------+-------+------------------+------+-------+---------+----+---------+
 *
 * Len counts options, marker and payload; 13, 14 and 15 announce a length of 1, 2 or 4 bytes.
 */
import type { Malformed } from "../malformed.ts";
import { isMalformed, malformed } from "../malformed.ts";
import { CON, decodeMessage, encodeMessage, NO_BYTES } from "./message.ts";
import type { Option } from "./options.ts";

/** A message without type and Message ID: request, response, signal, or empty. */
export interface StreamMessage {
  /** Code byte, `c.dd` as 3 + 5 bits; class 7 are signals (stream-signals.ts). */
  readonly code: number;
  readonly token: Uint8Array;
  /** When decoded: ascending by number. */
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
}

const SOURCE = "RFC 8323 §3.2";

/** What a datagram has in front of the token. */
const DATAGRAM_HEADER = 4;
/** Any method: on a datagram the codes of signals would be refused, and 0.00 with a body. */
const PLAIN_CODE = 1;
const NO_LENGTH = -1;

/** Encodes a message into a fresh array, the caller's. */
export function encodeStreamMessage(message: StreamMessage): Uint8Array {
  const datagram = encodeMessage({
    type: CON,
    code: PLAIN_CODE,
    messageId: 0,
    token: message.token,
    options: message.options,
    payload: message.payload,
  });
  const tokenField = datagram[0] & 15;
  const tokenLength = message.token.length + extensionOf(tokenField);
  const length = datagram.length - DATAGRAM_HEADER - tokenLength;
  const size = length < 13 ? 0 : length < 269 ? 1 : length < 65805 ? 2 : 4;
  const bytes = new Uint8Array(2 + size + datagram.length - DATAGRAM_HEADER);
  bytes[0] = ((size === 4 ? 15 : size === 0 ? length : 12 + size) << 4) | tokenField;
  let rest = length - (size === 1 ? 13 : size === 2 ? 269 : 65805);
  for (let i = size; i > 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[1 + size] = message.code;
  bytes.set(datagram.subarray(DATAGRAM_HEADER), 2 + size);
  return bytes;
}

/** Bytes between header and token that a TKL of 13 or 14 announces (RFC 8974 §2.1). */
function extensionOf(tokenField: number): number {
  return tokenField > 12 ? tokenField - 12 : 0;
}

/**
 * Cuts a stream into messages. It keeps no more than one message of the longest kind that it takes;
 * after a fault it is of no use, and the connection is to be aborted (RFC 8323 §5.6).
 */
export class StreamDecoder {
  private readonly longestMessage: number;
  private readonly longestToken: number;
  private held: Uint8Array = NO_BYTES;
  private from = 0;
  private to = 0;
  private fault: Malformed | undefined = undefined;

  /**
   * @param longestMessage bytes, the Max-Message-Size that was announced; at least 1152
   * @param longestToken bytes, 8 unless an Extended-Token-Length was announced
   */
  constructor(longestMessage: number, longestToken: number) {
    this.longestMessage = longestMessage;
    this.longestToken = longestToken;
  }

  /** Takes what the stream brought, to be polled until nothing is left; `bytes` remain the caller's. */
  push(bytes: Uint8Array): void {
    if (this.fault !== undefined) return;
    const needed = this.to - this.from + bytes.length;
    if (this.to + bytes.length > this.held.length) {
      // Twice as large: a message that comes byte by byte is not copied for each.
      const larger =
        needed > this.held.length
          ? new Uint8Array(Math.max(needed, 2 * this.held.length))
          : this.held;
      larger.set(this.held.subarray(this.from, this.to), 0);
      this.held = larger;
      this.from = 0;
      this.to = needed - bytes.length;
    }
    this.held.set(bytes, this.to);
    this.to += bytes.length;
  }

  /** Bytes that are held: of messages that were not polled, or are not whole. */
  heldBytes(): number {
    return this.to - this.from;
  }

  /** The next message, its parts views of bytes of its own; a fault; or undefined. */
  poll(): StreamMessage | Malformed | undefined {
    if (this.fault !== undefined) return this.fault;
    if (this.to > this.from && (this.held[this.from] & 15) === 15) {
      return this.fail("coap/token-length-reserved");
    }
    const length = this.messageLength();
    if (length > this.longestMessage) return this.fail("coap/message-too-long");
    if (length === NO_LENGTH || this.from + length > this.to) return undefined;
    const first = this.held[this.from];
    const size = lengthSize(first);
    // Made a datagram's by a header in front of token, options and payload.
    const rest = this.held.subarray(this.from + 2 + size, this.from + length);
    const datagram = new Uint8Array(DATAGRAM_HEADER + rest.length);
    datagram[0] = 0x40 | (first & 15);
    datagram[1] = PLAIN_CODE;
    datagram.set(rest, DATAGRAM_HEADER);
    const message = decodeMessage(datagram, this.longestToken);
    if (isMalformed(message)) {
      this.fault = message;
      return message;
    }
    const code = this.held[this.from + 1 + size];
    this.from += length;
    if (this.from === this.to) {
      this.held = NO_BYTES;
      this.from = 0;
      this.to = 0;
    }
    return {
      code: code,
      token: message.token,
      options: message.options,
      payload: message.payload,
    };
  }

  /** Bytes of the message that is next, NO_LENGTH while its header is not whole. */
  private messageLength(): number {
    const held = this.held;
    const available = this.to - this.from;
    if (available === 0) return NO_LENGTH;
    const first = held[this.from];
    const size = lengthSize(first);
    const tokenField = first & 15;
    const tokenAt = this.from + 2 + size;
    if (tokenAt + extensionOf(tokenField) > this.to) return NO_LENGTH;
    let length = first >> 4;
    if (size > 0) {
      length = size === 1 ? 13 : size === 2 ? 269 : 65805;
      let extended = 0;
      for (let i = 1; i <= size; i++) extended = extended * 256 + held[this.from + i];
      length += extended;
    }
    let tokenLength = tokenField;
    if (tokenField === 13) tokenLength = 14 + held[tokenAt];
    else if (tokenField === 14) tokenLength = 271 + held[tokenAt] * 256 + held[tokenAt + 1];
    return 2 + size + tokenLength + length;
  }

  private fail(fault: string): Malformed {
    this.fault = malformed(fault, this.from, SOURCE);
    return this.fault;
  }
}

/** How many bytes of length a first byte announces. */
function lengthSize(first: number): number {
  const field = first >> 4;
  return field < 13 ? 0 : field === 15 ? 4 : field - 12;
}
