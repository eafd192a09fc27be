/**
 * Units of time. Everything inside is milliseconds on the caller's monotonic clock; seconds appear only in
 * names that end in `Seconds` and in the LwM2M values `lifetime`, `pmin` and `pmax`.
 */

/** A duration, or an absolute time on the caller's monotonic clock. */
export type Milliseconds = number;

/** The deadline of a machine that waits for nothing. */
export const NEVER: Milliseconds = Infinity;

export const SECOND: Milliseconds = 1000;
export const MINUTE: Milliseconds = 60000;
export const HOUR: Milliseconds = 3600000;
export const DAY: Milliseconds = 86400000;
