/**
 * What an application and its CoAP endpoint say to each other: settings, requests, responses, and events.
 */
import type { Random } from "../ports.ts";
import type { Milliseconds } from "../time/duration.ts";
import type { Option } from "./options.ts";
import type { TransmissionParameters } from "./parameters.ts";

/** What all endpoints of a host share; never changed by them. */
export interface CoapSettings {
  readonly random: Random;
  readonly transmission: TransmissionParameters;
  /**
   * In datagrams, the preferred block size, 16..1024 bytes, a power of two (RFC 7959 §2.2): bodies longer than this go block-wise. On a
   * stream `longestMessage` and the peer's Max-Message-Size say it.
   */
  readonly blockSize: number;
  /** Longest body assembled from a peer's blocks, bytes; above it 4.13 with Size1 (RFC 7959 §2.9.3). */
  readonly maxBody: number;
  /** How many recent Message IDs are remembered to recognize duplicates (RFC 7252 §4.5). */
  readonly rememberedMessages: number;
  /** How many of our own requests may wait or be under way at once, observations not counted. */
  readonly maxRequests: number;
  /** Bodies of the peer that come block by block instead of whole, however long they are (pieces.ts). */
  readonly inPieces?: readonly PieceClaim[];
  /** Longest token accepted in a request, bytes, 8..65804 (RFC 8974 §2.1); longer is a format error. Absent: 8. */
  readonly longestToken?: number;
  /**
   * Length of the tokens of our requests, bytes, 8 and more: 8, until a Confirmable request has shown that the peer takes them (RFC 8974
   * §2.2.2). Absent: 8. Not more than `longestToken`, since responses bring them back.
   */
  readonly tokenLength?: number;
  /** When the peer's requests are challenged by Echo (echo.ts). Absent: when the application does. */
  readonly echo?: EchoPolicy;
  /** On a stream: bytes of the longest message that is taken, its header included (RFC 8323 §5.3.1). Absent: 1152. */
  readonly longestMessage?: number;
}

/** Which requests get a 4.01 with an Echo option first, until their sender has repeated it (RFC 9175 §2.4). */
export interface EchoPolicy {
  /** How old a request may be to count as fresh. */
  readonly freshness: Milliseconds;
  /** POST, PUT, DELETE, PATCH and iPATCH have to be fresh. Worth something only beneath a security protocol (§2.4 item 1). */
  readonly forChanges: boolean;
  /** A peer whose address is not verified gets no response of more than three times its request, and cannot observe (§2.4 item 3). */
  readonly forReachability: boolean;
}

/** What `CoapEndpoint` adds to one of our requests. */
export interface ExchangeExtras {
  /** Echo, to be sent with each of its messages. */
  echo: Option | undefined;
  /** 4.01 responses with Echo so far. */
  challenges: number;
  /** Request-Tag of its body; taken, even when the tag is to have none. */
  tag: readonly Option[] | undefined;
  /** It is repeated with a short token when the peer rejects it. */
  isTrial: boolean;
}

/** Which requests of the peer come in pieces: see pieces.ts. */
export interface PieceClaim {
  /** PUT, as a rule. */
  readonly code: number;
  /** `/5/0/0`; as `pathOf` writes it. */
  readonly path: string;
  /** How long the peer may be silent between two blocks before BODY_LOST; absent: EXCHANGE_LIFETIME, 247 s. */
  readonly silence?: Milliseconds;
}

/**
 * A request as the application gives it. Options in any order; Block1 and Size1 belong to the endpoint, and Block2 but for block 0,
 * which says how large blocks may be.
 */
export interface Request {
  readonly code: number;
  readonly options: readonly Option[];
  /** Not copied: unchanged by the application until the outcome. */
  readonly payload: Uint8Array;
  /** Absent means Confirmable. */
  readonly confirmable?: boolean;
  /** True: the response is to be the one block that its Block2 asks for, not the whole body (download.ts). */
  readonly oneBlock?: boolean;
}

/** A request from the peer, its body whole or, when it was claimed, a piece of it. Answer it once with `respond`. */
export interface IncomingRequest {
  readonly code: number;
  /** As received; the block-wise options among them are already dealt with. */
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
export const BODY_LOST = 5;
export const CONNECTION_ENDED = 6;

/** Why one of our requests ended without a response. */
export const TIMED_OUT = "timed-out";
export const RESET = "reset";
export const BODY_INCOMPLETE = "body-incomplete";
export const BODY_TOO_LARGE = "body-too-large";
export const BAD_RESPONSE = "bad-response";
export const DISCONNECTED = "disconnected";
export type Failure =
  | typeof TIMED_OUT
  | typeof RESET
  | typeof BODY_INCOMPLETE
  | typeof BODY_TOO_LARGE
  | typeof BAD_RESPONSE
  | typeof DISCONNECTED;

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
  | { readonly kind: typeof OBSERVER_GONE; readonly token: Uint8Array; readonly failure: Failure }
  /** A body that came in pieces (pieces.ts) ended before its last: the peer fell silent, or began too many others. */
  | {
      readonly kind: typeof BODY_LOST;
      /** It is of no request of ours. */
      readonly id: 0;
      readonly code: number;
      /** Of its first block. */
      readonly options: readonly Option[];
      /** How many bytes had come. */
      readonly received: number;
    }
  /**
   * A stream has ended, or could not be opened: requests without a response have failed, and observations in both directions are over
   * (RFC 8323 §3.4, §7.4). The next request opens another one.
   */
  | {
      readonly kind: typeof CONNECTION_ENDED;
      /** It is of no request of ours. */
      readonly id: 0;
      /** For people. */
      readonly reason: string;
      /** How long the peer asked not to be connected to (RFC 8323 §5.5); 0 when it did not. */
      readonly holdOff: Milliseconds;
    };
