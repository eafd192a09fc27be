/**
 * The connector's half of what goes on with one device: its queue of requests, and its observations.
 *
 * Brings the two together on the one exchange that may be under way (NSTART = 1, RFC 7252 §4.7): what is to be observed before what
 * waits in the queue. Turns what comes back into states of both, and their outcomes into events.
 */
import {
  DISCONNECTED,
  type Failure,
  type Response,
  TIMED_OUT,
} from "../../protocol/coap/coap-endpoint.ts";
import { CREATED, DELETE, DELETED, POST, PUT } from "../../protocol/coap/codes.ts";
import { NOTHING, noResponseOption } from "../../protocol/coap/no-response.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { ConnectorEvent, NotAllowed, ObserveOptions, QueuedRequest } from "../contract.ts";
import type { Peer, Peers } from "../peers.ts";
import { DownlinkQueue, type QueueSurroundings } from "../queue/downlink-queue.ts";
import type { HeldRegistration } from "../registry/held-registration.ts";
import type { Registry } from "../registry/registry.ts";
import type { Wish } from "./allowance.ts";
import type { Downlink, Sender } from "./downlink.ts";
import { downlinkMessage, hasAnotherAttempt, isLwM2m } from "./downlink-message.ts";
import type { Observation, ObservationRow, Observed } from "./observation.ts";
import type { ObservationSurroundings } from "./observations.ts";
import { type Conversation, Observing } from "./observing.ts";
import { locationIn, outcomeEvent } from "./reports.ts";
import { BAD_GATEWAY, isAboutFormat, verdictOf } from "./status.ts";

/** What all sessions share. */
export interface SessionSurroundings extends QueueSurroundings, ObservationSurroundings {
  readonly settings: QueueSurroundings["settings"] & { readonly maxObservations: number };
  readonly peers: Peers;
  readonly registry: Registry;
  emit(event: ConnectorEvent): void;
  /** To be called when something has begun or ended to wait in a session. */
  settle(session: Session): void;
  /** What a registration, as it is now, has against a request. */
  refusalOf(registration: HeldRegistration, wish: Wish): NotAllowed | undefined;
  /** What is wrong with a success that the operation does not have. */
  illegalAnswer(registration: HeldRegistration, wish: Wish, code: number): string | undefined;
  /** What object 25 of a gateway says. */
  learnGateway(
    registration: HeldRegistration,
    response: Response,
    learnedBy: "read" | "notification",
  ): void;
}

/** Requests without an outcome to one device: less than its endpoint takes, so that there is always room for one with an outcome. */
const MAX_SENT_ONCE = 8;
/** How long a device that was sent so many of them, and says nothing, is left alone. */
const PROBING_WAIT: Milliseconds = 247_000;

export class Session implements Sender, Conversation {
  readonly registration: HeldRegistration;
  private readonly shared: SessionSurroundings;
  private readonly queue: DownlinkQueue<Downlink>;
  private readonly observing: Observing;
  /** When what is under way was sent. */
  private sentAt: Milliseconds = 0;
  /** The device did not answer lately, and nothing came from it since. */
  private isSilent = false;
  /** Requests without outcome that the device may still answer. */
  private sentOnce = 0;
  /** Requests without an outcome since the device was last heard of, and when the last of them was sent. */
  private unheard = 0;
  private unheardAt: Milliseconds = 0;

  constructor(shared: SessionSurroundings, registration: HeldRegistration) {
    this.shared = shared;
    this.registration = registration;
    this.queue = new DownlinkQueue(shared, registration);
    this.observing = new Observing(shared, this);
  }

  /** True when nothing waits, is under way or observed. */
  isIdle(): boolean {
    return this.queue.isIdle() && this.observing.isIdle() && this.sentOnce === 0;
  }

  queued(): readonly QueuedRequest[] {
    return this.queue.list();
  }

  /** When the first of the waiting requests expires. */
  deadline(): Milliseconds {
    return this.queue.deadline();
  }

  handleTimeout(now: Milliseconds): void {
    this.queue.handleTimeout(now);
    this.tellOutcomes();
  }

  // What the device does.

  /** The device registered anew: its observations are no more. */
  handleRegistered(now: Milliseconds): void {
    this.observing.handleRegistered();
    this.handleMoved(now);
    this.handleUpdated(now);
  }

  handleUpdated(now: Milliseconds): void {
    this.isSilent = false;
    this.advance(now);
  }

