import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EndpointCensus } from "../../../../../connector/rest/device-connector/endpoint-census.ts";
import {
  type Quotas,
  shownQuota,
  TrafficMeter,
  UNLIMITED,
} from "../../../../../connector/rest/device-connector/traffic-meter.ts";
import { MemoryStore } from "../../../../../connector/store/memory-store.ts";
import { HOUR, MINUTE } from "../../../../../protocol/time/duration.ts";

/** Half past an hour of the calendar. */
const CALENDAR = 500_000 * HOUR + 30 * MINUTE;

function givenMeter(quotas: Partial<Quotas> = {}, store = new MemoryStore(), now = 0) {
  return new TrafficMeter(now, CALENDAR + now, store, { ...UNLIMITED, ...quotas });
}

function record(meter: TrafficMeter, now: number, count: number, domain = "a"): void {
  for (let i = 0; i < count; i++) meter.record(now, domain);
}

describe("transactions", () => {
  test("each domain has its own count", () => {
    const meter = givenMeter();
    record(meter, 0, 3);
    record(meter, 0, 1, "b");
    expect(["a", "b", "c"].map((domain) => meter.transactions(0, domain))).toEqual([3, 1, 0]);
  });

  test("what was counted in an hour leaves the count 24 hours later", () => {
    const meter = givenMeter();
    record(meter, 0, 2);
    record(meter, 30 * MINUTE, 3);
    expect(meter.transactions(23.5 * HOUR - 1, "a")).toBe(5);
    expect(meter.transactions(23.5 * HOUR, "a")).toBe(3);
    expect(meter.transactions(24.5 * HOUR, "a")).toBe(0);
  });

  test("beyond the quota it is said how long to wait, and then it is as said", () => {
    const meter = givenMeter({ transactions: 5 });
    record(meter, 0, 2);
    expect(meter.refusedFor(HOUR, "a")).toBe(0);
    record(meter, HOUR, 4);
    // Six in the window: the first two have to leave before there is room for another.
    expect(meter.refusedFor(HOUR, "a")).toBe(22.5 * HOUR);
    expect(meter.refusedFor(23.5 * HOUR - 1, "a")).toBe(1);
    expect(meter.refusedFor(23.5 * HOUR, "a")).toBe(0);
    expect(meter.refusedFor(HOUR, "b")).toBe(0);
  });

  test("without a quota nothing is refused, and the number shown is one that JSON readers have", () => {
    const meter = givenMeter();
    record(meter, 0, 10_000);
    expect(meter.refusedFor(0, "a")).toBe(0);
    expect(JSON.parse(JSON.stringify(shownQuota(Infinity)))).toBe(9_007_199_254_740_991);
    expect(shownQuota(100)).toBe(100);
  });
});

describe("after a restart", () => {
  test("a graceful stop loses and adds nothing", async () => {
    const store = new MemoryStore();
    const meter = givenMeter({ transactions: 10_000 }, store);
    record(meter, 0, 37);
    record(meter, 2 * HOUR, 5, "b");
    meter.save();
    await store.commit();
    const later = givenMeter({ transactions: 10_000 }, store.afterKill(), 3 * HOUR);
    expect([later.transactions(3 * HOUR, "a"), later.transactions(3 * HOUR, "b")]).toEqual([37, 5]);
    expect(later.transactions(23.5 * HOUR, "a")).toBe(0);
  });

  test("after a kill at any moment no transaction is forgotten, and at most a step is added", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 100_000 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 }),
        async (transactions, runs) => {
          let store = new MemoryStore();
          let recorded = 0;
          for (const count of runs) {
            const meter = givenMeter({ transactions }, store);
            record(meter, 0, count);
            recorded += count;
            await store.commit();
            store = store.afterKill();
          }
          const counted = givenMeter({ transactions }, store).transactions(0, "a");
          const step = Math.max(1, Math.min(1000, Math.floor(transactions / 1000)));
          expect(counted).toBeGreaterThanOrEqual(recorded);
          expect(counted).toBeLessThanOrEqual(recorded + step * runs.length);
        },
      ),
    );
  });

  test("a calendar that was set back keeps no count for longer than a day", async () => {
    const store = new MemoryStore();
    const meter = givenMeter({}, store, 1000 * HOUR);
    record(meter, 1000 * HOUR, 5);
    meter.save();
    await store.commit();
    const later = givenMeter({}, store.afterKill());
    expect(later.transactions(0, "a")).toBe(5);
    expect(later.transactions(24 * HOUR, "a")).toBe(0);
  });
});

describe("endpoints", () => {
  const domainOf = (name: string) => name[0];

  test("a domain has room for its quota, and who is registered may register again", () => {
    const census = new EndpointCensus(2, domainOf);
    for (const name of ["a1", "a2", "a1"]) census.note(name);
    expect(census.admits("a3", "a")).toBe(false);
    expect(census.admits("a1", "a")).toBe(true);
    expect(census.admits("b1", "b")).toBe(true);
    census.forget("a2");
    census.forget("never-there");
    expect(census.admits("a3", "a")).toBe(true);
  });

  test("a device that comes to belong to another domain counts there", () => {
    let domain = "a";
    const census = new EndpointCensus(1, () => domain);
    census.note("x");
    domain = "b";
    census.note("x");
    expect([census.admits("y", "a"), census.admits("y", "b")]).toEqual([true, false]);
  });

  test("without a quota everybody is admitted", () => {
    const census = new EndpointCensus(Infinity, domainOf);
    for (let i = 0; i < 10; i++) census.note(`a${i}`);
    expect(census.admits("a11", "a")).toBe(true);
  });
});
