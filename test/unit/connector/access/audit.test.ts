import { describe, expect, test } from "vitest";
import { Audit, type AuditEvent } from "../../../../connector/access/audit.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

function event(change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    at: 1,
    domainId: "default",
    actor: "access-key:k",
    address: "192.0.2.1",
    action: "user.created",
    object: "u",
    ...change,
  };
}

const sequences = (audit: Audit, ...query: Parameters<Audit["newest"]>) =>
  [...audit.newest(...query)].map(({ sequence }) => sequence);

describe("the audit", () => {
  test("tells a domain its entries, the newest first, and no other's", () => {
    const audit = new Audit(new MemoryStore());
    audit.append(event());
    audit.append(event({ domainId: "acme" }));
    audit.append(event({ action: "login.refused" }));
    audit.append(event());
    expect(sequences(audit, "default")).toEqual([4, 3, 1]);
    expect(sequences(audit, "acme")).toEqual([2]);
    expect(sequences(audit, "default", { before: 4 })).toEqual([3, 1]);
    expect(
      sequences(audit, "default", { accepts: ({ action }) => action === "user.created" }),
    ).toEqual([4, 1]);
  });

  test("is there after a restart, and goes on counting", async () => {
    const store = new MemoryStore();
    const audit = new Audit(store);
    for (let i = 0; i < 12; i++) audit.append(event({ object: `${i}` }));
    await store.commit();
    const found = new Audit(store.afterKill());
    expect(sequences(found, "default")).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    found.append(event());
    expect(sequences(found, "default")[0]).toBe(13);
  });

  test("keeps what was done however often somebody is refused, and both within bounds", () => {
    const store = new MemoryStore();
    const audit = new Audit(store);
    audit.append(event({ object: "first" }));
    for (let i = 0; i < 30_000; i++) audit.append(event({ action: "login.refused" }));
    const entries = [...audit.newest("default")];
    expect(entries.at(-1)).toMatchObject({ object: "first" });
    expect(entries).toHaveLength(5001);
    for (let i = 0; i < 25_000; i++) audit.append(event());
    expect([...audit.newest("default")]).toHaveLength(25_000);
    expect([...store.table("audit").entries()]).toHaveLength(25_000);
  });

  test("cuts what it is told, and takes out what moves a terminal's cursor", () => {
    const audit = new Audit(new MemoryStore());
    audit.append(event({ object: "a\u001b[2Jb\u009bc\n" }));
    audit.append(event({ object: "x".repeat(1000) }));
    const [long, strange] = [...audit.newest("default")];
    expect(strange.object).toBe("a?[2Jb?c?");
    expect(long.object).toHaveLength(100);
  });
});
