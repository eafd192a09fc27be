import { expect, test } from "vitest";
import { MemoryStore, NO_STORE } from "../../../../connector/store/memory-store.ts";

test("a kill leaves what was committed, and nothing else", async () => {
  const store = new MemoryStore();
  store.table("rows").put("a", 1);
  store.table("rows").put("b", 2);
  await store.commit();
  store.table("rows").put("a", 10);
  store.table("rows").remove("b");
  store.table("rows").put("c", 3);
  expect([...store.table("rows").entries()]).toEqual([
    ["a", 10],
    ["c", 3],
  ]);
  const found = store.afterKill();
  expect([...found.table("rows").entries()]).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
  expect([...found.afterKill().table("rows").entries()]).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
});

test("the same name gives the same table", () => {
  const store = new MemoryStore();
  expect(store.table("rows")).toBe(store.table("rows"));
  expect(store.hasUncommitted()).toBe(false);
  store.table("rows").put("a", 1);
  expect(store.hasUncommitted()).toBe(true);
});

test("no store keeps nothing and never has anything to commit", async () => {
  NO_STORE.table("rows").put("a", 1);
  expect([...NO_STORE.table("rows").entries()]).toEqual([]);
  expect(NO_STORE.hasUncommitted()).toBe(false);
  await NO_STORE.commit();
});
