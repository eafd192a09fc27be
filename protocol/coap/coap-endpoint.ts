/**
 * CoAP over UDP with one peer: our half of the conversation (RFC 7252, RFC 7641, RFC 7959).
 *
 * A sans-I/O machine: `handleX` when the world did something, `request`/`respond`/`notify` when the application wants
 * something, then drain `pollTransmit` and `pollEvent`, then arm one alarm on `deadline()`. An agent has one endpoint per server;
 * a server has one per peer address.
 */
import type { Random } from "../ports.ts";
import type { Milliseconds } from "../time/duration.ts";
import type { Option } from "./options.ts";
import type { TransmissionParameters } from "./parameters.ts";

/** What all endpoints of a host share; never changed by them. */
export interface CoapSettings {
  readonly random: Random;
  readonly transmission: TransmissionParameters;
  /** Preferred block size, 16..1024 bytes, a power of two (RFC 7959 §2.2). Bodies longer than this go block-wise. */
  readonly blockSize: number;
  /** Longest body assembled from a peer's blocks, bytes; above it 4.13 with Size1 (RFC 7959 §2.9.3). */
  readonly maxBody: number;
  /** How many recent Message IDs are remembered to recognize duplicates (RFC 7252 §4.5). */
  readonly rememberedMessages: number;
  /** How many of our own requests may wait or be under way at once, observations not counted. */
  readonly maxRequests: number;
}

/** A request as the application gives it. Options in any order; Block1, Block2, Size1 belong to the endpoint. */
export interface Request {
  readonly code: number;
  readonly options: readonly Option[];
  /** Not copied: unchanged by the application until the outcome. */
  readonly payload: Uint8Array;
  /** Absent means Confirmable. */
  readonly confirmable?: boolean;
}

/** A request from the peer, its body whole. Answer it once with `respond`. */
export interface IncomingRequest {
  readonly code: number;
  /** Without Block1 and Size1, which the endpoint consumed. */
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
  readonly token: Uint8Array;
  readonly confirmable: boolean;
  readonly messageId: number;
}

/** A response as the application gives it, or as the peer sent it with its body whole. */
export interface Response {
  readonly code: number;
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
}

export const REQUEST_RECEIVED = 1;
export const RESPONSE_RECEIVED = 2;
export const REQUEST_FAILED = 3;
export const OBSERVER_GONE = 4;

/** Why one of our requests ended without a response. */
export const TIMED_OUT = "timed-out";
export const RESET = "reset";
export const BODY_INCOMPLETE = "body-incomplete";
export const BODY_TOO_LARGE = "body-too-large";
export type Failure = typeof TIMED_OUT | typeof RESET | typeof BODY_INCOMPLETE | typeof BODY_TOO_LARGE;

export type CoapEvent =
  | { readonly kind: typeof REQUEST_RECEIVED; readonly request: IncomingRequest }
  /** `id` is what `request` returned. With `observing`, more of them follow (notifications, in order, stale ones dropped). */
  | {
      readonly kind: typeof RESPONSE_RECEIVED;
      readonly id: number;
      readonly response: Response;
      readonly observing: boolean;
    }
  | { readonly kind: typeof REQUEST_FAILED; readonly id: number; readonly failure: Failure }
  /** A notification was answered with RST, or a Confirmable one never acknowledged (RFC 7641 §3.6, §4.5). */
  | { readonly kind: typeof OBSERVER_GONE; readonly token: Uint8Array; readonly failure: Failure };

export declare class CoapEndpoint {
  constructor(settings: CoapSettings);

  /** The peer sent this datagram. Its bytes must not change afterwards: messages keep views of them. */
  handleDatagram(now: Milliseconds, datagram: Uint8Array): void;
  /** Call when `deadline()` has passed; harmless when it has not. */
  handleTimeout(now: Milliseconds): void;

  /** Sends a request. Returns its id (> 0), or 0 when `maxRequests` are waiting. With Observe 0 it stays until cancelled. */
  request(now: Milliseconds, request: Request): number;
  /** Answers the peer's request: piggybacked if in time, else separate (RFC 7252 §5.2). Large bodies go in blocks. */
  respond(now: Milliseconds, request: IncomingRequest, response: Response): void;
  /** Sends a notification to an observer of ours (RFC 7641 §4.2). A waiting older one for the same token is dropped. */
  notify(now: Milliseconds, token: Uint8Array, response: Response, confirmable: boolean): void;
  /** Ends an observation of ours with GET Observe 1 under its token; no more events for `id` (RFC 7641 §3.6). */
  cancelObservation(now: Milliseconds, id: number): void;
  /** Forgets a request or observation without a word; a later notification is answered with RST. */
  forget(id: number): void;
  /** The token of a request or observation, to store it with. */
  tokenOf(id: number): Uint8Array | undefined;
  /** Takes up an observation made before a restart. Returns its id. */
  resumeObservation(request: Request, token: Uint8Array): number;

  /** The next datagram to put on the wire, the caller's from then on. */
  pollTransmit(): Uint8Array | undefined;
  pollEvent(): CoapEvent | undefined;
  deadline(): Milliseconds;
  /** True when nothing is under way: no request, no unacknowledged message, no transfer. */
  isIdle(): boolean;
}
