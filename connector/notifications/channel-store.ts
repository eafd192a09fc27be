/** The notification channels in the store: which are open, and what waits in them. */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Journal, Table } from "../store/store.ts";
import type { Callback } from "./callback.ts";
import { type Channel, EVENT_LIFETIME } from "./channel.ts";
import { type QueuedEvent, UNDELIVERED } from "./event-queue.ts";
import type { Gap } from "./gap.ts";
import type { EventKind } from "./message.ts";

export interface StoredChannel {
  readonly callback?: Callback | undefined;
  readonly gap?: Gap | undefined;
}

interface StoredEvent {
  readonly keyId: string;
  readonly sequence: number;
  readonly kind: EventKind;
  readonly json: string;
  readonly asyncId?: string | undefined;
  readonly endpointName?: string | undefined;
  /** Calendar milliseconds. */
  readonly expiresAt: number;
}

export class ChannelStore {
  private readonly channels: Table<StoredChannel>;
  private readonly events: Table<StoredEvent>;
  /** Calendar time minus the monotonic clock. */
  private readonly calendarOffset: number;

  /** @param calendarOffset calendar milliseconds minus the monotonic clock's */
  constructor(store: Journal, calendarOffset: number) {
    this.channels = store.table("channels");
    this.events = store.table("channel-events");
    this.calendarOffset = calendarOffset;
  }

  /** The channels that were open, by the ids of their keys. */
  openChannels(): Iterable<[keyId: string, stored: StoredChannel]> {
    return this.channels.entries();
  }

  /** What waits, in order; what waits for a key without an open channel is dropped. */
  waitingEvents(
    now: Milliseconds,
    isOpen: (keyId: string) => boolean,
  ): readonly (readonly [keyId: string, event: QueuedEvent])[] {
    const rows: StoredEvent[] = [];
    for (const [key, stored] of this.events.entries()) {
      if (isOpen(stored.keyId)) rows.push(stored);
      else this.events.remove(key);
    }
    rows.sort((one, other) => one.sequence - other.sequence);
    return rows.map((stored) => [stored.keyId, this.eventOf(now, stored)]);
  }

  putChannel(channel: Channel): void {
    const gap = channel.backlog.owedGap();
    this.channels.put(channel.keyId, { callback: channel.callback(), gap });
  }

  removeChannel({ keyId }: Channel): void {
    this.channels.remove(keyId);
  }

  putEvent({ keyId }: Channel, event: QueuedEvent): void {
    const { sequence, kind, json, asyncId, endpointName } = event;
    const expiresAt = event.expiresAt + this.calendarOffset;
    const stored = { keyId, sequence, kind, json, asyncId, endpointName, expiresAt };
    this.events.put(eventKey(keyId, event), stored);
  }

  removeEvent({ keyId }: Channel, event: QueuedEvent): void {
    this.events.remove(eventKey(keyId, event));
  }

  /** When an event happened, calendar milliseconds. */
  calendarTimeOf(event: QueuedEvent): number {
    return event.expiresAt - EVENT_LIFETIME + this.calendarOffset;
  }

  private eventOf(now: Milliseconds, stored: StoredEvent): QueuedEvent {
    const remaining = stored.expiresAt - this.calendarOffset - now;
    return {
      sequence: stored.sequence,
      kind: stored.kind,
      json: stored.json,
      asyncId: stored.asyncId,
      endpointName: stored.endpointName,
      // A calendar that was set back must not make an event live longer.
      expiresAt: now + Math.min(remaining, EVENT_LIFETIME),
      eligibleAt: now,
      delivery: UNDELIVERED,
      isTakenBack: false,
    };
  }
}

function eventKey(keyId: string, { sequence }: QueuedEvent): string {
  return `${keyId}.${sequence}`;
}
