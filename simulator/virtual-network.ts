/**
 * A network of simulated links: datagrams by address, with latency, loss, duplication and reordering from a seed.
 *
 * Conditions belong to the sender, so that the two directions of a conversation can differ. A datagram to an address where
 * nobody listens is lost, as on UDP.
 */
import type { Milliseconds } from "../protocol/time/duration.ts";
import type { SeededRandom } from "./random.ts";
import { EventQueue, type Timed } from "./virtual-time.ts";

/** What a sender's datagrams meet on their way. Probabilities are 0..1, each datagram on its own. */
export interface Conditions {
  /** The least time from sender to receiver. */
  readonly latency: Milliseconds;
  /** Up to this much is added to `latency`, uniformly. */
  readonly jitter: Milliseconds;
  readonly loss: number;
  /** Probability that a second copy arrives, with a latency of its own. */
  readonly duplication: number;
  /** Probability that a datagram is held back for up to `holdBack`, so that later ones overtake it. */
  readonly reordering: number;
  readonly holdBack: Milliseconds;
}

/** A network that delivers everything, once, in order, at once. */
export const PERFECT: Conditions = {
  latency: 0,
  jitter: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
  holdBack: 1000,
};

/** Whoever has an address on the network. */
export interface Station {
  handleDatagram(now: Milliseconds, from: string, datagram: Uint8Array): void;
}

interface Delivery {
  readonly from: string;
  readonly to: string;
  readonly datagram: Uint8Array;
}

/** What became of a datagram: `sent` once for each `send`, then what happened to it. */
export type Fate = "sent" | "lost" | "duplicated" | "delivered" | "unreachable";

/** Watches every datagram; for transcripts and captures. */
export type Witness = (
  now: Milliseconds,
  fate: Fate,
  from: string,
  to: string,
  datagram: Uint8Array,
) => void;

export interface NetworkCounts {
  sent: number;
  lost: number;
  duplicated: number;
  delivered: number;
  unreachable: number;
}

export class VirtualNetwork implements Timed {
  readonly counts: NetworkCounts = {
    sent: 0,
    lost: 0,
    duplicated: 0,
    delivered: 0,
    unreachable: 0,
  };
  /** Set to see every datagram. */
  witness: Witness | undefined = undefined;
  private readonly random: SeededRandom;
  private readonly stations = new Map<string, Station>();
  private readonly underway = new EventQueue<Delivery>();

  constructor(random: SeededRandom) {
    this.random = random;
  }

  /** Gives `station` the address; a station that had it before is cut off. */
  attach(address: string, station: Station): void {
    this.stations.set(address, station);
  }

  /** Nothing reaches this address any more; what is under way to it is lost. */
  detach(address: string): void {
    this.stations.delete(address);
  }

  /** Puts a datagram on the way. Its bytes must not change until it has arrived. */
  send(
    now: Milliseconds,
    from: string,
    to: string,
    datagram: Uint8Array,
    conditions: Conditions,
  ): void {
    this.record(now, "sent", from, to, datagram);
    if (this.random.chance(conditions.loss)) {
      this.record(now, "lost", from, to, datagram);
    } else {
      this.underway.put(now + this.delay(conditions), { from, to, datagram });
    }
    if (this.random.chance(conditions.duplication)) {
      this.record(now, "duplicated", from, to, datagram);
      this.underway.put(now + this.delay(conditions), { from, to, datagram });
    }
  }

  deadline(): Milliseconds {
    return this.underway.deadline();
  }

  /** Delivers what has arrived by now. */
  handleTimeout(now: Milliseconds): void {
    for (;;) {
      const delivery = this.underway.take(now);
      if (delivery === undefined) return;
      const { from, to, datagram } = delivery;
      const station = this.stations.get(to);
      this.record(now, station === undefined ? "unreachable" : "delivered", from, to, datagram);
      station?.handleDatagram(now, from, datagram);
    }
  }

  private delay(conditions: Conditions): Milliseconds {
    let delay = conditions.latency;
    if (conditions.jitter > 0) delay += this.random.fraction() * conditions.jitter;
    if (this.random.chance(conditions.reordering)) {
      delay += this.random.fraction() * conditions.holdBack;
    }
    return delay;
  }

  private record(
    now: Milliseconds,
    fate: Fate,
    from: string,
    to: string,
    datagram: Uint8Array,
  ): void {
    this.counts[fate]++;
    if (this.witness !== undefined) this.witness(now, fate, from, to, datagram);
  }
}
