import type { Milliseconds } from "../../protocol/time/duration.ts";
import { noise } from "../random.ts";
import { roundTo } from "./rounding.ts";
import type { Tick } from "./tick.ts";

/** A value that swings around a mean, as a temperature does over a day. Each device has its own phase. */
export interface Sine {
  readonly kind: "sine";
  readonly mean: number;
  /** The largest distance from the mean, noise aside. */
  readonly amplitude: number;
  /** Duration of one swing. */
  readonly period: Milliseconds;
  /** Up to this much is added or taken at random. Absent means none. */
  readonly noise?: number;
  readonly resolution?: number;
}

export function sineAt(sine: Sine, tick: Tick): number {
  const turns = (tick.number * tick.every) / sine.period + noise(tick.seed, -1);
  let value = sine.mean + sine.amplitude * Math.sin(2 * Math.PI * turns);
  if (sine.noise !== undefined) value += sine.noise * (2 * noise(tick.seed, tick.number) - 1);
  return roundTo(value, sine.resolution);
}
