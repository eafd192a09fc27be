/**
 * CoAP over UDP with one peer: our half of the conversation (RFC 7252). Requests and responses in both directions, and notifications
 * to a peer that observes us (RFC 7641 §4). What a device needs; `CoapEndpoint` adds what a server needs, to observe and to cancel.
 *
 * A sans-I/O machine: `handleX` when the world did something, `request`/`respond`/`notify` when the application wants
 * something, then drain `pollTransmit` and `pollEvent`, then arm one alarm on `deadline()`. An agent has one endpoint per server;
 * a server has one per peer address.
 *
 * This file decides which message belongs to which exchange, and in which order messages go out (NSTART = 1, RFC 7252 §4.7).
 * When a message is repeated and what a duplicate is are the rules of retransmission.ts and recent-messages.ts. Every
 * body goes in one message here, and blocks of the peer are refused as options that nobody understands: `BlockWiseEndpoint` knows them.
 */
import { equalBytes } from "../bytes/equal.ts";
import { isMalformed } from "../malformed.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { BlockWiseTransfer } from "./block-wise-client.ts";
import {
  BAD_OPTION,
  EMPTY,
  isRequest,
  isResponse,
  PROXYING_NOT_SUPPORTED,
  SERVICE_UNAVAILABLE,
} from "./codes.ts";
import type {
  CoapEvent,
  CoapSettings,
  ExchangeExtras,
  Failure,
  IncomingRequest,
  Request,
  Response,
} from "./exchange.ts";
import {
  BAD_RESPONSE,
  OBSERVER_GONE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESET,
  RESPONSE_RECEIVED,
  TIMED_OUT,
} from "./exchange.ts";
import type { Message } from "./message.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeEmpty,
  encodeMessage,
  NO_BYTES,
  NO_OPTIONS,
  NON,
  RST,
} from "./message.ts";
import type { Option } from "./options.ts";
import { findOption, PROXY_SCHEME, PROXY_URI, unusableCriticalOption } from "./options.ts";
import { exchangeLifetime } from "./parameters.ts";
import { RecentMessages } from "./recent-messages.ts";
import { Retransmission } from "./retransmission.ts";

/** One of our requests, or an observation of ours. */
export interface Exchange {
  /** 0: nobody is told of its outcome. */
  readonly id: number;
  /** Of its latest message. */
  token: Uint8Array;
  readonly request: Request;
  /** The observation whose notification this one fetches the rest of. */
  readonly parent: Exchange | undefined;
  /** True once the peer has said that notifications will follow. */
  observing: boolean;
  lastSequence: number;
  lastAt: Milliseconds;
  /** When the response is given up; NEVER while retransmission or nothing at all watches over it. */
  waitUntil: Milliseconds;
  /** Made when the request or its response turns out to need blocks. */
  transfer: BlockWiseTransfer | undefined;
  /** What only `CoapEndpoint` knows of it. */
  extras?: ExchangeExtras;
}

/** A Confirmable message of ours: under way, or waiting for its turn. */
interface Outgoing {
  readonly messageId: number;
  readonly datagram: Uint8Array;
  readonly exchange: Exchange | undefined;
  /** Of the observer, when it is a notification. */
  readonly observer: Uint8Array | undefined;
}

/** A request of the peer that the application has not answered yet. */
interface Unanswered extends IncomingRequest {
  /** When an empty ACK must go out; NEVER once it has, or when none is owed. */
  ackAt: Milliseconds;
}

interface SentNotification {
  readonly messageId: number;
  readonly observer: Uint8Array;
}

/** Requests that may wait for the application's answer at once; beyond it 5.03. */
const MAX_UNANSWERED = 8;
/** Confirmable messages that wait for their turn; beyond it the oldest notification or separate response is dropped. */
const MAX_WAITING = 64;
/** Non-confirmable notifications whose RST is still understood. */
const MAX_SENT_NOTIFICATIONS = 8;

/** What every empty list is. Never changed: an endpoint at rest holds no list of its own, which counts when there are 100,000. */
export const NONE: never[] = [];

/** The list with one more at its end; the list given is used up. */
function withOne<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}

/** The list without the item at `at`; the list given is used up. */
function withoutOne<T>(list: T[], at: number): T[] {
  if (list.length === 1) return NONE;
  list.splice(at, 1);
  return list;
}

