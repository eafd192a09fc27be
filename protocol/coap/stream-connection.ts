/**
 * One connection that carries CoAP (RFC 8323 §3.3, §5): what its ends say to each other about it, and when it cannot go on. Requests and
 * responses are handed on and taken as they are; which belong together is stream-endpoint.ts.
 *
 *   state        begins with                          what may come next
 *   greeting     the connection                       the peer's CSM, in time; all else ends it
 *   open         the peer's CSM                       requests, responses, signals, empty messages
 *   released     Release                              the same, until nothing is under way
 *   ended        Abort of either side, a fault,       nothing
 *                a message that does not come to its
 *                end, a peer that takes nothing
 *
 * A sans-I/O machine for one connection; the next has another one. Whoever drives it ends the connection when `ended` is set, after what
 * `pollTransmit` still gives.
 */
import { decodeUtf8 } from "../bytes/utf8.ts";
import { isMalformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER, SECOND } from "../time/duration.ts";
import { EMPTY, isRequest, isResponse } from "./codes.ts";
import type { CoapSettings, Response } from "./exchange.ts";
import { maxTransmitWait } from "./parameters.ts";
import type { StreamMessage } from "./stream-framing.ts";
import { encodeStreamMessage, StreamDecoder } from "./stream-framing.ts";
import type { Capabilities } from "./stream-signals.ts";
import {
  ABORT,
  abort,
  BASE_CAPABILITIES,
  CSM,
  capabilitiesAfter,
  criticalSignalOption,
  csm,
  hasCustody,
  holdOffOf,
  isSignal,
  PING,
  pong,
  RELEASE,
} from "./stream-signals.ts";

/** A Ping whose Pong waits for the requests before it. */
interface CustodyPing {
  readonly message: StreamMessage;
  /** How many requests had come before it. */
  readonly requests: number;
}

/** Bytes that may wait to be read, beside one message of the longest kind. */
const MAX_HELD = 131072;
/** Bytes that may wait to be sent: a peer beyond it does not take what it has asked for. */
const MAX_UNSENT = 262144;
/** Pings with custody that may wait; a further one is answered without. */
const MAX_PINGS = 4;

export class StreamConnection {
  /** What the peer takes; undefined before its CSM. */
  capabilities: Capabilities | undefined = undefined;
  /** The peer wants no more requests on it. */
  isReleased = false;
  /** How long the peer asked not to be connected to. */
  holdOff: Milliseconds = 0;
  /** Why it cannot go on, for people; undefined while it can. */
  ended: string | undefined = undefined;
  /** The peer has sent what is not CoAP. */
  isMalformed = false;
  /** Requests that have come. */
  requests = 0;
  heardAt: Milliseconds = -NEVER;
  /** What of ours the peer may take: how long a message may be, whether in blocks, how long a token. */
  private readonly own: Capabilities;
  /** How long a message may take from its first byte to its last, and the peer's CSM from the beginning. */
  private readonly patience: Milliseconds;
  private readonly decoder: StreamDecoder;
  private hasGreeted = false;
  /** When the message that has begun has to be whole. */
  private dueAt: Milliseconds;
  private outbox: Uint8Array[] = [];
  /** Bytes in the outbox. */
  private unsent = 0;
  private pings: CustodyPing[] = [];

  constructor(now: Milliseconds, settings: CoapSettings, knowsBlocks: boolean) {
    const size = settings.longestMessage;
    const token = settings.longestToken;
    const own = {
      maxMessageSize: size === undefined ? BASE_CAPABILITIES.maxMessageSize : size,
      blockWise: knowsBlocks,
      maxTokenLength: token === undefined ? BASE_CAPABILITIES.maxTokenLength : token,
    };
    this.own = own;
    this.decoder = new StreamDecoder(own.maxMessageSize, own.maxTokenLength);
    this.patience = maxTransmitWait(settings.transmission);
    this.dueAt = now + this.patience;
  }

  deadline(): Milliseconds {
    return this.dueAt;
  }

  /** Call when `deadline()` has passed; harmless when it has not. */
  handleTimeout(now: Milliseconds): void {
    if (now >= this.dueAt) this.abort(undefined, "a message takes too long");
  }

  /** Bytes of the stream, cut in any way; they remain the caller's. Then `poll` until nothing comes. */
  handleBytes(now: Milliseconds, bytes: Uint8Array): void {
    this.heardAt = now;
    this.decoder.push(bytes);
    if (this.decoder.heldBytes() > this.own.maxMessageSize + MAX_HELD) {
      this.abort(undefined, "too much at once");
    }
  }

