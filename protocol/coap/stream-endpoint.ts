/**
 * CoAP over a reliable stream with one peer, TCP as a rule (RFC 8323): our half of the conversation, with the face of `BasicEndpoint`.
 * There are no Message IDs, acknowledgements or retransmissions, since the stream has its own: what is left is which response belongs to
 * which request, told by the token (§3.3). Every body goes in one message here; `BlockWiseStreamEndpoint` cuts those that the peer does
 * not take whole.
 *
 * A request without a connection opens one: our CSM goes out, and the request once the peer's has come, which says what it takes. A
 * connection ends with an empty piece: `pollTransmit` gives one when we end it, and `handleEnd`, or an empty piece to `handleDatagram`,
 * says that it has ended, or that none could be opened. What was under way has then failed, CONNECTION_ENDED follows, and the endpoint
 * is as new.
 *
 * The peer's messages are taken in their order. While MAX_UNANSWERED requests wait for the application, those behind them wait in the
 * bytes that are held, so that a peer which sends many at once is not refused.
 */
import { equalBytes } from "../bytes/equal.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import { BAD_OPTION, INTERNAL_SERVER_ERROR, isRequest, PROXYING_NOT_SUPPORTED } from "./codes.ts";
import type { Endpoint } from "./endpoint.ts";
import type {
  CoapEvent,
  CoapSettings,
  Failure,
  IncomingRequest,
  Request,
  Response,
} from "./exchange.ts";
import {
  BAD_RESPONSE,
  BODY_TOO_LARGE,
  CONNECTION_ENDED,
  DISCONNECTED,
  OBSERVER_GONE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESET,
  RESPONSE_RECEIVED,
  TIMED_OUT,
} from "./exchange.ts";
import { NO_BYTES, NO_OPTIONS } from "./message.ts";
import type { Option } from "./options.ts";
import { findOption, PROXY_SCHEME, PROXY_URI, unusableCriticalOption } from "./options.ts";
import { maxTransmitWait } from "./parameters.ts";
import { StreamConnection } from "./stream-connection.ts";
import type { StreamMessage } from "./stream-framing.ts";
import type { StreamTransfer } from "./stream-transfer.ts";

/** One of our requests, or an observation of ours. */
export interface StreamExchange {
  /** 0: nobody is told of its outcome. */
  readonly id: number;
  /** Of its latest message. */
  token: Uint8Array;
  readonly request: Request;
  /** The observation whose notification this one fetches the rest of. */
  readonly parent: StreamExchange | undefined;
  /** True once the peer has said that notifications will follow. */
  observing: boolean;
  /** NEVER while it waits for the connection. */
  sentAt: Milliseconds;
  /** When the response is given up. */
  waitUntil: Milliseconds;
  /** Made when the request or its response turns out to need blocks. */
  transfer: StreamTransfer | undefined;
  /** Request-Tag of its payload, while it goes in blocks. */
  tag: readonly Option[] | undefined;
}

/** Requests that may wait for the application's answer at once. */
const MAX_UNANSWERED = 8;

export class StreamEndpoint implements Endpoint {
  /** Connections that have ended since the peer sent what is not CoAP. */
  malformed = 0;
  protected readonly settings: CoapSettings;
  /** Undefined while there is none, and none is wanted. */
  protected connection: StreamConnection | undefined = undefined;
  protected exchanges: StreamExchange[] = [];
  protected nextId = 1;
  /** What is still to be sent of a connection that we have ended, with its end. */
  private outbox: Uint8Array[] = [];
  private events: CoapEvent[] = [];
  /** In the order in which they came. */
  private unanswered: IncomingRequest[] = [];

  constructor(settings: CoapSettings) {
    this.settings = settings;
  }

  // What the world does.

  /** As a channel brings it: bytes, or, when there are none, the end. */
  handleDatagram(now: Milliseconds, datagram: Uint8Array): void {
    if (datagram.length > 0) this.handleBytes(now, datagram);
    else this.handleEnd("closed by the peer");
  }

  /** The peer has opened a connection: in time it has to say what it takes. */
  handleOpened(now: Milliseconds): StreamConnection {
    this.connection = new StreamConnection(now, this.settings, this.knowsBlocks());
    return this.connection;
  }

