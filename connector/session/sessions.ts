/** The sessions of all devices that something is wanted of, and the gateways among them. */
import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import type { Response } from "../../protocol/coap/coap-endpoint.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import type { Random } from "../../protocol/ports.ts";
import { Deadlines } from "../../protocol/time/deadlines.ts";
import { HOUR, type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import {
  type ConnectorEvent,
  type DownlinkRequest,
  type GatewayDevice,
  GONE,
  type NotAllowed,
  type ObserveOptions,
  QUEUE_FULL,
  QUEUE_MODE,
  type QueuedRequest,
  type Submission,
} from "../contract.ts";
import { Fifo } from "../fifo.ts";
import type { Peers } from "../peers.ts";
import { isListening, type QueueSettings } from "../queue/downlink-queue.ts";
import type { DownlinkRow } from "../queue/queue-entry.ts";
import type { HeldRegistration } from "../registry/held-registration.ts";
import type { Registration } from "../registry/registration.ts";
import type { Registry, RegistryEvent } from "../registry/registry.ts";
import type { Journal, Table } from "../store/store.ts";
import { illegalAnswer, refusalOf, type Wish } from "./allowance.ts";
import { Downlink, wishOf as wishOfRequest } from "./downlink.ts";
import { Gateways } from "./gateways.ts";
import { type Observation, type ObservationRow, type Observed, wishOf } from "./observation.ts";
import { tokenKey } from "./observations.ts";
import { contentFormatOf, failureEvent, GONE_REASON } from "./reports.ts";
import type { SendSettings } from "./send.ts";
import { Session, type SessionSurroundings } from "./session.ts";
import { REGISTRATION_GONE } from "./status.ts";

export interface SessionSettings extends QueueSettings, SendSettings {
  /** Of one device. */
  readonly maxObservations: number;
  /**
   * What moves a device to another address: only Register and Update, or also a notification from there whose token is that of a running
   * observation. A token is 8 random bytes, so that nobody guesses it; whoever listens on the way knows it, as they know the location
   * that an Update is sent to.
   */
  readonly followsBy: "notification" | "update";
}

/** How long a Read stands in for the first value of an observation that is running already. */
const READING_EXPIRES_IN = HOUR;
/** Bytes of one path segment, and of one parameter (RFC 7252 §5.10, Uri-Path and Uri-Query). */
const LONGEST_SEGMENT = 255;

export class Sessions implements SessionSurroundings {
  readonly settings: SessionSettings;
  readonly peers: Peers;
  readonly registry: Registry;
  readonly downlinks: Table<DownlinkRow>;
  readonly observations: Table<ObservationRow>;
  readonly byToken = new Map<string, Observation>();
  queuedBytes = 0;
  private readonly gateways: Gateways;
  private readonly random: Random;
  /** By the registration's index. */
  private readonly byIndex: (Session | undefined)[] = [];
  private readonly deadlines = new Deadlines(64);
  private nextSequence = 1;
  private readonly events = new Fifo<ConnectorEvent>();

  constructor(
    settings: SessionSettings,
    random: Random,
    peers: Peers,
    registry: Registry,
    journal: Journal,
  ) {
    this.settings = settings;
    this.random = random;
    this.peers = peers;
    this.registry = registry;
    this.downlinks = journal.table("requests");
    this.observations = journal.table("observations");
    this.gateways = new Gateways(journal);
  }

  /** Takes up what an earlier run of the connector accepted; the registrations are there already. */
  restore(now: Milliseconds): void {
    this.gateways.restore();
    const rows = [...this.downlinks.entries()].sort(([, a], [, b]) => a.sequence - b.sequence);
    for (const [id, row] of rows) {
      this.nextSequence = row.sequence + 1;
      const session = this.sessionOf(row.endpointName);
      if (session === undefined) this.dropOrphan(id, row);
      else {
        const request = { ...row, confirmable: true };
        const expiresAt = now + row.expiresIn;
        const downlink = new Downlink(session, id, row.sequence, request, expiresAt);
        session.restoreDownlink(downlink, row.isSent);
      }
    }
    for (const [key, row] of [...this.observations.entries()]) {
      const session = this.sessionOf(row.endpointName);
      if (session === undefined) this.observations.remove(key);
      else session.restoreObservation(now, row);
    }
    for (const session of [...this.byIndex]) session?.handleUpdated(now);
  }

  isAwake(now: Milliseconds, endpointName: string): boolean {
    const registration = this.registry.named(endpointName);
    return registration !== undefined && isListening(registration, now, this.settings.awakeFor);
  }

  submit(now: Milliseconds, endpointName: string, request: DownlinkRequest): Submission {
    checkRequest(request);
    const session = this.sessionOf(endpointName);
    if (session === undefined) return { refusal: GONE };
    const refusal = this.refusal(session, wishOfRequest(request));
    if (refusal !== undefined) return refusal;
    const { queueMode, isConnected } = session.registration;
    if (!request.confirmable && (queueMode || !isConnected)) {
      this.settle(session);
      return { refusal: QUEUE_MODE };
    }
    const downlink = this.newDownlink(now, session, request);
    const isTaken = request.confirmable
      ? session.submit(now, downlink)
      : session.sendOnce(now, downlink);
    if (!isTaken) this.settle(session);
    return isTaken ? { id: downlink.id } : { refusal: QUEUE_FULL };
  }

  queued(endpointName: string): readonly QueuedRequest[] {
    return this.known(endpointName)?.queued() ?? [];
  }

  cancel(now: Milliseconds, endpointName: string, id: string): boolean {
    return this.known(endpointName)?.cancel(now, id) ?? false;
  }

  /** Observes one place, or with `paths` several. */
  observe(
    now: Milliseconds,
    endpointName: string,
    observed: Observed,
    options: ObserveOptions,
  ): Submission {
    const wish = wishOf(observed, options);
    checkRequest(wish);
    const session = this.sessionOf(endpointName);
    if (session === undefined) return { refusal: GONE };
    const refusal = this.refusal(session, wish);
    if (refusal !== undefined) return refusal;
    const { method, path, paths } = wish;
    const expiresIn = READING_EXPIRES_IN;
    const request = { method, path, paths, payload: NO_BYTES, confirmable: true, expiresIn };
    const reading = this.newDownlink(now, session, request);
    const id = session.observe(now, observed, options, reading);
    if (id === undefined) this.settle(session);
    return id === undefined ? { refusal: QUEUE_FULL } : { id };
  }

  cancelObservation(now: Milliseconds, endpointName: string, observed: Observed): boolean {
    return this.known(endpointName)?.cancelObservation(now, observed) ?? false;
  }

  gatewayDevices(endpointName: string): readonly GatewayDevice[] {
    return this.gateways.devicesOf(endpointName);
  }

  devicesBehind(registration: Registration): readonly GatewayDevice[] {
    return this.gateways.devicesOf(registration.endpointName);
  }

  learnGateway(
    registration: HeldRegistration,
    response: Response,
    learnedBy: GatewayDevice["learnedBy"],
  ): void {
    const { endpointName, rootPath } = registration;
    const contentFormat = contentFormatOf(response);
    const content = { payload: response.payload, contentFormat, rootPath, learnedBy };
    if (this.gateways.learn(endpointName, content)) this.tellGateway(endpointName);
  }

  /** The running observation whose notifications have this token. */
  observationOf(token: Uint8Array): Observation | undefined {
    return this.byToken.get(tokenKey(token));
  }

  /** The ids whose response event is still to come, a running connector's as well as those of a journal just restored. */
  *pendingIds(): IterableIterator<string> {
    for (const [id] of this.downlinks.entries()) yield id;
    for (const [, { owedId }] of this.observations.entries()) {
      if (owedId !== undefined) yield owedId;
    }
  }

  /** Something came from the device that is neither Register nor Update nor an answer. */
  handleSign(now: Milliseconds, registration: HeldRegistration): void {
    if (this.settings.wakesBy !== "any-message") return;
    registration.heardAt = now;
    const session = this.byIndex[registration.index];
    // A registration that has ended may have left its index to another device.
    if (session?.registration === registration) session.handleUpdated(now);
  }

  handleRegistryEvent(now: Milliseconds, event: RegistryEvent): void {
    const { kind, registration, formerPeer } = event;
    const { isGateway, endpointName } = registration;
    const isOver = kind === "deregistration" || kind === "expiry";
    if (isOver || !isGateway) this.forgetGateway(endpointName, isOver);
    const session = isGateway && !isOver ? this.sessionOf(endpointName) : this.at(registration);
    if (session === undefined) return;
    if (isOver) {
      session.handleGone();
      this.release(session);
      return;
    }
    session.watchGateway(now, isGateway);
    if (kind === "registration") session.handleRegistered(now);
    else {
      if (formerPeer !== registration.peer) session.handleMoved(now);
      session.handleUpdated(now);
    }
  }

  handleTimeout(now: Milliseconds): void {
    while (this.deadlines.next() <= now) {
      const index = this.deadlines.first();
      const session = this.byIndex[index];
      session?.handleTimeout(now);
      this.deadlines.set(index, session === undefined ? NEVER : session.deadline());
      if (session !== undefined) this.settle(session);
    }
  }

  deadline(): Milliseconds {
    return this.deadlines.next();
  }

  pollEvent(): ConnectorEvent | undefined {
    return this.events.shift();
  }

  emit(event: ConnectorEvent): void {
    this.events.push(event);
  }

  private forgetGateway(endpointName: string, isOver: boolean): void {
    if (this.gateways.forget(endpointName) && !isOver) this.tellGateway(endpointName);
  }

  private tellGateway(endpointName: string): void {
    const devices = this.gateways.devicesOf(endpointName);
    this.emit({ kind: "gateway-devices", endpointName, devices });
  }

  settle(session: Session): void {
    if (session.isIdle()) {
      this.release(session);
      return;
    }
    const { index } = session.registration;
    const at = session.deadline();
    if (at < this.deadlines.of(index)) this.deadlines.set(index, at);
  }

  refusalOf(registration: HeldRegistration, wish: Wish): NotAllowed | undefined {
    return refusalOf(registration, wish, this.devicesBehind(registration));
  }

  illegalAnswer(registration: HeldRegistration, wish: Wish, code: number): string | undefined {
    return illegalAnswer(registration, wish, code, this.devicesBehind(registration));
  }

  /** What the registration has against a request; a session made for it alone is let go. */
  private refusal(session: Session, wish: Wish): NotAllowed | undefined {
    const refusal = this.refusalOf(session.registration, wish);
    if (refusal !== undefined) this.settle(session);
    return refusal;
  }

  /** The session of a device that something is wanted of. */
  private known(endpointName: string): Session | undefined {
    const registration = this.registry.named(endpointName);
    return registration === undefined ? undefined : this.at(registration);
  }

  private at(registration: HeldRegistration): Session | undefined {
    return this.byIndex[registration.index];
  }

  /** The session of a registered device, made if need be. */
  private sessionOf(endpointName: string): Session | undefined {
    const registration = this.registry.named(endpointName);
    if (registration === undefined) return undefined;
    const { index } = registration;
    // Without holes, which would make the list slow.
    while (this.byIndex.length <= index) this.byIndex.push(undefined);
    const known = this.byIndex[index];
    if (known !== undefined) return known;
    const session = new Session(this, registration);
    this.byIndex[index] = session;
    return session;
  }

  private release(session: Session): void {
    const { index } = session.registration;
    if (this.byIndex[index] !== session) return;
    this.byIndex[index] = undefined;
    this.deadlines.set(index, NEVER);
  }

  private newDownlink(now: Milliseconds, session: Session, request: DownlinkRequest): Downlink {
    const sequence = this.nextSequence;
    const id = this.newId();
    return new Downlink(session, id, sequence, request, now + request.expiresIn);
  }

  /** A new id, `12#6f1e...-...`: as mbed's were, and never the same again, also not after a restart. */
  newId(): string {
    const sequence = this.nextSequence++;
    let hex = "";
    for (let i = 0; i < 4; i++) hex += this.random.uint32().toString(16).padStart(8, "0");
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
    return `${sequence}#${parts.join("-")}-${hex.slice(20)}`;
  }

  /** A request whose device is not there any more. */
  private dropOrphan(id: string, row: DownlinkRow): void {
    this.downlinks.remove(id);
    const { endpointName, path } = row;
    const outcome = "gone";
    const of = { endpointName, id, path, outcome, error: GONE_REASON, code: undefined } as const;
    this.emit(failureEvent({ ...of, status: REGISTRATION_GONE }));
  }
}

/** @throws Error with code `session/bad-path` or `session/bad-query` for what no message can carry */
function checkRequest({ path, paths = [], query = [] }: Omit<Wish, "isObserve">): void {
  for (const each of [path, ...paths]) checkPath(each);
  checkQuery(query);
}

/** @throws Error with code `session/bad-path` for what no request can carry */
function checkPath(path: string): void {
  const isSendable =
    path.startsWith("/") &&
    path.split("/").every((segment) => encodeUtf8(segment).length <= LONGEST_SEGMENT);
  if (!isSendable) {
    throw Object.assign(new Error(`No path for a request: ${path}`), { code: "session/bad-path" });
  }
}

/** @throws Error with code `session/bad-query` for what no request can carry */
function checkQuery(query: readonly string[]): void {
  if (query.every((parameter) => encodeUtf8(parameter).length <= LONGEST_SEGMENT)) return;
  throw Object.assign(new Error(`No query for a request: ${query}`), { code: "session/bad-query" });
}
