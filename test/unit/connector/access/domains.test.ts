import { describe, expect, test } from "vitest";
import { Domains } from "../../../../connector/access/domains.ts";
import type { Domain } from "../../../../connector/access/model.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

function domain(id: string, name = id): Domain {
  return {
    id,
    name,
    createdAt: 0,
    registration: "invite",
    sharing: "shared",
    customersUseRest: false,
  };
}
const withCode = (code: string) => expect.objectContaining({ code });

describe("domains", () => {
  test("the operator's is there from the start, and what is changed of it stays changed", async () => {
    const store = new MemoryStore();
    const domains = new Domains(store);
    expect(domains.named("default")).toMatchObject({ id: "default", registration: "invite" });
    domains.put({ ...domain("default"), registration: "open" });
    await store.commit();
    const found = new Domains(store.afterKill());
    expect(found.get("default")).toMatchObject({ registration: "open" });
    expect([...found.all()]).toHaveLength(1);
  });

  test("a domain that is renamed is found by its new name only", () => {
    const domains = new Domains(new MemoryStore());
    domains.put(domain("1", "acme"));
    domains.put(domain("1", "emca"));
    expect(domains.named("acme")).toBeUndefined();
    expect(domains.named("emca")?.id).toBe("1");
    domains.put(domain("2", "acme"));
    expect(domains.named("acme")?.id).toBe("2");
  });

  test("a name is one domain's", () => {
    const domains = new Domains(new MemoryStore());
    domains.put(domain("1", "acme"));
    expect(() => domains.put(domain("2", "acme"))).toThrow(withCode("access/name-taken"));
    expect(() => domains.put(domain("3", "default"))).toThrow(withCode("access/name-taken"));
  });

  test.each(["", "a b", "a/b", "ä", "a:b", "x".repeat(65)])("%j is no name", (name) => {
    const domains = new Domains(new MemoryStore());
    expect(() => domains.put(domain("1", name))).toThrow(withCode("access/bad-name"));
  });

  test("there are a thousand at most", () => {
    const domains = new Domains(new MemoryStore());
    for (let i = 1; i < 1000; i++) domains.put(domain(`${i}`));
    expect(() => domains.put(domain("x"))).toThrow(withCode("access/too-many"));
    domains.put({ ...domain("1"), sharing: "exclusive" });
  });
});
