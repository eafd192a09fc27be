/**
 * The least server a fleet can register with: a registration interface in memory, and requests sent down to devices.
 *
 * A sans-I/O machine with many peers. It serves fleets in virtual time that have no other server, and judges them: it knows
 * which registrations ran out, and which datagrams it could not read.
 */

import {
  CoapEndpoint,
  type CoapSettings,
  type Failure,
  type IncomingRequest,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
  type Request,
  type Response,
} from "../protocol/coap/coap-endpoint.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  DELETE,
  DELETED,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
} from "../protocol/coap/codes.ts";
import {
  LOCATION_PATH,
  type Option,
  textsOf,
  URI_PATH,
  URI_QUERY,
} from "../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../protocol/coap/uri.ts";
import { parseRegistrationQuery } from "../protocol/lwm2m/registration.ts";
import { isMalformed } from "../protocol/malformed.ts";
import { Deadlines } from "../protocol/time/deadlines.ts";
import { type Milliseconds, SECOND } from "../protocol/time/duration.ts";
import type { Timed } from "./virtual-time.ts";

/** Any server that takes datagrams from many peers: this one, or the one under test. */
export interface Server extends Timed {
  handleDatagram(now: Milliseconds, peer: string, datagram: Uint8Array): void;
  pollTransmit(): { readonly peer: string; readonly datagram: Uint8Array } | undefined;
}

export interface RegistrarEntry {
  readonly endpointName: string;
  readonly location: string;
  peer: string;
  lifetime: Milliseconds;
  expiresAt: Milliseconds;
}

/** How a request to a device came out. With `observing`, more of them follow. */
export interface Outcome {
  readonly endpointName: string;
  readonly id: number;
  readonly response: Response | undefined;
  readonly failure: Failure | undefined;
  readonly observing: boolean;
}

interface Peer {
  readonly address: string;
  readonly index: number;
  readonly endpoint: CoapEndpoint;
  /** The endpoint that each request under way went to, by its id. */
  readonly asked: Map<number, string>;
}

const NO_BYTES = new Uint8Array(0);
const NO_OPTIONS: readonly Option[] = [];
/** What a registration without `lt` gets (LwM2M Core 1.1.1 §6.2.1). */
const DEFAULT_LIFETIME = 86400 * SECOND;

export class Registrar implements Server {
  /** Registrations by endpoint name; those that ran out stay until they are renewed or asked for. */
  readonly entries = new Map<string, RegistrarEntry>();
  /** Updates and De-registers that came after the lifetime had run out. */
  expired = 0;
  private readonly settings: CoapSettings;
  private readonly locations = new Map<string, RegistrarEntry>();
  private readonly peers = new Map<string, Peer>();
  private readonly byIndex: Peer[] = [];
  private readonly deadlines = new Deadlines(64);
  private readonly outbox: { peer: string; datagram: Uint8Array }[] = [];
  private readonly outcomes: Outcome[] = [];
  private nextLocation = 1;

  constructor(settings: CoapSettings) {
    this.settings = settings;
  }

  handleDatagram(now: Milliseconds, address: string, datagram: Uint8Array): void {
    const peer = this.peerAt(address);
    peer.endpoint.handleDatagram(now, datagram);
    this.pump(now, peer);
  }

  handleTimeout(now: Milliseconds): void {
    while (this.deadlines.next() <= now) {
      const peer = this.byIndex[this.deadlines.first()];
      peer.endpoint.handleTimeout(now);
      this.pump(now, peer);
    }
  }

  deadline(): Milliseconds {
    return this.deadlines.next();
  }

  pollTransmit(): { peer: string; datagram: Uint8Array } | undefined {
    return this.outbox.shift();
  }

  pollOutcome(): Outcome | undefined {
    return this.outcomes.shift();
  }

  /** True while the endpoint's registration is in force. */
  isRegistered(now: Milliseconds, endpointName: string): boolean {
    const entry = this.entries.get(endpointName);
    return entry !== undefined && now <= entry.expiresAt;
  }

  /** Sends a request down to a device. Returns its id, or 0 when the endpoint is unknown or has too many under way. */
  request(now: Milliseconds, endpointName: string, request: Request): number {
    const entry = this.entries.get(endpointName);
    if (entry === undefined) return 0;
    const peer = this.peerAt(entry.peer);
    const id = peer.endpoint.request(now, request);
    if (id !== 0) peer.asked.set(id, endpointName);
    this.pump(now, peer);
    return id;
  }

