/**
 * CoAP over UDP with one peer: our half of the conversation (RFC 7252, RFC 7641, RFC 7959).
 *
 * A sans-I/O machine: `handleX` when the world did something, `request`/`respond`/`notify` when the application wants
 * something, then drain `pollTransmit` and `pollEvent`, then arm one alarm on `deadline()`. An agent has one endpoint per server;
 * a server has one per peer address.
 *
 * This file decides which message belongs to which exchange, and in which order messages go out (NSTART = 1, RFC 7252 §4.7).
 * When a message is repeated, what a duplicate is, how a body is cut and joined, and which notification is the newer are the
 * rules of retransmission.ts, recent-messages.ts, block-wise-client.ts, block-wise-server.ts and observation.ts.
 */
import { isMalformed } from "../malformed.ts";
import type { Random } from "../ports.ts";
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import { decodeBlock, equalBytes, withoutPerBlock } from "./block.ts";
import { BlockWiseTransfer, MORE, WHOLE } from "./block-wise-client.ts";
import { BlockWiseServer, cut, refusal } from "./block-wise-server.ts";
import {
  BAD_OPTION,
  BAD_REQUEST,
  EMPTY,
  GET,
  isRequest,
  isResponse,
  isSuccess,
  PROXYING_NOT_SUPPORTED,
  REQUEST_ENTITY_INCOMPLETE,
  SERVICE_UNAVAILABLE,
} from "./codes.ts";
import type { CoapEvent, Failure, IncomingRequest, Request, Response } from "./exchange.ts";
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
  NON,
  RST,
} from "./message.ts";
import { isFresher } from "./observation.ts";
import type { Option } from "./options.ts";
import {
  BLOCK1,
  BLOCK2,
  findOption,
  OBSERVE,
  PROXY_SCHEME,
  PROXY_URI,
  uintOf,
  uintOption,
  unusableCriticalOption,
} from "./options.ts";
import type { TransmissionParameters } from "./parameters.ts";
import { exchangeLifetime } from "./parameters.ts";
import { RecentMessages } from "./recent-messages.ts";
import { Retransmission } from "./retransmission.ts";

export * from "./exchange.ts";

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

/** One of our requests, or an observation of ours. */
interface Exchange {
  /** 0: nobody is told of its outcome. */
  readonly id: number;
  readonly token: Uint8Array;
  readonly request: Request;
  /** The observation whose notification this one fetches the rest of. */
  readonly parent: Exchange | undefined;
  observing: boolean;
  lastSequence: number;
  lastAt: Milliseconds;
  /** When the response is given up; NEVER while retransmission or nothing at all watches over it. */
  waitUntil: Milliseconds;
  /** Made when the request or its response turns out to need blocks. */
  transfer: BlockWiseTransfer | undefined;
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
  /** The Block1 option to repeat in the response. */
  readonly block1: Option | undefined;
  /** Which block of the response is wanted, and its size. */
  readonly num: number;
  readonly blockSize: number;
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
const NONE: never[] = [];

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

export class CoapEndpoint {
  /** Datagrams that were not CoAP. */
  malformed = 0;
  private readonly settings: CoapSettings;
  private readonly lifetime: Milliseconds;
  private readonly retransmission: Retransmission;
  private readonly recent: RecentMessages;
  private nextMessageId: number;
  private nextId = 1;
  private outbox: Uint8Array[] = NONE;
  private events: CoapEvent[] = NONE;
  /** The one unacknowledged Confirmable message, and those behind it. */
  private outstanding: Outgoing | undefined = undefined;
  private waiting: Outgoing[] = NONE;
  private exchanges: Exchange[] = NONE;
  private unanswered: Unanswered[] = NONE;
  private sentNotifications: SentNotification[] = NONE;
  /** Made when the peer first sends or needs a block. */
  private blockWise: BlockWiseServer | undefined = undefined;

  constructor(settings: CoapSettings) {
    this.settings = settings;
    this.lifetime = exchangeLifetime(settings.transmission);
    this.retransmission = new Retransmission(settings.transmission);
    this.recent = new RecentMessages(settings.rememberedMessages, this.lifetime);
    this.nextMessageId = settings.random.uint32() & 0xffff;
  }

  // What the world does.

