/**
 * The connector's half of what goes on with one device: requests that wait for it, and observations of it.
 *
 * One request is under way at a time, in the order in which they were accepted (NSTART = 1, RFC 7252 §4.7). A device in queue mode is
 * sent something only while it is awake: until MAX_TRANSMIT_WAIT after its last message (LwM2M Core 1.1.1 §6.5). Every request ends
 * in exactly one response event. What a device may have executed without our knowing is not sent again unless executing it twice is
 * like once.
 *
 * Observations belong to the application, not to a registration: when the device has registered anew, which ended them on its side,
 * they are asked for again before anything else.
 */
import {
  type Failure,
  type Request,
  type Response,
  TIMED_OUT,
} from "../../protocol/coap/coap-endpoint.ts";
import {
  CREATED,
  DELETE,
  DELETED,
  GET,
  isSuccess,
  NOT_ACCEPTABLE,
  PUT,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  MAX_AGE,
  OBSERVE,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import { type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import type { ConnectorEvent } from "../contract.ts";
import type { Peer, Peers } from "../peers.ts";
import type { HeldRegistration } from "../registry/held-registration.ts";
import type { Registry } from "../registry/registry.ts";
import type { Table } from "../store/store.ts";
import { Downlink, type DownlinkRow } from "./downlink.ts";
import { downlinkMessage, isLwM2m } from "./downlink-message.ts";
import { ASKED, Observation, type ObservationRow, RUNNING, WANTED } from "./observation.ts";
import {
  NO_ANSWER,
  NOT_OBSERVABLE,
  REGISTRATION_GONE,
  reasonOf,
  reasonOfFailure,
  statusOfCode,
  statusOfFailure,
  UNAVAILABLE,
} from "./status.ts";

export interface SessionSettings {
  /** Requests that may wait for one device. */
  readonly maxQueued: number;
  readonly maxObservations: number;
  /** Bytes that the requests waiting for all devices may carry together. */
  readonly maxQueuedBytes: number;
  /** How long a device in queue mode listens after its last message. */
  readonly awakeFor: Milliseconds;
  /** What wakes a device in queue mode in our eyes: any message of it, or only Register and Update. */
  readonly wakesBy: "any-message" | "update";
}

/** What all sessions share. */
export interface SessionSurroundings {
  readonly settings: SessionSettings;
  readonly peers: Peers;
  readonly registry: Registry;
  readonly downlinks: Table<DownlinkRow>;
  readonly observations: Table<ObservationRow>;
  /** Bytes that requests carry that have no outcome yet. */
  queuedBytes: number;
  emit(event: ConnectorEvent): void;
  /** To be called when something has begun or ended to wait in a session. */
  settle(session: Session): void;
}

/** RFC 7252 §5.10.5: a response without Max-Age is fresh for a minute. */
const DEFAULT_MAX_AGE = 60;
/** Such requests to one device: less than its endpoint takes, so that there is always room for one with an outcome. */
const MAX_SENT_ONCE = 8;
/** Bytes; longer values are read again when somebody asks for one that has come already. */
const LONGEST_KEPT = 1024;
const GONE_REASON = "The registration has ended";

export class Session {
  readonly registration: HeldRegistration;
  private readonly shared: SessionSurroundings;
  private readonly queue: Downlink[] = [];
  private readonly observations = new Map<string, Observation>();
  /** What is under way. */
  private current: Downlink | Observation | undefined = undefined;
  /** The device did not answer lately, and nothing came from it since. */
  private isSilent = false;
  /** When what is under way was sent. */
  private sentAt: Milliseconds = 0;
  /** Requests without outcome that the device may still answer. */
  private sentOnce = 0;

  constructor(shared: SessionSurroundings, registration: HeldRegistration) {
    this.shared = shared;
    this.registration = registration;
  }

  /** True when nothing waits, is under way or observed. */
  isIdle(): boolean {
    const hasNothingAhead = this.current === undefined && this.queue.length === 0;
    return hasNothingAhead && this.observations.size === 0 && this.sentOnce === 0;
  }

  /** True when there is room for one more request that carries so many bytes. */
  hasRoomFor(bytes: number): boolean {
    const { settings, queuedBytes } = this.shared;
    return this.queue.length < settings.maxQueued && queuedBytes + bytes <= settings.maxQueuedBytes;
  }

  /** When the first of the waiting requests expires. */
  deadline(): Milliseconds {
    let at: Milliseconds = NEVER;
    for (const downlink of this.queue) at = Math.min(at, downlink.expiresAt);
    return at;
  }

  handleTimeout(now: Milliseconds): void {
    for (let i = 0; i < this.queue.length; i++) {
      const downlink = this.queue[i];
      if (downlink.expiresAt > now) continue;
      this.queue.splice(i--, 1);
      this.fail(downlink, NO_ANSWER, "The device was not reached in time");
    }
  }

  // What the device does.

  /** Something came from the device. */
  handleSign(now: Milliseconds): void {
    if (this.shared.settings.wakesBy === "any-message") this.registration.heardAt = now;
    this.isSilent = false;
  }

  /** The device registered anew: its observations are no more. */
  handleRegistered(now: Milliseconds): void {
    for (const observation of this.observations.values()) {
      if (observation.state === WANTED) continue;
      const wasRunning = observation.state === RUNNING;
      this.abandon(observation);
      if (wasRunning) this.write(observation);
    }
    this.handleMoved(now);
    this.handleUpdated(now);
  }

  handleUpdated(now: Milliseconds): void {
    this.isSilent = false;
    this.advance(now);
  }

  /** The device's address may be another: what goes on there goes on here. */
  handleMoved(now: Milliseconds): void {
    const { peers } = this.shared;
    const peer = peers.obtain(now, this.registration.peer);
    if (peer === undefined) return;
    for (const observation of this.observations.values()) {
      if (observation.peer === undefined || observation.peer === peer) continue;
      if (observation.state === RUNNING) this.resume(observation, peer);
      else this.abandon(observation);
    }
    const current = this.current;
    // What must not be executed twice may still be answered from there.
    if (current instanceof Downlink && current.peer !== peer && current.isIdempotent()) {
      current.peer?.forget(current.exchangeId);
      this.current = undefined;
      this.queue.unshift(current);
    }
  }

  /** The registration has ended, and this session with it. */
  handleGone(): void {
    const current = this.current;
    this.current = undefined;
    if (current instanceof Downlink) {
      current.peer?.forget(current.exchangeId);
      this.fail(current, REGISTRATION_GONE, GONE_REASON);
    }
    for (const downlink of this.queue) this.fail(downlink, REGISTRATION_GONE, GONE_REASON);
    this.queue.length = 0;
    for (const observation of this.observations.values()) {
      const { owedId, path } = observation;
      observation.peer?.forget(observation.exchangeId);
      this.remove(observation);
      if (owedId === undefined) continue;
      this.emitFailure(owedId, path, REGISTRATION_GONE, GONE_REASON, undefined);
    }
  }

  // What the application wants.

  /** Takes a request; ask `hasRoomFor` first. */
  submit(now: Milliseconds, downlink: Downlink): void {
    this.shared.downlinks.put(downlink.id, downlink.row(false));
    this.accept(downlink);
    this.advance(now);
  }

  /** Sends a request that wants no outcome, past the queue. False when the device has too many of them. */
  sendOnce(now: Milliseconds, downlink: Downlink): boolean {
    const message = downlinkMessage(this.registration, downlink.request, false);
    const peer = this.shared.peers.obtain(now, this.registration.peer);
    if (peer === undefined || this.sentOnce >= MAX_SENT_ONCE) return false;
    if (peer.request(now, { ...message, confirmable: false }, downlink) === 0) return false;
    this.sentOnce++;
    return true;
  }

  hasRoomToObserve(path: string): boolean {
    const { maxObservations } = this.shared.settings;
    return this.observations.has(path) || this.observations.size < maxObservations;
  }

  /**
   * Observes a path. When it is observed already, answers from that observation.
   *
   * @param reading a Read of the path, sent where the running observation has brought no value yet
   * @returns the id of the response event to come
   */
  observe(now: Milliseconds, reading: Downlink): string {
    const { id, request } = reading;
    const known = this.observations.get(request.path);
    if (known === undefined) {
      const observation = new Observation(this, request.path);
      observation.owedId = id;
      this.observations.set(request.path, observation);
      this.write(observation);
      this.advance(now);
      return id;
    }
    if (known.owedId !== undefined) return known.owedId;
    if (known.last !== undefined) this.answer(id, request.path, known.last);
    else this.submit(now, reading);
    return id;
  }

  cancelObservation(now: Milliseconds, path: string): boolean {
    const observation = this.observations.get(path);
    if (observation === undefined) return false;
    if (observation.state === RUNNING) {
      observation.peer?.cancelObservation(now, observation.exchangeId);
    } else {
      observation.peer?.forget(observation.exchangeId);
    }
    const { owedId } = observation;
    this.remove(observation);
    if (owedId !== undefined) {
      this.emitFailure(owedId, path, REGISTRATION_GONE, "The observation was cancelled", undefined);
    }
    this.advance(now);
    return true;
  }

  // What an earlier run of the connector left.

  restoreDownlink(downlink: Downlink, isSent: boolean): void {
    this.accept(downlink);
    if (isSent) {
      this.queue.pop();
      this.fail(downlink, UNAVAILABLE, "The connector restarted while the request was under way");
    }
    this.shared.settle(this);
  }

  restoreObservation(now: Milliseconds, row: ObservationRow): void {
    const observation = new Observation(this, row.path);
    observation.insists = row.insists;
    observation.owedId = row.owedId;
    this.observations.set(row.path, observation);
    const peer = this.shared.peers.obtain(now, this.registration.peer);
    if (row.token === undefined || peer === undefined) return;
    observation.token = row.token;
    this.resume(observation, peer);
  }

  // What became of what was sent.

  handleAnswer(now: Milliseconds, downlink: Downlink, response: Response): void {
    this.handleSign(now);
    if (downlink === this.current) {
      this.current = undefined;
      const { method, path, accept } = downlink.request;
      if (downlink.insists && accept === undefined && method === GET && isAboutFormat(response)) {
        downlink.insists = false;
        this.queue.unshift(downlink);
      } else {
        this.noteLinks(method, path, response.code);
        this.finish(downlink);
        this.answer(downlink.id, path, response);
      }
    } else if (!downlink.request.confirmable) this.sentOnce--;
    this.advance(now);
  }

  handleDownlinkFailure(now: Milliseconds, downlink: Downlink, failure: Failure): void {
    if (downlink === this.current) {
      this.current = undefined;
      if (failure === TIMED_OUT) this.noteSilence();
      const isLater = failure === TIMED_OUT && this.registration.queueMode;
      if (isLater && downlink.isIdempotent() && now < downlink.expiresAt) {
        this.queue.unshift(downlink);
      } else this.fail(downlink, statusOfFailure(failure), reasonOfFailure(failure));
    } else if (!downlink.request.confirmable) this.sentOnce--;
    this.advance(now);
  }

  handleObserved(
    now: Milliseconds,
    observation: Observation,
    response: Response,
    isObserving: boolean,
  ): void {
    this.handleSign(now);
    if (observation === this.current) this.current = undefined;
    const isFirst = observation.state === ASKED;
    if (isObserving && isSuccess(response.code)) {
      observation.last = response.payload.length <= LONGEST_KEPT ? response : undefined;
      if (isFirst) this.start(observation, response);
      else this.notify(observation.path, response);
    } else if (isFirst && observation.insists && isAboutFormat(response)) {
      observation.insists = false;
      observation.state = WANTED;
    } else if (isSuccess(response.code)) {
      this.end(observation, NOT_OBSERVABLE, "The device does not observe this", response.code);
    } else {
      this.end(observation, statusOfCode(response.code), reasonOf(response), response.code);
    }
    this.advance(now);
  }

  handleObservationFailure(now: Milliseconds, observation: Observation, failure: Failure): void {
    if (observation === this.current) this.current = undefined;
    if (failure === TIMED_OUT) this.noteSilence();
    // Whoever asked a device that is awake wants to know; whoever has been told already wants it to go on.
    const isLater = this.registration.queueMode || observation.owedId === undefined;
    if (failure === TIMED_OUT && isLater) observation.state = WANTED;
    else this.end(observation, statusOfFailure(failure), reasonOfFailure(failure), undefined);
    this.advance(now);
  }

  // What is next.

  /** Sends what is next, if something is and the device can be reached. */
  private advance(now: Milliseconds): void {
    while (this.current === undefined && this.isReachable(now)) {
      const next = this.nextInLine();
      if (next === undefined || !this.send(now, next)) break;
    }
    this.shared.settle(this);
  }

  private isReachable(now: Milliseconds): boolean {
    return this.registration.isAwake(now, this.shared.settings.awakeFor);
  }

  private nextInLine(): Downlink | Observation | undefined {
    if (!this.isSilent) {
      for (const observation of this.observations.values()) {
        if (observation.state === WANTED) return observation;
      }
    }
    return this.queue[0];
  }

  private send(now: Milliseconds, next: Downlink | Observation): boolean {
    const peer = this.shared.peers.obtain(now, this.registration.peer);
    if (peer === undefined) return false;
    const isDownlink = next instanceof Downlink;
    const message = isDownlink
      ? downlinkMessage(this.registration, next.request, next.insists)
      : this.observeMessage(next);
    const id = peer.request(now, message, next);
    if (id === 0) return false;
    next.peer = peer;
    next.exchangeId = id;
    this.current = next;
    this.sentAt = now;
    if (!isDownlink) next.state = ASKED;
    else {
      this.queue.shift();
      if (!next.isIdempotent()) this.shared.downlinks.put(next.id, next.row(true));
    }
    return true;
  }

  private observeMessage(observation: Observation): Request {
    const content = { method: GET, path: observation.path, payload: NO_BYTES };
    const message = downlinkMessage(this.registration, content, observation.insists);
    return { ...message, options: [uintOption(OBSERVE, 0), ...message.options] };
  }

  /** A request timed out. A device in queue mode that has said nothing meanwhile is asleep. */
  private noteSilence(): void {
    if (this.registration.heardAt > this.sentAt) return;
    this.isSilent = true;
    this.registration.heardAt = -NEVER;
  }

  /** A resource that was removed or made is no longer or already listed, before the device says so. */
  private noteLinks(method: number, path: string, code: number): void {
    const { registry } = this.shared;
    if (method === DELETE && code === DELETED) registry.removeLink(this.registration, path);
    if (method === PUT && code === CREATED && !isLwM2m(this.registration, path)) {
      registry.addLink(this.registration, path);
    }
  }

  // Observations.

  /** The first value is there. */
  private start(observation: Observation, response: Response): void {
    const { owedId, path } = observation;
    observation.state = RUNNING;
    observation.owedId = undefined;
    observation.token = observation.peer?.coap.tokenOf(observation.exchangeId);
    this.write(observation);
    if (owedId === undefined) this.notify(path, response);
    else this.answer(owedId, path, response);
  }

  /** Takes up a running observation at an address. */
  private resume(observation: Observation, peer: Peer): void {
    if (observation.token === undefined) return;
    observation.peer?.forget(observation.exchangeId);
    const message = this.observeMessage(observation);
    observation.exchangeId = peer.resumeObservation(message, observation.token, observation);
    observation.peer = peer;
    observation.state = RUNNING;
  }

  /** It has to be asked for again. */
  private abandon(observation: Observation): void {
    observation.peer?.forget(observation.exchangeId);
    observation.peer = undefined;
    observation.state = WANTED;
    if (this.current === observation) this.current = undefined;
  }

  private write(observation: Observation): void {
    const { path, insists, owedId } = observation;
    const endpointName = this.registration.endpointName;
    const token = observation.state === RUNNING ? observation.token : undefined;
    const row = { endpointName, path, token, insists, owedId };
    this.shared.observations.put(endpointName + path, row);
  }

  private remove(observation: Observation): void {
    this.observations.delete(observation.path);
    this.shared.observations.remove(this.registration.endpointName + observation.path);
    if (this.current === observation) this.current = undefined;
  }

  private end(
    observation: Observation,
    status: number,
    error: string,
    code: number | undefined,
  ): void {
    const { path, owedId } = observation;
    this.remove(observation);
    if (owedId !== undefined) this.emitFailure(owedId, path, status, error, code);
    else {
      const { endpointName } = this.registration;
      this.shared.emit({ kind: "observation-end", endpointName, path, status, error });
    }
  }

  private accept(downlink: Downlink): void {
    this.shared.queuedBytes += downlink.request.payload.length;
    this.queue.push(downlink);
  }

  private finish(downlink: Downlink): void {
    this.shared.queuedBytes -= downlink.request.payload.length;
    this.shared.downlinks.remove(downlink.id);
  }

  // What applications are told.

  private fail(downlink: Downlink, status: number, error: string): void {
    this.finish(downlink);
    this.emitFailure(downlink.id, downlink.request.path, status, error, undefined);
  }

  private answer(id: string, path: string, response: Response): void {
    const status = statusOfCode(response.code);
    if (status >= 400) {
      this.emitFailure(id, path, status, reasonOf(response), response.code);
      return;
    }
    const { endpointName } = this.registration;
    this.shared.emit({
      kind: "response",
      id,
      endpointName,
      path,
      status,
      error: undefined,
      payload: response.payload,
      contentFormat: contentFormatOf(response),
      maxAge: uintOf(response.options, MAX_AGE, DEFAULT_MAX_AGE),
      code: response.code,
      location: locationIn(response),
    });
  }

  private emitFailure(
    id: string,
    path: string,
    status: number,
    error: string,
    code: number | undefined,
  ): void {
    this.shared.emit({
      kind: "response",
      id,
      endpointName: this.registration.endpointName,
      path,
      status,
      error,
      payload: NO_BYTES,
      contentFormat: undefined,
      maxAge: 0,
      code,
    });
  }

  private notify(path: string, response: Response): void {
    this.shared.emit({
      kind: "notification",
      endpointName: this.registration.endpointName,
      path,
      payload: response.payload,
      contentFormat: contentFormatOf(response),
      maxAge: uintOf(response.options, MAX_AGE, DEFAULT_MAX_AGE),
    });
  }
}

/** The device has it, but not in the format that was asked for. */
function isAboutFormat(response: Response): boolean {
  return response.code === NOT_ACCEPTABLE || response.code === UNSUPPORTED_CONTENT_FORMAT;
}

/** What Location-Path says (RFC 7252 §5.10.7); undefined where it says nothing. */
function locationIn(response: Response): string | undefined {
  if (response.code !== CREATED) return undefined;
  const path = pathOf(response.options, LOCATION_PATH);
  return path === "/" ? undefined : path;
}

function contentFormatOf(response: Response): number | undefined {
  const format = uintOf(response.options, CONTENT_FORMAT, -1);
  return format < 0 ? undefined : format;
}
