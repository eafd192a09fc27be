/**
 * The notification channels of all access keys, and their store: which are open and what waits in them survives a restart.
 *
 * A sans-I/O machine. Calendar time is used to know after a restart how old a stored event is, and to say when lost ones happened.
 */

import { Deadlines } from "../../protocol/time/deadlines.ts";
import { type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import { Fifo } from "../fifo.ts";
import type { Journal } from "../store/store.ts";
import type { Callback } from "./callback.ts";
import { CallbackLanes, type LaneNumber } from "./callback-lanes.ts";
import {
  CHANNEL_LIMITS,
  Channel,
  type ChannelHost,
  type ChannelLimits,
  type Delivery,
  EVENT_LIFETIME,
  type NewEvent,
} from "./channel.ts";
import { ChannelStore } from "./channel-store.ts";
import { type QueuedEvent, UNDELIVERED } from "./event-queue.ts";
import { asyncResponseJson } from "./message.ts";

/** A delivery under way. */
interface Carrier {
  readonly channel: Channel;
  readonly lane: LaneNumber | undefined;
}

export class Channels implements ChannelHost {
  readonly limits: ChannelLimits;
  private readonly channels = new Map<string, Channel>();
  private readonly byIndex: Channel[] = [];
  private readonly freeIndices: number[] = [];
  private readonly isEntitledNow: (keyId: string) => boolean;
  private readonly deadlines = new Deadlines(16);
  private readonly open = new Set<Channel>();
  private readonly stored: ChannelStore;
  private readonly deliveries = new Fifo<Delivery>();
  private readonly carriers = new Map<number, Carrier>();
  private readonly lanes: CallbackLanes;
  /** What waits in all channels, bytes of memory. */
  private heldBytes = 0;
  private lastSequence = 0;
  private lastDeliveryId = 0;

  /**
   * @param calendarNow calendar milliseconds at `now`
   * @param isEntitled whether the owner of a channel may receive anything at all
   */
  constructor(
    now: Milliseconds,
    calendarNow: number,
    store: Journal,
    limits: ChannelLimits = CHANNEL_LIMITS,
    isEntitled: (keyId: string) => boolean = () => true,
  ) {
    this.limits = limits;
    this.isEntitledNow = isEntitled;
    this.lanes = new CallbackLanes(limits);
    this.stored = new ChannelStore(store, calendarNow - now);
    this.restore(now);
  }

  /** The channel of a key; made closed when it had none. */
  of(keyId: string): Channel {
    let channel = this.channels.get(keyId);
    if (channel === undefined) {
      channel = new Channel(keyId, this.freeIndices.pop() ?? this.byIndex.length, this);
      this.channels.set(keyId, channel);
      this.byIndex[channel.index] = channel;
    }
    return channel;
  }

  /** Whether anybody would hear a broadcast. */
  hasOpen(): boolean {
    return this.open.size > 0;
  }

  /** The keys whose channels are open. */
  *openKeys(): IterableIterator<string> {
    for (const { keyId } of this.open) yield keyId;
  }

  /** Whether one more response can be promised to a key when `owed` ones have not arrived yet. */
  canAccept(keyId: string, owed: number): boolean {
    return this.heldBytes < this.limits.maxTotalBytes && this.of(keyId).canAccept(owed);
  }

  /** Queues an event for one key. */
  append(now: Milliseconds, keyId: string, event: NewEvent): void {
    const channel = this.channels.get(keyId);
    if (channel !== undefined) this.appendTo(now, channel, event);
  }

  /** Queues an event for every open channel whose owner may know of it. */
  broadcast(now: Milliseconds, event: NewEvent, mayKnow: (keyId: string) => boolean): void {
    for (const channel of this.open) {
      if (mayKnow(channel.keyId)) this.appendTo(now, channel, event);
    }
  }

  poll(now: Milliseconds, keyId: string, pollId: number, wait: boolean): void {
    const channel = this.of(keyId);
    const wasOpen = channel.isOpen();
    channel.poll(now, pollId, wait);
    if (!wasOpen) {
      this.open.add(channel);
      this.stored.putChannel(channel);
    }
    this.reconsider(now, channel);
  }

  /** Opens the channel of a key for polling, as its first poll would; one that is open stays as it is. */
  openPull(now: Milliseconds, keyId: string): void {
    const channel = this.of(keyId);
    if (channel.isOpen()) return;
    channel.openPull(now);
    this.open.add(channel);
    this.stored.putChannel(channel);
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
    this.stored.putChannel(channel);
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

  /** Closes the channel of a key that is not there any more. */
  forget(keyId: string): void {
    const channel = this.channels.get(keyId);
    if (channel === undefined) return;
    this.close(keyId);
    this.channels.delete(keyId);
    this.freeIndices.push(channel.index);
  }

  /** Takes back from a key's channel what tells of devices that its owner may not know of any more. */
  takeBack(now: Milliseconds, keyId: string, mayKnow: (endpointName: string) => boolean): void {
    const channel = this.channels.get(keyId);
    if (channel === undefined) return;
    channel.backlog.takeBack(mayKnow);
    this.reconsider(now, channel);
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
    const carrier = this.endCarriage(deliveryId);
    if (carrier === undefined) return;
    const { channel, lane } = carrier;
    const hadGap = channel.backlog.owedGap() !== undefined;
    channel.handleDelivered(now, deliveryId);
    if (hadGap) this.stored.putChannel(channel);
    this.reconsider(now, channel);
    this.admit(now, lane);
  }

  handleUndelivered(now: Milliseconds, deliveryId: number): void {
    const carrier = this.endCarriage(deliveryId);
    if (carrier === undefined) return;
    const { channel, lane } = carrier;
    this.watchGap(channel, () => channel.handleUndelivered(now, deliveryId));
    this.reconsider(now, channel);
    this.admit(now, lane);
  }

  /** Sends what the events since the last call have made ready, and does what is due. */
  handleTimeout(now: Milliseconds): void {
    while (this.deadlines.next() <= now) {
      const index = this.deadlines.first();
      const channel = this.byIndex[index];
      this.deadlines.set(index, NEVER);
      this.watchGap(channel, () => channel.handleTimeout(now));
      if (!channel.isOpen()) this.forgetClosed(channel);
      // Never again at this time, whatever a channel says: one that is wrong must not stop all others.
      else this.deadlines.set(index, Math.max(channel.deadline(now), now + 1));
    }
  }

  deadline(): Milliseconds {
    return this.deadlines.next();
  }

  pollDelivery(): Delivery | undefined {
    return this.deliveries.shift();
  }

  // What channels ask for.

  newDelivery(channel: Channel, lane: LaneNumber | undefined): number {
    const id = ++this.lastDeliveryId;
    this.carriers.set(id, { channel, lane });
    return id;
  }

  deliver(delivery: Delivery): void {
    this.deliveries.push(delivery);
  }

  enterLane(channel: Channel, lane: LaneNumber): boolean {
    return this.lanes.enter(channel, lane);
  }

  leaveLane(lane: LaneNumber): void {
    this.lanes.leave(lane);
  }

  isEntitled(channel: Channel): boolean {
    return this.isEntitledNow(channel.keyId);
  }

  noteHeld(bytes: number): void {
    this.heldBytes += bytes;
  }

  forgetEvent(channel: Channel, event: QueuedEvent): void {
    this.stored.removeEvent(channel, event);
  }

  calendarTimeOf(event: QueuedEvent): number {
    return this.stored.calendarTimeOf(event);
  }

  withdrawn(channel: Channel, response: QueuedEvent): QueuedEvent {
    const json = asyncResponseJson({
      id: response.asyncId ?? "",
      status: 410,
      error: "The endpoint is not registered.",
      payload: new Uint8Array(0),
      mediaType: "text/plain",
      maxAgeSeconds: 0,
    });
    const { sequence, kind, asyncId, expiresAt, eligibleAt } = response;
    const queued: QueuedEvent = {
      sequence,
      kind,
      json,
      asyncId,
      endpointName: undefined,
      expiresAt,
      eligibleAt,
      delivery: UNDELIVERED,
      isTakenBack: false,
    };
    this.stored.putEvent(channel, queued);
    return queued;
  }

  private appendTo(now: Milliseconds, channel: Channel, event: NewEvent): void {
    const queued: QueuedEvent = {
      sequence: ++this.lastSequence,
      kind: event.kind,
      json: event.json,
      asyncId: event.asyncId,
      endpointName: event.endpointName,
      expiresAt: now + EVENT_LIFETIME,
      eligibleAt: now,
      delivery: UNDELIVERED,
      isTakenBack: false,
    };
    const { backlog } = channel;
    const droppedBefore = backlog.dropped;
    if (!channel.isOpen()) return;
    this.stored.putEvent(channel, queued);
    channel.append(now, queued);
    if (backlog.dropped !== droppedBefore) this.stored.putChannel(channel);
    if (this.heldBytes > this.limits.maxTotalBytes) this.relieve();
    // Sent at the next `handleTimeout` and not at once, so that the events of one turn go in one message.
    const { index } = channel;
    const at = Math.min(channel.sendsAt(queued), queued.expiresAt);
    if (at < this.deadlines.of(index)) this.deadlines.set(index, at);
  }

  /** Too much waits in all channels together: whoever holds the most gives up a quarter of it, the oldest first. */
  private relieve(): void {
    let fattest: Channel | undefined;
    let most = 0;
    for (const channel of this.open) {
      const { droppableBytes } = channel.backlog;
      if (droppableBytes <= most) continue;
      fattest = channel;
      most = droppableBytes;
    }
    if (fattest === undefined) return;
    const { backlog } = fattest;
    this.watchGap(fattest, () => backlog.dropOldest(most * 0.75));
  }

  /** Stores a channel's gap again when an action has widened it. */
  private watchGap(channel: Channel, action: () => void): void {
    const droppedBefore = channel.backlog.dropped;
    action();
    if (channel.isOpen() && channel.backlog.dropped !== droppedBefore)
      this.stored.putChannel(channel);
  }

  private reconsider(now: Milliseconds, channel: Channel): void {
    if (channel.isOpen()) this.deadlines.set(channel.index, channel.deadline(now));
  }

  /** Lets channels that wait for a place in a lane send, as far as there is one. */
  private admit(now: Milliseconds, lane: LaneNumber | undefined): void {
    if (lane === undefined) return;
    for (let next = this.lanes.next(lane); next !== undefined; next = this.lanes.next(lane)) {
      next.flush(now);
      this.reconsider(now, next);
    }
  }

  private endCarriage(deliveryId: number): Carrier | undefined {
    const carrier = this.carriers.get(deliveryId);
    this.carriers.delete(deliveryId);
    if (carrier?.lane !== undefined) this.lanes.leave(carrier.lane);
    return carrier;
  }

  private forgetClosed(channel: Channel): void {
    this.open.delete(channel);
    this.lanes.forget(channel);
    this.deadlines.set(channel.index, NEVER);
    this.stored.removeChannel(channel);
  }

  private restore(now: Milliseconds): void {
    for (const [keyId, { callback, gap }] of this.stored.openChannels()) {
      const channel = this.of(keyId);
      this.open.add(channel);
      if (callback !== undefined) channel.setCallback(now, callback);
      else channel.openPull(now);
      if (gap !== undefined) channel.backlog.restoreGap(gap);
    }
    for (const [keyId, event] of this.stored.waitingEvents(now, (id) => this.channels.has(id))) {
      const channel = this.of(keyId);
      // What there is no room for any more leaves the store here: so must what is told of it enter it.
      this.watchGap(channel, () => channel.append(now, event));
      this.lastSequence = event.sequence;
    }
    for (const channel of this.open) this.deadlines.set(channel.index, now);
  }
}
