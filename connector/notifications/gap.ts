/**
 * What an application was not told: events that it did not take in time, or that were too many to keep.
 *
 * A channel says so in its next message, as `"gaps":[{"dropped":12,"since":"...","until":"..."}]`. The original dropped events without
 * a word; its clients look only for the members that they know, so that one more does not disturb them.
 */

export interface Gap {
  /** How many events, 1 at least. */
  readonly dropped: number;
  /** When the first and the last of them happened, calendar milliseconds. */
  readonly since: number;
  readonly until: number;
}

/** Both gaps as one. */
export function joinGaps(one: Gap | undefined, other: Gap | undefined): Gap | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    dropped: one.dropped + other.dropped,
    since: Math.min(one.since, other.since),
    until: Math.max(one.until, other.until),
  };
}

/** Writes one element of `gaps`. */
export function gapJson({ dropped, since, until }: Gap): string {
  return JSON.stringify({ dropped, since: timeOf(since), until: timeOf(until) });
}

function timeOf(calendar: number): string {
  return new Date(calendar).toISOString();
}
