/** Of the values that a device has sent at once, some of the past, those that it has now. */
import type { SentEntry } from "../contract.ts";

/** A smaller time is relative to now, and seldom above 0 (RFC 8428 §4.5.3). */
const FIRST_ABSOLUTE = 2 ** 28;

/**
 * Of each place its latest value, in the order in which the places came first. Of values of the same time it is the one that came last.
 *
 * @param calendarNow milliseconds since 1970
 */
export function latestOf(entries: readonly SentEntry[], calendarNow: number): SentEntry[] {
  const seconds = calendarNow / 1000;
  const latest = new Map<string, SentEntry>();
  for (const entry of entries) {
    const key = `${entry.prefix ?? ""} ${entry.path.join("/")}`;
    const former = latest.get(key);
    if (former === undefined || timeOf(entry, seconds) >= timeOf(former, seconds)) {
      latest.set(key, entry);
    }
  }
  return [...latest.values()];
}

function timeOf({ time = 0 }: SentEntry, now: number): number {
  return time < FIRST_ABSOLUTE ? now + time : time;
}
