/**
 * One application's notification channel: what waits for it, and the one way by which that leaves.
 *
 * Decides when something goes, by which way, and what counts as delivered; what is kept is the backlog's business. Knows nothing of HTTP:
 * a delivery is an output (`Delivery`), and the driver says later whether it was written or answered.
 *
 *   closed --- poll ----> pull --- callback set ---> callback
 *      ^                   | idle 15 min, closed        | removed
 *      +-------------------+----------------------------+
 */
import { MINUTE, type Milliseconds, NEVER, SECOND } from "../../protocol/time/duration.ts";
import { ANSWER_HEAD_START, AnswerHolds } from "./answer-holds.ts";
import { Backlog, type BacklogHost, type BacklogLimits, type Load } from "./backlog.ts";
import type { Callback } from "./callback.ts";
import { FAILING, HEALTHY, type LaneLimits, type LaneNumber } from "./callback-lanes.ts";
import type { QueuedEvent } from "./event-queue.ts";
import { type EventKind, messageJson } from "./message.ts";

export interface ChannelLimits extends BacklogLimits, LaneLimits {
  /** How much may wait in all channels together, bytes of memory. */
  readonly maxTotalBytes: number;
  /** Soft limit of one callback's body: receivers refuse large ones (100 kB with a common default). */
  readonly maxCallbackBytes: number;
}

export const CHANNEL_LIMITS: ChannelLimits = {
  maxEvents: 10_000,
  maxResponses: 1000,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxTotalBytes: 256 * 1024 * 1024,
  maxCallbackBytes: 64 * 1024,
  maxHealthy: 2048,
  maxFailing: 512,
};

/** "mbed Device Connector tries to deliver each notification event for up to 15 minutes". */
export const EVENT_LIFETIME: Milliseconds = 15 * MINUTE;
/** How long a long poll is kept open. */
export const POLL_PERIOD: Milliseconds = 30 * SECOND;
/** A pull channel that nobody polled for this long is closed: its events have expired. */
const PULL_IDLE_PERIOD: Milliseconds = EVENT_LIFETIME;
const FIRST_RETRY: Milliseconds = SECOND;
const LONGEST_RETRY: Milliseconds = 2 * MINUTE;

/** What the driver has to carry out, once. */
export type Delivery =
  /** Answer the long poll; without a body there is nothing to tell (204). With one, report how it went under `id`. */
  | {
      readonly kind: "poll";
      readonly id: number;
      readonly pollId: number;
      readonly body: string | undefined;
    }
  /** PUT the body to the callback, and report how it went under `id`. */
  | {
      readonly kind: "callback";
      readonly id: number;
      readonly callback: Callback;
      readonly body: string;
    };

/** What a channel needs from the collection that it is part of. */
export interface ChannelHost {
  readonly limits: ChannelLimits;
  /** A new delivery's id, greater than 0; for a callback with the lane whose place it has. */
  newDelivery(channel: Channel, lane: LaneNumber | undefined): number;
  deliver(delivery: Delivery): void;
  /** Takes a place for a callback's delivery; without one the channel is told by `flush` when there is one. */
  enterLane(channel: Channel, lane: LaneNumber): boolean;
  leaveLane(lane: LaneNumber): void;
  /** Whether the channel's owner may receive anything at all. */
  isEntitled(channel: Channel): boolean;
  noteHeld(bytes: number): void;
  forgetEvent(channel: Channel, event: QueuedEvent): void;
  calendarTimeOf(event: QueuedEvent): number;
  withdrawn(channel: Channel, response: QueuedEvent): QueuedEvent;
}

/** A new event, before it has a place in the queue. */
export interface NewEvent {
  readonly kind: EventKind;
  readonly json: string;
  readonly asyncId?: string;
  /** The device that it tells of, so that it can be taken back. */
  readonly endpointName?: string;
}

export class Channel implements BacklogHost {
  readonly keyId: string;
  /** Of its deadline. */
  readonly index: number;
  readonly backlog: Backlog;
  private readonly host: ChannelHost;
  private readonly holds = new AnswerHolds();
  private mode: "closed" | "pull" | "callback" = "closed";

  private waitingPoll = 0;
  private pollUntil: Milliseconds = NEVER;
  private pollFrom: Milliseconds = 0;
  private idleAt: Milliseconds = NEVER;

