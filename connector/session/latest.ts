/** What a device has sent at once, some of it of the past: where it is, how old, and what of it holds now. */
import { formatPath } from "../../protocol/model/path.ts";
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
    const key = sentPath(entry);
    const former = latest.get(key);
    if (former === undefined || timeOf(entry, seconds) >= timeOf(former, seconds)) {
      latest.set(key, entry);
    }
  }
  return [...latest.values()];
}

/** As applications know the place: `/3/0/9`, or `/d01/3303/0/5700` of a device behind a gateway. */
export function sentPath({ prefix, path }: Pick<SentEntry, "prefix" | "path">): string {
  return prefix === undefined ? formatPath(path) : `/${prefix}${formatPath(path)}`;
}

/** How long ago a value was so, whole seconds; 0 for one of the future. */
export function ageOf(entry: SentEntry, calendarNow: number): number {
  const seconds = calendarNow / 1000;
  return Math.max(0, Math.floor(seconds - timeOf(entry, seconds)));
}

function timeOf({ time = 0 }: SentEntry, now: number): number {
  return time < FIRST_ABSOLUTE ? now + time : time;
}
