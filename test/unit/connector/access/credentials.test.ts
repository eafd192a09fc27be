import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BAD_CREDENTIAL,
  NO_CREDENTIAL,
  readCredential,
} from "../../../../connector/access/credentials.ts";

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64");

describe("reading a credential", () => {
  test("nothing brought is nothing, and not something bad", () => {
    expect(readCredential(undefined, undefined)).toBe(NO_CREDENTIAL);
  });

  test.each([
    "Bearer abc",
    "bearer abc",
    "BEARER abc",
    "Bearer  abc",
    "Bearer abc ",
  ])("RFC 6750 §2.1: %j is a bearer's", (header) => {
    expect(readCredential(header, undefined)).toEqual({ scheme: "bearer", value: "abc" });
  });

  test("RFC 7617 §2: the name ends at the first colon, the password may hold more", () => {
    expect(readCredential(`Basic ${base64("ann:a:b:")}`, undefined)).toEqual({
      scheme: "basic",
      name: "ann",
      password: "a:b:",
    });
    expect(readCredential(`Basic ${base64("ännchen:pässwörd")}`, undefined)).toEqual({
      scheme: "basic",
      name: "ännchen",
      password: "pässwörd",
    });
  });

  test.each([
    ["an empty header", ""],
    ["a scheme alone", "Bearer"],
    ["an empty bearer", "Bearer "],
    ["another scheme", "Digest abc"],
    ["a blank inside", "Bearer a b"],
    ["two headers joined", "Bearer a, Bearer a"],
    ["a control character", "Bearer a\u0001b"],
    ["a letter beyond ASCII", "Bearer ä"],
    ["longer than any", `Bearer ${"a".repeat(4097)}`],
    ["no base64", "Basic a:b"],
    ["an empty Basic", "Basic "],
    ["no colon", `Basic ${base64("ann")}`],
    ["a NUL", `Basic ${base64("ann\0:x")}`],
    ["no UTF-8", `Basic ${base64(Uint8Array.of(0xc3, 0x28, 0x3a))}`],
    ["10 KB of Basic", `Basic ${base64(`a:${"b".repeat(10_000)}`)}`],
  ])("%s is bad", (_, header) => {
    expect(readCredential(header, undefined)).toBe(BAD_CREDENTIAL);
  });

  test("RFC 6750 §2: header and query may agree, and nothing else", () => {
    const abc = { scheme: "bearer", value: "abc" };
    expect(readCredential(undefined, "abc")).toEqual(abc);
    expect(readCredential("Bearer abc", "abc")).toEqual(abc);
    expect(readCredential("Bearer abc", "abd")).toBe(BAD_CREDENTIAL);
    expect(readCredential("Bearer abc", "")).toBe(BAD_CREDENTIAL);
    expect(readCredential(`Basic ${base64("a:b")}`, "abc")).toBe(BAD_CREDENTIAL);
    expect(readCredential(undefined, "")).toBe(BAD_CREDENTIAL);
  });

  test("no header at all makes it throw, or gives something with a control character", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.option(fc.string(), { nil: undefined }),
        (header, token) => {
          const read = readCredential(`Basic ${base64(header)}`, token);
          if (typeof read === "string") return;
          expect(`${JSON.stringify(read)}`).not.toMatch(/\\u00[01]/);
        },
      ),
    );
    fc.assert(fc.property(fc.string(), (header) => void readCredential(header, undefined)));
  });
});
