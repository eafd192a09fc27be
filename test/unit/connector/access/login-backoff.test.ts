import { beforeEach, describe, expect, test } from "vitest";
import { LoginBackoff } from "../../../../connector/access/login-backoff.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOME = "192.0.2.1";
const ELSEWHERE = "198.51.100.7";

let backoff: LoginBackoff;

beforeEach(() => {
  backoff = new LoginBackoff();
});

/** Fails so often, each time as soon as it is heard; returns the time of the last one. */
function fail(times: number, name: string, address: (i: number) => string, from = 0): number {
  let now = from;
  for (let i = 0; i < times; i++) {
    now += backoff.refusedFor(now, name, address(i));
    backoff.handleFailure(now, name, address(i));
  }
  return now;
}

describe("one address at one name", () => {
  test("may mistype four times, then waits 1, 2, 4 ... s up to a minute", () => {
    const waits: number[] = [];
    let now = 0;
    for (let i = 0; i < 13; i++) {
      backoff.handleFailure(now, "moe", HOME);
      waits.push(backoff.refusedFor(now, "moe", HOME));
      now += waits[i];
    }
    expect(waits.map((wait) => wait / SECOND)).toEqual([
      0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60,
    ]);
  });

  test("is heard when it has waited", () => {
    fail(5, "moe", () => HOME);
    expect(backoff.refusedFor(999, "moe", HOME)).toBe(1);
    expect(backoff.refusedFor(1000, "moe", HOME)).toBe(0);
  });

  test("is the same in whatever case and form the name is typed", () => {
    fail(5, "ren\u00e9@x.example", () => HOME);
    expect(backoff.refusedFor(0, "RENE\u0301@X.example", HOME)).toBe(SECOND);
  });

  test("is forgiven after a good login", () => {
    const now = fail(6, "moe", () => HOME);
    backoff.handleSuccess("moe", HOME);
    expect(backoff.refusedFor(now, "moe", HOME)).toBe(0);
    backoff.handleFailure(now, "moe", HOME);
    expect(backoff.refusedFor(now, "moe", HOME)).toBe(0);
  });

  test("is forgotten after a quarter of an hour, its count too", () => {
    const now = fail(10, "moe", () => HOME);
    expect(backoff.refusedFor(now + 15 * MINUTE, "moe", HOME)).toBe(0);
    backoff.handleFailure(now + 15 * MINUTE, "moe", HOME);
    expect(backoff.refusedFor(now + 15 * MINUTE, "moe", HOME)).toBe(0);
  });
});

describe("who guesses at many names", () => {
  test("waits from the 20th on, also after a good login of his own", () => {
    for (let i = 0; i < 20; i++) backoff.handleFailure(0, `name-${i}`, HOME);
    expect(backoff.refusedFor(0, "anybody", HOME)).toBe(SECOND);
    backoff.handleSuccess("mine", HOME);
    expect(backoff.refusedFor(0, "anybody", HOME)).toBe(SECOND);
    expect(backoff.refusedFor(0, "anybody", ELSEWHERE)).toBe(0);
  });

  test("does not escape within his own IPv6 network", () => {
    for (let i = 0; i < 20; i++) backoff.handleFailure(0, `name-${i}`, `2001:db8:1:2::${i}`);
    expect(backoff.refusedFor(0, "anybody", "2001:db8:1:2:ffff::1")).toBe(SECOND);
    expect(backoff.refusedFor(0, "anybody", "2001:db8:1:3::1")).toBe(0);
  });
});

describe("the owner of a name that others guess at", () => {
  test("waits 8 s at most, however many they are", () => {
    const now = fail(200, "moe", (i) => `203.0.113.${i}`);
    expect(backoff.refusedFor(now, "moe", HOME)).toBe(8 * SECOND);
  });

  test("does not wait at all for one guesser at one address", () => {
    const now = fail(15, "moe", () => ELSEWHERE);
    expect(backoff.refusedFor(now, "moe", ELSEWHERE)).toBe(MINUTE);
    expect(backoff.refusedFor(now, "moe", HOME)).toBe(0);
  });
});

test("a flood of names does not make it forget who failed last", () => {
  for (let i = 0; i < 100_000; i++)
    backoff.handleFailure(0, `name-${i}`, `10.${i >> 8}.${i & 255}`);
  fail(5, "moe", () => HOME, 1);
  expect(backoff.refusedFor(1, "moe", HOME)).toBe(SECOND);
});
