import { describe, expect, test } from "vitest";
import type { User } from "../../../../connector/access/model.ts";
import { BUSY, LONGEST_PASSWORD, Passwords } from "../../../../connector/access/passwords.ts";
import { ADMINISTRATOR } from "../../../../connector/access/users.ts";

const CHEAP = { logN: 4, p: 1 };
const MINUTE = 60_000;

async function userWith(passwords: Passwords, password: string): Promise<User> {
  return { ...ADMINISTRATOR, passwordHash: await passwords.hash(password) };
}

describe("a hash", () => {
  test("says how it was made, is another one each time, and does not hold the password", async () => {
    const passwords = new Passwords(CHEAP);
    const one = await passwords.hash("correct horse");
    const other = await passwords.hash("correct horse");
    expect(one).toMatch(/^scrypt\$4\$1\$[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}$/);
    expect(one).not.toBe(other);
    expect(one).not.toContain("correct");
  });

  test("is outdated when it was made with other parameters, or is none", async () => {
    const hash = await new Passwords(CHEAP).hash("correct horse");
    expect(new Passwords(CHEAP).isOutdated(hash)).toBe(false);
    expect(new Passwords({ logN: 5, p: 1 }).isOutdated(hash)).toBe(true);
    expect(new Passwords({ logN: 4, p: 2 }).isOutdated(hash)).toBe(true);
    expect(new Passwords(CHEAP).isOutdated("md5$x")).toBe(true);
  });

  test("made with other parameters is good still", async () => {
    const user = await userWith(new Passwords({ logN: 5, p: 2 }), "correct horse");
    expect(await new Passwords(CHEAP).verify(0, user, "correct horse")).toBe(true);
  });
});

describe("a password", () => {
  test("is right for the user who has it, and nothing else is", async () => {
    const passwords = new Passwords(CHEAP);
    const user = await userWith(passwords, "correct horse");
    expect(await passwords.verify(0, user, "correct horse")).toBe(true);
    for (const wrong of ["correct horsf", "Correct horse", "", "correct horse "]) {
      expect(await passwords.verify(0, user, wrong)).toBe(false);
    }
    expect(await passwords.verify(0, undefined, "correct horse")).toBe(false);
    expect(await passwords.verify(0, { ...user, passwordHash: undefined }, "")).toBe(false);
  });

  test("is the same however its letters are composed", async () => {
    const passwords = new Passwords(CHEAP);
    const user = await userWith(passwords, "Pass\u00e9-partout");
    expect(await passwords.verify(0, user, "Passe\u0301-partout")).toBe(true);
  });

  test("longer than any that is taken is wrong", async () => {
    const passwords = new Passwords(CHEAP);
    const long = "x".repeat(LONGEST_PASSWORD + 1);
    const user = await userWith(passwords, long);
    expect(await passwords.verify(0, user, long)).toBe(false);
    const empty = await userWith(passwords, "");
    expect(await passwords.verify(0, empty, long)).toBe(false);
  });

  test("is wrong for a hash that cannot be read, whatever is in it", async () => {
    const passwords = new Passwords(CHEAP);
    for (const passwordHash of [
      "",
      "scrypt",
      "scrypt$x$1$AAAA$AAAA",
      "scrypt$99$1$AAAA$AAAA",
      "scrypt$4$0$AAAA$AAAA",
      `scrypt$4$1$AAAA$${Buffer.alloc(16).toString("base64")}`,
    ]) {
      expect(await passwords.verify(0, { ...ADMINISTRATOR, passwordHash }, "x")).toBe(false);
    }
  });
});

describe("what was just found right", () => {
  test("is remembered for five minutes, without another turn", async () => {
    const passwords = new Passwords(CHEAP);
    const user = await userWith(passwords, "correct horse");
    await passwords.verify(0, user, "correct horse");
    // Both places are taken and nobody else is heard: only what is remembered can be answered.
    const noTurn = () => false;
    const running = [passwords.hash("a"), passwords.hash("b")];
    expect(await passwords.verify(5 * MINUTE - 1, user, "correct horse", noTurn)).toBe(true);
    expect(await passwords.verify(5 * MINUTE, user, "correct horse", noTurn)).toBe(BUSY);
    await Promise.all(running);
  });

  test("is forgotten when the password is changed", async () => {
    const passwords = new Passwords(CHEAP);
    const user = await userWith(passwords, "correct horse");
    await passwords.verify(0, user, "correct horse");
    const changed = { ...user, passwordHash: await passwords.hash("battery staple") };
    expect(await passwords.verify(1, changed, "correct horse")).toBe(false);
  });
});

describe("many at once", () => {
  test("wait for their turn, and beyond 64 are told that it is busy", async () => {
    const passwords = new Passwords(CHEAP);
    const user = await userWith(passwords, "correct horse");
    const attempts = [...Array(70).keys()].map((i) => passwords.verify(0, user, `guess ${i}`));
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter((outcome) => outcome === BUSY)).toHaveLength(4);
    expect(outcomes.filter((outcome) => outcome === false)).toHaveLength(66);
    // Every place is free again.
    expect(await passwords.verify(0, user, "correct horse")).toBe(true);
  });

  test("are not tried any more when the first ones were wrong", async () => {
    const passwords = new Passwords(CHEAP);
    const user = await userWith(passwords, "correct horse");
    let failures = 0;
    const guess = async (password: string) => {
      const outcome = await passwords.verify(0, user, password, () => failures < 5);
      if (outcome === false) failures++;
      return outcome;
    };
    const guesses = [...Array(40).keys()].map((i) => guess(`guess ${i}`));
    const last = guess("correct horse");
    await Promise.all(guesses);
    expect(failures).toBeLessThan(10);
    expect(await last).toBe(BUSY);
  });

  test("a password to be kept is refused, too, when too many wait", async () => {
    const passwords = new Passwords(CHEAP);
    const hashes = [...Array(67).keys()].map((i) => passwords.hash(`${i}`));
    const settled = await Promise.allSettled(hashes);
    const refused = settled.filter((outcome) => outcome.status === "rejected");
    expect(refused.map(({ reason }) => reason.code)).toEqual(["access/busy"]);
  });
});
