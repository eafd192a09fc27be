/**
 * Times the requests of a fleet from outside, by the bytes that go out and come in.
 *
 * What is measured is what the application would feel: from the first transmission of a request to its response, with
 * every retransmission in between. An agent has one request under way at a time (NSTART 1, RFC 7252 §4.7), so a few typed
 * arrays hold all there is to know, and the agent itself carries no stopwatch.
 */
import { isRequest, isResponse } from "../protocol/coap/codes.ts";
import type { Milliseconds } from "../protocol/time/duration.ts";

/** What a datagram from the server ended. */
export interface Ending {
  /** The code of the response. */
  code: number;
  latency: Milliseconds;
}

/** No request is under way. */
const NOTHING = -1;

const CON = 0;
const ACK = 2;

export class ExchangeWatch {
  /** The Message ID of the request that each device has under way. */
  private readonly messageIds: Int32Array;
  private readonly sentAt: Float64Array;
  private readonly ending: Ending = { code: 0, latency: 0 };

  /** @param size how many devices; they are told apart by index */
  constructor(size: number) {
    this.messageIds = new Int32Array(size).fill(NOTHING);
    this.sentAt = new Float64Array(size);
  }

  /** A device sends a datagram. Repetitions of a request do not restart its time. */
  handleSent(now: Milliseconds, index: number, datagram: Uint8Array): void {
    if (datagram.length < 4 || typeOf(datagram) !== CON || !isRequest(datagram[1])) return;
    const messageId = (datagram[2] << 8) | datagram[3];
    if (messageId === this.messageIds[index]) return;
    this.messageIds[index] = messageId;
    this.sentAt[index] = now;
  }

  /**
   * A device receives a datagram.
   *
   * @returns the ending when it is the response to the device's request, to be read at once: the object is reused
   */
  handleReceived(now: Milliseconds, index: number, datagram: Uint8Array): Ending | undefined {
    const messageId = this.messageIds[index];
    if (messageId === NOTHING || datagram.length < 4 || !isResponse(datagram[1])) return undefined;
    // An acknowledgement must be ours; a separate response has a Message ID of the server's, and only one can be due.
    if (typeOf(datagram) === ACK && ((datagram[2] << 8) | datagram[3]) !== messageId) {
      return undefined;
    }
    this.messageIds[index] = NOTHING;
    this.ending.code = datagram[1];
    this.ending.latency = now - this.sentAt[index];
    return this.ending;
  }
}

function typeOf(datagram: Uint8Array): number {
  return (datagram[0] >> 4) & 3;
}
