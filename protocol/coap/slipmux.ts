/**
 * CoAP over a serial line, as frames of Slipmux (draft-bormann-t2trg-slipmux-03): SLIP, with a first byte that says what a frame
 * holds. A CoAP message ends with a checksum (RFC 1662 Appendix C.2); text for people has none.
 *
 *     C0 A9 <message> <checksum, low byte first> C0        C0 0A <UTF-8 text> C0
 *
 * Whatever else is on the line, such as the prompt of a board's console, is passed over: the frame after it is whole again.
 */

const END = 0xc0;
const ESCAPE = 0xdb;
/** After ESCAPE: the byte that END and ESCAPE themselves are sent as. */
const ESCAPED_END = 0xdc;
const ESCAPED_ESCAPE = 0xdd;

const COAP = 0xa9;
const TEXT = 0x0a;
const CHECKSUM_LENGTH = 2;
/** What the checksum of a frame with its checksum comes to (RFC 1662 Appendix C.2). */
const GOOD_CHECKSUM = 0xf0b8;

/** Frames that wait for `poll`; beyond it the oldest is dropped, as the line itself would. */
const MAX_WAITING = 16;

/** The frame of a CoAP message, in bytes that are the caller's. */
export function coapFrame(message: Uint8Array): Uint8Array {
  const content = new Uint8Array(1 + message.length + CHECKSUM_LENGTH);
  content[0] = COAP;
  content.set(message, 1);
  const sum = ~checksum(content, 1 + message.length) & 0xffff;
  content[content.length - 2] = sum & 0xff;
  content[content.length - 1] = sum >> 8;
  return escaped(content);
}

/** The frame of a text for people. @param text UTF-8 */
export function textFrame(text: Uint8Array): Uint8Array {
  const content = new Uint8Array(1 + text.length);
  content[0] = TEXT;
  content.set(text, 1);
  return escaped(content);
}

function escaped(content: Uint8Array): Uint8Array {
  let length = content.length + 2;
  for (let i = 0; i < content.length; i++) {
    if (content[i] === END || content[i] === ESCAPE) length++;
  }
  const frame = new Uint8Array(length);
  let at = 0;
  frame[at++] = END;
  for (let i = 0; i < content.length; i++) {
    const byte = content[i];
    if (byte === END || byte === ESCAPE) {
      frame[at++] = ESCAPE;
      frame[at++] = byte === END ? ESCAPED_END : ESCAPED_ESCAPE;
    } else frame[at++] = byte;
  }
  frame[at] = END;
  return frame;
}

/** FCS-16 over the first bytes, not complemented. Bit by bit: a table would cost a board more than the time. */
function checksum(bytes: Uint8Array, length: number): number {
  let sum = 0xffff;
  for (let i = 0; i < length; i++) {
    sum ^= bytes[i];
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) !== 0 ? (sum >> 1) ^ 0x8408 : sum >> 1;
  }
  return sum;
}

export interface Frame {
  /** A CoAP message; otherwise a text for people, UTF-8. */
  readonly isCoap: boolean;
  /** The reader's own copy, handed over. */
  readonly bytes: Uint8Array;
}

/** Finds frames in what a line brings, in pieces of any size. */
export class FrameReader {
  /** CoAP frames with a wrong checksum, and frames that were too long: what the line has spoilt. */
  spoilt = 0;
  private readonly room: Uint8Array;
  private used = 0;
  private isEscaping = false;
  private isTooLong = false;
  private waiting: Frame[] = [];

  /** @param longest bytes of a message or text; a frame with more is dropped */
  constructor(longest: number) {
    this.room = new Uint8Array(1 + longest + CHECKSUM_LENGTH);
  }

  /** Takes what came; `bytes` stay the caller's. */
  push(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === END) this.finish();
      else if (this.isEscaping) {
        this.isEscaping = false;
        // Any other byte behind an escape stands for itself (RFC 1055).
        this.put(byte === ESCAPED_END ? END : byte === ESCAPED_ESCAPE ? ESCAPE : byte);
      } else if (byte === ESCAPE) this.isEscaping = true;
      else this.put(byte);
    }
  }

  /** The next frame that is whole. */
  poll(): Frame | undefined {
    return this.waiting.shift();
  }

  private put(byte: number): void {
    if (this.used === this.room.length) this.isTooLong = true;
    else this.room[this.used++] = byte;
  }

  private finish(): void {
    const length = this.used;
    const isTooLong = this.isTooLong;
    this.used = 0;
    this.isEscaping = false;
    this.isTooLong = false;
    const kind = length === 0 ? 0 : this.room[0];
    if (kind === TEXT && !isTooLong) this.deliver(false, length);
    if (kind !== COAP) return;
    const isWhole = length > CHECKSUM_LENGTH && !isTooLong;
    if (isWhole && checksum(this.room, length) === GOOD_CHECKSUM) {
      this.deliver(true, length - CHECKSUM_LENGTH);
    } else this.spoilt++;
  }

  private deliver(isCoap: boolean, end: number): void {
    if (this.waiting.length === MAX_WAITING) this.waiting.shift();
    this.waiting.push({ isCoap: isCoap, bytes: new Uint8Array(this.room.subarray(1, end)) });
  }
}
