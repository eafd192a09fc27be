/** The events that wait for one application: in order, each with an age limit, bounded in count and bytes. */
import { type Milliseconds, NEVER } from "../../protocol/time/duration.ts";
import type { EventKind } from "./message.ts";

/** Not being delivered at the moment. */
export const UNDELIVERED = 0;

export interface QueuedEvent {
  /** Its place in the order of all events of this connector, across restarts. */
  readonly sequence: number;
  readonly kind: EventKind;
  /** The element of the message, as JSON. */
  readonly json: string;
  /** The id of an asynchronous response. */
  readonly asyncId: string | undefined;
  /** The device that it tells of. */
  readonly endpointName: string | undefined;
  readonly expiresAt: Milliseconds;
  /** Not to be delivered before. */
  eligibleAt: Milliseconds;
  /** Which delivery is carrying it, or UNDELIVERED. */
  delivery: number;
  /** Left the queue because the application may not know of it any more. */
  isTakenBack: boolean;
}

/** What an event takes in memory beside its JSON, roughly. */
const EVENT_OVERHEAD = 200;

export class EventQueue {
  private readonly events = new Map<number, QueuedEvent>();
  private heldBytes = 0;

  get size(): number {
    return this.events.size;
  }

  /** What the events held take in memory, by their length in UTF-16 units. */
  get bytes(): number {
    return this.heldBytes;
  }

  add(event: QueuedEvent): void {
    this.events.set(event.sequence, event);
    this.heldBytes += sizeOf(event);
  }

  /** Takes one out; false when it was not there. */
  remove(event: QueuedEvent): boolean {
    if (!this.events.delete(event.sequence)) return false;
    this.heldBytes -= sizeOf(event);
    return true;
  }

  has(event: QueuedEvent): boolean {
    return this.events.get(event.sequence) === event;
  }

  /** The oldest event, which is the first to expire. */
  oldest(): QueuedEvent | undefined {
    for (const event of this.events.values()) return event;
    return undefined;
  }

  withAsyncId(asyncId: string): QueuedEvent | undefined {
    for (const event of this.events.values()) if (event.asyncId === asyncId) return event;
    return undefined;
  }

  /** In order; events may be removed while going through them. */
  all(): Iterable<QueuedEvent> {
    return this.events.values();
  }

  /** When the next held event may go; NEVER when all that wait may go now. */
  nextEligibleAt(now: Milliseconds): Milliseconds {
    let next = NEVER;
    for (const event of this.events.values()) {
      if (event.eligibleAt > now && event.eligibleAt < next) next = event.eligibleAt;
    }
    return next;
  }
}

/** What an event counts for in the bounds of queues. */
export function sizeOf(event: QueuedEvent): number {
  return EVENT_OVERHEAD + event.json.length;
}
