import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import {
  CertificateLedger,
  type IssuedCertificate,
} from "../../../../connector/certificates/ledger.ts";
import { MemoryStore } from "../../../../connector/store/memory-store.ts";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const LIMITS = { perDay: 3, total: 6 };

let store: MemoryStore;
let ledger: CertificateLedger;

beforeEach(() => {
  store = new MemoryStore();
  ledger = open(0);
});

function open(now: number, from = store): CertificateLedger {
  return new CertificateLedger(from.table("certificates"), now, LIMITS);
}

let drawn = 0;

function row(changes: Partial<IssuedCertificate> = {}): IssuedCertificate {
  drawn++;
  return {
    serial: `40${drawn.toString(16).padStart(4, "0")}`,
    domainId: "a",
    endpointName: `device-${drawn}`,
    authorityKeyId: "ca",
    issuedBy: "key-1",
    issuedAt: 0,
    notAfter: 1000 * DAY,
    ...changes,
  };
}

function given(changes: Partial<IssuedCertificate> = {}): IssuedCertificate {
  const made = row(changes);
  ledger.record(made);
  return made;
}

describe("the quota of a credential", () => {
  test("is per 24 hours, and says when it has room again", () => {
    for (const issuedAt of [1 * HOUR, 2 * HOUR, 3 * HOUR]) {
      expect(ledger.refusal(issuedAt, "key-1")).toBeUndefined();
      given({ issuedAt });
    }
    expect(ledger.refusal(4 * HOUR, "key-1")).toEqual({ kind: "quota", retryAfter: 21 * HOUR });
    expect(ledger.refusal(4 * HOUR, "key-2")).toBeUndefined();
    expect(ledger.refusal(25 * HOUR - 1, "key-1")).toEqual({ kind: "quota", retryAfter: 1 });
    expect(ledger.refusal(25 * HOUR, "key-1")).toBeUndefined();
  });

  test("counts on after a restart", () => {
    for (const issuedAt of [1, 2, 3]) given({ issuedAt });
    store.commitNow();
    const again = open(10, store.afterKill());
    expect(again.refusal(10, "key-1")).toEqual({ kind: "quota", retryAfter: DAY - 9 });
  });

  test("is not used up by what was withdrawn", () => {
    for (const issuedAt of [1, 2, 3]) given({ issuedAt });
    const [first] = ledger.list(undefined, 0, 1);
    ledger.withdraw(first.serial);
    expect(ledger.refusal(5, "key-1")).toBeUndefined();
    expect(ledger.find(first.serial)).toBeUndefined();
  });
});

describe("the bound of all certificates", () => {
  test("holds until some have ended", () => {
    for (let i = 0; i < LIMITS.total; i++) {
      given({ issuedBy: `key-${i}`, notAfter: i === 0 ? 2 * DAY : 9 * DAY });
    }
    expect(ledger.refusal(DAY, "key-9")).toEqual({ kind: "full" });
    expect(ledger.refusal(2 * DAY + 1, "key-9")).toBeUndefined();
    expect(ledger.size).toBe(LIMITS.total - 1);
  });

  test("does not let go of a revoked one before its end", () => {
    const revoked = given({ notAfter: 2 * DAY });
    ledger.revoke(DAY, revoked.serial, undefined);
    store.commitNow();
    expect(open(2 * DAY, store.afterKill()).isRevoked(revoked.serial)).toBe(true);
    expect(open(2 * DAY + 1, store.afterKill()).find(revoked.serial)).toBeUndefined();
  });
});

describe("revocation", () => {
  test("is for good, keeps its first time, and survives a restart", () => {
    const { serial } = given();
    expect(ledger.isRevoked(serial)).toBe(false);
    expect(ledger.revoke(5, serial, "a")).toMatchObject({ serial, revokedAt: 5 });
    expect(ledger.revoke(9, serial, "a")).toMatchObject({ serial, revokedAt: 5 });
    store.commitNow();
    expect(open(10, store.afterKill()).find(serial)).toMatchObject({ revokedAt: 5 });
  });

  test("finds a serial number in capitals, as X.509 tools print it", () => {
    const { serial } = given({ serial: "4abc" });
    ledger.revoke(5, "4ABC", undefined);
    expect(ledger.isRevoked("4ABC")).toBe(true);
    expect(ledger.isRevoked(serial)).toBe(true);
  });

  test("does not reach into another domain, nor says that there is something", () => {
    const { serial } = given({ domainId: "b" });
    expect(ledger.revoke(5, serial, "a")).toBeUndefined();
    expect(ledger.isRevoked(serial)).toBe(false);
    expect(ledger.revoke(5, "4000", "a")).toBeUndefined();
  });

  test("is listed for the key of the authority that signed it", () => {
    const one = given();
    const old = given({ authorityKeyId: "old" });
    given();
    for (const { serial } of [one, old]) ledger.revoke(5, serial, undefined);
    expect(ledger.revoked("ca").map((each) => each.serial)).toEqual([one.serial]);
  });
});

test("lists are of one domain, in the order of issue, in pages, also after a restart", () => {
  const mine = [given({ issuedAt: 1 }), given({ issuedAt: 3 }), given({ issuedAt: 5 })];
  given({ domainId: "b", issuedAt: 2 });
  expect(ledger.list("a", 0, 10)).toEqual(mine);
  expect(ledger.list("a", 1, 1)).toEqual([mine[1]]);
  expect(ledger.list("a", 3, 10)).toEqual([]);
  expect(ledger.list(undefined, 0, 10)).toHaveLength(4);
  ledger.revoke(6, mine[0].serial, "a");
  store.commitNow();
  expect(open(7, store.afterKill()).list("a", 0, 10)).toEqual([
    { ...mine[0], revokedAt: 6 },
    mine[1],
    mine[2],
  ]);
});

test("whatever happens, a restart finds what was there, and no credential passes its quota", () => {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 10 * HOUR }),
    issuedBy: fc.constantFrom("key-1", "key-2"),
    does: fc.constantFrom("issue", "issue", "issue", "withdraw", "revoke", "restart"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      store = new MemoryStore();
      ledger = open(0);
      let now = 0;
      for (const { wait, issuedBy, does } of steps) {
        now += wait;
        const last = ledger.list(undefined, 0, 100).at(-1);
        if (does === "issue" && ledger.refusal(now, issuedBy) === undefined) {
          given({ issuedBy, issuedAt: now, notAfter: now + 2 * DAY });
        } else if (does === "withdraw" && last !== undefined) {
          ledger.withdraw(last.serial);
        } else if (does === "revoke" && last !== undefined) {
          ledger.revoke(now, last.serial, undefined);
        } else if (does === "restart") {
          const before = ledger.list(undefined, 0, 100).filter((each) => each.notAfter >= now);
          store.commitNow();
          store = store.afterKill();
          ledger = open(now);
          expect(ledger.list(undefined, 0, 100)).toEqual(before);
        }
        for (const key of ["key-1", "key-2"]) {
          const recent = ledger
            .list(undefined, 0, 100)
            .filter((each) => each.issuedBy === key && each.issuedAt > now - DAY);
          expect(recent.length).toBeLessThanOrEqual(LIMITS.perDay);
        }
        expect(ledger.size).toBeLessThanOrEqual(LIMITS.total);
      }
    }),
  );
});
