/**
 * How a simulated value changes, as data: a profile names a behaviour and its numbers, nothing more.
 *
 * A behaviour has no memory. Its next value follows from the one before, the number of the tick and the device's seed,
 * so a hundred thousand devices share one behaviour, and a device shows the same values in every run with its seed.
 */
import { type Counter, nextCount, startCount } from "./counter.ts";
import { nextWalk, type RandomWalk, startWalk } from "./random-walk.ts";
import { type Sine, sineAt } from "./sine.ts";
import { type Step, stepAt } from "./step.ts";
import type { Tick } from "./tick.ts";

/** A value that stays what it is. */
export interface Constant {
  readonly kind: "constant";
  readonly value: number;
}

export type Behaviour = Constant | Sine | RandomWalk | Step | Counter;

/** The value a device starts with. */
export function startValue(behaviour: Behaviour, tick: Tick): number {
  switch (behaviour.kind) {
    case "constant":
      return behaviour.value;
    case "sine":
      return sineAt(behaviour, tick);
    case "random-walk":
      return startWalk(behaviour, tick);
    case "step":
      return stepAt(behaviour, tick);
    case "counter":
      return startCount(behaviour, tick);
  }
}

/** The value that follows `previous`. */
export function nextValue(behaviour: Behaviour, previous: number, tick: Tick): number {
  switch (behaviour.kind) {
    case "constant":
      return behaviour.value;
    case "sine":
      return sineAt(behaviour, tick);
    case "random-walk":
      return nextWalk(behaviour, previous, tick);
    case "step":
      return stepAt(behaviour, tick);
    case "counter":
      return nextCount(behaviour, previous, tick);
  }
}