  /** Our CSM, before anything else of ours and without waiting for the peer's (§3.3). */
  greet(): void {
    if (this.hasGreeted) return;
    this.hasGreeted = true;
    this.write(csm(this.own));
  }

  /**
   * The next request or response of the peer. What else comes is dealt with here, and may be the end.
   *
   * @param oldest which request of the connection is the first without an answer; NEVER when there is none
   */
  poll(now: Milliseconds, oldest: number): StreamMessage | undefined {
    while (this.ended === undefined) {
      const message = this.decoder.poll();
      if (message === undefined) {
        this.watch(now);
        return undefined;
      }
      if (isMalformed(message)) this.reject(message.fault);
      else if (this.takes(message, oldest)) return message;
    }
    return undefined;
  }

  /** A message that is not whole has so long from now on; without one nothing is awaited but the peer's CSM. */
  private watch(now: Milliseconds): void {
    if (this.capabilities === undefined) return;
    if (this.decoder.heldBytes() === 0) this.dueAt = NEVER;
    else if (this.dueAt === NEVER) this.dueAt = now + this.patience;
  }

  /** True for a request or a response. */
  private takes(message: StreamMessage, oldest: number): boolean {
    const code = message.code;
    if (this.capabilities === undefined && code !== CSM) {
      this.reject("the first message is no CSM");
      return false;
    }
    this.dueAt = NEVER;
    if (isSignal(code)) this.takeSignal(message, oldest);
    else if (isRequest(code)) this.requests++;
    else if (!isResponse(code)) {
      // Empty ones keep address translation alive (§3.4).
      if (code !== EMPTY) this.reject("a reserved code");
      return false;
    }
    return !isSignal(code);
  }

  private takeSignal(message: StreamMessage, oldest: number): void {
    const code = message.code;
    const critical = criticalSignalOption(message);
    if (critical !== undefined) {
      this.abort(code === CSM ? critical : undefined, "a critical option");
    } else if (code === CSM) {
      const before = this.capabilities === undefined ? BASE_CAPABILITIES : this.capabilities;
      this.capabilities = capabilitiesAfter(before, message);
      this.greet();
    } else if (code === PING) this.takePing({ message: message, requests: this.requests }, oldest);
    else if (code === RELEASE) {
      this.isReleased = true;
      this.holdOff = holdOffOf(message) * SECOND;
    } else if (code === ABORT) {
      this.outbox = [];
      this.ended = "aborted by the peer: " + decodeUtf8(message.payload);
    }
  }

  /** With custody a Pong waits for the answers to all requests before its Ping (§5.4). */
  private takePing(ping: CustodyPing, oldest: number): void {
    const isLate = oldest <= ping.requests;
    if (isLate && hasCustody(ping.message) && this.pings.length < MAX_PINGS) this.pings.push(ping);
    else this.write(pong(ping.message, !isLate));
  }

  /** A request was answered: Pongs may follow. @param oldest as in `poll` */
  answerPings(oldest: number): void {
    while (this.pings.length > 0 && oldest > this.pings[0].requests) {
      this.write(pong(this.pings[0].message, true));
      this.pings.shift();
    }
  }

  /** Sends a request or a response. False, and nothing is sent, when it is longer than the peer takes. */
  send(token: Uint8Array, content: Response): boolean {
    const bytes = encodeStreamMessage({
      code: content.code,
      token: token,
      options: content.options,
      payload: content.payload,
    });
    if (this.capabilities === undefined || bytes.length > this.capabilities.maxMessageSize) {
      return false;
    }
    this.put(bytes);
    return true;
  }

  private write(message: StreamMessage): void {
    this.put(encodeStreamMessage(message));
  }

  private put(bytes: Uint8Array): void {
    this.outbox.push(bytes);
    this.unsent += bytes.length;
    if (this.unsent <= MAX_UNSENT) return;
    this.outbox = [];
    this.ended = "the peer takes nothing";
  }

  /** The peer speaks something else. */
  private reject(fault: string): void {
    this.isMalformed = true;
    this.abort(undefined, fault);
  }

  /** Ends it with a word (§5.6). @param option of a CSM @param reason for people at both ends */
  abort(option: number | undefined, reason: string): void {
    this.write(abort(option, reason));
    this.ended = reason;
    this.dueAt = NEVER;
  }

  /** The next bytes to be sent. */
  pollTransmit(): Uint8Array | undefined {
    const first = this.outbox.shift();
    if (first !== undefined) this.unsent -= first.length;
    return first;
  }

  hasToSend(): boolean {
    return this.outbox.length > 0;
  }
}
