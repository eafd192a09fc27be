import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memberSeed, noise, SeededRandom } from "../../../simulator/random.ts";

function draw(seed: number, count: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.uint32());
}

describe("SeededRandom", () => {
  test("the same seed gives the same numbers, another seed others", () => {
    expect(draw(7, 100)).toEqual(draw(7, 100));
    expect(draw(7, 100)).not.toEqual(draw(8, 100));
  });

  test("known answers: a run recorded today replays after any refactoring", () => {
    expect(draw(42, 4)).toMatchInlineSnapshot(`
      [
        58959414,
        404179032,
        1751226747,
        2854662229,
      ]
    `);
  });

  test("its bits are balanced and neighbors independent", () => {
    const count = 20000;
    const numbers = draw(1, count);
    for (let bit = 0; bit < 32; bit++) {
      const ones = numbers.filter((number) => (number >>> bit) & 1).length;
      expect(Math.abs(ones / count - 0.5)).toBeLessThan(0.02);
    }
    const rising = numbers.filter((number, i) => i > 0 && number > numbers[i - 1]).length;
    expect(Math.abs(rising / count - 0.5)).toBeLessThan(0.02);
  });

  test("a fraction is at least 0 and below 1", () => {
    const random = new SeededRandom(3);
    for (let i = 0; i < 10000; i++) {
      const fraction = random.fraction();
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }
  });

  test("a chance of 0 never comes and draws nothing, a chance of 1 always comes", () => {
    const random = new SeededRandom(9);
    const untouched = new SeededRandom(9);
    expect(random.chance(0)).toBe(false);
    expect(random.uint32()).toBe(untouched.uint32());
    for (let i = 0; i < 1000; i++) expect(random.chance(1)).toBe(true);
  });
});

describe("noise", () => {
  test("depends on its arguments only and stays in [0, 1)", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, tick) => {
        const value = noise(seed, tick);
        return value >= 0 && value < 1 && value === noise(seed, tick);
      }),
    );
  });

  test("is uniform over ticks and over the seeds of a fleet", () => {
    const tenths = (values: number[]) => {
      const counts = new Array(10).fill(0);
      for (const value of values) counts[Math.floor(value * 10)]++;
      return counts;
    };
    const overTicks = Array.from({ length: 10000 }, (_, tick) => noise(5, tick));
    const overMembers = Array.from({ length: 10000 }, (_, i) => noise(memberSeed(5, i), 0));
    for (const count of [...tenths(overTicks), ...tenths(overMembers)]) {
      expect(count).toBeGreaterThan(850);
      expect(count).toBeLessThan(1150);
    }
  });

  test("members of a fleet have seeds of their own", () => {
    const seeds = new Set(Array.from({ length: 100000 }, (_, i) => memberSeed(1, i)));
    // Of 100,000 draws out of 2^32 about one pair may agree.
    expect(seeds.size).toBeGreaterThan(99990);
  });
});
