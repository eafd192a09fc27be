import { describe, expect, test } from "vitest";
import { Bindings } from "../../../../connector/access/bindings.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

describe("bindings", () => {
  test("are found from both sides, in the order of the claims", () => {
    const bindings = new Bindings(new MemoryStore());
    bindings.bind("ann", 2, 0);
    bindings.bind("ann", 1, 0);
    bindings.bind("bob", 2, 0);
    expect([...bindings.devicesOf("ann")]).toEqual([2, 1]);
    expect([...bindings.customersOf(2)]).toEqual(["ann", "bob"]);
    expect(bindings.isBound("bob", 1)).toBe(false);
    expect([...bindings.devicesOf("nobody")]).toEqual([]);
  });

  test("end on both sides, and only once", () => {
    const bindings = new Bindings(new MemoryStore());
    bindings.bind("ann", 1, 0);
    expect(bindings.unbind("bob", 1)).toBe(false);
    expect(bindings.unbind("ann", 1)).toBe(true);
    expect(bindings.unbind("ann", 1)).toBe(false);
    expect([...bindings.devicesOf("ann")]).toEqual([]);
    expect([...bindings.customersOf(1)]).toEqual([]);
  });

  test("are there after a restart, without those that ended", async () => {
    const store = new MemoryStore();
    const bindings = new Bindings(store);
    bindings.bind("ann", 1, 5);
    bindings.bind("ann", 2, 6);
    bindings.unbind("ann", 1);
    await store.commit();
    expect([...new Bindings(store.afterKill()).devicesOf("ann")]).toEqual([2]);
  });

  test("one customer has a thousand devices at most, and binding again is no further one", () => {
    const bindings = new Bindings(new MemoryStore());
    for (let id = 1; id <= 1000; id++) bindings.bind("ann", id, 0);
    bindings.bind("ann", 1000, 0);
    expect(() => bindings.bind("ann", 1001, 0)).toThrow(
      expect.objectContaining({ code: "access/too-many" }),
    );
    bindings.unbind("ann", 1);
    bindings.bind("ann", 1001, 0);
    expect(bindings.isBound("ann", 1001)).toBe(true);
  });
});
