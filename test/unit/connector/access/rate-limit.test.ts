import { describe, expect, test } from "vitest";
import { addressGroup, RateLimit } from "../../../../connector/access/rate-limit.ts";

describe("a rate", () => {
  test("lets a burst through, then one each so often", () => {
    const limit = new RateLimit({ burst: 3, every: 100 });
    for (let i = 0; i < 3; i++) {
      expect(limit.refusedFor(0, "a")).toBe(0);
      limit.take(0, "a");
    }
    expect(limit.refusedFor(0, "a")).toBe(100);
    expect(limit.refusedFor(40, "a")).toBe(60);
    expect(limit.refusedFor(100, "a")).toBe(0);
    limit.take(100, "a");
    expect(limit.refusedFor(100, "a")).toBe(100);
  });

  test("waiting long brings no more than the burst", () => {
    const limit = new RateLimit({ burst: 2, every: 100 });
    limit.take(0, "a");
    for (let i = 0; i < 2; i++) limit.take(1_000_000, "a");
    expect(limit.refusedFor(1_000_000, "a")).toBe(100);
  });

  test("a wait that is waited for is enough, whatever fractions it was", () => {
    const limit = new RateLimit({ burst: 1, every: 3 });
    let now = 0.1;
    for (let i = 0; i < 1000; i++) {
      expect(limit.refusedFor(now, "a")).toBe(0);
      limit.take(now, "a");
      now += limit.refusedFor(now, "a");
    }
  });

  test("one does not pay for another", () => {
    const limit = new RateLimit({ burst: 1, every: 100 });
    limit.take(0, "a");
    expect(limit.refusedFor(0, "b")).toBe(0);
  });

  test("is bounded in how many it remembers, and forgets who was not seen for longest", () => {
    const limit = new RateLimit({ burst: 1, every: 1e9 });
    limit.take(0, "first");
    for (let i = 0; i < 30_000; i++) {
      limit.take(0, `${i}`);
      if (i % 1000 === 0) limit.take(0, "busy");
    }
    expect(limit.size).toBeLessThanOrEqual(20_000);
    expect(limit.size).toBeGreaterThan(17_000);
    expect(limit.refusedFor(0, "first")).toBe(0);
    expect(limit.refusedFor(0, "busy")).toBeGreaterThan(0);
  });
});

describe("the group of an address", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:2::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", ""],
  ])("of %s is %s", (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});