export class BasicEndpoint {
  /** Datagrams that were not CoAP. */
  malformed = 0;
  protected readonly settings: CoapSettings;
  protected exchanges: Exchange[] = NONE;
  protected nextId = 1;
  private readonly retransmission: Retransmission;
  private readonly recent: RecentMessages;
  private nextMessageId: number;
  private outbox: Uint8Array[] = NONE;
  private events: CoapEvent[] = NONE;
  /** The one unacknowledged Confirmable message, and those behind it. */
  private outstanding: Outgoing | undefined = undefined;
  private waiting: Outgoing[] = NONE;
  private unanswered: Unanswered[] = NONE;
  private sentNotifications: SentNotification[] = NONE;

  constructor(settings: CoapSettings) {
    this.settings = settings;
    this.retransmission = new Retransmission(settings.transmission);
    this.recent = new RecentMessages(settings.rememberedMessages, this.exchangeLifetime());
    this.nextMessageId = settings.random.uint32() & 0xffff;
  }

  // What the world does.

  /** The peer sent this datagram. Its bytes must not change afterwards: messages keep views of them. */
  handleDatagram(now: Milliseconds, datagram: Uint8Array): void {
    const message = decodeMessage(datagram, this.settings.longestToken);
    if (isMalformed(message)) {
      this.malformed++;
      this.rejectMalformed(datagram);
    } else if (message.type === ACK) {
      this.handleAcknowledgement(now, message);
    } else if (message.type === RST) {
      // One that is not empty is none (RFC 7252 §4.2).
      if (message.code === EMPTY) this.handleReset(now, message.messageId);
    } else if (this.recent.has(now, message.messageId)) {
      const reply = this.recent.replyTo(message.messageId);
      if (reply !== undefined) this.transmit(reply);
    } else if (isRequest(message.code)) {
      this.recent.add(now, message.messageId);
      this.handleRequest(now, message);
    } else if (isResponse(message.code)) {
      this.recent.add(now, message.messageId);
      this.handleResponse(now, message);
    } else if (message.type === CON) {
      // An empty CON is a ping (RFC 7252 §4.3); anything else here is a reserved code.
      this.transmit(encodeEmpty(RST, message.messageId));
    }
  }