  /** The device's address may be another: what goes on there goes on here. */
  handleMoved(now: Milliseconds): void {
    const peer = this.shared.peers.obtain(now, this.registration.peer);
    if (peer === undefined) return;
    this.observing.handleMoved(peer);
    const { underWay } = this.queue;
    // What must not be executed twice may still be answered from there.
    if (underWay === undefined || underWay.peer === peer || !underWay.isIdempotent()) return;
    underWay.forget();
    this.queue.handleReturned();
  }

  /** The registration has ended, and this session with it. */
  handleGone(): void {
    this.queue.underWay?.forget();
    this.queue.handleGone();
    this.tellOutcomes();
    this.observing.handleGone();
  }

  // What the application wants.

  /** Takes a request. False when there is no room for it. */
  submit(now: Milliseconds, downlink: Downlink): boolean {
    const isTaken = this.queue.submit(downlink);
    if (isTaken) this.advance(now);
    return isTaken;
  }

  cancel(now: Milliseconds, id: string): boolean {
    if (this.queue.underWay?.id === id) this.queue.underWay.forget();
    const isCancelled = this.queue.cancel(id);
    this.advance(now);
    return isCancelled;
  }

  /**
   * Sends a request that wants no outcome, past the queue, and says so by No-Response (RFC 7967). False when the device has too many of
   * them.
   */
  sendOnce(now: Milliseconds, downlink: Downlink): boolean {
    const { request } = downlink;
    const devices = this.shared.devicesBehind(this.registration);
    // One attempt: the format is left to the device where the application has not named one.
    const message = downlinkMessage(this.registration, request, 1, devices);
    const peer = this.shared.peers.obtain(now, this.registration.peer);
    if (peer === undefined || !this.mayProbe(now, peer)) return false;
    const options = [...message.options, noResponseOption(NOTHING)];
    const id = peer.request(now, { ...message, options, confirmable: false }, downlink);
    if (id === 0) return false;
    // It is over when it is sent, but for a body that goes in blocks.
    if (peer.coap.tokenOf(id) === undefined) peer.forget(id);
    else this.sentOnce++;
    this.unheard++;
    this.unheardAt = now;
    return true;
  }

  /** PROBING_RATE: not much goes to a device that says nothing meanwhile (RFC 7252 §4.7). */
  private mayProbe(now: Milliseconds, peer: Peer): boolean {
    if (peer.heardAt > this.unheardAt || now - this.unheardAt > PROBING_WAIT) this.unheard = 0;
    return this.unheard < MAX_SENT_ONCE && this.sentOnce < MAX_SENT_ONCE;
  }

  /**
   * Observes something; see `Observing`.
   *
   * @param reading a Read of the same, sent where the observation has brought no value yet
   * @returns the id of the response event to come; undefined when there is no room
   */
  observe(
    now: Milliseconds,
    observed: Observed,
    options: ObserveOptions,
    reading: Downlink,
  ): string | undefined {
    const { begun, id } = this.observing.observe(now, observed, options, reading.id);
    if (begun === "full") return undefined;
    if (begun === "to-be-read") return this.submit(now, reading) ? id : undefined;
    this.advance(now);
    return id;
  }

  cancelObservation(now: Milliseconds, observed: Observed): boolean {
    const wasThere = this.observing.cancel(now, observed);
    this.advance(now);
    return wasThere;
  }

  /** Follows what a gateway says of the devices behind it, or no longer. Before what the device did is handled: that asks for it. */
  watchGateway(now: Milliseconds, isGateway: boolean): void {
    this.observing.watchGateway(now, isGateway);
  }

  // What an earlier run of the connector left.

  restoreDownlink(downlink: Downlink, isSent: boolean): void {
    this.queue.restore(downlink, isSent);
    this.tellOutcomes();
    this.shared.settle(this);
  }

  restoreObservation(now: Milliseconds, row: ObservationRow): void {
    const peer = this.shared.peers.obtain(now, this.registration.peer);
    this.observing.restore(row, peer);
  }

  // What became of what was sent.

  handleAnswer(now: Milliseconds, downlink: Downlink, response: Response): void {
    this.noteMessage(now);
    if (downlink === this.queue.underWay) this.takeAnswer(downlink, response);
    else if (!downlink.request.confirmable) this.sentOnce--;
    this.advance(now);
  }