  /** Bytes of the stream, cut in any way; they remain the caller's. */
  handleBytes(now: Milliseconds, bytes: Uint8Array): void {
    const connection = this.connection;
    (connection === undefined ? this.handleOpened(now) : connection).handleBytes(now, bytes);
    this.read(now);
  }

  /** The stream is over, or could not be opened. @param reason for people */
  handleEnd(reason: string): void {
    this.outbox = [];
    if (this.connection !== undefined) this.end(this.connection, reason);
  }

  /** Call when `deadline()` has passed; harmless when it has not. */
  handleTimeout(now: Milliseconds): void {
    const connection = this.connection;
    if (connection === undefined) return;
    connection.handleTimeout(now);
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      const exchange = this.exchanges[i];
      if (exchange === undefined || now < exchange.waitUntil) continue;
      // Nothing at all has come since it went out.
      const isDead = connection.heardAt <= exchange.sentAt && this.owesAnswer(exchange);
      this.failExchange(exchange, TIMED_OUT);
      if (isDead) connection.abort(undefined, "nothing is answered");
    }
    this.settle();
  }

  // What the application wants.

  /** Sends a request, over a new connection if need be. Returns its id (> 0), or 0 when `maxRequests` are under way or the peer leaves. */
  request(now: Milliseconds, request: Request): number {
    let connection = this.connection;
    let active = 0;
    for (let i = 0; i < this.exchanges.length; i++) if (!this.exchanges[i].observing) active++;
    if (active >= this.settings.maxRequests) return 0;
    if (connection === undefined) connection = this.handleOpened(now);
    if (connection.isReleased) return 0;
    const exchange = this.open(this.nextId++, request, this.newToken(), undefined);
    exchange.waitUntil = now + this.patience();
    if (connection.capabilities !== undefined) this.sendRequest(now, exchange);
    else connection.greet();
    this.settle();
    return exchange.id;
  }

  /** Answers the peer's request. One of a connection that has ended is dropped. */
  respond(now: Milliseconds, request: IncomingRequest, response: Response): void {
    const at = this.unanswered.indexOf(request);
    if (at < 0) return;
    this.unanswered.splice(at, 1);
    this.answer(request, this.cutFor(now, request, response));
    this.read(now);
  }

  /**
   * Sends a notification to an observer of ours (RFC 8323 §7); nothing without a connection, which has no observers. One that is longer
   * than the peer takes is the observation's end.
   */
  notify(_now: Milliseconds, token: Uint8Array, response: Response, _confirmable: boolean): void {
    if (this.connection === undefined) return;
    if (!this.send(token, this.cutNotification(token, response))) {
      this.send(token, bare(INTERNAL_SERVER_ERROR));
      this.emit({ kind: OBSERVER_GONE, token: token, failure: RESET });
    }
    this.settle();
  }

  /** Ends the connection, if there is one. */
  disconnect(): void {
    if (this.connection === undefined) return;
    this.connection.ended = "closed by us";
    this.settle();
  }

  /** True while there is a connection, or one is wanted. */
  isConnected(): boolean {
    return this.connection !== undefined;
  }

  // What comes out.

  /** The next bytes of the stream; empty bytes are its end, and what follows is of another connection. */
  pollTransmit(): Uint8Array | undefined {
    const first = this.outbox.shift();
    if (first !== undefined || this.connection === undefined) return first;
    return this.connection.pollTransmit();
  }

  pollEvent(): CoapEvent | undefined {
    return this.events.shift();
  }

  deadline(): Milliseconds {
    let at = this.connection === undefined ? NEVER : this.connection.deadline();
    for (let i = 0; i < this.exchanges.length; i++) {
      at = Math.min(at, this.exchanges[i].waitUntil);
    }
    return at;
  }

  /** True when nothing is under way: no request of either side, nothing to be sent. Observations do not count. */
  isIdle(): boolean {
    const isSent = this.connection === undefined || !this.connection.hasToSend();
    return isSent && this.outbox.length === 0 && this.owesNothing();
  }

  private owesNothing(): boolean {
    for (let i = 0; i < this.exchanges.length; i++) if (!this.exchanges[i].observing) return false;
    return this.unanswered.length === 0;
  }

  // The connection.

  /** Takes the messages that are whole, as far as the application keeps up. */
  private read(now: Milliseconds): void {
    const connection = this.connection;
    while (connection !== undefined && this.unanswered.length < MAX_UNANSWERED) {
      const wasOpen = connection.capabilities !== undefined;
      const message = connection.poll(now, this.oldest());
      if (!wasOpen && connection.capabilities !== undefined) this.sendWaiting(now);
      if (message === undefined) break;
      if (isRequest(message.code)) this.handleRequest(now, message, connection.requests);
      else this.handleResponse(now, message);
    }
    this.settle();
  }

  /** The first CSM lets out what has waited for it. */
  private sendWaiting(now: Milliseconds): void {
    const exchanges = this.exchanges.slice();
    for (let i = 0; i < exchanges.length; i++) this.sendRequest(now, exchanges[i]);
  }

  /** Pongs, and the end of a connection that cannot go on, or is released with nothing owed (RFC 8323 §5.5). */
  private settle(): void {
    const connection = this.connection;
    if (connection === undefined) return;
    connection.answerPings(this.oldest());
    if (connection.isReleased && connection.ended === undefined && this.owesNothing()) {
      connection.ended = "released by the peer";
    }
    const reason = connection.ended;
    if (reason === undefined) return;
    let bytes = connection.pollTransmit();
    while (bytes !== undefined) {
      this.outbox.push(bytes);
      bytes = connection.pollTransmit();
    }
    this.outbox.push(NO_BYTES);
    this.end(connection, reason);
  }

  /** Which request of the connection is the first without an answer. */
  private oldest(): number {
    return this.unanswered.length === 0 ? NEVER : this.unanswered[0].messageId;
  }

  /** Everything of this connection is over. */
  protected end(connection: StreamConnection, reason: string): void {
    if (connection.isMalformed) this.malformed++;
    this.connection = undefined;
    this.unanswered = [];
    const exchanges = this.exchanges;
    this.exchanges = [];
    for (let i = 0; i < exchanges.length; i++) this.tellFailure(exchanges[i], DISCONNECTED);
    this.emit({ kind: CONNECTION_ENDED, id: 0, reason: reason, holdOff: connection.holdOff });
  }

  private patience(): Milliseconds {
    return maxTransmitWait(this.settings.transmission);
  }

  /** Sends a message. False, and nothing is sent, when it is longer than the peer takes. */
  private send(token: Uint8Array, content: Response): boolean {
    return this.connection !== undefined && this.connection.send(token, content);
  }

  // Our requests (RFC 8323 §3.3).

  protected open(
    id: number,
    request: Request,
    token: Uint8Array,
    parent: StreamExchange | undefined,
  ): StreamExchange {
    const exchange: StreamExchange = {
      id: id,
      token: token,
      request: request,
      parent: parent,
      observing: false,
      sentAt: NEVER,
      waitUntil: NEVER,
      transfer: undefined,
      tag: undefined,
    };
    this.exchanges.push(exchange);
    return exchange;
  }

  /** Drops an exchange with all that belongs to it. False when it was not there. */
  protected close(exchange: StreamExchange): boolean {
    const at = this.exchanges.indexOf(exchange);
    if (at < 0) return false;
    this.exchanges.splice(at, 1);
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      if (this.exchanges[i].parent === exchange) this.exchanges.splice(i, 1);
    }
    return true;
  }

  protected failExchange(exchange: StreamExchange, failure: Failure): void {
    if (this.close(exchange)) this.tellFailure(exchange, failure);
  }

  private tellFailure(exchange: StreamExchange, failure: Failure): void {
    // An observation outlives a notification whose rest could not be fetched (id 0): the next one brings the newer state.
    if (exchange.id !== 0) this.emit({ kind: REQUEST_FAILED, id: exchange.id, failure: failure });
  }

  protected newToken(): Uint8Array {
    const token = new Uint8Array(8);
    for (let i = 0; i < 8; i += 4) {
      const bits = this.settings.random.uint32();
      token[i] = bits >> 24;
      token[i + 1] = bits >> 16;
      token[i + 2] = bits >> 8;
      token[i + 3] = bits;
    }
    return token;
  }

  protected sendRequest(now: Milliseconds, exchange: StreamExchange): void {
    this.sendPart(now, exchange, exchange.request);
  }

  /** Sends a message of an exchange. */
  protected sendPart(now: Milliseconds, exchange: StreamExchange, content: Response): void {
    exchange.sentAt = now;
    exchange.waitUntil = now + this.patience();
    if (!this.send(exchange.token, content)) this.failExchange(exchange, BODY_TOO_LARGE);
  }

  /** A response to a request of ours; to none it is one that came too late. */
  private handleResponse(now: Milliseconds, message: StreamMessage): void {
    const exchange = this.exchangeWith(message.token);
    if (exchange === undefined) return;
    if (this.unusableOption(message.options) === undefined) {
      this.takeResponse(now, exchange, message);
    } else this.failExchange(exchange, BAD_RESPONSE);
  }

  /** Newest first: the GET that cancels an observation shares the observation's token. */
  private exchangeWith(token: Uint8Array): StreamExchange | undefined {
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      if (equalBytes(this.exchanges[i].token, token)) return this.exchanges[i];
    }
    return undefined;
  }

  protected takeResponse(
    _now: Milliseconds,
    exchange: StreamExchange,
    message: StreamMessage,
  ): void {
    this.finish(exchange, message, message.payload);
  }

  /** The whole response is here. */
  protected finish(exchange: StreamExchange, head: StreamMessage, body: Uint8Array): void {
    const told = exchange.parent === undefined ? exchange : exchange.parent;
    if (!exchange.observing) this.close(exchange);
    if (told.id === 0) return;
    this.emit({
      kind: RESPONSE_RECEIVED,
      id: told.id,
      response: { code: head.code, options: head.options, payload: body },
      observing: told.observing,
    });
  }

  protected emit(event: CoapEvent): void {
    this.events.push(event);
  }

  // The peer's requests.

  /** @param nth which request of the connection it is */
  protected handleRequest(now: Milliseconds, message: StreamMessage, nth: number): void {
    const options = message.options;
    const unusable = this.unusableOption(options);
    const proxy = findOption(options, PROXY_URI) || findOption(options, PROXY_SCHEME);
    const isForProxy = unusable === undefined && proxy !== undefined;
    const request = {
      code: message.code,
      options: options,
      payload: message.payload,
      token: message.token,
      confirmable: true,
      messageId: nth,
    };
    if (isForProxy || unusable === PROXY_URI || unusable === PROXY_SCHEME) {
      this.answer(request, bare(PROXYING_NOT_SUPPORTED));
    } else if (unusable !== undefined) this.answer(request, bare(BAD_OPTION));
    else {
      const taken = this.takeRequest(now, request);
      if (!(taken instanceof Uint8Array)) this.answer(request, taken);
      else {
        request.payload = taken;
        this.unanswered.push(request);
        this.emit({ kind: REQUEST_RECEIVED, request: request });
      }
    }
  }

  /** In place of a response that is longer than the peer takes goes an error. */
  protected answer(request: IncomingRequest, content: Response): void {
    if (this.send(request.token, content)) return;
    this.send(request.token, bare(INTERNAL_SERVER_ERROR));
  }

  // What those do otherwise that extend it.

  /** True for a request that a peer which is there answers. */
  protected owesAnswer(_exchange: StreamExchange): boolean {
    return true;
  }

  protected knowsBlocks(): boolean {
    return false;
  }

  /** The body of a request for the application, or what to answer it at once. */
  protected takeRequest(_now: Milliseconds, request: IncomingRequest): Uint8Array | Response {
    return request.payload;
  }

  /** What of a response goes into the message that answers the request. */
  protected cutFor(_now: Milliseconds, _request: IncomingRequest, response: Response): Response {
    return response;
  }

  /** What of a notification goes into its message. */
  protected cutNotification(_token: Uint8Array, response: Response): Response {
    return response;
  }

  /** The first critical option that this endpoint cannot use; undefined when there is none. */
  private unusableOption(options: readonly Option[]): number | undefined {
    return unusableCriticalOption(options, this.knowsBlocks());
  }
}

/** A response without a body. */
function bare(code: number): Response {
  return { code: code, options: NO_OPTIONS, payload: NO_BYTES };
}