  /** Forgets every registration, as a server does that loses its store: Updates are answered 4.04 from then on. */
  forgetAll(): void {
    this.entries.clear();
    this.locations.clear();
  }

  private pump(now: Milliseconds, peer: Peer): void {
    const { endpoint, address } = peer;
    for (let event = endpoint.pollEvent(); event !== undefined; event = endpoint.pollEvent()) {
      switch (event.kind) {
        case REQUEST_RECEIVED:
          endpoint.respond(now, event.request, this.answer(now, address, event.request));
          break;
        case RESPONSE_RECEIVED:
          this.settle(peer, event.id, event.response, undefined, event.observing);
          break;
        case REQUEST_FAILED:
          this.settle(peer, event.id, undefined, event.failure, false);
          break;
      }
    }
    for (let next = endpoint.pollTransmit(); next !== undefined; next = endpoint.pollTransmit()) {
      this.outbox.push({ peer: address, datagram: next });
    }
    this.deadlines.set(peer.index, endpoint.deadline());
  }

  private settle(
    peer: Peer,
    id: number,
    response: Response | undefined,
    failure: Failure | undefined,
    observing: boolean,
  ): void {
    const endpointName = peer.asked.get(id);
    if (endpointName === undefined) return;
    if (!observing) peer.asked.delete(id);
    this.outcomes.push({ endpointName, id, response, failure, observing });
  }

  private answer(now: Milliseconds, address: string, request: IncomingRequest): Response {
    const path = pathOf(request.options, URI_PATH);
    if (path === "/rd") {
      return request.code === POST
        ? this.register(now, address, request)
        : refusal(METHOD_NOT_ALLOWED);
    }
    const entry = this.locations.get(path);
    if (entry === undefined) return refusal(NOT_FOUND);
    if (now > entry.expiresAt) {
      this.expired++;
      this.remove(entry);
      return refusal(NOT_FOUND);
    }
    if (request.code === DELETE) {
      this.remove(entry);
      return { code: DELETED, options: NO_OPTIONS, payload: NO_BYTES };
    }
    if (request.code !== POST && request.code !== PUT) return refusal(METHOD_NOT_ALLOWED);
    return this.update(now, address, entry, request);
  }

  private register(now: Milliseconds, address: string, request: IncomingRequest): Response {
    const parameters = parseRegistrationQuery(textsOf(request.options, URI_QUERY));
    if (isMalformed(parameters) || parameters.endpointName === undefined) {
      return refusal(BAD_REQUEST);
    }
    const before = this.entries.get(parameters.endpointName);
    if (before !== undefined) this.remove(before);
    const lifetime =
      parameters.lifetime === undefined ? DEFAULT_LIFETIME : parameters.lifetime * SECOND;
    const entry: RegistrarEntry = {
      endpointName: parameters.endpointName,
      location: `/rd/${this.nextLocation++}`,
      peer: address,
      lifetime,
      expiresAt: now + lifetime,
    };
    this.entries.set(entry.endpointName, entry);
    this.locations.set(entry.location, entry);
    const options = pathOptions(LOCATION_PATH, entry.location);
    return { code: CREATED, options, payload: NO_BYTES };
  }

  private update(
    now: Milliseconds,
    address: string,
    entry: RegistrarEntry,
    request: IncomingRequest,
  ): Response {
    const parameters = parseRegistrationQuery(textsOf(request.options, URI_QUERY));
    if (isMalformed(parameters)) return refusal(BAD_REQUEST);
    if (parameters.lifetime !== undefined) entry.lifetime = parameters.lifetime * SECOND;
    entry.peer = address;
    entry.expiresAt = now + entry.lifetime;
    return { code: CHANGED, options: NO_OPTIONS, payload: NO_BYTES };
  }

  private remove(entry: RegistrarEntry): void {
    this.entries.delete(entry.endpointName);
    this.locations.delete(entry.location);
  }

  private peerAt(address: string): Peer {
    let peer = this.peers.get(address);
    if (peer === undefined) {
      const index = this.byIndex.length;
      const endpoint = new CoapEndpoint(this.settings);
      peer = { address, index, endpoint, asked: new Map() };
      this.peers.set(address, peer);
      this.byIndex.push(peer);
    }
    return peer;
  }
}

function refusal(code: number): Response {
  return { code, options: NO_OPTIONS, payload: NO_BYTES };
}
