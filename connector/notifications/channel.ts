/**
 * One application's notification channel: a bounded queue of events and the one way by which they leave it.
 *
 * Decides what waits, for how long, in which message it goes and what counts as delivered. Knows nothing of HTTP: a delivery is an
 * output (`Delivery`), and the driver says later whether it was written or answered.
 *
 *   closed --- poll ----> pull --- callback set ---> callback
 *      ^                   | idle 15 min, closed        | removed
 *      +-------------------+----------------------------+
 *
 * Events are of two sorts. Responses to accepted requests must not be lost: their number is bounded by refusing requests
 * (`canAccept`). Everything else (notifications, registrations) is bounded by dropping the oldest.
 *
 * A response is held until its request's `202` has been written, and a little longer: the original's Node client starts to listen
 * for an id only when the body that names it has arrived, and drops what comes before.
 */
import { MINUTE, type Milliseconds, NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { Callback } from "./callback.ts";
import { EventQueue, type QueuedEvent, UNDELIVERED } from "./event-queue.ts";
import { type EventKind, messageJson } from "./message.ts";

export interface ChannelLimits {
  /** How many events other than responses may wait. */
  readonly maxEvents: number;
  /** How many responses may wait or be owed. */
  readonly maxResponses: number;
  /** How much JSON may wait, in UTF-16 units, counted for each of the two sorts. */
  readonly maxQueuedBytes: number;
  /** Soft limit of one callback's body: receivers refuse large ones (100 kB with a common default). */
  readonly maxCallbackBytes: number;
}

export const CHANNEL_LIMITS: ChannelLimits = {
  maxEvents: 10_000,
  maxResponses: 1000,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxCallbackBytes: 64 * 1024,
};

/** "mbed Device Connector tries to deliver each notification event for up to 15 minutes". */
export const EVENT_LIFETIME: Milliseconds = 15 * MINUTE;
/** How long a long poll is kept open. */
export const POLL_PERIOD: Milliseconds = 30 * SECOND;
/** From the end of writing a `202` to the earliest delivery of its response. */
export const ANSWER_HEAD_START: Milliseconds = 25;
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
  /** A new delivery's id, greater than 0. */
  newDelivery(channel: Channel): number;
  deliver(delivery: Delivery): void;
  /** The event has left the queue for good: delivered, expired, dropped, or its channel was closed. */
  forgetEvent(channel: Channel, event: QueuedEvent): void;
}

/** A new event, before it has a place in the queue. */
export interface NewEvent {
  readonly kind: EventKind;
  readonly json: string;
  readonly asyncId?: string;
}

export class Channel {
  readonly keyId: string;
  /** How many events were dropped because too many waited. */
  dropped = 0;
  private readonly host: ChannelHost;
  private readonly responses = new EventQueue();
  private readonly events = new EventQueue();
  private readonly inFlight = new Map<number, QueuedEvent[]>();
  private mode: "closed" | "pull" | "callback" = "closed";

  private waitingPoll = 0;
  private pollUntil: Milliseconds = NEVER;
  private pollFrom: Milliseconds = 0;
  private idleAt: Milliseconds = NEVER;

  private activeCallback: Callback | undefined = undefined;
  private callbackDelivery = 0;
  private failures = 0;
  private retryAt: Milliseconds = 0;

  /** Ids whose 202 is being written, and those whose 202 was, with the time from which their responses may go. */
  private readonly answering = new Set<string>();
  private readonly answered = new Map<string, Milliseconds>();

  constructor(keyId: string, host: ChannelHost) {
    this.keyId = keyId;
    this.host = host;
  }

  isOpen(): boolean {
    return this.mode !== "closed";
  }

  callback(): Callback | undefined {
    return this.activeCallback;
  }

  size(): number {
    return this.responses.size + this.events.size;
  }

  /** Whether one more response can be promised when `owed` ones have not arrived yet. */
  canAccept(owed: number): boolean {
    const { maxResponses, maxQueuedBytes } = this.host.limits;
    return owed + this.responses.size < maxResponses && this.responses.bytes < maxQueuedBytes;
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
    for (const queue of [this.responses, this.events]) {
      for (const event of queue.all()) this.discard(event);
    }
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
    this.forgetAnswered(now);
    const isExpecting = this.answered.size > 0 || this.responses.nextEligibleAt(now) !== NEVER;
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
    this.answering.add(asyncId);
    const event = this.responses.withAsyncId(asyncId);
    if (event !== undefined) event.eligibleAt = NEVER;
  }

  /** The 202 has been written, or its connection is gone. */
  handleAnswered(now: Milliseconds, asyncId: string): void {
    if (!this.answering.delete(asyncId)) return;
    this.forgetAnswered(now);
    const eligibleAt = now + ANSWER_HEAD_START;
    const event = this.responses.withAsyncId(asyncId);
    if (event !== undefined) event.eligibleAt = eligibleAt;
    else this.answered.set(asyncId, eligibleAt);
  }

  /** Queues an event; a closed channel has nobody to tell. Its `eligibleAt` is set here. */
  append(now: Milliseconds, event: QueuedEvent): boolean {
    if (this.mode === "closed") return false;
    if (event.asyncId !== undefined) {
      event.eligibleAt = this.answering.has(event.asyncId)
        ? NEVER
        : (this.answered.get(event.asyncId) ?? now);
      this.responses.add(event);
    } else {
      this.events.add(event);
      this.dropExcess();
    }
    return true;
  }

