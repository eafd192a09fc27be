import { beforeEach, describe, expect, test } from "vitest";
import { Invitations } from "../../../../connector/access/invitations.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

const DAY = 24 * 3600 * 1000;
const EMAIL = "moe@tavern.example";

let store: MemoryStore;
let invitations: Invitations;

beforeEach(() => {
  store = new MemoryStore();
  invitations = new Invitations(store);
});

function create(email = EMAIL, now = 0): string {
  return invitations.create(email, "default", undefined, now)!;
}

describe("an invitation", () => {
  test("is found as often as it is looked up, and spent once", () => {
    const token = create();
    expect(invitations.find(token, 1)).toMatchObject({ email: EMAIL, domainId: "default" });
    expect(invitations.find(token, 1)).toBeDefined();
    expect(invitations.spend(token, 1)).toMatchObject({ email: EMAIL });
    expect(invitations.find(token, 1)).toBeUndefined();
    expect(invitations.spend(token, 1)).toBeUndefined();
  });

  test("is good for a day", () => {
    const token = create();
    expect(invitations.find(token, DAY - 1)).toBeDefined();
    expect(invitations.find(token, DAY)).toBeUndefined();
    expect(invitations.spend(token, DAY)).toBeUndefined();
  });

  test("takes the others of its address with it when it is spent, and nobody else's", () => {
    const [one, other, foreign] = [create(), create(), create("barney@tavern.example")];
    invitations.spend(one, 1);
    expect(invitations.find(other, 1)).toBeUndefined();
    expect(invitations.find(foreign, 1)).toBeDefined();
  });

  test("survives a restart, and so does that it was spent; the store does not hold its token", () => {
    const [kept, spent] = [create(), create("barney@tavern.example")];
    invitations.spend(spent, 1);
    store.commitNow();
    const found = store.afterKill();
    expect(JSON.stringify([...found.table("invitations").entries()])).not.toContain(kept);
    const again = new Invitations(found);
    expect(again.find(kept, 1)).toBeDefined();
    expect(again.find(spent, 1)).toBeUndefined();
    expect(again.size).toBe(1);
  });
});

describe("bounds", () => {
  test("an address has three at a time, and more when those have expired", () => {
    for (let i = 0; i < 3; i++) expect(create()).toBeDefined();
    expect(create()).toBeUndefined();
    expect(create("other@x.example")).toBeDefined();
    expect(create(EMAIL, DAY)).toBeDefined();
  });

  test("there are 10,000 at most: the oldest goes", () => {
    const first = create("first@x.example");
    const second = create("second@x.example");
    for (let i = 0; i < 9999; i++) create(`n${i}@x.example`, 1);
    expect(invitations.size).toBe(10_000);
    expect(invitations.find(first, 1)).toBeUndefined();
    expect(invitations.find(second, 1)).toBeDefined();
  });

  test("no text that is no token is found", () => {
    create();
    for (const text of ["", "x", "x".repeat(32), "x".repeat(100_000)]) {
      expect(invitations.find(text, 1)).toBeUndefined();
    }
  });
});
