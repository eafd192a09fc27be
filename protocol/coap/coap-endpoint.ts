/**
 * CoAP over UDP with one peer, all of it. The class that servers, tools and devices with room use. What it adds to those beneath:
 *
 * | | as client | as server |
 * | --- | --- | --- |
 * | Echo (RFC 9175 §2) | a request that is challenged is repeated with it | `challenge`, or `settings.echo` |
 * | Request-Tag (RFC 9175 §3) | set where two bodies could be mixed | parts bodies, in piecewise-uploads.ts |
 * | No-Response (RFC 7967) | a request with it may end without a word | what is not wanted is not sent |
 * | tokens of more than 8 bytes (RFC 8974) | `settings.tokenLength`, after a trial | `settings.longestToken` |
 */
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Exchange } from "./basic-endpoint.ts";
import { decodeBlock } from "./block.ts";
import { BlockWiseTransfer } from "./block-wise-client.ts";
import { BAD_REQUEST, CONTINUE, FETCH, GET, UNAUTHORIZED } from "./codes.ts";
import { EchoChallenge, echoOf } from "./echo.ts";
import type { ExchangeExtras, Failure, IncomingRequest, Request, Response } from "./exchange.ts";
import { RESET, TIMED_OUT } from "./exchange.ts";
import type { Message } from "./message.ts";
import { ACK, encodeEmpty, encodeMessage, NO_BYTES } from "./message.ts";
import { isResponseWanted, NO_RESPONSE, wantsNoResponse } from "./no-response.ts";
import { ObservingEndpoint } from "./observing-endpoint.ts";
import type { Option } from "./options.ts";
import { BLOCK1, findOption, OBSERVE, uintOf } from "./options.ts";
import { RequestTags } from "./request-tag.ts";

export * from "./exchange.ts";

/** Challenges of one request that are answered; a peer that has not enough of them then gets its 4.01 told. */
const MAX_CHALLENGES = 2;
/** How many times its request a peer may get before its address is verified. */
const AMPLIFICATION = 3;
/** How old a request may be to count as fresh where no policy says it. */
const FRESHNESS: Milliseconds = 60000;
const PLAIN_TOKEN = 8;
/** How long a peer is held to take, or not to take, long tokens: its address may be another's by then (RFC 8974 §2.2.2). */
const TRUST: Milliseconds = 86400000;

/** What is kept of a peer beside its messages; most of it most peers never need. */
interface Acquaintance {
  tags: RequestTags | undefined;
  /** Came with a response, and goes with the next request. */
  echo: Option | undefined;
  challenge: EchoChallenge | undefined;
  /** It has shown that it receives what is sent to its address. */
  isReachable: boolean;
  /** Undefined: it was not tried. */
  takesLongTokens: boolean | undefined;
  /** How long that holds. */
  trustedUntil: Milliseconds;
}

export class CoapEndpoint extends ObservingEndpoint {
  private now: Milliseconds = 0;
  /** Made on first use. */
  private peer: Acquaintance | undefined = undefined;

  override handleDatagram(now: Milliseconds, datagram: Uint8Array): void {
    this.now = now;
    super.handleDatagram(now, datagram);
  }

  override handleTimeout(now: Milliseconds): void {
    this.now = now;
    super.handleTimeout(now);
  }

  /**
   * As `BasicEndpoint`'s. A Non-confirmable request whose No-Response wants none at all is over when it is sent: no event follows. One that
   * does not want some may end without an event (RFC 7967 §2).
   */
  override request(now: Milliseconds, request: Request): number {
    this.now = now;
    const id = super.request(now, request);
    const isSent = request.payload.length <= this.settings.blockSize;
    if (isSent && request.confirmable === false && wantsNoResponse(request.options)) {
      this.forget(id);
    }
    return id;
  }

  private acquaintance(): Acquaintance {
    if (this.peer === undefined) {
      this.peer = {
        tags: undefined,
        echo: undefined,
        challenge: undefined,
        isReachable: false,
        takesLongTokens: undefined,
        trustedUntil: 0,
      };
    }
    return this.peer;
  }

  // As server: Echo (RFC 9175 §2.3).

  /** True when a request repeats what its sender was challenged with, in time. */
  isFresh(now: Milliseconds, request: IncomingRequest): boolean {
    return this.challenges().isFresh(now, request.options);
  }

  /** Answers a request by 4.01 with Echo; its sender may then send it again. For what must not be done late: see `isFresh`. */
  challenge(now: Milliseconds, request: IncomingRequest): void {
    this.respond(now, request, this.challengeResponse(now));
  }