  /** The peer sent this datagram. Its bytes must not change afterwards: messages keep views of them. */
  handleDatagram(now: Milliseconds, datagram: Uint8Array): void {
    const message = decodeMessage(datagram);
    if (isMalformed(message)) {
      this.malformed++;
      this.rejectMalformed(datagram);
    } else if (message.type === ACK) {
      this.handleAcknowledgement(now, message);
    } else if (message.type === RST) {
      this.handleReset(now, message.messageId);
    } else if (this.recent.has(now, message.messageId)) {
      const reply = this.recent.replyTo(message.messageId);
      if (reply !== undefined) this.outbox = withOne(this.outbox, reply);
    } else if (isRequest(message.code)) {
      this.recent.add(now, message.messageId);
      this.handleRequest(now, message);
    } else if (isResponse(message.code)) {
      this.recent.add(now, message.messageId);
      this.handleResponse(now, message);
    } else if (message.type === CON) {
      // An empty CON is a ping (RFC 7252 §4.3); anything else here is a reserved code.
      this.outbox = withOne(this.outbox, encodeEmpty(RST, message.messageId));
    }
  }

  /** Call when `deadline()` has passed; harmless when it has not. */
  handleTimeout(now: Milliseconds): void {
    const outstanding = this.outstanding;
    if (outstanding !== undefined && now >= this.retransmission.deadline()) {
      if (this.retransmission.isToBeRepeated(now))
        this.outbox = withOne(this.outbox, outstanding.datagram);
      else {
        this.outstanding = undefined;
        this.fail(outstanding, TIMED_OUT);
        this.sendNext(now);
      }
    }
    for (let i = 0; i < this.unanswered.length; i++) {
      if (now >= this.unanswered[i].ackAt) this.acknowledge(this.unanswered[i]);
    }
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      const exchange = this.exchanges[i];
      if (exchange !== undefined && now >= exchange.waitUntil) {
        this.failExchange(exchange, TIMED_OUT);
      }
    }
    if (this.blockWise !== undefined) this.blockWise.handleTimeout(now);
  }

  // What the application wants.

