import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Behaviour, valueAt } from "../../../../simulator/behaviours/behaviour.ts";
import { roundTo } from "../../../../simulator/behaviours/rounding.ts";

const HOUR = 3600000;

/** The first `count` values of a device with this behaviour. */
function life(behaviour: Behaviour, count: number, seed = 1, every = 60000): number[] {
  const values: number[] = [];
  for (let number = 0; number < count; number++) {
    values.push(valueAt(behaviour, { number, every, seed }, values[number - 1], number - 1));
  }
  return values;
}

const EVERY_KIND: Behaviour[] = [
  { kind: "constant", value: 12 },
  { kind: "sine", mean: 20, amplitude: 5, period: 24 * HOUR, noise: 0.2, resolution: 0.1 },
  { kind: "random-walk", min: 30, max: 60, stride: 1, resolution: 0.5 },
  { kind: "step", values: [0, 1, 3] },
  { kind: "counter", startBelow: 1000, leastGrowth: 1, mostGrowth: 5 },
];

describe.each(EVERY_KIND)("$kind", (behaviour) => {
  test("a seed shows the same life in every run", () => {
    expect(life(behaviour, 200, 11)).toEqual(life(behaviour, 200, 11));
  });

  test("ticks that nobody asked for are made up for", () => {
    const values = life(behaviour, 100, 5);
    const late = valueAt(behaviour, { number: 99, every: 60000, seed: 5 }, values[40], 40);
    expect(late).toBe(values[99]);
  });

  test("all its values are finite numbers", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => life(behaviour, 50, seed).every(Number.isFinite)),
    );
  });
});

describe.each(EVERY_KIND.slice(1))("$kind", (behaviour) => {
  test("devices differ", () => {
    const lives = new Set(Array.from({ length: 20 }, (_, seed) => life(behaviour, 5, seed).join()));
    expect(lives.size).toBeGreaterThan(2);
  });
});

test("a sine stays within its amplitude and noise and comes back after a period", () => {
  const behaviour: Behaviour = { kind: "sine", mean: 20, amplitude: 5, period: HOUR };
  const values = life(behaviour, 61, 4);
  expect(Math.max(...values)).toBeCloseTo(25, 1);
  expect(Math.min(...values)).toBeCloseTo(15, 1);
  expect(values[60]).toBeCloseTo(values[0], 9);
});

test("a random walk stays between its walls and takes no longer strides than it may", () => {
  const bounds = fc.record({
    min: fc.integer({ min: -50, max: 0 }),
    max: fc.integer({ min: 1, max: 50 }),
    stride: fc.double({ min: 0.1, max: 200, noNaN: true }),
  });
  fc.assert(
    fc.property(bounds, fc.integer(), ({ min, max, stride }, seed) => {
      const values = life({ kind: "random-walk", min, max, stride }, 100, seed);
      values.forEach((value, i) => {
        expect(value >= min && value <= max).toBe(true);
        if (i > 0) expect(Math.abs(value - values[i - 1])).toBeLessThanOrEqual(stride + 1e-9);
      });
    }),
  );
});

test("a step takes its values in turn", () => {
  const values = life({ kind: "step", values: [0, 1, 3] }, 9, 2);
  const start = [0, 1, 3].indexOf(values[0]);
  expect(values).toEqual(values.map((_, i) => [0, 1, 3][(start + i) % 3]));
});

test("a counter only grows, by no less and no more than it says", () => {
  const values = life({ kind: "counter", startBelow: 9, leastGrowth: 2, mostGrowth: 7 }, 100);
  for (let i = 1; i < values.length; i++) {
    const growth = values[i] - values[i - 1];
    expect(growth >= 2 - 1e-9 && growth <= 7 + 1e-9).toBe(true);
  }
});

test("rounding to a resolution leaves no dust", () => {
  expect(roundTo(21.34, 0.1)).toBe(21.3);
  expect(roundTo(0.30000000000000004, 0.1)).toBe(0.3);
  expect(roundTo(21.34, 0.5)).toBe(21.5);
  expect(roundTo(1234, 100)).toBe(1200);
  expect(roundTo(1.2345, undefined)).toBe(1.2345);
});
