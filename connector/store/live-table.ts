/** Tables in memory that remember what changed since the changes were last taken. */
import type { Table } from "./store.ts";

export class LiveTable<V> implements Table<V> {
  readonly name: string;
  private readonly rows = new Map<string, V>();
  private changes: unknown[] = [];
  private readonly changed: LiveTable<unknown>[];

  /** @param changed where the table enters itself when it has a change to take */
  constructor(name: string, changed: LiveTable<unknown>[]) {
    this.name = name;
    this.changed = changed;
  }

  get size(): number {
    return this.rows.size;
  }

  entries(): IterableIterator<[string, V]> {
    return this.rows.entries();
  }

  /** The row of a key as it is now. */
  get(key: string): V | undefined {
    return this.rows.get(key);
  }

  put(key: string, value: V): void {
    this.rows.set(key, value);
    this.note(key, value);
  }

  remove(key: string): void {
    if (this.rows.delete(key)) this.note(key, undefined);
  }

  /** The changes since the last call, in order: key, value, key, value ...; a value of undefined is a removal. */
  takeChanges(): unknown[] {
    const taken = this.changes;
    this.changes = [];
    return taken;
  }

  /** Applies a change that another run of the connector made; a value of undefined is a removal. */
  load(key: string, value: V | undefined): void {
    if (value === undefined) this.rows.delete(key);
    else this.rows.set(key, value);
  }

  private note(key: string, value: V | undefined): void {
    if (this.changes.length === 0) this.changed.push(this as LiveTable<unknown>);
    this.changes.push(key, value);
  }
}

export class LiveTables {
  private readonly byName = new Map<string, LiveTable<unknown>>();
  private readonly changed: LiveTable<unknown>[] = [];

  /** The table of this name, made on first use. */
  named(name: string): LiveTable<unknown> {
    let table = this.byName.get(name);
    if (table === undefined) {
      table = new LiveTable(name, this.changed);
      this.byName.set(name, table);
    }
    return table;
  }

  /** The same, for whoever knows what its rows are. */
  typed<V>(name: string): LiveTable<V> {
    return this.named(name) as LiveTable<V>;
  }

  all(): IterableIterator<LiveTable<unknown>> {
    return this.byName.values();
  }

  hasChanges(): boolean {
    return this.changed.length > 0;
  }

  /** Takes what changed in all tables. */
  takeChanges(): Changes {
    const taken: Changes = {};
    for (const table of this.changed) taken[table.name] = table.takeChanges();
    this.changed.length = 0;
    return taken;
  }

  /** Applies changes that were taken, here or elsewhere. */
  load(changes: Changes): void {
    for (const name of Object.keys(changes)) {
      const table = this.named(name);
      const list = changes[name];
      for (let i = 0; i < list.length; i += 2) table.load(list[i] as string, list[i + 1]);
    }
  }
}

/** Table name -> key, value, key, value ...; a value of undefined is a removal. */
export type Changes = Record<string, unknown[]>;
