import { describe, expect, test } from "vitest";
import { type AccessKey, AccessKeys } from "../../../../connector/access/access-keys.ts";
import { randomAlphanumerics } from "../../../../connector/access/key-crypto.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

function givenKeys(store = new MemoryStore()): AccessKeys {
  return new AccessKeys(store.table<AccessKey>("access-keys"));
}

describe("access keys", () => {
  test("a key is 100 letters and digits, and admits its bearer", () => {
    const keys = givenKeys();
    const created = keys.create("first", 1)!;
    expect(created.key).toMatch(/^[A-Za-z0-9]{100}$/);
    expect(keys.authenticate(`Bearer ${created.key}`)).toMatchObject({ name: "first" });
    expect(keys.authenticate(`bearer ${created.key} `)).toMatchObject({ name: "first" });
  });

  test("a key without a name gets ten letters and digits for one", () => {
    expect(givenKeys().create(undefined, 1)?.name).toMatch(/^[A-Za-z0-9]{10}$/);
  });

  test("nothing else admits: no header, another scheme, a part of a key, a longer one", () => {
    const keys = givenKeys();
    const { key } = keys.create("first", 1)!;
    for (const authorization of [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      key,
      `Basic ${key}`,
      `Bearer ${key.slice(0, 99)}`,
      `Bearer ${key}a`,
      `Bearer ${key.toLowerCase()}`,
    ]) {
      expect(keys.authenticate(authorization)).toBeUndefined();
    }
  });

  test("the store holds a digest and never the key, and admits after a restart", async () => {
    const store = new MemoryStore();
    const { key } = givenKeys(store).create("first", 1)!;
    await store.commit();
    const found = store.afterKill();
    expect(JSON.stringify([...found.table("access-keys").entries()])).not.toContain(key);
    expect(givenKeys(found).authenticate(`Bearer ${key}`)).toMatchObject({ name: "first" });
  });

  test("adopting a key that is known changes nothing", () => {
    const keys = givenKeys();
    keys.adopt("demo-key", "demo", 1);
    const { id } = keys.authenticate("Bearer demo-key")!;
    keys.adopt("demo-key", "other", 2);
    expect(keys.size).toBe(1);
    expect(keys.authenticate("Bearer demo-key")).toMatchObject({ id, name: "demo" });
  });

  test("no more than a thousand keys are made, and no name longer than 100 characters", () => {
    const keys = givenKeys();
    expect(keys.create("x".repeat(101), 1)).toBeUndefined();
    for (let i = 0; i < 1000; i++) expect(keys.create(`${i}`, 1)).toBeDefined();
    expect(keys.create("one more", 1)).toBeUndefined();
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
});
