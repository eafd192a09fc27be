import { describe, expect, test } from "vitest";
import type { User } from "../../../../connector/access/model.ts";
import { ADMINISTRATOR, Users } from "../../../../connector/access/users.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

const user = (id: string, name = id): User => ({ ...ADMINISTRATOR, id, name, superuser: false });
const withCode = (code: string) => expect.objectContaining({ code });

describe("users", () => {
  test("the first one is there from the start, and what is changed of it stays changed", async () => {
    const store = new MemoryStore();
    const users = new Users(store);
    expect(users.named("admin")).toBe(ADMINISTRATOR);
    users.put({ ...ADMINISTRATOR, active: false });
    await store.commit();
    const found = new Users(store.afterKill());
    expect(found.get("admin")).toMatchObject({ active: false });
    expect(found.size).toBe(1);
  });

  test("a name is found in whatever case and form it is typed, and is one user's", () => {
    const users = new Users(new MemoryStore());
    users.put(user("1", "Zoë@Example.COM"));
    expect(users.named("ZOË@example.com")?.id).toBe("1");
    expect(users.named("zoe\u0308@example.com")?.id).toBe("1");
    expect(() => users.put(user("2", "zoë@EXAMPLE.com"))).toThrow(withCode("access/name-taken"));
  });

  test("a user that is renamed or removed leaves its name free", () => {
    const users = new Users(new MemoryStore());
    users.put(user("1", "ann"));
    users.put(user("1", "anne"));
    expect(users.named("ann")).toBeUndefined();
    users.put(user("2", "ann"));
    users.remove("1");
    expect(users.named("anne")).toBeUndefined();
    expect(users.named("ann")?.id).toBe("2");
    users.remove("nobody");
  });

  test.each([
    "",
    "a b",
    "a:b",
    "a/b",
    "a\u0000",
    "a\u007f",
    "x".repeat(255),
  ])("%j is no name: it could not be typed at a login, or would mean another one", (name) => {
    expect(() => new Users(new MemoryStore()).put(user("1", name))).toThrow(
      withCode("access/bad-name"),
    );
  });

  test("groups are there after a restart", async () => {
    const store = new MemoryStore();
    const users = new Users(store);
    users.putGroup({ id: "g", domainId: "default", name: "g", permissions: ["view device"] });
    users.putGroup({ id: "h", domainId: "default", name: "h", permissions: [] });
    users.removeGroup("h");
    await store.commit();
    const found = new Users(store.afterKill());
    expect([...found.groups()].map(({ id }) => id)).toEqual(["g"]);
  });
});
