import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NetworkWatch } from "../../../../../firmware/boards/node/network.ts";
import { sha256Profile } from "../../../../../firmware/boards/node/profile-hash.ts";

describe("the watch over this machine's addresses", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("tells of each change once, whatever the order, and of none after stop", () => {
    let addresses = ["127.0.0.1", "10.0.0.5"];
    const told: string[][] = [];
    const watch = new NetworkWatch(() => new Set(addresses), 1000);
    watch.start((now) => told.push([...now]));
    vi.advanceTimersByTime(3000);
    addresses = ["10.0.0.5", "127.0.0.1"];
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([]);
    addresses = ["127.0.0.1"];
    vi.advanceTimersByTime(3000);
    addresses = ["127.0.0.1", "10.0.0.9"];
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([["127.0.0.1"], ["127.0.0.1", "10.0.0.9"]]);
    watch.stop();
    addresses = [];
    vi.advanceTimersByTime(9000);
    expect(told).toHaveLength(2);
  });
});

test("RFC 6920 §9.4: the id of a list has suite 6 and 32 bits in lower case", () => {
  // The first digits of SHA-256 of the empty text.
  expect(sha256Profile("")).toBe("6:e3b0c442");
});