  private activeCallback: Callback | undefined = undefined;
  private callbackDelivery = 0;
  private failures = 0;
  private retryAt: Milliseconds = 0;

  constructor(keyId: string, index: number, host: ChannelHost) {
    this.keyId = keyId;
    this.index = index;
    this.host = host;
    this.backlog = new Backlog(this);
  }

  isOpen(): boolean {
    return this.mode !== "closed";
  }

  callback(): Callback | undefined {
    return this.activeCallback;
  }

  /** Whether one more response can be promised when `owed` ones have not arrived yet. */
  canAccept(owed: number): boolean {
    return this.backlog.canAccept(owed);
  }

  /** Opens the channel for polling; with a callback it stays as it is. */
  openPull(now: Milliseconds): void {
    if (this.mode === "callback") return;
    this.mode = "pull";
    this.idleAt = this.waitingPoll === 0 ? now + PULL_IDLE_PERIOD : NEVER;
  }

  /** Sends everything to a callback from now on, what waits included; a waiting poll ends. */
  setCallback(now: Milliseconds, callback: Callback): void {
    this.endPoll();
    this.mode = "callback";
    this.idleAt = NEVER;
    this.activeCallback = callback;
    this.callbackDelivery = 0;
    this.failures = 0;
    this.retryAt = now;
    this.flush(now);
  }

  /** Closes the channel and drops what waits. */
  close(): void {
    this.endPoll();
    this.mode = "closed";
    this.idleAt = NEVER;
    this.activeCallback = undefined;
    this.callbackDelivery = 0;
    this.backlog.clear();
  }

  /**
   * Starts a long poll. One waits per channel: an older one ends with nothing.
   *
   * @param pollId the driver's name for it, not 0
   * @param wait false: answer at once whatever there is
   */
  poll(now: Milliseconds, pollId: number, wait: boolean): void {
    this.endPoll();
    this.waitingPoll = pollId;
    this.pollUntil = now + POLL_PERIOD;
    // Who has just been given an id is polling for its response: it comes with what else there is, and not one poll later.
    const isExpecting = this.holds.isFresh(now) || this.backlog.nextEligibleAt(now) !== NEVER;
    this.pollFrom = wait && isExpecting ? now + ANSWER_HEAD_START : now;
    this.openPull(now);
    this.flush(now);
    if (!wait && this.waitingPoll === pollId) this.answerEmpty(now);
  }

  /** The application hung up before its poll was answered. */
  handlePollGone(now: Milliseconds, pollId: number): void {
    if (this.waitingPoll !== pollId) return;
    this.waitingPoll = 0;
    this.idleAt = now + PULL_IDLE_PERIOD;
  }

  /** A request was accepted and its 202 is about to be written: hold its response. */
  handleAnswering(asyncId: string): void {
    this.holds.begin(asyncId);
    const event = this.backlog.response(asyncId);
    if (event !== undefined) event.eligibleAt = NEVER;
  }

  /** The 202 has been written, or its connection is gone. */
  handleAnswered(now: Milliseconds, asyncId: string): void {
    const eligibleAt = this.holds.end(now, asyncId);
    const event = this.backlog.response(asyncId);
    if (event !== undefined && eligibleAt !== undefined) event.eligibleAt = eligibleAt;
  }

  /** Queues an event on an open channel. Its `eligibleAt` is set here. */
  append(now: Milliseconds, event: QueuedEvent): void {
    if (event.asyncId !== undefined) event.eligibleAt = this.holds.eligibleAt(now, event.asyncId);
    this.backlog.add(event);
  }

  /** When this event of the queue can leave as things are: NEVER without a waiting poll or an idle callback. */
  sendsAt(event: QueuedEvent): Milliseconds {
    if (this.waitingPoll !== 0) return Math.max(event.eligibleAt, this.pollFrom);
    if (this.activeCallback === undefined || this.callbackDelivery !== 0) return NEVER;
    return Math.max(event.eligibleAt, this.retryAt);
  }

  /** Sends what may go now, if there is a way. */
  flush(now: Milliseconds): void {
    if (this.waitingPoll !== 0) this.flushToPoll(now);
    else if (this.isCallbackIdle() && now >= this.retryAt) this.flushToCallback(now);
  }

