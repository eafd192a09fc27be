/** Stores without a disk. */
import { LiveTables } from "./live-table.ts";
import type { Store, Table } from "./store.ts";

/** Keeps rows as long as the process lives, and knows what a kill would have left of them: for tests of restarts. */
export class MemoryStore implements Store {
  private readonly tables = new LiveTables();
  private readonly committed = new LiveTables();

  table<V>(name: string): Table<V> {
    return this.tables.typed<V>(name);
  }

  hasUncommitted(): boolean {
    return this.tables.hasChanges();
  }

  commit(): Promise<void> {
    this.commitNow();
    return Promise.resolve();
  }

  /** `commit` for callers that live in virtual time. */
  commitNow(): void {
    this.committed.load(this.tables.takeChanges());
  }

  close(): Promise<void> {
    return this.commit();
  }

  /** The store that a connector would find after this one's was killed: what was committed, and nothing else. */
  afterKill(): MemoryStore {
    const found = new MemoryStore();
    for (const table of this.committed.all()) {
      for (const [key, value] of table.entries()) {
        const row = structuredClone(value);
        found.tables.named(table.name).load(key, row);
        found.committed.named(table.name).load(key, row);
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
