/**
 * The connector's core: an LwM2M Server over datagrams and streams, sans I/O.
 *
 * Composes the peers (CoAP), the registry (who is registered) and the sessions (what is wanted of whom), and decides only which of them
 * a message or an event is for. What it accepts it writes to its journal in the same call; when that is committed, and that nothing
 * leaves before, is the business of whoever drives it (service.ts).
 *
 * After any call: drain `pollEvent`, then `pollTransmit`, then arm one alarm on `deadline()`.
 */

import { encodeUtf8 } from "../protocol/bytes/utf8.ts";
import {
  CONNECTION_ENDED,
  type IncomingRequest,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
  type Response,
} from "../protocol/coap/coap-endpoint.ts";
import { CoapStreamEndpoint } from "../protocol/coap/coap-stream-endpoint.ts";
import {
  CONTENT,
  GET,
  isSuccess,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
} from "../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../protocol/coap/message.ts";
import { ACCEPT, CONTENT_FORMAT, URI_PATH, uintOf, uintOption } from "../protocol/coap/options.ts";
import { exchangeLifetime } from "../protocol/coap/parameters.ts";
import { pathOf } from "../protocol/coap/uri.ts";
import { type Milliseconds, NEVER } from "../protocol/time/duration.ts";
import { BOOTSTRAP_PORT, BootstrapServer } from "./bootstrap/bootstrap-server.ts";
import {
  type ConnectorEvent,
  type DownlinkRequest,
  type GatewayDevice,
  GONE,
  type ObserveOptions,
  type QueuedRequest,
  type Submission,
} from "./contract.ts";
import { Fifo } from "./fifo.ts";
import { isNewer, notificationToken } from "./moved-notification.ts";
import { isStreamAddress } from "./peer-address.ts";
import { type Peer, Peers } from "./peers.ts";
import type { HeldRegistration } from "./registry/held-registration.ts";
import { ProfileLists } from "./registry/profile-lists.ts";
import type { Registration } from "./registry/registration.ts";
import { RegistrationInterface } from "./registry/registration-interface.ts";
import { Registry } from "./registry/registry.ts";
import { bareResponse } from "./responses.ts";
import { takeSend } from "./session/send.ts";
import { Sessions } from "./session/sessions.ts";
import type { ConnectorSettings } from "./settings.ts";
import type { Journal } from "./store/store.ts";

/** A datagram to put on the wire, or a piece of a stream; an empty piece closes its connection (peer-address.ts). */
export interface Transmit {
  readonly peer: string;
  readonly datagram: Uint8Array;
}

/** What happened since the start, for operators. */
export interface ConnectorCounters {
  datagramsIn: number;
  datagramsOut: number;
  /** Connections that devices have opened. */
  connections: number;
  /** Datagrams that were not CoAP, and connections that ended for that. */
  malformed: number;
  /** Datagrams and connections of strangers for whom there was no room. */
  crowdedOut: number;
  registrations: number;
  updates: number;
  deregistrations: number;
  expiries: number;
  /** Registrations and updates that were refused. */
  refusals: number;
  notifications: number;
  /** Sends that were taken. */
  sends: number;
  responses: number;
  bootstraps: number;
  bootstrapFailures: number;
}

const CORE_LINKS: Response = {
  code: CONTENT,
  options: [uintOption(CONTENT_FORMAT, LINK_FORMAT)],
  payload: encodeUtf8('</rd>;rt="core.rd"'),
};

export class Connector {
  readonly counters: ConnectorCounters = {
    datagramsIn: 0,
    datagramsOut: 0,
    connections: 0,
    malformed: 0,
    crowdedOut: 0,
    registrations: 0,
    updates: 0,
    deregistrations: 0,
    expiries: 0,
    refusals: 0,
    notifications: 0,
    sends: 0,
    responses: 0,
    bootstraps: 0,
    bootstrapFailures: 0,
  };
  private readonly settings: ConnectorSettings;
  private readonly peers: Peers;
  private readonly registry: Registry;
  private readonly profiles: ProfileLists;
  private readonly registrationInterface: RegistrationInterface;
  private readonly sessions: Sessions;
  private readonly bootstrap: BootstrapServer | undefined;
  private readonly transmits = new Fifo<Transmit>();

  constructor(settings: ConnectorSettings, journal: Journal) {
    this.settings = settings;
    this.peers = new Peers(settings.coap, settings.maxPeers);
    this.registry = new Registry(settings.registry, journal);
    this.profiles = new ProfileLists(settings.registry, journal);
    this.registrationInterface = new RegistrationInterface(
      settings.registry,
      this.registry,
      this.profiles,
    );
    const { random } = settings.coap;
    this.sessions = new Sessions(settings.session, random, this.peers, this.registry, journal);
    const lifetime = exchangeLifetime(settings.coap.transmission);
    this.bootstrap =
      settings.bootstrap &&
      new BootstrapServer(settings.bootstrap, random, lifetime, (event) =>
        this.sessions.emit(event),
      );
  }

