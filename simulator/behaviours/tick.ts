import type { Milliseconds } from "../../protocol/time/duration.ts";

/** One change of a value: where the device is in its life. */
export interface Tick {
  /** How many times the value has changed before; the first value is tick 0. */
  readonly number: number;
  readonly every: Milliseconds;
  /** The device's own seed, mixed with the place of the value. */
  readonly seed: number;
}
