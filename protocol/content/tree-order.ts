/** Whether entries can stand in one tree: no place twice, and no value where something lies below. */
import type { Entry } from "../model/data-types.ts";
import type { Path } from "../model/path.ts";
import { formatPath } from "../model/path.ts";

const LEAF = 1;
const INNER = 2;

/**
 * The index of the first entry whose path another one has, or lies above or below; -1 when there is
 * none. Entries in tree order are only compared with their neighbors; for others every path is
 * remembered.
 */
export function firstClash(entries: readonly Entry[]): number {
  let i = 1;
  while (i < entries.length && isBefore(entries[i - 1].path, entries[i].path)) i++;
  if (i >= entries.length) return -1;
  const seen: { [path: string]: number } = {};
  for (i = 0; i < entries.length; i++) {
    const path = entries[i].path;
    const key = formatPath(path);
    if (seen[key] !== undefined) return i;
    seen[key] = LEAF;
    for (let depth = path.length - 1; depth > 1; depth--) {
      const above = formatPath(path.slice(0, depth));
      if (seen[above] === LEAF) return i;
      seen[above] = INNER;
    }
  }
  return -1;
}

/** True when `a` comes before `b` in tree order and not above it. */
function isBefore(a: Path, b: Path): boolean {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return a[i] < b[i];
  }
  return false;
}
