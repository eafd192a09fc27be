/** The rows whose last change could not be written. */
import type { Changes, LiveTables } from "./live-table.ts";

/** More keys than this are not kept apart: then everything is written anew. */
const MOST_KEYS = 200_000;

export class Unwritten {
  private readonly keys = new Map<string, Set<string>>();
  private size = 0;

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** Too many to keep: what is written next must be all rows, in the place of all that was written before. */
  get isEverything(): boolean {
    return this.size > MOST_KEYS;
  }

  add(changes: Changes): void {
    for (const table of Object.keys(changes)) {
      const keys = this.keysOf(table);
      const list = changes[table];
      for (let i = 0; i < list.length && !this.isEverything; i += 2) {
        const before = keys.size;
        keys.add(list[i] as string);
        this.size += keys.size - before;
      }
    }
    if (this.isEverything) this.keys.clear();
  }

  /** The changes that lead from what is written to what is there now; all rows when that is everything. */
  changes(tables: LiveTables): Changes {
    const changes: Changes = {};
    if (this.isEverything) {
      for (const table of tables.all()) changes[table.name] = [...table.entries()].flat();
      return changes;
    }
    for (const [name, keys] of this.keys) {
      const table = tables.named(name);
      const list: unknown[] = [];
      for (const key of keys) list.push(key, table.get(key));
      changes[name] = list;
    }
    return changes;
  }

  clear(): void {
    this.keys.clear();
    this.size = 0;
  }

  private keysOf(table: string): Set<string> {
    let keys = this.keys.get(table);
    if (keys === undefined) {
      keys = new Set();
      this.keys.set(table, keys);
    }
    return keys;
  }
}
