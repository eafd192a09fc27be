import { noise } from "../random.ts";
import { roundTo } from "./rounding.ts";
import type { Tick } from "./tick.ts";

/** A value that wanders between two walls, as humidity or a battery's voltage does. */
export interface RandomWalk {
  readonly kind: "random-walk";
  readonly min: number;
  readonly max: number;
  /** The longest stride of one tick. */
  readonly stride: number;
  readonly resolution?: number;
}

export function startWalk(walk: RandomWalk, tick: Tick): number {
  return roundTo(walk.min + (walk.max - walk.min) * noise(tick.seed, -1), walk.resolution);
}

/** A stride from `previous`; a wall throws it back. */
export function nextWalk(walk: RandomWalk, previous: number, seed: number, number: number): number {
  let value = previous + walk.stride * (2 * noise(seed, number) - 1);
  if (value > walk.max) value = 2 * walk.max - value;
  if (value < walk.min) value = 2 * walk.min - value;
  // A stride wider than the room between the walls would still be outside.
  return roundTo(Math.min(walk.max, Math.max(walk.min, value)), walk.resolution);
}
