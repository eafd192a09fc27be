/**
 * CoAP over a stream with one peer, all of it: what `CoapEndpoint` is over UDP. What it adds to those beneath:
 *
 * | | as client | as server |
 * | --- | --- | --- |
 * | Observe (RFC 7641, RFC 8323 §7) | `cancelObservation`, `forget`; notifications come in the order in which they were sent | |
 * | Request-Tag (RFC 9175 §3) | set where two bodies could be mixed | parts bodies, in piecewise-uploads.ts |
 * | No-Response (RFC 7967) | a request with it may end without a word | what is not wanted is not sent |
 *
 * Echo is not here: the peer of a connection is reachable where it says it is, and cannot be made to hear old requests again.
 */
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import { withoutPerBlock } from "./block.ts";
import { BlockWiseStreamEndpoint } from "./block-wise-stream-endpoint.ts";
import { CONTINUE, isSuccess } from "./codes.ts";
import type { ObservingPeer } from "./endpoint.ts";
import type { Failure, IncomingRequest, Request, Response } from "./exchange.ts";
import { BODY_INCOMPLETE, TIMED_OUT } from "./exchange.ts";
import { isResponseWanted, NO_RESPONSE, wantsNoResponse } from "./no-response.ts";
import { BLOCK2, findOption, OBSERVE, uintOf, uintOption } from "./options.ts";
import { RequestTags } from "./request-tag.ts";
import type { StreamConnection } from "./stream-connection.ts";
import type { StreamExchange } from "./stream-endpoint.ts";
import type { StreamMessage } from "./stream-framing.ts";
import { StreamTransfer } from "./stream-transfer.ts";

export class CoapStreamEndpoint extends BlockWiseStreamEndpoint implements ObservingPeer {
  /** Made with the first body in blocks. */
  private tags: RequestTags | undefined = undefined;

  // Observing (RFC 8323 §7).

  /** Ends an observation of ours with its request, Observe 1 in place of 0, under its token (§7.4); no more events for `id`. */
  cancelObservation(now: Milliseconds, id: number): void {
    const exchange = this.exchangeOf(id);
    if (exchange === undefined) return;
    this.close(exchange);
    const { code, options, payload } = exchange.request;
    const ending = withoutPerBlock(options);
    ending.push(uintOption(OBSERVE, 1));
    const request = { code: code, options: ending, payload: payload };
    this.sendRequest(now, this.open(0, request, exchange.token, undefined));
  }

  /** Forgets a request or observation without a word; what still comes of it is dropped. */
  forget(id: number): void {
    const exchange = this.exchangeOf(id);
    if (exchange !== undefined) this.close(exchange);
  }

  /** As `forget`: a stream repeats nothing, and what is written cannot be taken back. */
  withdraw(_now: Milliseconds, id: number): void {
    this.forget(id);
  }

  /** The token of a request or observation; undefined when it is over. */
  tokenOf(id: number): Uint8Array | undefined {
    const exchange = this.exchangeOf(id);
    return exchange === undefined ? undefined : exchange.token;
  }

  private exchangeOf(id: number): StreamExchange | undefined {
    if (id === 0) return undefined;
    for (let i = 0; i < this.exchanges.length; i++) {
      if (this.exchanges[i].id === id) return this.exchanges[i];
    }
    return undefined;
  }

  protected override takeBody(
    now: Milliseconds,
    exchange: StreamExchange,
    message: StreamMessage,
  ): void {
    const transfer = exchange.transfer;
    if (transfer === undefined || !transfer.isFetching()) noteObserve(exchange, message);
    if (exchange.parent !== undefined && !isSuccess(message.code)) {
      // It is the rest of a notification that is refused, not the observation.
      this.failExchange(exchange, BODY_INCOMPLETE);
      return;
    }
    const isCut = findOption(message.options, BLOCK2) !== undefined;
    super.takeBody(now, exchange.observing && isCut ? this.openFetch(exchange) : exchange, message);
  }

  /** The rest of a notification is fetched under a token of its own, so that newer ones can come in between (RFC 7641 §3.4). */
  private openFetch(observation: StreamExchange): StreamExchange {
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      const exchange = this.exchanges[i];
      if (exchange !== undefined && exchange.parent === observation) this.close(exchange);
    }
    const { code, options, payload } = observation.request;
    // Without Observe: it is about this state only.
    const request = { code: code, options: withoutPerBlock(options), payload: payload };
    const fetch = this.open(0, request, this.newToken(), observation);
    // What the request's blocks began goes on with the first response.
    fetch.transfer = observation.transfer;
    observation.transfer = undefined;
    return fetch;
  }

  // Request-Tag (RFC 9175 §3.4): on a connection nothing arrives late, so that a tag is free with its exchange.

  protected override transferOf(exchange: StreamExchange): StreamTransfer {
    const request = exchange.request;
    if (exchange.transfer !== undefined || request.payload.length === 0) {
      return super.transferOf(exchange);
    }
    if (this.tags === undefined) this.tags = new RequestTags();
    const tag = this.tags.take(0);
    const tagged: Request = {
      code: request.code,
      options: request.options.concat(tag),
      payload: request.payload,
    };
    const transfer = new StreamTransfer(tagged, this.settings.maxBody);
    exchange.transfer = transfer;
    exchange.tag = tag;
    return transfer;
  }

  protected override close(exchange: StreamExchange): boolean {
    if (exchange.tag !== undefined && this.tags !== undefined) this.tags.release(exchange.tag, 0);
    exchange.tag = undefined;
    return super.close(exchange);
  }

  protected override end(connection: StreamConnection, reason: string): void {
    this.tags = undefined;
    super.end(connection, reason);
  }

  // No-Response (RFC 7967).

  protected override answer(request: IncomingRequest, content: Response): void {
    // 2.31 is the pace of a transfer that goes on, not its outcome.
    const isWanted = content.code === CONTINUE || isResponseWanted(request.options, content.code);
    if (isWanted) super.answer(request, content);
  }

  protected override sendPart(
    now: Milliseconds,
    exchange: StreamExchange,
    content: Response,
  ): void {
    super.sendPart(now, exchange, content);
    const { confirmable, options } = exchange.request;
    // It is over when it is sent.
    const isForgotten = confirmable === false && wantsNoResponse(options);
    if (isForgotten && exchange.transfer === undefined) this.close(exchange);
  }

  /** Silence may be the answer that was asked for. */
  protected override owesAnswer(exchange: StreamExchange): boolean {
    return findOption(exchange.request.options, NO_RESPONSE) === undefined;
  }

  protected override failExchange(exchange: StreamExchange, failure: Failure): void {
    if (failure === TIMED_OUT && !this.owesAnswer(exchange)) this.close(exchange);
    else super.failExchange(exchange, failure);
  }
}

/** Whether notifications follow; none is older than one that came before, whatever its number (RFC 8323 §7.1). */
function noteObserve(exchange: StreamExchange, message: StreamMessage): void {
  if (uintOf(exchange.request.options, OBSERVE, 1) !== 0) return;
  exchange.observing =
    findOption(message.options, OBSERVE) !== undefined && isSuccess(message.code);
  if (exchange.observing) exchange.waitUntil = NEVER;
}
