/**
 * What the connector asks of its store: named tables of small values, loaded once at the start and written behind.
 *
 * Every component keeps its own state in memory and reads a table only when it starts. It writes as it changes; `commit` makes
 * everything written so far survive `kill -9` and a power cut. Nothing that was accepted may be acknowledged before that.
 */

/** One component's rows. */
export interface Table<V> {
  /** The rows as they are now, in no promised order. */
  entries(): Iterable<[key: string, value: V]>;
  /**
   * Writes a row, replacing the one of the same key. The value belongs to the store from then on: to change a row, put
   * another value. Values are plain objects of what CBOR knows: text, numbers, booleans, undefined, bytes, arrays, objects.
   */
  put(key: string, value: V): void;
  /** Removes a row; harmless when there is none. */
  remove(key: string): void;
}

export interface Store {
  /** The table of this name, the same object each time. Its rows are there at once. */
  table<V>(name: string): Table<V>;
  /** True when something was put or removed that no resolved `commit` covers. */
  hasUncommitted(): boolean;
  /**
   * Resolves when all that was put and removed until now survives `kill -9` and a power cut: the device has confirmed the flush.
   *
   * Rejects with an Error whose `code` is `store/full`, `store/read-only` or `store/write-failed`. Nothing is forgotten then: each
   * later commit tries everything again, and the first that resolves after the cause has gone covers it.
   */
  commit(): Promise<void>;
  /** Commits, then releases the files. */
  close(): Promise<void>;
}

/** What a component needs of the store: its tables. When to commit is the service's business. */
export type Journal = Pick<Store, "table">;
