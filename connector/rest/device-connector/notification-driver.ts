/**
 * Drives the notification channels: one alarm, the long polls that are being held, and the callbacks under way. The only place where
 * a delivery of the machine becomes a promise.
 */
import { type Milliseconds, NEVER } from "../../../protocol/time/duration.ts";
import type { Callback } from "../../notifications/callback.ts";
import type { Delivery } from "../../notifications/channel.ts";
import type { Channels } from "../../notifications/channels.ts";

/** PUTs a message to a callback; true when it was answered with 2xx. Never rejects. */
export type CallbackSender = (callback: Callback, body: string) => Promise<boolean>;

/** The HTTP exchange that a route answers, as far as its end concerns the route. */
export interface HttpExchange {
  /** Calls once: when the answer has been handed to the system whole (true), or its connection was lost first (false). */
  onEnd(listener: (written: boolean) => void): void;
}

type PollDelivery = Extract<Delivery, { kind: "poll" }>;

/** Longer waits are cut: the system's timers hold 31 bits. */
const LONGEST_ALARM: Milliseconds = 0x7fffffff;

export class NotificationDriver {
  private readonly channels: Channels;
  private readonly now: () => Milliseconds;
  private readonly send: CallbackSender;
  private readonly polls = new Map<number, (delivery: PollDelivery | undefined) => void>();
  private lastPollId = 0;
  private alarm: NodeJS.Timeout | undefined;
  private alarmAt: Milliseconds = NEVER;
  private isWoken = false;
  private isClosed = false;

  constructor(channels: Channels, now: () => Milliseconds, send: CallbackSender) {
    this.channels = channels;
    this.now = now;
    this.send = send;
    this.wake();
  }

  /** Something was queued: deliver at the end of this turn, so that what arrives together leaves together. */
  wake(): void {
    if (this.isWoken || this.isClosed) return;
    this.isWoken = true;
    setImmediate(() => {
      this.isWoken = false;
      if (!this.isClosed) this.pump();
    });
  }

  /**
   * Holds a long poll until there is something to tell or its time is over.
   *
   * @returns the message, which counts as delivered when `exchange` ends written; undefined for none
   */
  async longPoll(
    keyId: string,
    wait: boolean,
    exchange: HttpExchange,
  ): Promise<string | undefined> {
    if (this.isClosed) return undefined;
    const pollId = ++this.lastPollId;
    let delivery: PollDelivery | undefined;
    let hasEnded = false;
    const outcome = new Promise<PollDelivery | undefined>((resolve) => {
      this.polls.set(pollId, resolve);
    });
    exchange.onEnd((written) => {
      hasEnded = true;
      if (delivery !== undefined) this.report(delivery.id, written);
      else if (this.polls.delete(pollId)) this.channels.handlePollGone(this.now(), keyId, pollId);
    });
    if (!hasEnded) {
      this.channels.poll(this.now(), keyId, pollId, wait);
      this.pump();
      delivery = await outcome;
      // The connection was lost between the delivery and this line.
      if (hasEnded && delivery !== undefined) this.report(delivery.id, false);
    }
    return delivery?.body;
  }

  /** Ends all waiting polls and stops. What is not delivered stays in the store. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.alarm);
    for (const resolve of this.polls.values()) resolve(undefined);
    this.polls.clear();
  }

  private pump(): void {
    this.channels.handleTimeout(this.now());
    for (
      let delivery = this.channels.pollDelivery();
      delivery !== undefined;
      delivery = this.channels.pollDelivery()
    ) {
      if (delivery.kind === "poll") this.answer(delivery);
      else this.carry(delivery);
    }
    this.arm();
  }

  private answer(delivery: PollDelivery): void {
    const resolve = this.polls.get(delivery.pollId);
    this.polls.delete(delivery.pollId);
    if (resolve !== undefined) resolve(delivery);
    else this.report(delivery.id, false);
  }

  private carry(delivery: Extract<Delivery, { kind: "callback" }>): void {
    this.send(delivery.callback, delivery.body).then((isDelivered) => {
      this.report(delivery.id, isDelivered);
    });
  }

  private report(deliveryId: number, isDelivered: boolean): void {
    if (this.isClosed && !isDelivered) return;
    if (isDelivered) this.channels.handleDelivered(this.now(), deliveryId);
    else this.channels.handleUndelivered(this.now(), deliveryId);
    this.wake();
  }

  private arm(): void {
    const deadline = this.channels.deadline();
    if (deadline === this.alarmAt) return;
    clearTimeout(this.alarm);
    this.alarmAt = deadline;
    if (deadline === NEVER) return;
    // A millisecond more than asked: timers may fire that early.
    const delay = Math.min(Math.max(deadline - this.now(), 0) + 1, LONGEST_ALARM);
    this.alarm = setTimeout(() => {
      this.alarmAt = NEVER;
      this.pump();
    }, delay);
  }
}
