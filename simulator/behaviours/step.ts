import { noise } from "../random.ts";
import type { Tick } from "./tick.ts";

/** A value that takes one of a list in turn, as a door or a lamp does. Each device starts somewhere else in the list. */
export interface Step {
  readonly kind: "step";
  /** At least one. */
  readonly values: readonly number[];
}

export function stepAt(step: Step, tick: Tick): number {
  const first = Math.floor(noise(tick.seed, -1) * step.values.length);
  return step.values[(first + tick.number) % step.values.length];
}