  /** Sends a request. Returns its id (> 0), or 0 when `maxRequests` are waiting. With Observe 0 it stays until cancelled. */
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
    const unanswered = this.unanswered[at];
    this.unanswered = withoutOne(this.unanswered, at);
    this.answer(now, unanswered, response);
  }

  /** Sends a notification to an observer of ours (RFC 7641 §4.2). A waiting older one for the same token is dropped. */
  notify(now: Milliseconds, token: Uint8Array, response: Response, confirmable: boolean): void {
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      const observer = this.waiting[i].observer;
      if (observer !== undefined && equalBytes(observer, token))
        this.waiting = withoutOne(this.waiting, i);
    }
    const isLarge = response.payload.length > this.settings.blockSize;
    if (isLarge && this.blockWise !== undefined) this.blockWise.forgetRepresentation();
    const first = isLarge ? cut(response, 0, this.settings.blockSize) : response;
    this.send(now, confirmable ? CON : NON, first, token, undefined, token);
  }

  /** Ends an observation of ours with GET Observe 1 under its token; no more events for `id` (RFC 7641 §3.6). */
  cancelObservation(now: Milliseconds, id: number): void {
    const exchange = this.exchangeOf(id);
    if (exchange === undefined) return;
    this.close(exchange);
    const options = withoutPerBlock(exchange.request.options);
    options.push(uintOption(OBSERVE, 1));
    const request = { code: exchange.request.code, options: options, payload: NO_BYTES };
    this.sendRequest(now, this.open(0, request, exchange.token, undefined));
  }

  /** Forgets a request or observation without a word; a later notification is answered with RST. */
  forget(id: number): void {
    const exchange = this.exchangeOf(id);
    if (exchange !== undefined) this.close(exchange);
  }

  /** The token of a request or observation, to store it with. */
  tokenOf(id: number): Uint8Array | undefined {
    const exchange = this.exchangeOf(id);
    return exchange === undefined ? undefined : exchange.token;
  }

  /** Takes up an observation made before a restart. Returns its id. */
  resumeObservation(request: Request, token: Uint8Array): number {
    const exchange = this.open(this.nextId++, request, token, undefined);
    exchange.observing = true;
    exchange.lastAt = -NEVER;
    return exchange.id;
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
    return this.blockWise === undefined ? at : Math.min(at, this.blockWise.deadline());
  }

  /** True when nothing is under way: no request, no unacknowledged message, no upload. Observations do not count. */
  isIdle(): boolean {
    for (let i = 0; i < this.exchanges.length; i++) if (!this.exchanges[i].observing) return false;
    return (
      this.outstanding === undefined &&
      this.unanswered.length === 0 &&
      this.outbox.length === 0 &&
      (this.blockWise === undefined || !this.blockWise.isReceiving())
    );
  }

  // The message layer (RFC 7252 §4).

  /** A CON with a format error is answered with RST, all else is silently ignored (§4.2, §4.3). */
  private rejectMalformed(datagram: Uint8Array): void {
    if (datagram.length < 4 || datagram[0] >> 6 !== 1 || ((datagram[0] >> 4) & 3) !== CON) return;
    this.outbox = withOne(this.outbox, encodeEmpty(RST, (datagram[2] << 8) | datagram[3]));
  }

  private handleAcknowledgement(now: Milliseconds, message: Message): void {
    const outstanding = this.outstanding;
    if (outstanding === undefined || outstanding.messageId !== message.messageId) return;
    if (isRequest(message.code)) return;
    this.settle();
    const exchange = outstanding.exchange;
    if (exchange !== undefined) {
      exchange.waitUntil = now + this.lifetime;
      if (message.code !== EMPTY && equalBytes(exchange.token, message.token)) {
        if (unusableCriticalOption(message.options) === undefined) {
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
      this.events = withOne(this.events, { kind: OBSERVER_GONE, token: observer, failure: RESET });
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
    this.outbox = withOne(this.outbox, datagram);
    if (observer !== undefined) {
      this.sentNotifications = withOne(this.sentNotifications, {
        messageId: messageId,
        observer: observer,
      });
      if (this.sentNotifications.length > MAX_SENT_NOTIFICATIONS)
        this.sentNotifications = withoutOne(this.sentNotifications, 0);
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
    this.outbox = withOne(this.outbox, next.datagram);
  }

  /** The outstanding message needs no more attention. */
  private settle(): void {
    this.outstanding = undefined;
    this.retransmission.stop();
  }

  private fail(outgoing: Outgoing, failure: Failure): void {
    if (outgoing.exchange !== undefined) this.failExchange(outgoing.exchange, failure);
    if (outgoing.observer !== undefined) {
      this.events = withOne(this.events, {
        kind: OBSERVER_GONE,
        token: outgoing.observer,
        failure: failure,
      });
    }
  }

  // Our requests (RFC 7252 §5, RFC 7959 §2.4 as client).

  private open(
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
  private close(exchange: Exchange): void {
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      if (this.exchanges[i] === exchange || this.exchanges[i].parent === exchange) {
        this.exchanges = withoutOne(this.exchanges, i);
      }
    }
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      if (this.waiting[i].exchange === exchange) this.waiting = withoutOne(this.waiting, i);
    }
  }

  private failExchange(exchange: Exchange, failure: Failure): void {
    const told = exchange.parent === undefined ? exchange : exchange.parent;
    if (this.exchanges.indexOf(exchange) < 0) return;
    this.close(exchange);
    // An observation outlives a notification whose rest could not be fetched: the next one brings the newer state.
    if (exchange.parent !== undefined || told.id === 0) return;
    this.events = withOne(this.events, { kind: REQUEST_FAILED, id: told.id, failure: failure });
  }

  private exchangeOf(id: number): Exchange | undefined {
    if (id === 0) return undefined;
    for (let i = 0; i < this.exchanges.length; i++) {
      if (this.exchanges[i].id === id) return this.exchanges[i];
    }
    return undefined;
  }

  private newToken(): Uint8Array {
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

  /** Sends the request, or the next block of it, or asks for the next block of its response. */
  private sendRequest(now: Milliseconds, exchange: Exchange): void {
    const request = exchange.request;
    if (exchange.transfer === undefined && request.payload.length > this.settings.blockSize) {
      exchange.transfer = this.newTransfer(request);
    }
    const content = exchange.transfer === undefined ? request : exchange.transfer.next();
    const confirmable = request.confirmable !== false;
    exchange.waitUntil = confirmable ? NEVER : now + this.lifetime;
    this.send(now, confirmable ? CON : NON, content, exchange.token, exchange, undefined);
  }

  private newTransfer(request: Request): BlockWiseTransfer {
    return new BlockWiseTransfer(request, this.settings.blockSize, this.settings.maxBody);
  }

  private handleResponse(now: Milliseconds, message: Message): void {
    const exchange = this.exchangeWith(message.token);
    if (exchange === undefined || unusableCriticalOption(message.options) !== undefined) {
      this.reply(message.messageId, encodeEmpty(RST, message.messageId));
      if (exchange !== undefined) this.failExchange(exchange, BAD_RESPONSE);
      return;
    }
    if (message.type === CON) this.reply(message.messageId, encodeEmpty(ACK, message.messageId));
    // The response proves that the request arrived, should its ACK be lost (RFC 7252 §5.2.2).
    if (this.outstanding !== undefined && this.outstanding.exchange === exchange) this.settle();
    this.takeResponse(now, exchange, message);
    this.sendNext(now);
  }

  /** Newest first: the GET that cancels an observation shares the observation's token. */
  private exchangeWith(token: Uint8Array): Exchange | undefined {
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      if (equalBytes(this.exchanges[i].token, token)) return this.exchanges[i];
    }
    return undefined;
  }

  private takeResponse(now: Milliseconds, exchange: Exchange, message: Message): void {
    const transfer = exchange.transfer;
    if (transfer !== undefined && transfer.movesOn(message)) {
      this.sendRequest(now, exchange);
      return;
    }
    const isFetching = transfer !== undefined && transfer.isFetching();
    if (!isFetching && !this.isCurrent(now, exchange, message)) return;
    const option = findOption(message.options, BLOCK2);
    if (option === undefined) this.finish(exchange, message, message.payload);
    else this.takeBlock(now, exchange, message, option.value);
  }

  /** Observe: starts the observation or drops a notification older than the last (RFC 7641 §3.4). False: dropped. */
  private isCurrent(now: Milliseconds, exchange: Exchange, message: Message): boolean {
    if (uintOf(exchange.request.options, OBSERVE, 1) !== 0) return true;
    const sequence = uintOf(message.options, OBSERVE, -1);
    if (sequence < 0 || !isSuccess(message.code)) {
      exchange.observing = false;
      return true;
    }
    if (exchange.observing && !isFresher(exchange.lastSequence, exchange.lastAt, sequence, now)) {
      return false;
    }
    exchange.observing = true;
    exchange.waitUntil = NEVER;
    exchange.lastSequence = sequence;
    exchange.lastAt = now;
    return true;
  }

  private takeBlock(
    now: Milliseconds,
    exchange: Exchange,
    message: Message,
    value: Uint8Array,
  ): void {
    const fetching = exchange.observing ? this.openFetch(exchange) : exchange;
    let transfer = fetching.transfer;
    if (transfer === undefined) {
      transfer = this.newTransfer(fetching.request);
      fetching.transfer = transfer;
    }
    const outcome = transfer.append(message, value);
    if (outcome === MORE) this.sendRequest(now, fetching);
    else if (outcome === WHOLE)
      this.finish(fetching, transfer.first || message, transfer.received());
    else this.failExchange(fetching, outcome);
  }

  /** The rest of a notification is fetched under a token of its own, so that newer ones can come in between (§3.4). */
  private openFetch(observation: Exchange): Exchange {
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      if (this.exchanges[i].parent === observation) this.close(this.exchanges[i]);
    }
    return this.open(0, observation.request, this.newToken(), observation);
  }

  private finish(exchange: Exchange, head: Message, body: Uint8Array): void {
    const told = exchange.parent === undefined ? exchange : exchange.parent;
    if (!exchange.observing) this.close(exchange);
    if (told.id === 0) return;
    this.events = withOne(this.events, {
      kind: RESPONSE_RECEIVED,
      id: told.id,
      response: { code: head.code, options: head.options, payload: body },
      observing: told.observing,
    });
  }

  // The peer's requests (RFC 7252 §5, RFC 7959 as server).

  private handleRequest(now: Milliseconds, message: Message): void {
    const options = message.options;
    const unusable = unusableCriticalOption(options);
    if (unusable === PROXY_URI || unusable === PROXY_SCHEME) {
      this.refuse(now, message, PROXYING_NOT_SUPPORTED);
    } else if (unusable !== undefined) {
      // A Non-confirmable one is rejected without a word (RFC 7252 §5.4.1).
      if (message.type === CON) this.refuse(now, message, BAD_OPTION);
    } else if (findOption(options, PROXY_URI) || findOption(options, PROXY_SCHEME)) {
      this.refuse(now, message, PROXYING_NOT_SUPPORTED);
    } else if (this.unanswered.length >= MAX_UNANSWERED) {
      this.refuse(now, message, SERVICE_UNAVAILABLE);
    } else {
      const block1 = findOption(options, BLOCK1);
      if (block1 === undefined) {
        this.deliver(now, message, message.payload, undefined);
        return;
      }
      const taken = this.blockWiseServer().takeBlock(now, message, block1);
      if (taken instanceof Uint8Array) this.deliver(now, message, taken, block1);
      else this.answerDirectly(now, message, taken);
    }
  }

  /** Hands a whole request to the application, or answers it from the body being served. */
  private deliver(
    now: Milliseconds,
    message: Message,
    payload: Uint8Array,
    block1: Option | undefined,
  ): void {
    const unanswered = this.unansweredFor(now, message, payload, block1);
    if (unanswered === undefined) return;
    if (unanswered.num > 0 && this.blockWise !== undefined) {
      const served = this.blockWise.find(now, message);
      if (served !== undefined) {
        this.answer(now, unanswered, served);
        return;
      }
    }
    if (unanswered.num > 0 && message.code !== GET) {
      // Only a GET may be run again for the sake of a later block.
      this.refuse(now, message, REQUEST_ENTITY_INCOMPLETE);
      return;
    }
    this.unanswered = withOne(this.unanswered, unanswered);
    this.events = withOne(this.events, { kind: REQUEST_RECEIVED, request: unanswered });
  }

  private unansweredFor(
    now: Milliseconds,
    message: Message,
    payload: Uint8Array,
    block1: Option | undefined,
  ): Unanswered | undefined {
    let num = 0;
    let blockSize = this.settings.blockSize;
    const option = findOption(message.options, BLOCK2);
    if (option !== undefined) {
      const block = decodeBlock(option.value);
      if (isMalformed(block)) {
        this.refuse(now, message, BAD_REQUEST);
        return undefined;
      }
      if (block.size < blockSize) blockSize = block.size;
      // In blocks of our size, if ours are smaller than those asked for.
      num = (block.num * block.size) / blockSize;
    }
    const confirmable = message.type === CON;
    return {
      code: message.code,
      options: message.options,
      payload: payload,
      token: message.token,
      confirmable: confirmable,
      messageId: message.messageId,
      // A quarter of the peer's ACK_TIMEOUT, so that the empty ACK still arrives in time.
      ackAt: confirmable ? now + this.settings.transmission.ackTimeout / 4 : NEVER,
      block1: block1,
      num: num,
      blockSize: blockSize,
    };
  }

  private blockWiseServer(): BlockWiseServer {
    let server = this.blockWise;
    if (server === undefined) {
      server = new BlockWiseServer(this.settings.blockSize, this.settings.maxBody, this.lifetime);
      this.blockWise = server;
    }
    return server;
  }

  private refuse(now: Milliseconds, message: Message, code: number): void {
    this.answerDirectly(now, message, refusal(code));
  }

  /** Answers in the endpoint's own right: an error, or 2.31 Continue. */
  private answerDirectly(now: Milliseconds, message: Message, response: Response): void {
    const confirmable = message.type === CON;
    const unanswered: Unanswered = {
      code: message.code,
      options: message.options,
      payload: NO_BYTES,
      token: message.token,
      confirmable: confirmable,
      messageId: message.messageId,
      ackAt: confirmable ? now : NEVER,
      block1: undefined,
      num: 0,
      blockSize: this.settings.blockSize,
    };
    this.answer(now, unanswered, response);
  }

  private answer(now: Milliseconds, request: Unanswered, response: Response): void {
    let content = response;
    if (request.num > 0 || response.payload.length > request.blockSize) {
      if (request.num === 0) {
        this.blockWiseServer().keep(now, request.code, request.options, response);
      }
      content = cut(response, request.num, request.blockSize);
    }
    if (request.block1 !== undefined) {
      content = {
        code: content.code,
        options: content.options.concat(request.block1),
        payload: content.payload,
      };
    }
    if (request.confirmable && request.ackAt !== NEVER) {
      const datagram = encodeMessage({
        type: ACK,
        code: content.code,
        messageId: request.messageId,
        token: request.token,
        options: content.options,
        payload: content.payload,
      });
      this.reply(request.messageId, datagram);
      return;
    }
    // Separate, or to a Non-confirmable request: of the same kind as the request (RFC 7252 §5.2.2, §5.2.3).
    this.send(now, request.confirmable ? CON : NON, content, request.token, undefined, undefined);
  }

  private acknowledge(request: Unanswered): void {
    request.ackAt = NEVER;
    this.reply(request.messageId, encodeEmpty(ACK, request.messageId));
  }

  /** Sends what answers the peer's message, and keeps it for that message's duplicates. */
  private reply(messageId: number, datagram: Uint8Array): void {
    this.recent.answer(messageId, datagram);
    this.outbox = withOne(this.outbox, datagram);
  }
}