  /** When this event of the queue can leave as things are: NEVER without a waiting poll or an idle callback. */
  sendsAt(event: QueuedEvent): Milliseconds {
    if (this.waitingPoll !== 0) return Math.max(event.eligibleAt, this.pollFrom);
    if (this.activeCallback === undefined || this.callbackDelivery !== 0) return NEVER;
    return Math.max(event.eligibleAt, this.retryAt);
  }

  /** Sends what may go now, if there is a way. */
  flush(now: Milliseconds): void {
    if (this.waitingPoll !== 0) {
      if (now < this.pollFrom) return;
      const id = this.take(now, Infinity);
      if (id === 0) return;
      const pollId = this.waitingPoll;
      this.waitingPoll = 0;
      this.idleAt = now + PULL_IDLE_PERIOD;
      this.host.deliver({ kind: "poll", id, pollId, body: this.bodyOf(id) });
    } else if (
      this.activeCallback !== undefined &&
      this.callbackDelivery === 0 &&
      now >= this.retryAt
    ) {
      const id = this.take(now, this.host.limits.maxCallbackBytes);
      if (id === 0) return;
      this.callbackDelivery = id;
      this.host.deliver({
        kind: "callback",
        id,
        callback: this.activeCallback,
        body: this.bodyOf(id),
      });
    }
  }

  /** The application has it: written to the poll, or answered by the callback with 2xx. */
  handleDelivered(now: Milliseconds, deliveryId: number): void {
    for (const event of this.endDelivery(deliveryId)) this.discard(event);
    if (this.callbackDelivery !== deliveryId) return;
    this.callbackDelivery = 0;
    this.failures = 0;
    this.flush(now);
  }

  /** The delivery failed: its events wait again, and a callback is tried after 1, 2, 4 ... 120 s. */
  handleUndelivered(now: Milliseconds, deliveryId: number): void {
    for (const event of this.endDelivery(deliveryId)) event.delivery = UNDELIVERED;
    if (this.callbackDelivery === deliveryId) {
      this.callbackDelivery = 0;
      this.retryAt = now + Math.min(FIRST_RETRY * 2 ** this.failures, LONGEST_RETRY);
      this.failures++;
    }
    this.flush(now);
  }

  handleTimeout(now: Milliseconds): void {
    this.dropExpired(now, this.responses);
    this.dropExpired(now, this.events);
    this.flush(now);
    if (this.waitingPoll !== 0 && now >= this.pollUntil) this.answerEmpty(now);
    if (now >= this.idleAt) this.close();
  }

  deadline(now: Milliseconds): Milliseconds {
    let next = Math.min(
      this.idleAt,
      this.responses.oldest()?.expiresAt ?? NEVER,
      this.events.oldest()?.expiresAt ?? NEVER,
    );
    if (this.waitingPoll !== 0) {
      const sendsNext = now < this.pollFrom ? this.pollFrom : this.responses.nextEligibleAt(now);
      next = Math.min(next, this.pollUntil, sendsNext);
    } else if (
      this.activeCallback !== undefined &&
      this.callbackDelivery === 0 &&
      this.size() > 0
    ) {
      next = Math.min(next, this.retryAt > now ? this.retryAt : this.responses.nextEligibleAt(now));
    }
    return next;
  }

  /** Takes the events that may go; returns the id of their delivery, 0 when there are none. */
  private take(now: Milliseconds, maxBytes: number): number {
    const taken: QueuedEvent[] = [];
    let bytes = 0;
    for (const queue of [this.responses, this.events]) {
      for (const event of queue.all()) {
        if (event.delivery !== UNDELIVERED || event.eligibleAt > now) continue;
        bytes += event.json.length;
        if (bytes > maxBytes && taken.length > 0) break;
        taken.push(event);
      }
    }
    if (taken.length === 0) return 0;
    const id = this.host.newDelivery(this);
    for (const event of taken) event.delivery = id;
    this.inFlight.set(id, taken);
    return id;
  }

  private bodyOf(deliveryId: number): string {
    const elements = new Map<EventKind, string[]>();
    for (const event of this.inFlight.get(deliveryId) ?? []) {
      const list = elements.get(event.kind);
      if (list === undefined) elements.set(event.kind, [event.json]);
      else list.push(event.json);
    }
    return messageJson(elements);
  }

  private endDelivery(deliveryId: number): readonly QueuedEvent[] {
    const events = this.inFlight.get(deliveryId) ?? [];
    this.inFlight.delete(deliveryId);
    return events;
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

  private dropExcess(): void {
    const { maxEvents, maxQueuedBytes } = this.host.limits;
    while (this.events.size > maxEvents || this.events.bytes > maxQueuedBytes) {
      const oldest = this.events.oldest();
      if (oldest === undefined) return;
      this.dropped++;
      this.discard(oldest);
    }
  }

  private dropExpired(now: Milliseconds, queue: EventQueue): void {
    for (
      let oldest = queue.oldest();
      oldest !== undefined && oldest.expiresAt <= now;
      oldest = queue.oldest()
    ) {
      this.discard(oldest);
    }
  }

  private discard(event: QueuedEvent): void {
    const queue = event.asyncId === undefined ? this.events : this.responses;
    if (queue.remove(event)) this.host.forgetEvent(this, event);
  }

  private forgetAnswered(now: Milliseconds): void {
    // Set in the order of their times: what has passed stands in front.
    for (const [asyncId, eligibleAt] of this.answered) {
      if (eligibleAt > now) return;
      this.answered.delete(asyncId);
    }
  }
}
