/** Keeping a Map small that grows at one end. */

/**
 * Drops the entries that were put in first, when there are more than there may be: an eighth of them at once. One at a time would cost as
 * much as all of them, since a Map looks for its first entry among those that were deleted before it.
 */
export function dropOldest<K>(map: Map<K, unknown>, most: number): void {
  if (map.size <= most) return;
  let toDrop = map.size - most + Math.floor(most / 8);
  for (const key of map.keys()) {
    if (toDrop-- <= 0) return;
    map.delete(key);
  }
}
