/**
 * Follows the exchanges of a fleet from outside, by the bytes that go out and come in.
 *
 * What is measured is what an application would feel: from the first transmission of a request to its response, with every
 * retransmission in between. An agent has one Confirmable message under way at a time (NSTART 1, RFC 7252 §4.7), so a few
 * typed arrays hold all there is to know, and the agent itself carries no stopwatch.
 */
import { isRequest, isResponse } from "../protocol/coap/codes.ts";
import { ACK, CON, NON } from "../protocol/coap/message.ts";
import { OBSERVE } from "../protocol/coap/options.ts";
import type { Milliseconds } from "../protocol/time/duration.ts";

/** What a datagram from the server ended. */
export interface Ending {
  /** The code of the request. */
  method: number;
  /** The code of the response. */
  code: number;
  latency: Milliseconds;
}

const HEADER_LENGTH = 4;
const PAYLOAD_MARKER = 0xff;
/** Not a Message ID. */
const NO_MESSAGE = -1;
/** Not a method. */
const NO_REQUEST = 0;

export class ExchangeWatch {
  /** The Message ID of the Confirmable message that each device sent last. */
  private readonly messageIds: Int32Array;
  /** The method of the request that each device has under way. */
  private readonly methods: Uint8Array;
  private readonly sentAt: Float64Array;
  private readonly ending: Ending = { method: 0, code: 0, latency: 0 };

  /** @param size how many devices; they are told apart by index */
  constructor(size: number) {
    this.messageIds = new Int32Array(size).fill(NO_MESSAGE);
    this.methods = new Uint8Array(size);
    this.sentAt = new Float64Array(size);
  }

  /** A device sends a datagram. Returns true when it is a notification, sent for the first time. */
  handleSent(now: Milliseconds, index: number, datagram: Uint8Array): boolean {
    const type = typeOf(datagram);
    const code = datagram[1];
    if (type === NON) return isResponse(code) && hasObserve(datagram);
    if (type !== CON) return false;
    const messageId = messageIdOf(datagram);
    // A repetition; it does not restart the time.
    if (messageId === this.messageIds[index]) return false;
    this.messageIds[index] = messageId;
    if (isRequest(code)) {
      this.methods[index] = code;
      this.sentAt[index] = now;
      return false;
    }
    this.methods[index] = NO_REQUEST;
    return isResponse(code) && hasObserve(datagram);
  }

  /**
   * A device receives a datagram.
   *
   * @returns the ending when it is the response to the device's request, to be read at once: the object is reused
   */
  handleReceived(now: Milliseconds, index: number, datagram: Uint8Array): Ending | undefined {
    const method = this.methods[index];
    if (method === NO_REQUEST || datagram.length < HEADER_LENGTH) return undefined;
    if (!isResponse(datagram[1])) return undefined;
    // An acknowledgement must be ours; a separate response has a Message ID of the server's, and only one can be due.
    const isAcknowledgement = typeOf(datagram) === ACK;
    if (isAcknowledgement && messageIdOf(datagram) !== this.messageIds[index]) return undefined;
    this.methods[index] = NO_REQUEST;
    const ending = this.ending;
    ending.method = method;
    ending.code = datagram[1];
    ending.latency = now - this.sentAt[index];
    return ending;
  }

  /** A device gave its request up. */
  handleGivenUp(index: number): void {
    this.methods[index] = NO_REQUEST;
  }

  /** The method of the request that a device has under way; 0 when there is none. */
  methodUnderWay(index: number): number {
    return this.methods[index];
  }
}

function typeOf(datagram: Uint8Array): number {
  return (datagram[0] >> 4) & 3;
}

function messageIdOf(datagram: Uint8Array): number {
  return (datagram[2] << 8) | datagram[3];
}

/** Whether a message of our own has an Observe option. Its number is low, so the walk ends early. */
function hasObserve(datagram: Uint8Array): boolean {
  let at = HEADER_LENGTH + (datagram[0] & 15);
  let number = 0;
  while (at < datagram.length && datagram[at] !== PAYLOAD_MARKER) {
    const delta = datagram[at] >> 4;
    const length = datagram[at] & 15;
    number += delta;
    // A delta or length in extension bytes cannot belong to Observe, or lead to it.
    if (number >= OBSERVE || delta > 12 || length > 12) return number === OBSERVE && delta <= 12;
    at += 1 + length;
  }
  return false;
}
