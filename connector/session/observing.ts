/**
 * The half of a session that observes: what applications and the connector itself want to follow on one device, what the device says of
 * it, and what they are told.
 *
 * States are in observations.ts; when the device is asked is the session's.
 */
import {
  DISCONNECTED,
  type Failure,
  type Response,
  TIMED_OUT,
} from "../../protocol/coap/coap-endpoint.ts";
import { isSuccess } from "../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { ObserveOptions, Outcome } from "../contract.ts";
import type { Peer } from "../peers.ts";
import type { HeldRegistration } from "../registry/held-registration.ts";
import type { Verdict } from "./downlink.ts";
import { GATEWAY_PATH } from "./gateways.ts";
import {
  ASKED,
  type Observation,
  type ObservationRow,
  type Observed,
  type Observer,
} from "./observation.ts";
import { Observations } from "./observations.ts";
import {
  answerEvent,
  failureEvent,
  GONE_REASON,
  notificationEvent,
  observationEnd,
} from "./reports.ts";
import type { SessionSurroundings } from "./session.ts";
import {
  BAD_GATEWAY,
  isAboutFormat,
  NOT_OBSERVABLE,
  REGISTRATION_GONE,
  reasonOf,
  statusOfCode,
  verdictOf,
} from "./status.ts";

const GATEWAY: Observed = { path: GATEWAY_PATH, paths: undefined };

/** The session around it. */
export interface Conversation {
  readonly registration: HeldRegistration;
  /** The device has said something. */
  noteMessage(now: Milliseconds): void;
  /** What was sent last was not answered. */
  noteSilence(): void;
  /** Something has changed: see what is next. */
  advance(now: Milliseconds): void;
}

/** The event for an id is told, or will be, or only a Read can bring it. */
export type Begun = "told" | "awaited" | "to-be-read" | "full";

export class Observing implements Observer {
  readonly registration: HeldRegistration;
  /** The observation that the device is being asked for. */
  asking: Observation | undefined = undefined;
  private readonly shared: SessionSurroundings;
  private readonly conversation: Conversation;
  private readonly observations: Observations;

  constructor(shared: SessionSurroundings, conversation: Conversation) {
    this.shared = shared;
    this.conversation = conversation;
    this.registration = conversation.registration;
    this.observations = new Observations(shared, conversation.registration);
  }

  isIdle(): boolean {
    return this.asking === undefined && this.observations.size === 0;
  }

  /** One to ask the device for. */
  wanted(): Observation | undefined {
    return this.observations.wanted();
  }

  // What is wanted.

  /**
   * Observes something. When it is observed already, answers from that observation; with other options than it has, the device is asked
   * anew with these.
   *
   * @param id of the response event to come, unless another is owed already
   * @returns what becomes of it, or the id that is owed
   */
  observe(
    now: Milliseconds,
    observed: Observed,
    options: ObserveOptions,
    id: string,
  ): { readonly begun: Begun; readonly id: string } {
    const { maxObservations } = this.shared.settings;
    const known = this.observations.find(observed);
    if (known === undefined && this.observations.size >= maxObservations) {
      return { begun: "full", id };
    }
    const observation = known ?? this.observations.add(this, observed, options);
    const isAskedAnew = known !== undefined && isOther(known, options);
    if (isAskedAnew) this.renew(now, known, options);
    const isNew = known === undefined || isAskedAnew;
    const { owedId = isNew ? id : undefined } = observation;
    if (isNew || !observation.isWanted) {
      observation.isWanted = true;
      observation.owedId = owedId;
      this.observations.write(observation);
    }
    if (owedId !== undefined) return { begun: "awaited", id: owedId };
    if (observation.last === undefined) return { begun: "to-be-read", id };
    const { endpointName } = this.registration;
    this.shared.emit(answerEvent({ endpointName, id, path: observed.path }, observation.last));
    return { begun: "told", id };
  }

  /** Ends an observation of an application; false when there is none. */
  cancel(now: Milliseconds, observed: Observed): boolean {
    const observation = this.observations.find(observed);
    if (observation === undefined || !observation.isWanted) return false;
    observation.isWanted = false;
    const verdict = { status: REGISTRATION_GONE, error: "The observation was cancelled" };
    this.endOwed(observation, "cancelled", verdict);
    if (observation.isOurs) this.observations.write(observation);
    else this.drop(now, observation);
    return true;
  }

  /** Follows what a gateway says of the devices behind it, or no longer. Before what the device did is handled: that asks for it. */
  watchGateway(now: Milliseconds, isGateway: boolean): void {
    const known = this.observations.find(GATEWAY);
    if (known?.isOurs === isGateway || (known === undefined && !isGateway)) return;
    const observation = known ?? this.observations.add(this, GATEWAY, {});
    observation.isOurs = isGateway;
    if (isGateway || observation.isWanted) this.observations.write(observation);
    else this.drop(now, observation);
  }

  /** Takes up what an earlier run of the connector wanted. */
  restore(row: ObservationRow, peer: Peer | undefined): void {
    this.observations.restore(this, row, peer);
  }

  // What the device does.

  /** The device registered anew: its observations are no more. */
  handleRegistered(): void {
    for (const observation of this.observations.all()) {
      if (observation.peer !== undefined) this.observations.abandon(observation);
    }
    this.asking = undefined;
  }

