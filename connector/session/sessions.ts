/** The sessions of all devices that something is wanted of. */
import { encodeUtf8 } from "../../protocol/bytes/utf8.ts";
import { GET } from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import type { Random } from "../../protocol/ports.ts";
import { Deadlines } from "../../protocol/time/deadlines.ts";
import { HOUR, type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import {
  type ConnectorEvent,
  type DownlinkRequest,
  GONE,
  QUEUE_FULL,
  QUEUE_MODE,
  type Submission,
} from "../contract.ts";
import { Fifo } from "../fifo.ts";
import type { Peers } from "../peers.ts";
import type { HeldRegistration } from "../registry/held-registration.ts";
import type { Registry, RegistryEvent } from "../registry/registry.ts";
import type { Journal, Table } from "../store/store.ts";
import { Downlink, type DownlinkRow } from "./downlink.ts";
import type { ObservationRow } from "./observation.ts";
import { Session, type SessionSettings, type SessionSurroundings } from "./session.ts";
import { REGISTRATION_GONE } from "./status.ts";

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
  queuedBytes = 0;
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
  }

  /** Takes up what an earlier run of the connector accepted; the registrations are there already. */
  restore(now: Milliseconds): void {
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
    return this.registry.named(endpointName)?.isAwake(now, this.settings.awakeFor) ?? false;
  }

  submit(now: Milliseconds, endpointName: string, request: DownlinkRequest): Submission {
    checkPath(request.path);
    checkQuery(request.query);
    const session = this.sessionOf(endpointName);
    if (session === undefined) return { refusal: GONE };
    if (!request.confirmable) {
      if (session.registration.queueMode) return { refusal: QUEUE_MODE };
      const once = this.newDownlink(now, session, request);
      return session.sendOnce(now, once) ? { id: once.id } : { refusal: QUEUE_FULL };
    }
    if (!session.hasRoomFor(request.payload.length)) return { refusal: QUEUE_FULL };
    const downlink = this.newDownlink(now, session, request);
    session.submit(now, downlink);
    return { id: downlink.id };
  }

  observe(now: Milliseconds, endpointName: string, path: string): Submission {
    checkPath(path);
    const session = this.sessionOf(endpointName);
    if (session === undefined) return { refusal: GONE };
    if (!session.hasRoomToObserve(path)) return { refusal: QUEUE_FULL };
    const expiresIn = READING_EXPIRES_IN;
    const request = { method: GET, path, payload: NO_BYTES, confirmable: true, expiresIn };
    return { id: session.observe(now, this.newDownlink(now, session, request)) };
  }

  cancelObservation(now: Milliseconds, endpointName: string, path: string): boolean {
    const registration = this.registry.named(endpointName);
    if (registration === undefined) return false;
    return this.byIndex[registration.index]?.cancelObservation(now, path) ?? false;
  }

  /** The ids whose response event is still to come, a running connector's as well as those of a journal just restored. */
  *pendingIds(): IterableIterator<string> {
    for (const [id] of this.downlinks.entries()) yield id;
    for (const [, { owedId }] of this.observations.entries()) {
      if (owedId !== undefined) yield owedId;
    }
  }

  /** Something came from the device that is neither Register nor Update. */
  handleSign(now: Milliseconds, registration: HeldRegistration): void {
    if (this.settings.wakesBy !== "any-message") return;
    registration.heardAt = now;
    const session = this.byIndex[registration.index];
    // A registration that has ended may have left its index to another device.
    if (session?.registration === registration) session.handleUpdated(now);
  }

  handleRegistryEvent(now: Milliseconds, event: RegistryEvent): void {
    const { kind, registration, formerPeer } = event;
    const session = this.byIndex[registration.index];
    if (session === undefined) return;
    if (kind === "registration") session.handleRegistered(now);
    else if (kind === "update") {
      if (formerPeer !== registration.peer) session.handleMoved(now);
      session.handleUpdated(now);
    } else {
      session.handleGone();
      this.release(session);
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

  settle(session: Session): void {
    if (session.isIdle()) {
      this.release(session);
      return;
    }
    const { index } = session.registration;
    const at = session.deadline();
    if (at < this.deadlines.of(index)) this.deadlines.set(index, at);
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
    this.emit({
      kind: "response",
      id,
      endpointName: row.endpointName,
      path: row.path,
      status: REGISTRATION_GONE,
      error: "The registration has ended",
      payload: NO_BYTES,
      contentFormat: undefined,
      maxAge: 0,
      code: undefined,
    });
  }
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
function checkQuery(query: readonly string[] = []): void {
  if (query.every((parameter) => encodeUtf8(parameter).length <= LONGEST_SEGMENT)) return;
  throw Object.assign(new Error(`No query for a request: ${query}`), { code: "session/bad-query" });
}
