import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../../../../simulator/report/latency-histogram.ts";

function histogramOf(latencies: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const latency of latencies) histogram.record(latency);
  return histogram;
}

const latency = fc.double({ min: 0, max: 93000, noNaN: true });

describe("LatencyHistogram", () => {
  test("empty: every percentile is 0", () => {
    expect(histogramOf([]).percentile(0.99)).toBe(0);
    expect(histogramOf([]).max).toBe(0);
  });

  test("a percentile is within 4 % (or a microsecond) above the exact one", () => {
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (latencies, share) => {
          const sorted = [...latencies].sort((left, right) => left - right);
          const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
          const shown = histogramOf(latencies).percentile(share);
          expect(shown).toBeGreaterThanOrEqual(exact * 0.999999);
          expect(shown).toBeLessThanOrEqual(exact * 1.04 + 0.0011);
        },
      ),
    );
  });

  test("the longest is exact, also beyond the last bucket", () => {
    expect(histogramOf([1.5, 400000, 3]).max).toBe(400000);
    expect(histogramOf([400000]).percentile(0.5)).toBe(400000);
  });

  test("merged halves equal the whole", () => {
    fc.assert(
      fc.property(fc.array(latency), fc.array(latency), (left, right) => {
        const merged = histogramOf(left);
        merged.merge(structuredClone(histogramOf(right).snapshot()));
        expect(merged.snapshot()).toEqual(histogramOf([...left, ...right]).snapshot());
        expect(merged.total).toBe(left.length + right.length);
      }),
    );
  });

  test("ranges that touch count every record once", () => {
    const histogram = histogramOf([0, 0.3, 0.9, 1.1, 5, 80, 1200, 500000]);
    const edges = [0, 0.5, 1, 2, 100, 2000, Infinity];
    let sum = 0;
    for (let i = 1; i < edges.length; i++) sum += histogram.countBetween(edges[i - 1], edges[i]);
    expect(sum).toBe(8);
    expect(histogram.countBetween(0.5, 1)).toBe(1);
  });
});
