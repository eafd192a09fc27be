/**
 * What one server observes, with all its attributes, and what is kept for it while it cannot be reached (LwM2M Core 1.2.2 §6.4, §7.3.2).
 * Adds to `Observers`: evaluation, con and the account's default mode, liveness, stored notifications.
 *
 * One Confirmable notification is under way at a time. What changes meanwhile is read when its turn comes, so that the newest value
 * goes out and no older ones wait before it (RFC 7641 §4.5.2). When nobody acknowledges it, it is stored where /1/x/6 allows, and the
 * link asks by an Update whether the server is there.
 *
 * Away, with /1/x/6 true or absent: what is due is read and stored, and sent first when the server is back. With false, or where hqmax
 * is 0, observing rests: afterwards at most the present value is told.
 */
import { equalBytes } from "../../../protocol/bytes/equal.ts";
import { isSuccess } from "../../../protocol/coap/codes.ts";
import { LWM2M_JSON } from "../../../protocol/coap/content-formats.ts";
import type { Option } from "../../../protocol/coap/options.ts";
import { NO_ATTRIBUTES } from "../../../protocol/model/attributes.ts";
import { SERVER_STORE_NOTIFICATIONS } from "../../../protocol/model/objects/server.ts";
import { SERVER_DEFAULT_NOTIFICATION_MODE } from "../../../protocol/model/objects/server-1-2.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER } from "../../../protocol/time/duration.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { Content } from "../management/content.ts";
import { contentResponse } from "../management/content.ts";
import type { Observation } from "./notification.ts";
import { Observers } from "./observers.ts";
import { attachedTo, removeAttributes } from "./reporting-attributes.ts";
import type { ReportingLink } from "./reporting-link.ts";
import { ReportingObservation } from "./reporting-observation.ts";
import type { HistoryLimit, StoredNotification } from "./stored-notifications.ts";
import { historyOf, StoredNotifications, senmlTime, tellsTimes } from "./stored-notifications.ts";

/** So often a server that answers Updates leaves a notification unacknowledged; then its observation ends (RFC 7641 §4.5). */
const MAX_LOSSES = 3;
/** Above any number of notifications since the record was made, and far below 2^23 (RFC 7641 §4.4). */
const SEQUENCE_MARGIN = 65536;

export class ReportingObservers extends Observers {
  declare observations: readonly ReportingObservation[];
  /** Made when the first notification has to be stored. */
  stored: StoredNotifications | undefined = undefined;
  protected declare readonly link: ReportingLink;
  /** In the Confirmable notification that was sent last. */
  private confirming: readonly StoredNotification[] | undefined = undefined;

  // What the server wants.

  override observe(
    now: Milliseconds,
    observation: Observation,
    content: Content,
  ): Option | undefined {
    const able = this.enabled(observation);
    const sequence = super.observe(now, able, content);
    this.forgetEnded();
    if (sequence !== undefined) able.handleNotified(now, content, true);
    return sequence;
  }

  override cancel(token: Uint8Array): void {
    super.cancel(token);
    this.forgetEnded();
  }

  override cancelAll(): void {
    super.cancelAll();
    this.forgetEnded();
  }

  /** Instances came or went: what is attached to those that are gone goes with them. */
  override handleInstances(object: LwM2mObject): void {
    const id = object.definition.id;
    const isGone = this.link.agent.object(id) === undefined;
    removeAttributes(this, function (path) {
      if (path[0] !== id) return false;
      return isGone || (path.length > 1 && object.instances.get(path[1]) === undefined);
    });
    super.handleInstances(object);
  }

  // Evaluation.

  /** When something has to be looked at next, though no notification may come of it. */
  evaluationDeadline(): Milliseconds {
    let at = NEVER;
    for (let i = 0; i < this.observations.length; i++) {
      at = Math.min(at, this.evaluationOf(this.observations[i]));
    }
    return at;
  }

