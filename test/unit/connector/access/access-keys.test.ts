import { describe, expect, test } from "vitest";
import { AccessKeys } from "../../../../connector/access/access-keys.ts";
import { randomAlphanumerics } from "../../../../connector/access/key-crypto.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

const OWNER = { domainId: "default", ownerId: "admin" };

function givenKeys(store = new MemoryStore()): AccessKeys {
  return new AccessKeys(store);
}

describe("access keys", () => {
  test("a key is 100 letters and digits, and is found again", () => {
    const keys = givenKeys();
    const created = keys.create(OWNER, "first", 1);
    expect(created.key).toMatch(/^[A-Za-z0-9]{100}$/);
    expect(keys.find(created.key, 2)).toMatchObject({ name: "first", ...OWNER });
  });

  test("a key without a name gets ten letters and digits for one", () => {
    expect(givenKeys().create(OWNER, undefined, 1).name).toMatch(/^[A-Za-z0-9]{10}$/);
  });

  test("nothing else is found: nothing, a part of a key, a longer one, its id, its digest", () => {
    const keys = givenKeys();
    const { key, id } = keys.create(OWNER, "first", 1);
    const { digest } = keys.get(id)!;
    for (const text of ["", key.slice(0, 99), `${key}a`, key.toLowerCase(), id, digest]) {
      expect(keys.find(text, 1)).toBeUndefined();
    }
  });

  test("the store holds a digest and never the key, and finds it after a restart", async () => {
    const store = new MemoryStore();
    const { key } = givenKeys(store).create(OWNER, "first", 1);
    await store.commit();
    const found = store.afterKill();
    expect(JSON.stringify([...found.table("access-keys").entries()])).not.toContain(key);
    expect(givenKeys(found).find(key, 1)).toMatchObject({ name: "first" });
  });

  test("adopting a key that is known changes nothing", () => {
    const keys = givenKeys();
    const { id } = keys.adopt(OWNER, "demo-key", "demo", 1);
    keys.adopt(OWNER, "demo-key", "other", 2);
    expect(keys.size).toBe(1);
    expect(keys.find("demo-key", 2)).toMatchObject({ id, name: "demo" });
  });

  test("a revoked key is not found from then on, and stays on record", async () => {
    const store = new MemoryStore();
    const keys = givenKeys(store);
    const { key, id } = keys.create(OWNER, "first", 1);
    expect(keys.revoke(id, 2)).toBe(true);
    expect(keys.revoke(id, 3)).toBe(false);
    expect(keys.find(key, 3)).toBeUndefined();
    await store.commit();
    expect(givenKeys(store.afterKill()).get(id)).toMatchObject({ revokedAt: 2 });
  });

  test("a key that expires is found until then", () => {
    const keys = givenKeys();
    const { key } = keys.create(OWNER, "first", 1, 10);
    expect(keys.find(key, 9)).toBeDefined();
    expect(keys.find(key, 10)).toBeUndefined();
  });

  test("a name has at most 100 characters", () => {
    expect(() => givenKeys().create(OWNER, "x".repeat(101), 1)).toThrow("100 characters");
  });

  test("every letter and digit is drawn equally often", () => {
    const counts = new Map<string, number>();
    for (const character of randomAlphanumerics(62_000)) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    let chiSquare = 0;
    for (const count of counts.values()) chiSquare += (count - 1000) ** 2 / 1000;
    expect(counts.size).toBe(62);
    // 61 degrees of freedom: passed by chance but once in a hundred million runs.
    expect(chiSquare).toBeLessThan(140);
  });

  test("the last thousand keys that were ended stay on record, in the order of their end", async () => {
    const store = new MemoryStore();
    const keys = givenKeys(store);
    const ids = Array.from({ length: 1002 }, (_, i) => keys.create(OWNER, `${i}`, 1).id);
    keys.revoke(ids[1], 5);
    keys.revoke(ids[0], 6);
    await store.commit();
    const found = givenKeys(store.afterKill());
    for (const [i, id] of ids.entries()) found.revoke(id, 7 + i);
    expect(found.get(ids[1])).toBeUndefined();
    expect(found.get(ids[0])).toBeUndefined();
    expect(found.get(ids[2])).toMatchObject({ revokedAt: 9 });
    expect(found.size).toBe(1000);
  });
});
