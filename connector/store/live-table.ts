/** A table in memory that remembers what changed since its changes were last taken. */
import type { Table } from "./store.ts";

export class LiveTable<V> implements Table<V> {
  readonly name: string;
  private readonly rows = new Map<string, V>();
  private changes: unknown[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.rows.size;
  }

  entries(): IterableIterator<[string, V]> {
    return this.rows.entries();
  }

  put(key: string, value: V): void {
    this.rows.set(key, value);
    this.changes.push(key, value);
  }

  remove(key: string): void {
    if (this.rows.delete(key)) this.changes.push(key, undefined);
  }

  hasChanges(): boolean {
    return this.changes.length > 0;
  }

  /** The changes since the last call, in order: key, value, key, value ...; a value of undefined is a removal. */
  takeChanges(): unknown[] {
    const taken = this.changes;
    this.changes = [];
    return taken;
  }

  /** Applies changes that another run of the connector took. */
  replay(changes: readonly unknown[]): void {
    for (let i = 0; i < changes.length; i += 2) {
      const value = changes[i + 1];
      if (value === undefined) this.rows.delete(changes[i] as string);
      else this.rows.set(changes[i] as string, value as V);
    }
  }
}

/** Finds a table by name, making it on first use. */
export function tableNamed(tables: Map<string, LiveTable<unknown>>, name: string) {
  let table = tables.get(name);
  if (table === undefined) {
    table = new LiveTable<unknown>(name);
    tables.set(name, table);
  }
  return table;
}