  private challenges(): EchoChallenge {
    const peer = this.acquaintance();
    if (peer.challenge === undefined) {
      const policy = this.settings.echo;
      const freshness = policy === undefined ? FRESHNESS : policy.freshness;
      peer.challenge = new EchoChallenge(this.settings.random, freshness);
    }
    return peer.challenge;
  }

  private challengeResponse(now: Milliseconds): Response {
    const options = [this.challenges().option(now)];
    return { code: UNAUTHORIZED, options: options, payload: NO_BYTES };
  }

  protected override takeRequest(now: Milliseconds, message: Message): Uint8Array | Response {
    const policy = this.settings.echo;
    if (policy !== undefined) {
      const isFresh = this.challenges().isFresh(now, message.options);
      if (isFresh) this.acquaintance().isReachable = true;
      else if (policy.forChanges && !isSafe(message.code) && isBeginning(message)) {
        return this.challengeResponse(now);
      }
    }
    return super.takeRequest(now, message);
  }

  protected override answer(
    now: Milliseconds,
    request: Message | IncomingRequest,
    type: number,
    content: Response,
  ): void {
    // 2.31 is the pace of a transfer that goes on, not its outcome.
    if (content.code !== CONTINUE && !isResponseWanted(request.options, content.code)) {
      // A CON is acknowledged in any case (RFC 7967 §2).
      if (type === ACK) this.reply(request.messageId, encodeEmpty(ACK, request.messageId));
      return;
    }
    const isTooMuch = this.isChallenging() && isAmplified(request, content);
    super.answer(now, request, type, isTooMuch ? this.challengeResponse(now) : content);
  }

  /** True while the peer gets little, because nobody knows where it is. */
  protected isChallenging(): boolean {
    const policy = this.settings.echo;
    if (policy === undefined || !policy.forReachability) return false;
    return this.peer === undefined || !this.peer.isReachable;
  }

  // As client.

  protected override takeResponse(now: Milliseconds, exchange: Exchange, message: Message): void {
    // Who answers knows the token, which nobody else has seen (RFC 9175 §2.4 item 3).
    if (this.isChallenging()) this.acquaintance().isReachable = true;
    const extras = exchange.extras;
    if (extras !== undefined && extras.isTrial) {
      if (message.code === BAD_REQUEST) {
        this.repeatShort(exchange, extras);
        return;
      }
      extras.isTrial = false;
      this.trust(true);
    }
    const echo = echoOf(message.options);
    if (echo !== undefined && this.isAnswered(now, exchange, message, echo)) return;
    super.takeResponse(now, exchange, message);
  }

  /** A challenge is answered by the request with its Echo; the Echo of any other response goes with the next (RFC 9175 §2.3). */
  private isAnswered(
    now: Milliseconds,
    exchange: Exchange,
    message: Message,
    echo: Option,
  ): boolean {
    const kept = { number: echo.number, value: new Uint8Array(echo.value) };
    const extras = this.extrasOf(exchange);
    if (message.code !== UNAUTHORIZED || extras.challenges >= MAX_CHALLENGES) {
      this.acquaintance().echo = kept;
      return false;
    }
    extras.challenges++;
    extras.echo = kept;
    this.repeat(now, exchange);
    return true;
  }

  /** The request once more, as if it had not been sent (RFC 9175 §2.3). */
  private repeat(now: Milliseconds, exchange: Exchange): void {
    exchange.transfer = undefined;
    this.releaseTag(exchange, now);
    exchange.token = this.nextToken(exchange);
    this.sendRequest(now, exchange);
  }

  protected override sendPart(now: Milliseconds, exchange: Exchange, content: Response): void {
    if (this.settings.tokenLength !== undefined) this.beginTrial(exchange);
    const peer = this.peer;
    if (peer !== undefined && peer.echo !== undefined) {
      const extras = this.extrasOf(exchange);
      if (extras.echo === undefined) extras.echo = peer.echo;
      peer.echo = undefined;
    }
    const echo = exchange.extras === undefined ? undefined : exchange.extras.echo;
    super.sendPart(now, exchange, echo === undefined ? content : withOption(content, echo));
  }

  private extrasOf(exchange: Exchange): ExchangeExtras {
    if (exchange.extras === undefined) {
      exchange.extras = { echo: undefined, challenges: 0, tag: undefined, isTrial: false };
    }
    return exchange.extras;
  }

  protected override finish(exchange: Exchange, head: Message, body: Uint8Array): void {
    // The block under way was answered, and there is never more than one.
    this.releaseTag(exchange, this.now);
    super.finish(exchange, head, body);
  }