  handleDownlinkFailure(now: Milliseconds, downlink: Downlink, failure: Failure): void {
    if (downlink === this.queue.underWay) {
      if (failure === TIMED_OUT) {
        this.noteSilence();
        this.queue.handleUnanswered(now);
      } else if (failure === DISCONNECTED) this.queue.handleUnanswered(now);
      else {
        downlink.verdict = verdictOf(failure);
        this.queue.handleFailed();
      }
    } else if (!downlink.request.confirmable) this.sentOnce--;
    this.advance(now);
  }

  // What is next.

  /** Sends what is next, if something is and the device can be reached; tells what has ended meanwhile. */
  advance(now: Milliseconds): void {
    while (this.observing.asking === undefined && this.queue.underWay === undefined) {
      if (!this.queue.isAwake(now) || !this.sendNext(now)) break;
    }
    this.tellOutcomes();
    this.shared.settle(this);
  }

  /** False when nothing is to be sent, or cannot be. */
  private sendNext(now: Milliseconds): boolean {
    const observation = this.isSilent ? undefined : this.observing.wanted();
    const downlink = observation === undefined ? this.queue.next(now) : undefined;
    if (observation === undefined && downlink === undefined) return false;
    const peer = this.shared.peers.obtain(now, this.registration.peer);
    if (peer === undefined) return false;
    return downlink === undefined
      ? observation !== undefined && this.ask(now, observation, peer)
      : this.send(now, downlink, peer);
  }

  private ask(now: Milliseconds, observation: Observation, peer: Peer): boolean {
    if (!this.observing.ask(now, observation, peer)) return false;
    this.sentAt = now;
    return true;
  }

  private send(now: Milliseconds, downlink: Downlink, peer: Peer): boolean {
    const wish = downlink.wish();
    const refusal = this.shared.refusalOf(this.registration, wish);
    if (refusal !== undefined) {
      downlink.verdict = { status: refusal.status, error: refusal.reason };
      this.queue.handleRefused(now);
      return true;
    }
    const devices = this.shared.devicesBehind(this.registration);
    const message = downlinkMessage(this.registration, wish, downlink.attempt, devices);
    const id = peer.request(now, message, downlink);
    if (id === 0) return false;
    downlink.peer = peer;
    downlink.exchangeId = id;
    this.queue.handleSent(now);
    this.sentAt = now;
    return true;
  }

  /** The device has said something. */
  noteMessage(now: Milliseconds): void {
    this.queue.handleMessage(now, "other");
    this.isSilent = false;
  }

  /** A request timed out. A device in queue mode that has said nothing meanwhile is asleep. */
  noteSilence(): void {
    if (this.queue.handleSilence(this.sentAt)) this.isSilent = true;
  }

  // Requests.

  private takeAnswer(downlink: Downlink, response: Response): void {
    const wish = downlink.wish();
    const { registration } = this;
    if (isAboutFormat(response) && hasAnotherAttempt(registration, wish, downlink.attempt)) {
      downlink.attempt++;
      this.queue.handleReturned();
      return;
    }
    downlink.response = response;
    const illegal = this.shared.illegalAnswer(registration, wish, response.code);
    if (illegal !== undefined) downlink.verdict = { status: BAD_GATEWAY, error: illegal };
    else this.noteLinks(wish, response);
    this.queue.handleAnswered(illegal === undefined ? "answered" : "illegal-answer");
  }

  /** What was removed or made is no longer or already listed, before the device says so. */
  private noteLinks(wish: Wish, response: Response): void {
    const { registry } = this.shared;
    const { registration } = this;
    const { method, path } = wish;
    if (method === DELETE && response.code === DELETED) registry.removeLink(registration, path);
    if (response.code !== CREATED) return;
    const devices = this.shared.devicesBehind(registration);
    const isTree = isLwM2m(registration, wish, devices);
    if (method === PUT && !isTree) registry.addLink(registration, path);
    // Whether or not an Update follows, which some devices leave out.
    const created = method === POST && isTree ? createdIn(registration, path, response) : undefined;
    if (created !== undefined) registry.addLink(registration, created);
  }

  private tellOutcomes(): void {
    const { endpointName } = this.registration;
    for (let ended = this.queue.pollEnded(); ended; ended = this.queue.pollEnded()) {
      this.shared.emit(outcomeEvent(endpointName, ended));
    }
  }
}

/** The instance that a Create has made, where the device says it: `/3303/7`, without what stands before its tree. */
function createdIn(
  { rootPath }: HeldRegistration,
  object: string,
  response: Response,
): string | undefined {
  const location = locationIn(response);
  const path = location?.startsWith(`${rootPath}/`) ? location.slice(rootPath.length) : location;
  return path?.startsWith(`${object}/`) ? path : undefined;
}
