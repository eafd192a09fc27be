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

/**
 * The value at a tick.
 *
 * @param previous the value at tick `since`; not looked at when the tick is 0, with which a device starts
 * @param since an earlier tick. Those in between are made up for: the outcome is the same as if each had been asked for.
 */
export function valueAt(behaviour: Behaviour, tick: Tick, previous: number, since: number): number {
  switch (behaviour.kind) {
    case "constant":
      return behaviour.value;
    case "sine":
      return sineAt(behaviour, tick);
    case "step":
      return stepAt(behaviour, tick);
    case "random-walk": {
      if (tick.number === 0) return startWalk(behaviour, tick);
      let value = previous;
      for (let number = since + 1; number <= tick.number; number++) {
        value = nextWalk(behaviour, value, tick.seed, number);
      }
      return value;
    }
    case "counter": {
      if (tick.number === 0) return startCount(behaviour, tick);
      let value = previous;
      for (let number = since + 1; number <= tick.number; number++) {
        value = nextCount(behaviour, value, tick.seed, number);
      }
      return value;
    }
  }
}