  protected override close(exchange: Exchange): void {
    this.releaseTag(exchange, this.now + this.exchangeLifetime());
    super.close(exchange);
  }

  protected override failExchange(exchange: Exchange, failure: Failure): void {
    const extras = exchange.extras;
    if (failure === RESET && extras !== undefined && extras.isTrial) {
      this.repeatShort(exchange, extras);
      return;
    }
    // It arrived, or was Non-confirmable, and silence may be the answer that was asked for.
    const isSilence = failure === TIMED_OUT && exchange.waitUntil !== NEVER;
    const options = exchange.request.options;
    if (isSilence && findOption(options, NO_RESPONSE) !== undefined) this.close(exchange);
    else super.failExchange(exchange, failure);
  }

  // Request-Tag (RFC 9175 §3.4).

  protected override transferOf(exchange: Exchange): BlockWiseTransfer {
    const settings = this.settings;
    const request = exchange.request;
    if (exchange.transfer === undefined && request.payload.length > settings.blockSize) {
      const peer = this.acquaintance();
      if (peer.tags === undefined) peer.tags = new RequestTags();
      const tag = peer.tags.take(this.now);
      this.extrasOf(exchange).tag = tag;
      const tagged = withOption(request, tag);
      exchange.transfer = new BlockWiseTransfer(tagged, settings.blockSize, settings.maxBody);
    }
    return super.transferOf(exchange);
  }

  private releaseTag(exchange: Exchange, freeAt: Milliseconds): void {
    const extras = exchange.extras;
    const tags = this.peer === undefined ? undefined : this.peer.tags;
    if (extras === undefined || extras.tag === undefined || tags === undefined) return;
    tags.release(extras.tag, freeAt);
    extras.tag = undefined;
  }

  // Long tokens (RFC 8974 §2.2.2).

  protected override newToken(): Uint8Array {
    return this.takesLongTokens() === true ? this.longToken() : super.newToken();
  }

  /** Undefined: unknown, or no longer sure. */
  private takesLongTokens(): boolean | undefined {
    const peer = this.peer;
    return peer === undefined || this.now >= peer.trustedUntil ? undefined : peer.takesLongTokens;
  }

  /** The first Confirmable request is also the trial: a peer that knows no long tokens takes it for malformed. */
  private beginTrial(exchange: Exchange): void {
    const isOwn = exchange.id !== 0 && exchange.token.length === PLAIN_TOKEN;
    if (!isOwn || exchange.request.confirmable === false) return;
    if (this.takesLongTokens() !== undefined) return;
    exchange.token = this.longToken();
    this.extrasOf(exchange).isTrial = exchange.token.length > PLAIN_TOKEN;
  }

  private repeatShort(exchange: Exchange, extras: ExchangeExtras): void {
    this.trust(false);
    extras.isTrial = false;
    this.repeat(this.now, exchange);
  }

  private trust(takesLongTokens: boolean): void {
    const peer = this.acquaintance();
    peer.takesLongTokens = takesLongTokens;
    peer.trustedUntil = this.now + TRUST;
  }

  private longToken(): Uint8Array {
    const length = this.settings.tokenLength === undefined ? 0 : this.settings.tokenLength;
    const token = new Uint8Array(Math.max(length, PLAIN_TOKEN));
    for (let i = 0; i < token.length; i += PLAIN_TOKEN) {
      token.set(super.newToken().subarray(0, token.length - i), i);
    }
    return token;
  }
}

/** GET and FETCH change nothing (RFC 7252 §5.1, RFC 8132 §2). */
function isSafe(code: number): boolean {
  return code === GET || code === FETCH;
}

/** Not a later block of a body: that its first was fresh is enough. */
function isBeginning(message: Message): boolean {
  const option = findOption(message.options, BLOCK1);
  const block = option === undefined ? undefined : decodeBlock(option.value);
  return block === undefined || !("num" in block) || block.num === 0;
}

/** True for what could be used against somebody else, in whose name the request was sent. */
function isAmplified(request: Message | IncomingRequest, response: Response): boolean {
  if (!isSafe(request.code)) return false;
  if (uintOf(request.options, OBSERVE, 1) === 0) return true;
  return sizeOf(request, response) > AMPLIFICATION * sizeOf(request, request);
}

function sizeOf(request: Message | IncomingRequest, content: Response): number {
  return encodeMessage({
    type: ACK,
    code: content.code,
    messageId: 0,
    token: request.token,
    options: content.options,
    payload: content.payload,
  }).length;
}

function withOption(content: Response, option: Option | readonly Option[]): Response {
  return {
    code: content.code,
    options: content.options.concat(option),
    payload: content.payload,
  };
}
