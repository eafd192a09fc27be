import fc from "fast-check";
import { expect, test } from "vitest";
import { Deadlines } from "../../../../protocol/time/deadlines.ts";
import { NEVER } from "../../../../protocol/time/duration.ts";

test("an empty heap waits for nothing", () => {
  const deadlines = new Deadlines(4);
  expect(deadlines.next()).toBe(NEVER);
  expect(deadlines.first()).toBe(-1);
  expect(deadlines.of(2)).toBe(NEVER);
  expect(deadlines.of(99)).toBe(NEVER);
});

test("the earliest deadline comes first, and moves when it is set again", () => {
  const deadlines = new Deadlines(4);
  deadlines.set(0, 300);
  deadlines.set(1, 100);
  deadlines.set(2, 200);
  expect([deadlines.first(), deadlines.next()]).toEqual([1, 100]);
  deadlines.set(1, 400);
  expect([deadlines.first(), deadlines.next()]).toEqual([2, 200]);
  deadlines.set(0, 50);
  expect([deadlines.first(), deadlines.next()]).toEqual([0, 50]);
});

test("NEVER removes a deadline, twice is harmless", () => {
  const deadlines = new Deadlines(2);
  deadlines.set(0, 10);
  deadlines.set(1, 20);
  deadlines.set(0, NEVER);
  deadlines.set(0, NEVER);
  expect([deadlines.first(), deadlines.next(), deadlines.of(0)]).toEqual([1, 20, NEVER]);
});

test("a heap without room grows to any index", () => {
  const deadlines = new Deadlines(0);
  deadlines.set(1000, 7);
  deadlines.set(3, 8);
  expect([deadlines.first(), deadlines.of(1000), deadlines.of(3)]).toEqual([1000, 7, 8]);
});

test("any sequence of sets behaves like a sorted list", () => {
  const step = fc.tuple(
    fc.nat({ max: 40 }),
    fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 1000 }) }, fc.constant(NEVER)),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const deadlines = new Deadlines(1);
      const model = new Map<number, number>();
      for (const [index, at] of steps) {
        deadlines.set(index, at);
        if (at === NEVER) model.delete(index);
        else model.set(index, at);
        expect(deadlines.next()).toBe(Math.min(NEVER, ...model.values()));
        expect(deadlines.of(deadlines.first())).toBe(deadlines.next());
      }
      let drained = 0;
      for (let before = -1; deadlines.next() !== NEVER; drained++) {
        expect(deadlines.next()).toBeGreaterThanOrEqual(before);
        before = deadlines.next();
        expect(model.get(deadlines.first())).toBe(before);
        deadlines.set(deadlines.first(), NEVER);
      }
      expect(drained).toBe(model.size);
    }),
  );
});
