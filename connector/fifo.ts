/** A queue whose both ends cost the same however long it is. */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Takes the oldest item; undefined when there is none. */
  shift(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) this.clear();
    return item;
  }

  clear(): void {
    // A list that was long once is not kept.
    if (this.items.length > 1024) this.items = [];
    else this.items.length = 0;
    this.head = 0;
  }
}