  /** Takes up what an earlier run left in the journal. Call once, before anything else. */
  restore(now: Milliseconds): void {
    this.registry.restore(now);
    this.profiles.restore();
    this.sessions.restore(now);
    this.settle(now);
  }

  // What the world does.

  /**
   * A datagram has come.
   *
   * @param address of the sender, `127.0.0.1:40001`
   * @param datagram unchanged from then on: what is read from it are views
   */
  handleDatagram(now: Milliseconds, address: string, datagram: Uint8Array): void {
    this.counters.datagramsIn++;
    this.follow(now, address, datagram);
    const known = this.peers.find(address);
    const peer = known ?? this.peers.obtain(now, address);
    if (peer === undefined) {
      this.counters.crowdedOut++;
      return;
    }
    this.receive(now, peer, datagram);
    // A stranger's request that changed nothing may come twice; remembering it would let forged addresses fill the memory.
    if (known === undefined && peer.isStranger && peer.isIdle()) this.peers.forget(peer);
  }

  /**
   * A device has opened a connection.
   *
   * @param address of `streamAddress`
   * @returns false when there is no room for it: it is to be closed
   */
  handleOpened(now: Milliseconds, address: string): boolean {
    const peer = this.peers.open(now, address);
    if (peer === undefined) this.counters.crowdedOut++;
    else this.counters.connections++;
    return peer !== undefined;
  }

  /** Bytes have come over a connection; they remain the caller's. */
  handleBytes(now: Milliseconds, address: string, bytes: Uint8Array): void {
    const peer = this.peers.find(address);
    if (peer !== undefined && bytes.length > 0) this.receive(now, peer, bytes);
  }

  /** A connection has ended, other than by a piece of ours. Its device stays registered, and is expected to come back. */
  handleClosed(now: Milliseconds, address: string): void {
    const peer = this.peers.find(address);
    if (peer === undefined) return;
    peer.coap.handleDatagram(now, NO_BYTES);
    this.peers.touch(peer);
    this.settle(now);
  }

  private receive(now: Milliseconds, peer: Peer, bytes: Uint8Array): void {
    const malformedBefore = peer.coap.malformed;
    peer.heardAt = now;
    peer.coap.handleDatagram(now, bytes);
    this.counters.malformed += peer.coap.malformed - malformedBefore;
    this.peers.touch(peer);
    this.settle(now);
  }

  /** Call when `deadline()` has passed; harmless when it has not. */
  handleTimeout(now: Milliseconds): void {
    for (let peer = this.peers.pollDue(now); peer !== undefined; peer = this.peers.pollDue(now)) {
      peer.coap.handleTimeout(now);
      this.drain(now, peer);
      this.peers.settle(now, peer);
    }
    this.registry.handleTimeout(now);
    this.dispatch(now);
    this.sessions.handleTimeout(now);
    this.bootstrap?.handleTimeout(now);
    this.settle(now);
  }

  deadline(): Milliseconds {
    return Math.min(
      this.peers.deadline(),
      this.registry.deadline(),
      this.sessions.deadline(),
      this.bootstrap?.deadline() ?? NEVER,
    );
  }

  // What applications want.

  registration(endpointName: string): Registration | undefined {
    return this.registry.named(endpointName);
  }

  registrations(): Iterable<Registration> {
    return this.registry.all();
  }

  /** See `Devices` in contract.ts. */
  isAwake(now: Milliseconds, endpointName: string): boolean {
    return this.sessions.isAwake(now, endpointName);
  }

  /** How many devices are registered. */
  get size(): number {
    return this.registry.size;
  }

  /** How many transport addresses are remembered. */
  get peerCount(): number {
    return this.peers.size;
  }

  /** See `Devices` in contract.ts. */
  submit(now: Milliseconds, endpointName: string, request: DownlinkRequest): Submission {
    const submission = this.sessions.submit(now, endpointName, request);
    this.settle(now);
    return submission;
  }

  queued(endpointName: string): readonly QueuedRequest[] {
    return this.sessions.queued(endpointName);
  }

  cancel(now: Milliseconds, endpointName: string, id: string): boolean {
    const isCancelled = this.sessions.cancel(now, endpointName, id);
    this.settle(now);
    return isCancelled;
  }

  observe(
    now: Milliseconds,
    endpointName: string,
    path: string,
    options: ObserveOptions = {},
  ): Submission {
    const observed = { path, paths: undefined };
    const submission = this.sessions.observe(now, endpointName, observed, options);
    this.settle(now);
    return submission;
  }

