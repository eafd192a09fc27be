/**
 * The transport addresses that the connector converses with, each with its CoAP endpoint.
 *
 * An endpoint remembers Message IDs, unacknowledged messages and transfers, so it stays for EXCHANGE_LIFETIME after the last datagram,
 * and as long as something is under way or observed. When there is no room, the one that was silent longest of a few gives way.
 *
 * The peer of a connection is there as long as the connection: it is made when it comes, and to forget it is to close it. One that is not a
 * registered device's has to say something within STRANGER_KEEP.
 */
import {
  CoapEndpoint,
  type CoapSettings,
  type Failure,
  type Request,
  type Response,
} from "../protocol/coap/coap-endpoint.ts";
import { CoapStreamEndpoint } from "../protocol/coap/coap-stream-endpoint.ts";
import { exchangeLifetime } from "../protocol/coap/parameters.ts";
import { Deadlines } from "../protocol/time/deadlines.ts";
import { MINUTE, type Milliseconds, NEVER } from "../protocol/time/duration.ts";
import { isStreamAddress } from "./peer-address.ts";

/** Who is told what became of a request. */
export interface Requester {
  /** With `isObserving` more responses follow. */
  handleResponse(now: Milliseconds, response: Response, isObserving: boolean): void;
  handleFailure(now: Milliseconds, failure: Failure): void;
}

export class Peer {
  readonly address: string;
  /** At the other end of a connection. */
  readonly isStream: boolean;
  readonly coap: CoapEndpoint | CoapStreamEndpoint;
  /** Of its deadline. */
  readonly index: number;
  /** When its last datagram came. */
  heardAt: Milliseconds;
  /** Nothing that came from here has changed anything, and nothing was asked here. */
  isStranger = true;
  /** A device has registered from here, and is registered from here still. */
  isRegistered = false;
  /** It is in the list of peers that something was asked of. */
  isTouched = false;
  private readonly peers: Peers;
  /** By the request's id; made when first needed, since most devices are only registered. */
  private requesters: Map<number, Requester> | undefined = undefined;

  constructor(peers: Peers, address: string, index: number, now: Milliseconds, coap: Peer["coap"]) {
    this.peers = peers;
    this.address = address;
    this.isStream = isStreamAddress(address);
    this.index = index;
    this.heardAt = now;
    this.coap = coap;
  }

  /** Sends a request; 0 when the peer has too many already. */
  request(now: Milliseconds, request: Request, requester: Requester): number {
    const id = this.coap.request(now, request);
    if (id !== 0) this.enter(id, requester);
    return id;
  }

  /** Takes up an observation from before. Returns 0 where there is none to take up: it has ended with its connection (RFC 8323 §7.4). */
  resumeObservation(request: Request, token: Uint8Array, requester: Requester): number {
    const { coap } = this;
    if (coap instanceof CoapStreamEndpoint) return 0;
    const id = coap.resumeObservation(request, token);
    this.enter(id, requester);
    return id;
  }

  cancelObservation(now: Milliseconds, id: number): void {
    this.coap.cancelObservation(now, id);
    this.leave(id);
  }

  /** Drops a request or an observation; nobody is told. */
  forget(id: number): void {
    this.coap.forget(id);
    this.leave(id);
  }

  /** Drops a request, and repeats it no more; nobody is told. */
  withdraw(now: Milliseconds, id: number): void {
    this.coap.withdraw(now, id);
    this.leave(id);
  }

  handleResponse(now: Milliseconds, id: number, response: Response, isObserving: boolean): void {
    const requester = this.requesters?.get(id);
    if (!isObserving) this.leave(id);
    requester?.handleResponse(now, response, isObserving);
  }

  handleFailure(now: Milliseconds, id: number, failure: Failure): void {
    const requester = this.requesters?.get(id);
    this.leave(id);
    requester?.handleFailure(now, failure);
  }

  /** True when nothing is lost by forgetting it but its Message IDs. */
  isIdle(): boolean {
    if (this.isStream && this.isRegistered) return false;
    return (this.requesters === undefined || this.requesters.size === 0) && this.coap.isIdle();
  }

  private enter(id: number, requester: Requester): void {
    this.isStranger = false;
    this.requesters ??= new Map();
    this.requesters.set(id, requester);
    this.peers.touch(this);
  }

  private leave(id: number): void {
    this.requesters?.delete(id);
    this.peers.touch(this);
  }
}

/** How long a connection may be silent that is no registered device's. */
const STRANGER_KEEP: Milliseconds = MINUTE;
/** Peers looked at to find one that may give way. */
const SWEEP = 32;

