import { describe, expect, test } from "vitest";
import { ValueHistory } from "../../../../connector/shadow/value-history.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

const LIMITS = { perDevice: 3, total: 5 };

function valuesOf(history: ValueHistory, deviceId: number): unknown[] {
  return [...history.of(deviceId)].map(({ value }) => value);
}

function append(history: ValueHistory, deviceId: number, ...values: number[]): void {
  for (const value of values) history.append(deviceId, { at: value, path: "/temp", value });
}

describe("the history of values", () => {
  test("keeps the newest of each device", () => {
    const history = new ValueHistory(new MemoryStore(), LIMITS);
    append(history, 1, 10, 11, 12, 13);
    expect(valuesOf(history, 1)).toEqual([11, 12, 13]);
    expect(valuesOf(history, 2)).toEqual([]);
  });

  test("keeps the newest of all devices together", () => {
    const history = new ValueHistory(new MemoryStore(), LIMITS);
    append(history, 1, 10, 11);
    append(history, 2, 20, 21, 22);
    append(history, 3, 30);
    expect([1, 2, 3].map((id) => valuesOf(history, id))).toEqual([[11], [20, 21, 22], [30]]);
    append(history, 3, 31, 32);
    expect(history.size).toBe(5);
    expect(valuesOf(history, 1)).toEqual([]);
    expect(valuesOf(history, 2)).toEqual([21, 22]);
  });

  test("survives a restart within its bounds, in order, and forgets a device wholly", () => {
    const store = new MemoryStore();
    const history = new ValueHistory(store, LIMITS);
    append(history, 1, 10, 11, 12, 13);
    append(history, 2, 20);
    store.commitNow();
    const found = store.afterKill();
    const again = new ValueHistory(found, LIMITS);
    expect(valuesOf(again, 1)).toEqual([11, 12, 13]);
    append(again, 2, 21, 22);
    expect(valuesOf(again, 1)).toEqual([12, 13]);
    again.forget(2);
    expect(again.size).toBe(2);
    found.commitNow();
    expect(new ValueHistory(found.afterKill(), LIMITS).size).toBe(2);
  });
});
