/**
 * What waits for one application: its responses, its other events, and the gap that they follow.
 *
 * Decides what is kept and for how long, and what goes in one message. Responses to accepted requests are not dropped before their
 * time: their number is bounded by refusing requests (`canAccept`). Of everything else the oldest give way. What was dropped or has
 * expired is counted, and told before what comes next.
 */
import { type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import { EventQueue, type QueuedEvent, sizeOf, UNDELIVERED } from "./event-queue.ts";
import { type Gap, joinGaps } from "./gap.ts";

export interface BacklogLimits {
  /** How many events other than responses may wait. */
  readonly maxEvents: number;
  /** How many responses may wait or be owed. */
  readonly maxResponses: number;
  /** How much may wait, bytes of memory, counted for each of the two sorts. */
  readonly maxQueuedBytes: number;
}

/** What a backlog needs of those who keep it. */
export interface BacklogHost {
  readonly limits: BacklogLimits;
  /** What waits in all channels has grown by so many bytes. */
  noteHeld(bytes: number): void;
  /** The event has left the backlog for good: delivered, expired, dropped, or its channel was closed. */
  forgetEvent(event: QueuedEvent): void;
  /** When an event happened, calendar milliseconds. */
  calendarTimeOf(event: QueuedEvent): number;
  /** What is told, and stored, instead of a response that the application may not read any more. */
  withdrawn(response: QueuedEvent): QueuedEvent;
}

/** What one delivery carries. */
export interface Load {
  readonly events: readonly QueuedEvent[];
  /** What is missing before them. It goes with the next events and never alone. */
  readonly gap: Gap | undefined;
}

export class Backlog {
  /** How many events were given up. */
  dropped = 0;
  private readonly host: BacklogHost;
  private readonly responses = new EventQueue();
  private readonly events = new EventQueue();
  private readonly underWay = new Map<number, Load>();
  /** What the application is to be told that it was not told, unless a delivery carries it. */
  private gap: Gap | undefined = undefined;

  constructor(host: BacklogHost) {
    this.host = host;
  }

  get size(): number {
    return this.responses.size + this.events.size;
  }

  /** What may be dropped, bytes of memory. */
  get droppableBytes(): number {
    return this.events.bytes;
  }

  /** Whether one more response can be promised when `owed` ones have not arrived yet. */
  canAccept(owed: number): boolean {
    const { maxResponses, maxQueuedBytes } = this.host.limits;
    return owed + this.responses.size < maxResponses && this.responses.bytes < maxQueuedBytes;
  }

  /** The gap that the application has not confirmed. */
  owedGap(): Gap | undefined {
    let owed = this.gap;
    for (const { gap } of this.underWay.values()) owed = joinGaps(owed, gap);
    return owed;
  }

  /** Takes up a gap that an earlier run of the connector noted. */
  restoreGap(gap: Gap): void {
    this.gap = joinGaps(this.gap, gap);
  }

  add(event: QueuedEvent): void {
    this.keep(event);
    if (event.asyncId !== undefined) return;
    const { maxEvents, maxQueuedBytes } = this.host.limits;
    this.dropOldest(maxQueuedBytes);
    while (this.events.size > maxEvents) {
      const oldest = this.events.oldest();
      if (oldest === undefined) return;
      this.giveUp(oldest);
    }
  }

  response(asyncId: string): QueuedEvent | undefined {
    return this.responses.withAsyncId(asyncId);
  }

  /** When the next held response may go; NEVER when all that wait may go now. */
  nextEligibleAt(now: Milliseconds): Milliseconds {
    return this.responses.nextEligibleAt(now);
  }

  /** When the first of all that wait expires. */
  firstExpiry(): Milliseconds {
    return Math.min(
      this.responses.oldest()?.expiresAt ?? NEVER,
      this.events.oldest()?.expiresAt ?? NEVER,
    );
  }

  // What leaves.

  /**
   * Takes what may go now, with the gap before it; undefined when there is nothing.
   *
   * @param maxBytes soft limit of the JSON: one event goes, however large
   */
  take(now: Milliseconds, maxBytes: number): Load | undefined {
    const events: QueuedEvent[] = [];
    let bytes = 0;
    for (const queue of [this.responses, this.events]) {
      for (const event of queue.all()) {
        if (event.delivery !== UNDELIVERED || event.eligibleAt > now) continue;
        bytes += event.json.length;
        if (bytes > maxBytes && events.length > 0) break;
        events.push(event);
      }
    }
    if (events.length === 0) return undefined;
    const { gap } = this;
    this.gap = undefined;
    return { events, gap };
  }

  /** What was taken is under way. */
  launch(deliveryId: number, load: Load): void {
    for (const event of load.events) event.delivery = deliveryId;
    this.underWay.set(deliveryId, load);
  }

  /** The application has what a delivery carried. */
  confirm(deliveryId: number): void {
    for (const event of this.end(deliveryId).events) {
      if (this.isGivenUp(event)) this.host.forgetEvent(event);
      else this.discard(event);
    }
  }

  /** A delivery failed: what it carried waits again. */
  giveBack(deliveryId: number): void {
    const { events, gap } = this.end(deliveryId);
    this.gap = joinGaps(this.gap, gap);
    for (const event of events) {
      event.delivery = UNDELIVERED;
      if (event.isTakenBack) this.withdraw(event);
      else if (this.isGivenUp(event)) {
        this.noteLost(event);
        this.host.forgetEvent(event);
      }
    }
  }

  dropExpired(now: Milliseconds): void {
    for (const queue of [this.responses, this.events]) {
      for (
        let oldest = queue.oldest();
        oldest !== undefined && oldest.expiresAt <= now;
        oldest = queue.oldest()
      ) {
        this.giveUp(oldest);
      }
    }
  }

  /** Drops the oldest events that are no responses until no more than so many bytes are left. */
  dropOldest(bytesLeft: number): void {
    while (this.events.bytes > bytesLeft) {
      const oldest = this.events.oldest();
      if (oldest === undefined) return;
      this.giveUp(oldest);
    }
  }

  /** Takes back what tells of devices that the application may not know of any more. A response is owed all the same. */
  takeBack(mayKnow: (endpointName: string) => boolean): void {
    for (const queue of [this.responses, this.events]) {
      for (const event of [...queue.all()]) {
        if (event.endpointName === undefined || mayKnow(event.endpointName)) continue;
        event.isTakenBack = true;
        this.discard(event);
        if (event.delivery === UNDELIVERED) this.withdraw(event);
      }
    }
  }

  /** Drops everything, without a word. What is under way neither comes back nor counts as lost. */
  clear(): void {
    this.gap = undefined;
    for (const queue of [this.responses, this.events]) {
      for (const event of queue.all()) this.discard(event);
    }
    for (const [id, { events }] of this.underWay) {
      for (const event of events) if (this.isGivenUp(event)) this.host.forgetEvent(event);
      this.underWay.set(id, NOTHING);
    }
  }

  private keep(event: QueuedEvent): void {
    this.host.noteHeld(sizeOf(event));
    this.queueOf(event).add(event);
  }

  private end(deliveryId: number): Load {
    const load = this.underWay.get(deliveryId) ?? NOTHING;
    this.underWay.delete(deliveryId);
    return load;
  }

  /** One that is under way may still arrive: it is forgotten, and counts as lost, when its delivery has failed. */
  private giveUp(event: QueuedEvent): void {
    if (event.delivery === UNDELIVERED) {
      this.noteLost(event);
      this.discard(event);
    } else if (this.queueOf(event).remove(event)) this.host.noteHeld(-sizeOf(event));
  }

  /** Whether its time passed, or its place was needed, while it was under way. */
  private isGivenUp(event: QueuedEvent): boolean {
    return !event.isTakenBack && !this.queueOf(event).has(event);
  }

  private noteLost(event: QueuedEvent): void {
    const at = this.host.calendarTimeOf(event);
    this.dropped++;
    this.gap = joinGaps(this.gap, { dropped: 1, since: at, until: at });
  }

  private withdraw(event: QueuedEvent): void {
    if (event.asyncId !== undefined) this.keep(this.host.withdrawn(event));
  }

  private discard(event: QueuedEvent): void {
    if (!this.queueOf(event).remove(event)) return;
    this.host.noteHeld(-sizeOf(event));
    this.host.forgetEvent(event);
  }

  private queueOf(event: QueuedEvent): EventQueue {
    return event.asyncId === undefined ? this.events : this.responses;
  }
}

const NOTHING: Load = { events: [], gap: undefined };
