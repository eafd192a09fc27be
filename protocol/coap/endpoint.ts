/**
 * What agents and servers use of an endpoint, whatever carries its messages: datagrams (`BasicEndpoint` and those above it), or a stream
 * (`StreamEndpoint` and those above it).
 */
import type { Milliseconds } from "../time/duration.ts";
import type { CoapEvent, IncomingRequest, Request, Response } from "./exchange.ts";

/** Our half of the conversation with one peer. */
export interface Endpoint {
  /** Of datagrams: of our next message, 16 bits, ascending. */
  nextMessageId?: number;
  /** What the channel has brought: a datagram, or a piece of a stream, whose end is an empty piece. */
  handleDatagram(now: Milliseconds, datagram: Uint8Array): void;
  handleTimeout(now: Milliseconds): void;
  /** Sends a request. Returns its id (> 0), or 0 when there is no room for it. */
  request(now: Milliseconds, request: Request): number;
  respond(now: Milliseconds, request: IncomingRequest, response: Response): void;
  /** @param confirmable means nothing on a stream, where every message arrives */
  notify(now: Milliseconds, token: Uint8Array, response: Response, confirmable: boolean): void;
  /** What goes into the channel next: a datagram, or a piece of a stream, whose end is an empty piece. */
  pollTransmit(): Uint8Array | undefined;
  pollEvent(): CoapEvent | undefined;
  deadline(): Milliseconds;
  /** True when nothing is under way; observations do not count. */
  isIdle(): boolean;
  /** Of a stream: ends the connection. */
  disconnect?(): void;
}

/** One that can also observe, and give up what it has asked for. */
export interface ObservingPeer extends Endpoint {
  /** How often the peer has sent what is not CoAP. */
  readonly malformed: number;
  cancelObservation(now: Milliseconds, id: number): void;
  forget(id: number): void;
  /** Forgets a request, and repeats it no more. */
  withdraw(now: Milliseconds, id: number): void;
  tokenOf(id: number): Uint8Array | undefined;
}
