/**
 * The notification channels of all access keys, and their store: which are open and what waits in them survives a restart.
 *
 * A sans-I/O machine. Calendar time is used for one thing only, to know after a restart how old a stored event is.
 */
import { type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import type { Journal, Table } from "../store/store.ts";
import type { Callback } from "./callback.ts";
import {
  CHANNEL_LIMITS,
  Channel,
  type ChannelHost,
  type ChannelLimits,
  type Delivery,
  EVENT_LIFETIME,
  type NewEvent,
} from "./channel.ts";
import { type QueuedEvent, UNDELIVERED } from "./event-queue.ts";
import type { EventKind } from "./message.ts";

interface StoredChannel {
  readonly callback?: Callback;
}

interface StoredEvent {
  readonly keyId: string;
  readonly sequence: number;
  readonly kind: EventKind;
  readonly json: string;
  readonly asyncId?: string;
  /** Calendar milliseconds. */
  readonly expiresAt: number;
}

export class Channels implements ChannelHost {
  readonly limits: ChannelLimits;
  private readonly channels = new Map<string, Channel>();
  private readonly open = new Set<Channel>();
  private readonly storedChannels: Table<StoredChannel>;
  private readonly storedEvents: Table<StoredEvent>;
  /** Calendar time minus the monotonic clock. */
  private readonly calendarOffset: number;
  private readonly deliveries: Delivery[] = [];
  private readonly carriers = new Map<number, Channel>();
  private lastSequence = 0;
  private lastDeliveryId = 0;
  /** Not later than the first deadline of any channel. */
  private nextDeadline: Milliseconds = NEVER;

  /** @param calendarNow calendar milliseconds at `now` */
  constructor(
    now: Milliseconds,
    calendarNow: number,
    store: Journal,
    limits: ChannelLimits = CHANNEL_LIMITS,
  ) {
    this.limits = limits;
    this.calendarOffset = calendarNow - now;
    this.storedChannels = store.table("channels");
    this.storedEvents = store.table("channel-events");
    this.restore(now);
  }

  /** The channel of a key; made closed when it had none. */
  of(keyId: string): Channel {
    let channel = this.channels.get(keyId);
    if (channel === undefined) {
      channel = new Channel(keyId, this);
      this.channels.set(keyId, channel);
    }
    return channel;
  }

  /** Whether anybody would hear a broadcast. */
  hasOpen(): boolean {
    return this.open.size > 0;
  }

  /** Queues an event for one key. */
  append(now: Milliseconds, keyId: string, event: NewEvent): void {
    const channel = this.channels.get(keyId);
    if (channel !== undefined) this.appendTo(now, channel, event);
  }

  /** Queues an event for every open channel. */
  broadcast(now: Milliseconds, kind: EventKind, json: string): void {
    const event = { kind, json };
    for (const channel of this.open) this.appendTo(now, channel, event);
  }

  poll(now: Milliseconds, keyId: string, pollId: number, wait: boolean): void {
    const channel = this.of(keyId);
    const wasOpen = channel.isOpen();
    channel.poll(now, pollId, wait);
    if (!wasOpen) {
      this.open.add(channel);
      this.storedChannels.put(keyId, {});
    }
    this.reconsider(now, channel);
  }

  handlePollGone(now: Milliseconds, keyId: string, pollId: number): void {
    const channel = this.of(keyId);
    channel.handlePollGone(now, pollId);
    this.reconsider(now, channel);
  }

  setCallback(now: Milliseconds, keyId: string, callback: Callback): void {
    const channel = this.of(keyId);
    channel.setCallback(now, callback);
    this.open.add(channel);
    this.storedChannels.put(keyId, { callback });
    this.reconsider(now, channel);
  }

  /** Closes the channel of a key; false when it was closed. */
  close(keyId: string): boolean {
    const channel = this.channels.get(keyId);
    if (channel === undefined || !channel.isOpen()) return false;
    channel.close();
    this.forgetClosed(channel);
    return true;
  }

  handleAnswering(keyId: string, asyncId: string): void {
    this.of(keyId).handleAnswering(asyncId);
  }

  handleAnswered(now: Milliseconds, keyId: string, asyncId: string): void {
    const channel = this.of(keyId);
    channel.handleAnswered(now, asyncId);
    this.reconsider(now, channel);
  }

  handleDelivered(now: Milliseconds, deliveryId: number): void {
    const channel = this.takeCarrier(deliveryId);
    if (channel === undefined) return;
    channel.handleDelivered(now, deliveryId);
    this.reconsider(now, channel);
  }

  handleUndelivered(now: Milliseconds, deliveryId: number): void {
    const channel = this.takeCarrier(deliveryId);
    if (channel === undefined) return;
    channel.handleUndelivered(now, deliveryId);
    this.reconsider(now, channel);
  }

  /** Sends what the events since the last call have made ready, and does what is due. */
  handleTimeout(now: Milliseconds): void {
    if (now < this.nextDeadline) return;
    this.nextDeadline = NEVER;
    for (const channel of this.open) {
      channel.handleTimeout(now);
      if (channel.isOpen()) this.reconsider(now, channel);
      else this.forgetClosed(channel);
    }
  }

  deadline(): Milliseconds {
    return this.nextDeadline;
  }

  pollDelivery(): Delivery | undefined {
    return this.deliveries.shift();
  }

  newDelivery(channel: Channel): number {
    const id = ++this.lastDeliveryId;
    this.carriers.set(id, channel);
    return id;
  }

  deliver(delivery: Delivery): void {
    this.deliveries.push(delivery);
  }

  forgetEvent(channel: Channel, event: QueuedEvent): void {
    this.storedEvents.remove(eventKey(channel.keyId, event.sequence));
  }

  private appendTo(now: Milliseconds, channel: Channel, event: NewEvent): void {
    const queued: QueuedEvent = {
      sequence: ++this.lastSequence,
      kind: event.kind,
      json: event.json,
      asyncId: event.asyncId,
      expiresAt: now + EVENT_LIFETIME,
      eligibleAt: now,
      delivery: UNDELIVERED,
    };
    if (!channel.append(now, queued)) return;
    this.storedEvents.put(eventKey(channel.keyId, queued.sequence), {
      keyId: channel.keyId,
      sequence: queued.sequence,
      kind: event.kind,
      json: event.json,
      asyncId: event.asyncId,
      expiresAt: queued.expiresAt + this.calendarOffset,
    });
    // Sent at the next `handleTimeout` and not at once, so that the events of one turn go in one message.
    this.nextDeadline = Math.min(this.nextDeadline, channel.sendsAt(queued), queued.expiresAt);
  }

  private reconsider(now: Milliseconds, channel: Channel): void {
    this.nextDeadline = Math.min(this.nextDeadline, channel.deadline(now));
  }

  private takeCarrier(deliveryId: number): Channel | undefined {
    const channel = this.carriers.get(deliveryId);
    this.carriers.delete(deliveryId);
    return channel;
  }

  private forgetClosed(channel: Channel): void {
    this.open.delete(channel);
    this.storedChannels.remove(channel.keyId);
  }

  private restore(now: Milliseconds): void {
    for (const [keyId, stored] of this.storedChannels.entries()) {
      const channel = this.of(keyId);
      this.open.add(channel);
      if (stored.callback !== undefined) channel.setCallback(now, stored.callback);
      else channel.openPull(now);
    }
    const events: StoredEvent[] = [];
    for (const [key, stored] of this.storedEvents.entries()) {
      if (this.channels.has(stored.keyId)) events.push(stored);
      else this.storedEvents.remove(key);
    }
    events.sort((one, other) => one.sequence - other.sequence);
    for (const stored of events) {
      const remaining = stored.expiresAt - this.calendarOffset - now;
      this.of(stored.keyId).append(now, {
        sequence: stored.sequence,
        kind: stored.kind,
        json: stored.json,
        asyncId: stored.asyncId,
        // A calendar that was set back must not make an event live longer.
        expiresAt: now + Math.min(remaining, EVENT_LIFETIME),
        eligibleAt: now,
        delivery: UNDELIVERED,
      });
      this.lastSequence = stored.sequence;
    }
    this.nextDeadline = this.open.size > 0 ? now : NEVER;
  }
}

function eventKey(keyId: string, sequence: number): string {
  return `${keyId}.${sequence}`;
}
