import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CallbackGuard, isRefused } from "../../../../connector/adapters/http-callback-guard.ts";

interface Vector {
  readonly url: string;
  readonly expect: string;
}

const VECTORS: Vector[] = JSON.parse(
  readFileSync("test/vectors/ssrf-vectors.json", "utf8"),
).vectors;
const PUBLIC = { address: "93.184.215.14", family: 4 };
const LOOPBACK = { address: "127.0.0.1", family: 4 };

/** A resolver that gives each name a public address, so that only the guard's own rules can refuse it. */
const allPublic = async () => [PUBLIC];

async function isAccepted(guard: CallbackGuard, url: string): Promise<boolean> {
  return !isRefused(await guard.judge(url));
}

describe("SSRF vectors", () => {
  const literal = VECTORS.filter((vector) => !/resolv|depends/.test(vector.expect));
  const named = VECTORS.filter(
    (vector) => /resolv/.test(vector.expect) && !/depends/.test(vector.expect),
  );

  test("there are as many as there should be", () => {
    expect(literal.length + named.length).toBe(VECTORS.length - 1);
    expect(VECTORS.length).toBe(70);
  });

  for (const vector of literal) {
    test(`refused by its own form: ${JSON.stringify(vector.url)}`, async () => {
      expect(await isAccepted(new CallbackGuard(allPublic), vector.url)).toBe(false);
    });
  }

  for (const vector of named) {
    test(`refused once resolved to loopback: ${vector.url}`, async () => {
      expect(await isAccepted(new CallbackGuard(async () => [LOOPBACK]), vector.url)).toBe(false);
    });
  }

  test("names of this machine are refused even if a resolver calls them public", async () => {
    const guard = new CallbackGuard(allPublic);
    for (const name of [
      "localhost",
      "LOCALHOST.",
      "localhost.localdomain",
      "metadata.google.internal",
    ]) {
      expect(await isAccepted(guard, `http://${name}/`)).toBe(false);
    }
  });
});

describe("a name is judged by every address it has", () => {
  const url = "http://spoofed.example/hook";

  test("public: accepted, and the addresses to call are the ones that were judged", async () => {
    const judged = await new CallbackGuard(allPublic).judge(url);
    expect(judged).toMatchObject({ addresses: [PUBLIC] });
  });

  test("public and private mixed: refused", async () => {
    const mixed = async () => [PUBLIC, { address: "10.0.0.1", family: 4 }];
    expect(await isAccepted(new CallbackGuard(mixed), url)).toBe(false);
  });

  test("changing between calls: judged anew each time", async () => {
    let calls = 0;
    const rebinding = async () => (++calls === 1 ? [PUBLIC] : [LOOPBACK]);
    const guard = new CallbackGuard(rebinding);
    expect(await isAccepted(guard, url)).toBe(true);
    expect(await isAccepted(guard, url)).toBe(false);
  });

  test("unknown: refused", async () => {
    const unknown = () => Promise.reject(new Error("ENOTFOUND"));
    expect(await isAccepted(new CallbackGuard(unknown), url)).toBe(false);
  });
});

describe("ports", () => {
  const guard = new CallbackGuard(allPublic);
  const cases: [port: string, accepted: boolean][] = [
    ["", true],
    [":80", true],
    [":443", true],
    [":1024", true],
    [":65535", true],
    [":1023", false],
    [":22", false],
    [":25", false],
  ];
  for (const [port, accepted] of cases) {
    test(`http://example.com${port}/ is ${accepted ? "accepted" : "refused"}`, async () => {
      expect(await isAccepted(guard, `http://example.com${port}/`)).toBe(accepted);
    });
  }
});

describe("allowed ranges", () => {
  const guard = new CallbackGuard(allPublic, ["127.0.0.0/8", "::1/128", "192.168.7.9"]);

  test("open exactly what they name", async () => {
    expect(await isAccepted(guard, "http://127.0.0.1:8080/")).toBe(true);
    expect(await isAccepted(guard, "http://[::1]:8080/")).toBe(true);
    expect(await isAccepted(guard, "http://192.168.7.9/")).toBe(true);
    expect(await isAccepted(guard, "http://192.168.7.8/")).toBe(false);
    expect(await isAccepted(guard, "http://10.0.0.1/")).toBe(false);
    expect(await isAccepted(guard, "http://169.254.169.254/")).toBe(false);
  });

  test("open a name of this machine too, when all its addresses are in them", async () => {
    const local = new CallbackGuard(async () => [LOOPBACK], ["127.0.0.0/8"]);
    expect(await isAccepted(local, "http://localhost:8080/")).toBe(true);
    expect(await isAccepted(guard, "http://localhost:8080/")).toBe(false);
  });

  test("open no other scheme, user name or port", async () => {
    expect(await isAccepted(guard, "ftp://127.0.0.1/")).toBe(false);
    expect(await isAccepted(guard, "http://me@127.0.0.1/")).toBe(false);
    expect(await isAccepted(guard, "http://127.0.0.1:22/")).toBe(false);
  });

  for (const range of [
    "",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "example.com",
    "10.0.0.0/8.5",
  ]) {
    test(`"${range}" is not one`, () => {
      expect(() => new CallbackGuard(allPublic, [range])).toThrow(
        expect.objectContaining({ code: "connector/bad-range" }),
      );
    });
  }
});
