/**
 * CoAP over UDP with one peer, with observations of the peer's resources (RFC 7641 as client).
 */
import type { Milliseconds } from "../time/duration.ts";
import { NEVER } from "../time/duration.ts";
import type { Exchange } from "./basic-endpoint.ts";
import { withoutPerBlock } from "./block.ts";
import { isSuccess } from "./codes.ts";
import type { Request } from "./exchange.ts";
import { BODY_INCOMPLETE } from "./exchange.ts";
import type { Message } from "./message.ts";
import { isFresher } from "./observation.ts";
import { BLOCK2, findOption, OBSERVE, uintOf, uintOption } from "./options.ts";
import { PiecewiseEndpoint } from "./piecewise-endpoint.ts";

/** A request with Observe 0 stays, and its notifications come as responses, until it is cancelled or forgotten. */
export class ObservingEndpoint extends PiecewiseEndpoint {
  // What the application wants.

  /**
   * Ends an observation of ours with its request, Observe 1 in place of 0, under its token; no more events for `id` (RFC 7641 §3.6). A
   * FETCH says again what it was of (RFC 8132 §2.4).
   */
  cancelObservation(now: Milliseconds, id: number): void {
    const exchange = this.exchangeOf(id);
    if (exchange === undefined) return;
    this.close(exchange);
    const options = withoutPerBlock(exchange.request.options);
    options.push(uintOption(OBSERVE, 1));
    const request = {
      code: exchange.request.code,
      options: options,
      payload: exchange.request.payload,
    };
    this.sendRequest(now, this.open(0, request, exchange.token, undefined));
  }

  /** Forgets a request or observation without a word; a later notification is answered with RST. */
  forget(id: number): void {
    const exchange = this.exchangeOf(id);
    if (exchange !== undefined) this.close(exchange);
  }

  /**
   * Forgets a request and repeats it no more, even when it is on the wire: who asks next must not be preceded by it (RFC 7252 §4.2: the
   * application may cancel a request whose response it no longer needs).
   */
  withdraw(now: Milliseconds, id: number): void {
    const exchange = this.exchangeOf(id);
    if (exchange === undefined) return;
    this.close(exchange);
    if (this.outstanding === undefined || this.outstanding.exchange !== exchange) return;
    this.settle();
    this.sendNext(now);
  }

  /** The token of a request or observation, to store it with. */
  tokenOf(id: number): Uint8Array | undefined {
    const exchange = this.exchangeOf(id);
    return exchange === undefined ? undefined : exchange.token;
  }

  /** The sequence number of an observation's last notification; undefined when none has come since it was taken up. */
  sequenceOf(id: number): number | undefined {
    const exchange = this.exchangeOf(id);
    return exchange === undefined || exchange.lastAt < 0 ? undefined : exchange.lastSequence;
  }

  /** Takes up an observation made before a restart. Returns its id. */
  resumeObservation(request: Request, token: Uint8Array): number {
    const exchange = this.open(this.nextId++, request, token, undefined);
    exchange.observing = true;
    exchange.lastAt = -NEVER;
    return exchange.id;
  }

  /** What ends an observation has its token to the last block. */
  protected override nextToken(exchange: Exchange): Uint8Array {
    const isEnd = uintOf(exchange.request.options, OBSERVE, 0) === 1;
    return isEnd ? exchange.token : super.nextToken(exchange);
  }

  // Notifications (RFC 7641 §3).

  protected override takeBody(now: Milliseconds, exchange: Exchange, message: Message): void {
    const transfer = exchange.transfer;
    const isFetching = transfer !== undefined && transfer.isFetching();
    if (!isFetching && !this.isCurrent(now, exchange, message)) return;
    if (exchange.parent !== undefined && !isSuccess(message.code)) {
      // It is the rest of a notification that is refused, not the observation.
      this.failExchange(exchange, BODY_INCOMPLETE);
      return;
    }
    const isCut = findOption(message.options, BLOCK2) !== undefined;
    super.takeBody(now, exchange.observing && isCut ? this.openFetch(exchange) : exchange, message);
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

  /** The rest of a notification is fetched under a token of its own, so that newer ones can come in between (§3.4). */
  private openFetch(observation: Exchange): Exchange {
    for (let i = this.exchanges.length - 1; i >= 0; i--) {
      if (this.exchanges[i].parent === observation) this.close(this.exchanges[i]);
    }
    const { code, options, payload, confirmable } = observation.request;
    // Without Observe: it is about this state only.
    const request = {
      code: code,
      options: withoutPerBlock(options),
      payload: payload,
      confirmable: confirmable !== false,
    };
    const fetch = this.open(0, request, this.newToken(), observation);
    // What the request's blocks began goes on with the first response.
    fetch.transfer = observation.transfer;
    fetch.extras = observation.extras;
    observation.transfer = undefined;
    observation.extras = undefined;
    return fetch;
  }

  private exchangeOf(id: number): Exchange | undefined {
    if (id === 0) return undefined;
    for (let i = 0; i < this.exchanges.length; i++) {
      if (this.exchanges[i].id === id) return this.exchanges[i];
    }
    return undefined;
  }
}