  cancelObservation(now: Milliseconds, endpointName: string, path: string): boolean {
    const observed = { path, paths: undefined };
    const wasThere = this.sessions.cancelObservation(now, endpointName, observed);
    this.settle(now);
    return wasThere;
  }

  observeComposite(
    now: Milliseconds,
    endpointName: string,
    paths: readonly string[],
    options: ObserveOptions = {},
  ): Submission {
    const observed = { path: "/", paths };
    const submission = this.sessions.observe(now, endpointName, observed, options);
    this.settle(now);
    return submission;
  }

  cancelComposite(now: Milliseconds, endpointName: string, paths: readonly string[]): boolean {
    const observed = { path: "/", paths };
    const wasThere = this.sessions.cancelObservation(now, endpointName, observed);
    this.settle(now);
    return wasThere;
  }

  gatewayDevices(endpointName: string): readonly GatewayDevice[] {
    return this.sessions.gatewayDevices(endpointName);
  }

  deregister(now: Milliseconds, endpointName: string): Submission {
    const registration = this.registry.named(endpointName);
    if (registration === undefined) return { refusal: GONE };
    this.registry.deregister(registration);
    this.dispatch(now);
    this.settle(now);
    return { id: this.sessions.newId() };
  }

  /**
   * Bootstraps a registered device that has not asked, as LwM2M 1.0 has it. False when it cannot begin: there is nothing to give it, or no
   * room.
   */
  pushBootstrap(now: Milliseconds, endpointName: string): boolean {
    const registration = this.registry.named(endpointName);
    const peer = registration && this.peers.obtain(now, registration.peer);
    if (peer === undefined || this.bootstrap === undefined) return false;
    const hasBegun = this.bootstrap.push(now, peer, endpointName);
    this.settle(now);
    return hasBegun;
  }

  /** Whether a device is being bootstrapped. */
  isBootstrapping(endpointName: string): boolean {
    return this.bootstrap?.isRunning(endpointName) ?? false;
  }

  pendingIds(): Iterable<string> {
    return this.sessions.pendingIds();
  }

  // What comes out.

  /** The next datagram to put on the wire. Not to be changed: it may be sent again. */
  pollTransmit(): Transmit | undefined {
    return this.transmits.shift();
  }

  pollEvent(): ConnectorEvent | undefined {
    const event = this.sessions.pollEvent();
    switch (event?.kind) {
      case "notification":
      case "composite-notification":
        this.counters.notifications++;
        break;
      case "send":
        this.counters.sends++;
        break;
      case "response":
        this.counters.responses++;
        break;
      case "bootstrap-finished":
        this.counters.bootstraps++;
        break;
      case "bootstrap-failed":
        this.counters.bootstrapFailures++;
        break;
    }
    return event;
  }

  /** Carries on until nothing is left to do at this time. */
  private settle(now: Milliseconds): void {
    for (let peer = this.peers.pollTouched(); peer !== undefined; peer = this.peers.pollTouched()) {
      this.drain(now, peer);
      this.peers.arm(peer);
    }
  }

  private drain(now: Milliseconds, peer: Peer): void {
    const { coap } = peer;
    if (coap instanceof CoapStreamEndpoint && !coap.isConnected()) this.noteDisconnected(peer);
    for (let event = coap.pollEvent(); event !== undefined; event = coap.pollEvent()) {
      if (event.kind === REQUEST_RECEIVED) {
        const response = this.serve(now, peer, event.request);
        if (response !== undefined) coap.respond(now, event.request, response);
        // Who is to get no answer is not known here.
        else this.peers.forget(peer);
        this.dispatch(now);
        this.bootstrap?.advance(now);
      } else if (event.kind === RESPONSE_RECEIVED) {
        peer.handleResponse(now, event.id, event.response, event.observing);
        // An answer may have changed the device's list.
        this.dispatch(now);
      } else if (event.kind === REQUEST_FAILED) {
        peer.handleFailure(now, event.id, event.failure);
      } else if (event.kind === CONNECTION_ENDED) this.peers.forget(peer);
    }
    for (let sent = coap.pollTransmit(); sent !== undefined; sent = coap.pollTransmit()) {
      if (!peer.isStream) this.counters.datagramsOut++;
      this.transmits.push({ peer: peer.address, datagram: sent });
    }
  }

