/**
 * Many machines, one alarm: an indexed binary heap of deadlines.
 *
 * Each machine has a small integer index, which its owner hands out and reuses. The heap holds at most one deadline per index;
 * setting it again moves it. Three typed arrays and no object per entry, so that 100,000 machines cost 16 bytes each.
 */
import type { Milliseconds } from "./duration.ts";
import { NEVER } from "./duration.ts";

export class Deadlines {
  /** Heap order: the index of the machine at each place. */
  private heap: Int32Array;
  /** The place of each index in the heap, plus one; 0 when it has no deadline. */
  private places: Int32Array;
  private times: Float64Array;
  private size = 0;

  /** @param capacity indices expected; a higher one makes the arrays grow by doubling */
  constructor(capacity: number) {
    this.heap = new Int32Array(capacity);
    this.places = new Int32Array(capacity);
    this.times = new Float64Array(capacity);
  }

  /** The earliest deadline, NEVER when there is none. */
  next(): Milliseconds {
    return this.size === 0 ? NEVER : this.times[this.heap[0]];
  }

  /** The index that the earliest deadline belongs to, -1 when there is none. */
  first(): number {
    return this.size === 0 ? -1 : this.heap[0];
  }

  /** The deadline of one index, NEVER when it has none. */
  of(index: number): Milliseconds {
    return index < this.places.length && this.places[index] > 0 ? this.times[index] : NEVER;
  }

  /** Sets, moves or (with NEVER) removes the deadline of one index. O(log n). */
  set(index: number, at: Milliseconds): void {
    if (index >= this.places.length) this.grow(index + 1);
    let place = this.places[index] - 1;
    if (at === NEVER) {
      if (place >= 0) this.remove(place);
      return;
    }
    const before = this.times[index];
    this.times[index] = at;
    if (place < 0) {
      place = this.size++;
      this.up(place, index);
    } else if (at < before) this.up(place, index);
    else if (at > before) this.down(place, index);
  }

  private remove(place: number): void {
    this.places[this.heap[place]] = 0;
    this.size--;
    if (place === this.size) return;
    const moved = this.heap[this.size];
    this.up(place, moved);
    this.down(this.places[moved] - 1, moved);
  }

  /** Puts `index` at a place or above it. */
  private up(from: number, index: number): void {
    const at = this.times[index];
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const other = this.heap[parent];
      if (this.times[other] <= at) break;
      this.heap[place] = other;
      this.places[other] = place + 1;
      place = parent;
    }
    this.heap[place] = index;
    this.places[index] = place + 1;
  }

  /** Puts `index` at a place or below it. */
  private down(from: number, index: number): void {
    const at = this.times[index];
    let place = from;
    for (let child = 2 * place + 1; child < this.size; child = 2 * place + 1) {
      if (child + 1 < this.size && this.times[this.heap[child + 1]] < this.times[this.heap[child]])
        child++;
      const other = this.heap[child];
      if (this.times[other] >= at) break;
      this.heap[place] = other;
      this.places[other] = place + 1;
      place = child;
    }
    this.heap[place] = index;
    this.places[index] = place + 1;
  }

  private grow(needed: number): void {
    const capacity = Math.max(needed, 2 * this.places.length);
    const heap = new Int32Array(capacity);
    const places = new Int32Array(capacity);
    const times = new Float64Array(capacity);
    heap.set(this.heap);
    places.set(this.places);
    times.set(this.times);
    this.heap = heap;
    this.places = places;
    this.times = times;
  }
}