export class Peers {
  private readonly settings: CoapSettings;
  private readonly limit: number;
  /** How long an idle peer is kept, for the sake of duplicates. */
  private readonly keep: Milliseconds;
  private readonly byAddress = new Map<string, Peer>();
  private readonly byIndex: (Peer | undefined)[] = [];
  private readonly freeIndices: number[] = [];
  private readonly deadlines = new Deadlines(64);
  private readonly touched: Peer[] = [];
  private sweepFrom = 0;

  /** @param limit how many peers are conversed with at once */
  constructor(settings: CoapSettings, limit: number) {
    this.settings = settings;
    this.limit = limit;
    this.keep = exchangeLifetime(settings.transmission);
  }

  get size(): number {
    return this.byAddress.size;
  }

  find(address: string): Peer | undefined {
    return this.byAddress.get(address);
  }

  /** The peer at an address, made if need be; undefined when there are too many and all of them busy, and for a connection that is gone. */
  obtain(now: Milliseconds, address: string): Peer | undefined {
    const known = this.byAddress.get(address);
    if (known !== undefined || isStreamAddress(address)) return known;
    return this.enter(now, address, new CoapEndpoint(this.settings));
  }

  /** The peer of a new connection; undefined when there is no room for it. */
  open(now: Milliseconds, address: string): Peer | undefined {
    const coap = new CoapStreamEndpoint(this.settings);
    coap.handleOpened(now);
    return this.enter(now, address, coap);
  }

  private enter(now: Milliseconds, address: string, coap: Peer["coap"]): Peer | undefined {
    if (this.byAddress.size >= this.limit && !this.makeRoom()) return undefined;
    const index = this.freeIndices.pop() ?? this.byIndex.length;
    const peer = new Peer(this, address, index, now, coap);
    this.byAddress.set(address, peer);
    this.byIndex[index] = peer;
    this.deadlines.set(index, Math.min(now + this.keepOf(peer), coap.deadline()));
    return peer;
  }

  /** Harmless when it is forgotten already. A connection is closed. */
  forget(peer: Peer): void {
    if (this.byIndex[peer.index] !== peer) return;
    if (peer.coap instanceof CoapStreamEndpoint) {
      peer.coap.disconnect();
      this.touch(peer);
    }
    this.byAddress.delete(peer.address);
    this.byIndex[peer.index] = undefined;
    this.freeIndices.push(peer.index);
    this.deadlines.set(peer.index, NEVER);
  }

  /** Something was asked of a peer or came from it: it has to be drained and armed. */
  touch(peer: Peer): void {
    if (peer.isTouched) return;
    peer.isTouched = true;
    this.touched.push(peer);
  }

  /** The next peer to drain and arm. */
  pollTouched(): Peer | undefined {
    const peer = this.touched.pop();
    if (peer !== undefined) peer.isTouched = false;
    return peer;
  }

  /** The next peer whose deadline has passed; its own `handleTimeout` and `settle` are due. */
  pollDue(now: Milliseconds): Peer | undefined {
    return this.deadlines.next() <= now ? this.byIndex[this.deadlines.first()] : undefined;
  }

  /** Sets a peer's deadline when it comes sooner than before. A later one is found when the former has passed. */
  arm(peer: Peer): void {
    if (this.byIndex[peer.index] !== peer) return;
    const at = Math.min(peer.coap.deadline(), peer.heardAt + this.keepOf(peer));
    if (at < this.deadlines.of(peer.index)) this.deadlines.set(peer.index, at);
  }

  /** After a deadline has passed: forgets the peer when it has been idle for long, else sets its deadline anew. */
  settle(now: Milliseconds, peer: Peer): void {
    const isIdle = peer.isIdle();
    const forgetAt = isIdle ? peer.heardAt + this.keepOf(peer) : NEVER;
    if (forgetAt <= now) this.forget(peer);
    else
      this.deadlines.set(peer.index, Math.max(now + 1, Math.min(peer.coap.deadline(), forgetAt)));
  }

  deadline(): Milliseconds {
    return this.deadlines.next();
  }

  private keepOf({ isStream }: Peer): Milliseconds {
    return isStream ? STRANGER_KEEP : this.keep;
  }

  private makeRoom(): boolean {
    let oldest: Peer | undefined;
    for (let i = 0; i < SWEEP; i++) {
      this.sweepFrom = (this.sweepFrom + 1) % this.byIndex.length;
      const peer = this.byIndex[this.sweepFrom];
      if (peer === undefined || !peer.isIdle()) continue;
      if (oldest === undefined || peer.heardAt < oldest.heardAt) oldest = peer;
    }
    if (oldest !== undefined) this.forget(oldest);
    return oldest !== undefined;
  }
}
