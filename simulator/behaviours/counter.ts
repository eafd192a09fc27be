import { noise } from "../random.ts";
import { roundTo } from "./rounding.ts";
import type { Tick } from "./tick.ts";

/** A value that only grows, as a meter's reading does. */
export interface Counter {
  readonly kind: "counter";
  /** Readings start anywhere between 0 and this. */
  readonly startBelow: number;
  /** Every tick adds between the two, uniformly. */
  readonly leastGrowth: number;
  readonly mostGrowth: number;
  readonly resolution?: number;
}

export function startCount(counter: Counter, tick: Tick): number {
  return roundTo(counter.startBelow * noise(tick.seed, -1), counter.resolution);
}

export function nextCount(
  counter: Counter,
  previous: number,
  seed: number,
  number: number,
): number {
  const room = counter.mostGrowth - counter.leastGrowth;
  const growth = counter.leastGrowth + room * noise(seed, number);
  return roundTo(previous + growth, counter.resolution);
}
