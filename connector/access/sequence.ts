/** Numbers of rows that are never given twice: not after a removal, and not after a restart. */
import type { Journal, Table } from "../store/store.ts";

export class Sequence {
  private readonly table: Table<number>;
  private readonly name: string;
  private last: number;

  /** @param name what is counted; each has its own numbers, from 1 */
  constructor(store: Journal, name: string) {
    this.table = store.table("sequences");
    this.name = name;
    this.last = 0;
    for (const [key, value] of this.table.entries()) {
      if (key === name) this.last = value;
    }
  }

  next(): number {
    this.last++;
    this.table.put(this.name, this.last);
    return this.last;
  }
}