  /** The device's address may be another. */
  handleMoved(peer: Peer): void {
    this.observations.move(peer);
    if (this.asking !== undefined && this.asking.state !== ASKED) this.asking = undefined;
  }

  /** The registration has ended. */
  handleGone(): void {
    for (const observation of this.observations.all()) {
      this.endOwed(observation, "gone", { status: REGISTRATION_GONE, error: GONE_REASON });
      this.observations.remove(observation);
    }
    this.asking = undefined;
  }

  /** Asks the device. False when its endpoint has too much to do. */
  ask(now: Milliseconds, observation: Observation, peer: Peer): boolean {
    const refusal = this.shared.refusalOf(this.registration, observation.wish());
    if (refusal !== undefined) {
      const verdict = { status: refusal.status, error: refusal.reason };
      this.end(observation, "not-allowed", verdict, undefined);
      return true;
    }
    if (!this.observations.ask(now, observation, peer)) return false;
    this.asking = observation;
    return true;
  }

  handleObserved(
    now: Milliseconds,
    observation: Observation,
    response: Response,
    isObserving: boolean,
  ): void {
    this.conversation.noteMessage(now);
    if (observation === this.asking) this.asking = undefined;
    const isFirst = observation.state === ASKED;
    const wish = observation.wish();
    const illegal = this.shared.illegalAnswer(this.registration, wish, response.code);
    if (isObserving && isSuccess(response.code) && illegal === undefined) {
      this.takeValue(observation, response, isFirst);
    } else if (
      !(isFirst && isAboutFormat(response) && this.observations.tryOtherFormats(observation))
    ) {
      this.endObserved(observation, response, illegal);
    }
    this.conversation.advance(now);
  }

  handleObservationFailure(now: Milliseconds, observation: Observation, failure: Failure): void {
    if (observation === this.asking) this.asking = undefined;
    if (failure === TIMED_OUT) this.conversation.noteSilence();
    // Whoever asked a device that is awake wants to know; whoever has been told already wants it to go on.
    const isLater = this.registration.queueMode || observation.owedId === undefined;
    // It is observed anew with the device's next connection.
    const isCut = failure === DISCONNECTED;
    if (isCut || (failure === TIMED_OUT && isLater)) this.observations.abandon(observation);
    else {
      const outcome = failure === TIMED_OUT ? "unanswered" : "failed";
      this.end(observation, outcome, verdictOf(failure), undefined);
    }
    this.conversation.advance(now);
  }

  private renew(now: Milliseconds, observation: Observation, options: ObserveOptions): void {
    this.observations.renew(now, observation, options);
    if (this.asking === observation) this.asking = undefined;
  }

  private drop(now: Milliseconds, observation: Observation): void {
    this.observations.cancel(now, observation);
    this.observations.remove(observation);
    if (this.asking === observation) this.asking = undefined;
  }

  private takeValue(observation: Observation, response: Response, isFirst: boolean): void {
    const { observed, owedId, isWanted } = observation;
    const { endpointName } = this.registration;
    this.observations.keep(observation, response);
    if (isFirst) this.observations.start(observation);
    if (observation.isOurs) {
      this.shared.learnGateway(this.registration, response, isFirst ? "read" : "notification");
    }
    if (isFirst && owedId !== undefined) {
      this.shared.emit(answerEvent({ endpointName, id: owedId, path: observed.path }, response));
    } else if (isWanted) this.shared.emit(notificationEvent(endpointName, observed, response));
  }

  /** The device's last word on it. */
  private endObserved(
    observation: Observation,
    response: Response,
    illegal: string | undefined,
  ): void {
    const { code } = response;
    if (illegal !== undefined) {
      this.end(observation, "illegal-answer", { status: BAD_GATEWAY, error: illegal }, code);
    } else if (isSuccess(code)) {
      if (observation.isOurs) this.shared.learnGateway(this.registration, response, "read");
      const verdict = { status: NOT_OBSERVABLE, error: "The device does not observe this" };
      this.end(observation, "answered", verdict, code);
    } else {
      const verdict = { status: statusOfCode(code), error: reasonOf(response) };
      this.end(observation, "answered", verdict, code);
    }
  }

  private end(
    observation: Observation,
    outcome: Outcome,
    verdict: Verdict,
    code: number | undefined,
  ): void {
    const isOwed = observation.owedId !== undefined;
    this.endOwed(observation, outcome, verdict, code);
    this.observations.remove(observation);
    if (isOwed || !observation.isWanted) return;
    const { endpointName } = this.registration;
    this.shared.emit(observationEnd(endpointName, observation.observed, verdict));
  }

  /** Whoever waits for a first value is told that none comes. */
  private endOwed(
    observation: Observation,
    outcome: Outcome,
    verdict: Verdict,
    code?: number,
  ): void {
    const { owedId, observed } = observation;
    if (owedId === undefined) return;
    observation.owedId = undefined;
    const { endpointName } = this.registration;
    const of = { endpointName, id: owedId, path: observed.path };
    this.shared.emit(failureEvent({ ...of, outcome, ...verdict, code }));
  }
}

/** Whether an observation is wanted with other options than it has. Who names none, takes it as it is. */
function isOther(observation: Observation, options: ObserveOptions): boolean {
  const namesSome = options.accept !== undefined || options.query !== undefined;
  return namesSome && !observation.isObservedAs(options);
}