  /** Call when `deadline()` has passed; harmless when it has not. */
  handleTimeout(now: Milliseconds): void {
    const outstanding = this.outstanding;
    if (outstanding !== undefined && now >= this.retransmission.deadline()) {
      if (this.retransmission.isToBeRepeated(now)) this.transmit(outstanding.datagram);
      else {
        this.outstanding = undefined;
        this.fail(outstanding, TIMED_OUT);
        this.sendNext(now);
      }
    }
    for (let i = 0; i < this.unanswered.length; i++) {
      const request = this.unanswered[i];
      if (now < request.ackAt) continue;
      request.ackAt = NEVER;
      this.reply(request.messageId, encodeEmpty(ACK, request.messageId));
    }
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      const exchange = this.exchanges[i];
      if (exchange !== undefined && now >= exchange.waitUntil) {
        this.failExchange(exchange, TIMED_OUT);
      }
    }
  }

  // What the application wants.

  /** Sends a request. Returns its id (> 0), or 0 when `maxRequests` are waiting. */
  request(now: Milliseconds, request: Request): number {
    let active = 0;
    for (let i = 0; i < this.exchanges.length; i++) if (!this.exchanges[i].observing) active++;
    if (active >= this.settings.maxRequests) return 0;
    const exchange = this.open(this.nextId++, request, this.newToken(), undefined);
    this.sendRequest(now, exchange);
    return exchange.id;
  }

  /** Answers the peer's request: piggybacked if in time, else separate (RFC 7252 §5.2). Large bodies go in blocks. */
  respond(now: Milliseconds, request: IncomingRequest, response: Response): void {
    const at = this.unanswered.indexOf(request as Unanswered);
    if (at < 0) return;
    const isInTime = this.unanswered[at].ackAt !== NEVER;
    this.unanswered = withoutOne(this.unanswered, at);
    // Separate, or to a Non-confirmable request: of the same kind as the request (RFC 7252 §5.2.2, §5.2.3).
    const type = !request.confirmable ? NON : isInTime ? ACK : CON;
    this.answer(now, request, type, this.cutFor(now, request, response));
  }

  /** Sends a notification to an observer of ours (RFC 7641 §4.2). A waiting older one for the same token is dropped. */
  notify(now: Milliseconds, token: Uint8Array, response: Response, confirmable: boolean): void {
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      const observer = this.waiting[i].observer;
      if (observer !== undefined && equalBytes(observer, token))
        this.waiting = withoutOne(this.waiting, i);
    }
    const content = this.cutNotification(response);
    this.send(now, confirmable ? CON : NON, content, token, undefined, token);
  }

  // What comes out.

  /** The next datagram to put on the wire. Not to be changed: it may be sent again. */
  pollTransmit(): Uint8Array | undefined {
    const first = this.outbox[0];
    if (first !== undefined) this.outbox = withoutOne(this.outbox, 0);
    return first;
  }

  pollEvent(): CoapEvent | undefined {
    const first = this.events[0];
    if (first !== undefined) this.events = withoutOne(this.events, 0);
    return first;
  }

  deadline(): Milliseconds {
    let at = this.retransmission.deadline();
    for (let i = 0; i < this.unanswered.length; i++) {
      if (this.unanswered[i].ackAt < at) at = this.unanswered[i].ackAt;
    }
    for (let i = 0; i < this.exchanges.length; i++) {
      if (this.exchanges[i].waitUntil < at) at = this.exchanges[i].waitUntil;
    }
    return at;
  }

  /** True when nothing is under way: no request, no unacknowledged message. Observations do not count. */
  isIdle(): boolean {
    for (let i = 0; i < this.exchanges.length; i++) if (!this.exchanges[i].observing) return false;
    return (
      this.outstanding === undefined && this.unanswered.length === 0 && this.outbox.length === 0
    );
  }

  // The message layer (RFC 7252 §4).

  /** A CON with a format error is answered with RST, all else is silently ignored (§4.2, §4.3). */
  private rejectMalformed(datagram: Uint8Array): void {
    if (datagram.length < 4 || datagram[0] >> 6 !== 1 || ((datagram[0] >> 4) & 3) !== CON) return;
    this.transmit(encodeEmpty(RST, (datagram[2] << 8) | datagram[3]));
  }

  private handleAcknowledgement(now: Milliseconds, message: Message): void {
    const outstanding = this.outstanding;
    if (outstanding === undefined || outstanding.messageId !== message.messageId) return;
    if (isRequest(message.code)) return;
    this.settle();
    const exchange = outstanding.exchange;
    if (exchange !== undefined) {
      exchange.waitUntil = now + this.exchangeLifetime();
      if (message.code !== EMPTY && equalBytes(exchange.token, message.token)) {
        if (this.unusableOption(message.options) === undefined) {
          this.takeResponse(now, exchange, message);
        } else this.failExchange(exchange, BAD_RESPONSE);
      }
    }
    this.sendNext(now);
  }

  private handleReset(now: Milliseconds, messageId: number): void {
    const outstanding = this.outstanding;
    if (outstanding !== undefined && outstanding.messageId === messageId) {
      this.settle();
      this.fail(outstanding, RESET);
      this.sendNext(now);
      return;
    }
    for (let i = 0; i < this.sentNotifications.length; i++) {
      if (this.sentNotifications[i].messageId !== messageId) continue;
      const observer = this.sentNotifications[i].observer;
      this.sentNotifications = withoutOne(this.sentNotifications, i);
      this.emit({ kind: OBSERVER_GONE, token: observer, failure: RESET });
      return;
    }
  }

  /** Encodes a message of ours under a new Message ID; a CON waits until the one before it is acknowledged. */
  private send(
    now: Milliseconds,
    type: number,
    content: Response,
    token: Uint8Array,
    exchange: Exchange | undefined,
    observer: Uint8Array | undefined,
  ): void {
    const messageId = this.nextMessageId;
    this.nextMessageId = (messageId + 1) & 0xffff;
    const datagram = encodeMessage({
      type: type,
      code: content.code,
      messageId: messageId,
      token: token,
      options: content.options,
      payload: content.payload,
    });
    if (type === CON) {
      if (this.waiting.length >= MAX_WAITING) this.dropOldestUnasked();
      this.waiting = withOne(this.waiting, {
        messageId: messageId,
        datagram: datagram,
        exchange: exchange,
        observer: observer,
      });
      this.sendNext(now);
      return;
    }
    this.transmit(datagram);
    if (observer !== undefined) {
      this.sentNotifications = withOne(this.sentNotifications, {
        messageId: messageId,
        observer: observer,
      });
      if (this.sentNotifications.length > MAX_SENT_NOTIFICATIONS) {
        this.sentNotifications = withoutOne(this.sentNotifications, 0);
      }
    }
  }

  /** Room for one more: `maxRequests` bounds our requests, so what piles up is notifications and late responses. */
  private dropOldestUnasked(): void {
    for (let i = 0; i < this.waiting.length; i++) {
      if (this.waiting[i].exchange !== undefined) continue;
      this.waiting = withoutOne(this.waiting, i);
      return;
    }
  }

  private sendNext(now: Milliseconds): void {
    if (this.outstanding !== undefined) return;
    if (this.waiting.length === 0) return;
    const next = this.waiting[0];
    this.waiting = withoutOne(this.waiting, 0);
    this.outstanding = next;
    this.retransmission.start(now, this.settings.random.uint32() / 4294967296);
    this.transmit(next.datagram);
  }

  /** The outstanding message needs no more attention. */
  private settle(): void {
    this.outstanding = undefined;
    this.retransmission.stop();
  }

  private fail(outgoing: Outgoing, failure: Failure): void {
    if (outgoing.exchange !== undefined) this.failExchange(outgoing.exchange, failure);
    if (outgoing.observer !== undefined) {
      this.emit({ kind: OBSERVER_GONE, token: outgoing.observer, failure: failure });
    }
  }

  private transmit(datagram: Uint8Array): void {
    this.outbox = withOne(this.outbox, datagram);
  }

  /** Sends what answers the peer's message, and keeps it for that message's duplicates. */
  protected reply(messageId: number, datagram: Uint8Array): void {
    this.recent.answer(messageId, datagram);
    this.transmit(datagram);
  }

  /** EXCHANGE_LIFETIME. */
  protected exchangeLifetime(): Milliseconds {
    return exchangeLifetime(this.settings.transmission);
  }

  // Our requests (RFC 7252 §5, RFC 7959 §2.4 as client).

  protected open(
    id: number,
    request: Request,
    token: Uint8Array,
    parent: Exchange | undefined,
  ): Exchange {
    const exchange: Exchange = {
      id: id,
      token: token,
      request: request,
      parent: parent,
      observing: false,
      lastSequence: 0,
      lastAt: 0,
      waitUntil: NEVER,
      transfer: undefined,
    };
    this.exchanges = withOne(this.exchanges, exchange);
    return exchange;
  }

  /** Drops an exchange with all that belongs to it. What is on the wire already is not taken back. */
  protected close(exchange: Exchange): void {
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      if (this.exchanges[i] === exchange || this.exchanges[i].parent === exchange) {
        this.exchanges = withoutOne(this.exchanges, i);
      }
    }
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      if (this.waiting[i].exchange === exchange) this.waiting = withoutOne(this.waiting, i);
    }
  }

  protected failExchange(exchange: Exchange, failure: Failure): void {
    if (this.exchanges.indexOf(exchange) < 0) return;
    this.close(exchange);
    // An observation outlives a notification whose rest could not be fetched (id 0): the next one brings the newer state.
    if (exchange.id !== 0) this.emit({ kind: REQUEST_FAILED, id: exchange.id, failure: failure });
  }

  protected newToken(): Uint8Array {
    const token = new Uint8Array(8);
    const random = this.settings.random;
    for (let i = 0; i < 8; i += 4) {
      const bits = random.uint32();
      token[i] = bits >> 24;
      token[i + 1] = bits >> 16;
      token[i + 2] = bits >> 8;
      token[i + 3] = bits;
    }
    return token;
  }

  /** Sends the request. */
  protected sendRequest(now: Milliseconds, exchange: Exchange): void {
    this.sendPart(now, exchange, exchange.request);
  }

  /** Sends a message of an exchange. */
  protected sendPart(now: Milliseconds, exchange: Exchange, content: Response): void {
    const confirmable = exchange.request.confirmable !== false;
    exchange.waitUntil = confirmable ? NEVER : now + this.exchangeLifetime();
    this.send(now, confirmable ? CON : NON, content, exchange.token, exchange, undefined);
  }

  private handleResponse(now: Milliseconds, message: Message): void {
    const exchange = this.exchangeWith(message.token);
    if (exchange === undefined || this.unusableOption(message.options) !== undefined) {
      this.reply(message.messageId, encodeEmpty(RST, message.messageId));
      if (exchange !== undefined) this.failExchange(exchange, BAD_RESPONSE);
      return;
    }
    if (message.type === CON) this.reply(message.messageId, encodeEmpty(ACK, message.messageId));
    if (this.isLate(exchange, message)) return;
    // The response proves that the request arrived, should its ACK be lost (RFC 7252 §5.2.2).
    if (this.outstanding !== undefined && this.outstanding.exchange === exchange) this.settle();
    this.takeResponse(now, exchange, message);
    this.sendNext(now);
  }

  /** True for an answer to a part of the exchange that is answered already. */
  protected isLate(_exchange: Exchange, _message: Message): boolean {
    return false;
  }

  /** Newest first: the GET that cancels an observation shares the observation's token. */
  protected exchangeWith(token: Uint8Array): Exchange | undefined {
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      if (equalBytes(this.exchanges[i].token, token)) return this.exchanges[i];
    }
    return undefined;
  }

  /** A message that answers our request. */
  protected takeResponse(_now: Milliseconds, exchange: Exchange, message: Message): void {
    this.finish(exchange, message, message.payload);
  }

  /** The whole response is here. */
  protected finish(exchange: Exchange, head: Message, body: Uint8Array): void {
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

  private emit(event: CoapEvent): void {
    this.events = withOne(this.events, event);
  }

  // The peer's requests (RFC 7252 §5, RFC 7959 as server).

  private handleRequest(now: Milliseconds, message: Message): void {
    const options = message.options;
    const unusable = this.unusableOption(options);
    const proxy = findOption(options, PROXY_URI) || findOption(options, PROXY_SCHEME);
    const isForProxy = unusable === undefined && proxy !== undefined;
    if (isForProxy || unusable === PROXY_URI || unusable === PROXY_SCHEME) {
      this.refuse(now, message, PROXYING_NOT_SUPPORTED);
    } else if (unusable !== undefined) {
      // A Non-confirmable one is rejected without a word (RFC 7252 §5.4.1).
      if (message.type === CON) this.refuse(now, message, BAD_OPTION);
    } else if (this.unanswered.length >= MAX_UNANSWERED) {
      this.refuse(now, message, SERVICE_UNAVAILABLE);
    } else {
      const taken = this.takeRequest(now, message);
      if (taken instanceof Uint8Array) this.deliver(now, message, taken);
      else this.answerAtOnce(now, message, taken);
    }
  }

  /** Hands a whole request to the application. */
  private deliver(now: Milliseconds, message: Message, payload: Uint8Array): void {
    const confirmable = message.type === CON;
    const unanswered: Unanswered = {
      code: message.code,
      options: message.options,
      payload: payload,
      token: message.token,
      confirmable: confirmable,
      messageId: message.messageId,
      // A quarter of the peer's ACK_TIMEOUT, so that the empty ACK still arrives in time.
      ackAt: confirmable ? now + this.settings.transmission.ackTimeout / 4 : NEVER,
    };
    this.unanswered = withOne(this.unanswered, unanswered);
    this.emit({ kind: REQUEST_RECEIVED, request: unanswered });
  }

  // What BlockWiseEndpoint does otherwise.

  /** The body of a request for the application, or what to answer it at once. */
  protected takeRequest(_now: Milliseconds, message: Message): Uint8Array | Response {
    return message.payload;
  }

  /** What of a response goes into the message that answers the request. */
  protected cutFor(_now: Milliseconds, _request: IncomingRequest, response: Response): Response {
    return response;
  }

  /** What of a notification goes into its message. */
  protected cutNotification(response: Response): Response {
    return response;
  }

  /** The first critical option that this endpoint cannot use; undefined when there is none. */
  protected unusableOption(options: readonly Option[]): number | undefined {
    return unusableCriticalOption(options, false);
  }

  private refuse(now: Milliseconds, message: Message, code: number): void {
    this.answerAtOnce(now, message, { code: code, options: NO_OPTIONS, payload: NO_BYTES });
  }

  /** Answers in the endpoint's own right: an error, 2.31 Continue, or a later block of a response. */
  private answerAtOnce(now: Milliseconds, message: Message, response: Response): void {
    this.answer(now, message, message.type === CON ? ACK : NON, response);
  }

  protected answer(
    now: Milliseconds,
    request: Message | IncomingRequest,
    type: number,
    content: Response,
  ): void {
    if (type !== ACK) {
      this.send(now, type, content, request.token, undefined, undefined);
      return;
    }
    const datagram = encodeMessage({
      type: ACK,
      code: content.code,
      messageId: request.messageId,
      token: request.token,
      options: content.options,
      payload: content.payload,
    });
    this.reply(request.messageId, datagram);
  }
}
