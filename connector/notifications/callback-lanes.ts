/**
 * How many callbacks are under way at once.
 *
 * Receivers that failed the last time have a lane of their own, so that thousands of dead ones do not hold up those that answer. In each
 * lane the channel that has waited longest goes first, and a channel has one delivery under way at most.
 */
import type { Channel } from "./channel.ts";

/** Its last delivery was taken, or there was none yet. */
export const HEALTHY = 0;
/** Its last delivery failed. */
export const FAILING = 1;
export type LaneNumber = typeof HEALTHY | typeof FAILING;

export interface LaneLimits {
  /** Deliveries under way at once to receivers in good standing. */
  readonly maxHealthy: number;
  /** And to those that failed the last time. */
  readonly maxFailing: number;
}

export class CallbackLanes {
  private readonly lanes: readonly [Lane, Lane];

  constructor({ maxHealthy, maxFailing }: LaneLimits) {
    this.lanes = [new Lane(maxHealthy), new Lane(maxFailing)];
  }

  /** Takes a place for a channel's next delivery. False when there is none: the channel waits for `next`. */
  enter(channel: Channel, lane: LaneNumber): boolean {
    return this.lanes[lane].enter(channel);
  }

  /** A place that was taken is free again. */
  leave(lane: LaneNumber): void {
    this.lanes[lane].underWay--;
  }

  /** The channel that waits longest for a place in a lane that has one now. */
  next(lane: LaneNumber): Channel | undefined {
    return this.lanes[lane].next();
  }

  /** The channel does not want to send any more. */
  forget(channel: Channel): void {
    for (const lane of this.lanes) lane.waiting.delete(channel);
  }
}

class Lane {
  underWay = 0;
  readonly waiting = new Set<Channel>();
  private readonly places: number;
  /** Whose turn it is, though others wait. */
  private called: Channel | undefined = undefined;

  constructor(places: number) {
    this.places = places;
  }

  enter(channel: Channel): boolean {
    const isItsTurn = this.waiting.size === 0 || channel === this.called;
    if (isItsTurn && this.underWay < this.places) {
      this.underWay++;
      return true;
    }
    this.waiting.add(channel);
    return false;
  }

  next(): Channel | undefined {
    this.called = undefined;
    if (this.underWay >= this.places) return undefined;
    for (const channel of this.waiting) {
      this.waiting.delete(channel);
      this.called = channel;
      break;
    }
    return this.called;
  }
}
