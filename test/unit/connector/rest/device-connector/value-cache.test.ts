import { expect, test } from "vitest";
import { ValueCache } from "../../../../../connector/rest/device-connector/value-cache.ts";
import { bytes } from "../fake-devices.ts";

const NOTHING = undefined;

test("a value is fresh for its Max-Age and not a millisecond longer", () => {
  const cache = new ValueCache();
  cache.put(1000, "node", "/a", bytes("1"), 0, 2);
  expect(cache.get(2999, "node", "/a")).toMatchObject({ payload: bytes("1"), contentFormat: 0 });
  expect(cache.get(3000, "node", "/a")).toBe(NOTHING);
  expect(cache.size).toBe(0);
});

test("nothing counts as fresh for more than three days", () => {
  const cache = new ValueCache();
  cache.put(0, "node", "/a", bytes("1"), 0, 0xffffffff);
  expect(cache.get(3 * 86400 * 1000 - 1, "node", "/a")).toBeDefined();
  expect(cache.get(3 * 86400 * 1000, "node", "/a")).toBe(NOTHING);
});

test("a change ends the values at, below and above its path, and no others", () => {
  const cache = new ValueCache();
  for (const path of ["/3", "/3/0", "/3/0/1", "/3/0/10", "/3/1", "/33"]) {
    cache.put(0, "node", path, bytes(path), 0, 60);
  }
  cache.put(0, "other", "/3/0/1", bytes("x"), 0, 60);
  cache.forgetAround("node", "/3/0/1");
  const left = ["/3", "/3/0", "/3/0/1", "/3/0/10", "/3/1", "/33"].filter(
    (path) => cache.get(1, "node", path) !== undefined,
  );
  expect(left).toEqual(["/3/0/10", "/3/1", "/33"]);
  expect(cache.get(1, "other", "/3/0/1")).toBeDefined();
  cache.forgetAround("node", "/3");
  expect(cache.get(1, "node", "/3/0/10")).toBe(NOTHING);
  expect(cache.get(1, "node", "/33")).toBeDefined();
  cache.forgetEndpoint("node");
  expect(cache.size).toBe(1);
});

test("it holds 10,000 values, the oldest going first, and 16 MiB", () => {
  const cache = new ValueCache();
  for (let i = 0; i < 10_001; i++) cache.put(0, `node-${i}`, "/a", bytes("1"), 0, 60);
  expect(cache.size).toBe(10_000);
  expect(cache.get(1, "node-0", "/a")).toBe(NOTHING);
  expect(cache.get(1, "node-1", "/a")).toBeDefined();

  const large = new Uint8Array(64 * 1024);
  for (let i = 0; i < 257; i++) cache.put(0, `node-${i}`, "/large", large, 0, 60);
  expect(cache.size).toBe(256);
  cache.put(0, "node", "/too-large", new Uint8Array(64 * 1024 + 1), 0, 60);
  expect(cache.get(1, "node", "/too-large")).toBe(NOTHING);
});