  /** Answers a device's request: `/rd`, `/rd/{location}`, `/dp`, `/bs`, `/bspack`, `/.well-known/core`; undefined is no answer. */
  private serve(now: Milliseconds, peer: Peer, request: IncomingRequest): Response | undefined {
    let first: Uint8Array | undefined;
    let second: Uint8Array | undefined;
    let segments = 0;
    for (const { number, value } of request.options) {
      if (number !== URI_PATH) continue;
      segments++;
      if (segments === 1) first = value;
      else if (segments === 2) second = value;
    }
    // Some clients write a trailing slash.
    if (segments === 2 && second?.length === 0) segments = 1;
    const isForBootstrap = peer.address.startsWith(BOOTSTRAP_PORT);
    if (first !== undefined && isRd(first) && segments <= 2 && !isForBootstrap) {
      const at = this.registrationInterface;
      const response =
        segments === 1 || second === undefined
          ? at.handleCollection(now, peer.address, request)
          : at.handleLocation(now, peer.address, second, request);
      if (isSuccess(response.code)) {
        peer.isStranger = false;
        peer.isRegistered = true;
      } else this.counters.refusals++;
      return response;
    }
    const registration = this.registry.fromPeer(peer.address);
    if (registration !== undefined) this.sessions.handleSign(now, registration);
    const path = pathOf(request.options, URI_PATH);
    const { bootstrap } = this;
    if (bootstrap !== undefined && path === "/bs") {
      return bootstrap.handleRequest(now, peer, request);
    }
    if (bootstrap !== undefined && path === "/bspack") {
      return bootstrap.handlePackRequest(now, peer, request);
    }
    if (isForBootstrap) return bareResponse(NOT_FOUND);
    if (path === "/dp") return this.serveSend(registration, request);
    if (path !== "/.well-known/core") return bareResponse(NOT_FOUND);
    if (request.code !== GET) return bareResponse(METHOD_NOT_ALLOWED);
    const accept = uintOf(request.options, ACCEPT, LINK_FORMAT);
    return accept === LINK_FORMAT ? CORE_LINKS : bareResponse(NOT_ACCEPTABLE);
  }

  /** Applications are told in the same turn, so that what they write of it is committed before the device is answered. */
  private serveSend(
    registration: HeldRegistration | undefined,
    request: IncomingRequest,
  ): Response {
    const devices = registration === undefined ? [] : this.sessions.devicesBehind(registration);
    const { response, event } = takeSend(this.settings.session, registration, devices, request);
    if (event !== undefined) this.sessions.emit(event);
    return response;
  }

  /** A notification from another address than before moves its device there: see moved-notification.ts. */
  private follow(now: Milliseconds, address: string, datagram: Uint8Array): void {
    const token = notificationToken(datagram);
    if (token === undefined || this.settings.session.followsBy !== "notification") return;
    const observation = this.sessions.observationOf(token);
    if (observation?.peer === undefined || observation.peer.address === address) return;
    if (!isNewer(now, datagram, observation.peer, observation.exchangeId)) return;
    this.registry.move(now, observation.observer.registration, address);
    this.dispatch(now);
  }

  /** Tells sessions and applications what happened in the registry. */
  private dispatch(now: Milliseconds): void {
    const { registry, sessions, counters } = this;
    for (let event = registry.pollEvent(); event !== undefined; event = registry.pollEvent()) {
      const { kind, registration, formerPeer } = event;
      const { endpointName } = registration;
      if (kind === "registration" || kind === "update" || kind === "move") {
        if (kind === "registration") counters.registrations++;
        else if (kind === "update") counters.updates++;
        const to = registration.peer;
        if (formerPeer !== undefined && formerPeer !== to) {
          this.tellMove(endpointName, formerPeer, to);
        }
        if (event.isNews && kind !== "move") sessions.emit({ kind, registration });
      } else {
        if (kind === "expiry") counters.expiries++;
        else counters.deregistrations++;
        sessions.emit({ kind, endpointName });
        this.estrange(registration.peer);
      }
      sessions.handleRegistryEvent(now, event);
    }
  }

  /** A device that connects anew has another address each time, which is no news. */
  private tellMove(endpointName: string, from: string, to: string): void {
    this.estrange(from);
    if (isStreamAddress(from) && isStreamAddress(to)) return;
    this.sessions.emit({ kind: "address-change", endpointName, from, to });
  }

  /** The registration of a connection is over, or at another: it is closed when nothing comes of it. */
  private estrange(address: string): void {
    const peer = this.peers.find(address);
    if (peer === undefined) return;
    peer.isRegistered = false;
    this.peers.touch(peer);
  }

  /** What is wanted of its device waits until it is back. */
  private noteDisconnected(peer: Peer): void {
    const registration = this.registry.fromPeer(peer.address);
    if (registration !== undefined) registration.isConnected = false;
  }
}

/** The segment `rd`. */
function isRd(segment: Uint8Array): boolean {
  return segment.length === 2 && segment[0] === 0x72 && segment[1] === 0x64;
}
