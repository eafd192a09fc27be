/** The rows whose last change could not be written: by key, so that however often they change they are bounded by what there is. */
import type { Changes, LiveTables } from "./live-table.ts";

export class Unwritten {
  private readonly keys = new Map<string, Set<string>>();

  /** How many rows, removed ones included. */
  get size(): number {
    let size = 0;
    for (const keys of this.keys.values()) size += keys.size;
    return size;
  }

  add(changes: Changes): void {
    for (const table of Object.keys(changes)) {
      let keys = this.keys.get(table);
      if (keys === undefined) {
        keys = new Set();
        this.keys.set(table, keys);
      }
      const list = changes[table];
      for (let i = 0; i < list.length; i += 2) keys.add(list[i] as string);
    }
  }

  /** The changes that lead from what is written to what is there now. */
  changes(tables: LiveTables): Changes {
    const changes: Changes = {};
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
  }
}