  evaluate(now: Milliseconds): void {
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      if (now < this.evaluationOf(observation)) continue;
      const content = observation.read(this.link, observation);
      observation.evaluate(now, this, this.link.agent.features.attributes, content);
    }
  }

  private evaluationOf(observation: ReportingObservation): Milliseconds {
    const path = observation.path;
    const object = path.length < 3 ? undefined : this.link.agent.object(path[0]);
    return observation.evaluationDeadline(object !== undefined && object.onRead !== undefined);
  }

  // What goes out.

  override deadline(): Milliseconds {
    let at = NEVER;
    if (this.firstStored() !== undefined && !this.isConfirming()) return 0;
    for (let i = 0; i < this.observations.length; i++) {
      at = Math.min(at, this.dueAt(this.observations[i]));
    }
    return at;
  }

  override notify(now: Milliseconds, isFirst: boolean, areConfirmable: boolean): boolean {
    let hasSent = this.release(now);
    const due = this.dueBy(now);
    for (let i = 0; i < due.length; i++) {
      if (now < this.dueAt(due[i])) continue;
      const wants = hasSent ? areConfirmable : isFirst;
      this.send(now, due[i], wants);
      hasSent = true;
    }
    return hasSent;
  }

  /** Those that are due, the one that has waited longest first: Confirmable ones go out one by one. */
  private dueBy(now: Milliseconds): readonly ReportingObservation[] {
    const due: ReportingObservation[] = [];
    for (let i = 0; i < this.observations.length; i++) {
      if (now >= this.dueAt(this.observations[i])) due.push(this.observations[i]);
    }
    return due.sort(function (a, b) {
      return a.deadline() - b.deadline();
    });
  }

  private dueAt(observation: ReportingObservation): Milliseconds {
    if (this.stored !== undefined && this.stored.has(observation)) return NEVER;
    if (!this.isConfirming()) return observation.deadline();
    return this.isConfirmable(observation) ? NEVER : observation.reportDeadline();
  }

  private send(now: Milliseconds, observation: ReportingObservation, wants: boolean): void {
    const content = observation.read(this.link, observation);
    const isGood = isSuccess(content.code);
    const isWaiting = this.isConfirming();
    const isOwed = !isWaiting && observation.isConfirmationDue(now);
    const isRefused = observation.holding().con === 0;
    const confirmable =
      !isGood || isOwed || this.isConfirmable(observation) || (wants && !isRefused);
    const response = contentResponse(content, this.nextSequence());
    this.link.coap.notify(now, observation.token, response, confirmable);
    observation.handleNotified(now, content, confirmable);
    if (!isGood) this.cancel(observation.token);
    else if (confirmable && !isWaiting) this.confirm([storedOf(observation, now, content)]);
  }

  /** True when the server wants all notifications of this observation Confirmable: by con, else by its account's default. */
  private isConfirmable(observation: ReportingObservation): boolean {
    const con = observation.holding().con;
    if (con !== undefined) return con === 1;
    const mode = this.link.resource(SERVER_DEFAULT_NOTIFICATION_MODE);
    if (mode !== undefined && this.link.version() === "1.2") return mode === 1;
    return this.link.agent.configuration.confirmableNotifications === true;
  }

  private isConfirming(): boolean {
    return this.confirming !== undefined && !this.link.coap.isIdle();
  }

  private confirm(notifications: readonly StoredNotification[]): void {
    // The one before was acknowledged, or this one would have to wait.
    if (this.confirming !== undefined) this.confirming[0].observation.losses = 0;
    this.confirming = notifications;
  }

  /** A Confirmable notification was never acknowledged. */
  handleLost(token: Uint8Array): void {
    const lost = this.confirming;
    if (lost === undefined || !equalBytes(lost[0].observation.token, token)) return;
    const observation = lost[0].observation;
    this.confirming = undefined;
    observation.losses++;
    if (observation.losses === MAX_LOSSES) this.cancel(token);
    else if (this.keeps(observation)) this.keeping().restore(lost);
    else observation.handleUntold();
  }

  // Over a reboot (kept-reporting.ts).

  lastSequence(): number {
    return this.sequence;
  }

  /** All that the server has not acknowledged, oldest first. */
  untold(): readonly StoredNotification[] {
    const stored = this.stored === undefined ? [] : this.stored.all();
    return this.confirming !== undefined && this.isConfirming()
      ? this.confirming.concat(stored)
      : stored;
  }

  /** A core's observation as one that knows all attributes. */
  enabled(observation: Observation): ReportingObservation {
    return observation instanceof ReportingObservation ? observation : reporting(observation);
  }

  /**
   * Takes up observations that were kept, in place of all others. Their sequence numbers go on well above the last one that was kept:
   * the record may be older than the last notification.
   */
  resume(sequence: number, kept: readonly (ReportingObservation | undefined)[]): void {
    const observations: ReportingObservation[] = [];
    for (let i = 0; i < kept.length; i++) {
      const observation = kept[i];
      if (observation !== undefined) observations.push(observation);
    }
    this.observations = observations;
    this.sequence = (sequence + SEQUENCE_MARGIN) & 0xffffff;
    this.forgetEnded();
    this.handleAttributes();
  }

  resumeStored(notification: StoredNotification): void {
    this.keeping().add(notification, Infinity);
  }

  /** Compares all that is observed with what was told last. */
  evaluateAll(now: Milliseconds): void {
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      const content = observation.read(this.link, observation);
      // Of an object, an instance or a named resource nothing is kept to compare with.
      if (content.reading === undefined) observation.handleNews();
      observation.evaluate(now, this, this.link.agent.features.attributes, content);
    }
  }

  // While the server cannot be reached.

  /** When something has to be stored next. */
  awayDeadline(): Milliseconds {
    let at = NEVER;
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      if (this.keeps(observation)) at = Math.min(at, observation.reportDeadline());
    }
    return at;
  }

  /** Stores every notification that is due. */
  store(now: Milliseconds): void {
    for (let i = 0; i < this.observations.length; i++) {
      const observation = this.observations[i];
      if (now < observation.reportDeadline() || !this.keeps(observation)) continue;
      const content = observation.read(this.link, observation);
      const hqmax = observation.holding().hqmax;
      this.keeping().add(
        storedOf(observation, now, content),
        hqmax === undefined ? Infinity : hqmax,
      );
      observation.handleNotified(now, content, false);
      observation.hasEnded = !isSuccess(content.code);
    }
  }

  /** Sends the oldest that is stored: with all others of its observation where the format tells times, else alone. */
  private release(now: Milliseconds): boolean {
    const first = this.firstStored();
    if (first === undefined || this.isConfirming()) return false;
    const observation = first.observation;
    const stored = this.keeping();
    const longest = this.link.agent.configuration.settings.blockSize;
    let count = tellsTimes(observation.format) ? Math.max(stored.goodOf(observation), 1) : 1;
    let payload = this.historyOf(now, stored.peek(observation, count));
    // A server fetches later blocks from the resource, which shows the present: a history is cut into messages.
    while (count > 1 && (payload === undefined || payload.length > longest)) {
      count = count >> 1;
      payload = this.historyOf(now, stored.peek(observation, count));
    }
    const taken = stored.take(observation, count);
    const content = {
      code: first.code,
      format: observation.format,
      payload: payload === undefined ? first.payload : payload,
      reading: undefined,
      maxAge: first.maxAge,
    };
    this.link.coap.notify(
      now,
      observation.token,
      contentResponse(content, this.nextSequence()),
      true,
    );
    observation.handleReleased(now);
    if (!isSuccess(first.code)) this.cancel(observation.token);
    else this.confirm(taken);
    return true;
  }

  private historyOf(
    now: Milliseconds,
    notifications: readonly StoredNotification[],
  ): Uint8Array | undefined {
    const observation = notifications[0].observation;
    // LwM2M 1.0's JSON counts from the moment of the message.
    const calendar = observation.format === LWM2M_JSON ? undefined : this.link.calendarSeconds();
    const timeOf = function (at: Milliseconds): number {
      return senmlTime(now, calendar, at);
    };
    return historyOf(this.link, notifications, timeOf, this.limitOf(observation));
  }

  /** How many samples of each place may be told: where hqmax is set for some of what is observed, none of the rest. */
  private limitOf(observation: ReportingObservation): HistoryLimit {
    const all = observation.holding().hqmax;
    const isOwn = observation.own !== NO_ATTRIBUTES;
    return (path) => {
      if (all === undefined || isOwn) return all;
      const hqmax = attachedTo(this, path, NO_ATTRIBUTES).hqmax;
      return hqmax === undefined ? 0 : hqmax;
    };
  }

  private keeps(observation: ReportingObservation): boolean {
    if (observation.holding().hqmax === 0) return false;
    return this.link.resource(SERVER_STORE_NOTIFICATIONS) !== false;
  }

  private keeping(): StoredNotifications {
    if (this.stored === undefined) this.stored = new StoredNotifications();
    return this.stored;
  }

  private firstStored(): StoredNotification | undefined {
    return this.stored === undefined ? undefined : this.stored.first();
  }

  /** What is kept of an observation may no longer be told. */
  withhold(observation: ReportingObservation): void {
    // Nor is what is under way to be stored again when nobody acknowledges it.
    const confirming = this.confirming;
    if (confirming !== undefined && confirming[0].observation === observation) {
      this.confirming = undefined;
    }
    if (this.stored === undefined) return;
    this.stored.retain(
      this.observations.filter(function (each) {
        return each !== observation;
      }),
    );
  }

  /** Drops what is kept for observations that have ended. */
  private forgetEnded(): void {
    const confirming = this.confirming;
    if (confirming !== undefined && this.observations.indexOf(confirming[0].observation) < 0) {
      this.confirming = undefined;
    }
    if (this.stored !== undefined) this.stored.retain(this.observations);
  }
}

/** A core's observation as one that knows all attributes. */
function reporting(observation: Observation): ReportingObservation {
  const { token, path, format, own } = observation;
  const able = new ReportingObservation(token, path, format, own);
  able.subject = observation.subject;
  able.read = observation.read;
  return able;
}

function storedOf(
  observation: ReportingObservation,
  at: Milliseconds,
  content: Content,
): StoredNotification {
  const { code, payload, maxAge } = content;
  return { observation: observation, at: at, code: code, payload: payload, maxAge: maxAge };
}