  /** The application has it: written to the poll, or answered by the callback with 2xx. */
  handleDelivered(now: Milliseconds, deliveryId: number): void {
    this.backlog.confirm(deliveryId);
    if (this.callbackDelivery !== deliveryId) return;
    this.callbackDelivery = 0;
    this.failures = 0;
    this.flush(now);
  }

  /** The delivery failed: its events wait again, and a callback is tried after 1, 2, 4 ... 120 s. */
  handleUndelivered(now: Milliseconds, deliveryId: number): void {
    this.backlog.giveBack(deliveryId);
    if (this.callbackDelivery === deliveryId) {
      this.callbackDelivery = 0;
      this.retryAt = now + Math.min(FIRST_RETRY * 2 ** this.failures, LONGEST_RETRY);
      this.failures++;
    }
    this.flush(now);
  }

  handleTimeout(now: Milliseconds): void {
    this.backlog.dropExpired(now);
    this.flush(now);
    if (this.waitingPoll !== 0 && now >= this.pollUntil) this.answerEmpty(now);
    if (now >= this.idleAt) this.close();
  }

  deadline(now: Milliseconds): Milliseconds {
    let next = Math.min(this.idleAt, this.backlog.firstExpiry());
    if (this.waitingPoll !== 0) {
      const sendsNext = now < this.pollFrom ? this.pollFrom : this.backlog.nextEligibleAt(now);
      next = Math.min(next, this.pollUntil, sendsNext);
    } else if (this.isCallbackIdle()) {
      next = Math.min(next, this.retryAt > now ? this.retryAt : this.backlog.nextEligibleAt(now));
    }
    return next;
  }

  // What the backlog asks for.

  get limits(): ChannelLimits {
    return this.host.limits;
  }

  noteHeld(bytes: number): void {
    this.host.noteHeld(bytes);
  }

  forgetEvent(event: QueuedEvent): void {
    this.host.forgetEvent(this, event);
  }

  calendarTimeOf(event: QueuedEvent): number {
    return this.host.calendarTimeOf(event);
  }

  withdrawn(response: QueuedEvent): QueuedEvent {
    return this.host.withdrawn(this, response);
  }

  private flushToPoll(now: Milliseconds): void {
    if (now < this.pollFrom) return;
    const load = this.backlog.take(now, Infinity);
    if (load === undefined) return;
    const id = this.host.newDelivery(this, undefined);
    this.backlog.launch(id, load);
    const pollId = this.waitingPoll;
    this.waitingPoll = 0;
    this.idleAt = now + PULL_IDLE_PERIOD;
    this.host.deliver({ kind: "poll", id, pollId, body: bodyOf(load) });
  }

  private flushToCallback(now: Milliseconds): void {
    const callback = this.activeCallback;
    if (!this.host.isEntitled(this)) {
      this.idleAt = now;
      return;
    }
    const lane = this.failures === 0 ? HEALTHY : FAILING;
    if (callback === undefined || !this.host.enterLane(this, lane)) return;
    const load = this.backlog.take(now, this.limits.maxCallbackBytes);
    if (load === undefined) {
      this.host.leaveLane(lane);
      return;
    }
    const id = this.host.newDelivery(this, lane);
    this.backlog.launch(id, load);
    this.callbackDelivery = id;
    this.host.deliver({ kind: "callback", id, callback, body: bodyOf(load) });
  }

  /** Whether there is a callback with something to wait for and nothing under way. */
  private isCallbackIdle(): boolean {
    const hasCallback = this.activeCallback !== undefined && this.callbackDelivery === 0;
    return hasCallback && this.backlog.size > 0;
  }

  private endPoll(): void {
    if (this.waitingPoll === 0) return;
    const pollId = this.waitingPoll;
    this.waitingPoll = 0;
    this.host.deliver({ kind: "poll", id: 0, pollId, body: undefined });
  }

  private answerEmpty(now: Milliseconds): void {
    this.endPoll();
    this.idleAt = now + PULL_IDLE_PERIOD;
  }
}

function bodyOf({ events, gap }: Load): string {
  const elements = new Map<EventKind, string[]>();
  for (const event of events) {
    const list = elements.get(event.kind);
    if (list === undefined) elements.set(event.kind, [event.json]);
    else list.push(event.json);
  }
  return messageJson(elements, gap);
}
