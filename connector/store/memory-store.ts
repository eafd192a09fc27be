/** Stores without a disk. */
import { type LiveTable, tableNamed } from "./live-table.ts";
import type { Store, Table } from "./store.ts";

/** Keeps rows as long as the process lives, and knows what a kill would have left of them: for tests of restarts. */
export class MemoryStore implements Store {
  private readonly tables = new Map<string, LiveTable<unknown>>();
  private readonly committed = new Map<string, LiveTable<unknown>>();

  table<V>(name: string): Table<V> {
    return tableNamed(this.tables, name) as LiveTable<V>;
  }

  hasUncommitted(): boolean {
    for (const table of this.tables.values()) if (table.hasChanges()) return true;
    return false;
  }

  commit(): Promise<void> {
    this.commitNow();
    return Promise.resolve();
  }

  /** `commit` for callers that live in virtual time. */
  commitNow(): void {
    for (const table of this.tables.values()) {
      if (table.hasChanges()) tableNamed(this.committed, table.name).replay(table.takeChanges());
    }
  }

  close(): Promise<void> {
    return this.commit();
  }

  /** The store that a connector would find after this one's was killed: what was committed, and nothing else. */
  afterKill(): MemoryStore {
    const found = new MemoryStore();
    for (const table of this.committed.values()) {
      for (const [key, value] of table.entries()) {
        const row = structuredClone([key, value]);
        tableNamed(found.tables, table.name).replay(row);
        tableNamed(found.committed, table.name).replay(row);
      }
    }
    return found;
  }
}

const EMPTY_TABLE: Table<unknown> = {
  entries: () => [],
  put: () => {},
  remove: () => {},
};

/** Keeps nothing: a connector on it forgets everything when it stops, and writes cost nothing. */
export const NO_STORE: Store = {
  table: <V>() => EMPTY_TABLE as Table<V>,
  hasUncommitted: () => false,
  commit: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
