import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatProfileIds, parseProfileIds } from "../../../../protocol/lwm2m/profile-id.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";

describe("profile ids", () => {
  test.each([
    ["6:1234abcd", [{ scheme: "6", value: "1234abcd" }]],
    ["oma:meter-1", [{ scheme: "oma", value: "meter-1" }]],
    [
      '"v:Base,6:1234abcd"',
      [
        { scheme: "v", value: "Base" },
        { scheme: "6", value: "1234abcd" },
      ],
    ],
  ])("LwM2M Core 1.2.2 §6.2.1: %s", (text, ids) => {
    expect(parseProfileIds(text)).toEqual(ids);
    expect(formatProfileIds(ids)).toBe(text);
  });

  test("one in quotes is one", () => {
    expect(parseProfileIds('"oma:a"')).toEqual([{ scheme: "oma", value: "a" }]);
  });

  test.each([
    "",
    '"',
    '""',
    "oma",
    "oma:",
    ":a",
    "x:a",
    "oma:a b",
    "oma:a,oma:b",
    '"oma:a',
    '"oma:a,"',
    "6:1234abc",
    "6:1234ABCD",
    "6:1234abcg",
    "6666:1234abcd",
    "__proto__:a",
  ])("%j is none", (text) => {
    expect(isMalformed(parseProfileIds(text))).toBe(true);
  });

  test("hashes and names have an end, and so has their list", () => {
    expect(isMalformed(parseProfileIds(`1:${"a".repeat(129)}`))).toBe(true);
    expect(isMalformed(parseProfileIds(`v:${"a".repeat(256)}`))).toBe(true);
    expect(parseProfileIds(`"${"v:a,".repeat(32)}v:a"`)).toMatchObject({
      fault: "lwm2m/profile-ids-too-many",
    });
  });

  test("no text makes it throw, and what is read is written", () => {
    const part = fc.stringMatching(/^(oma|v|[0-9]{1,3}):[0-9a-f-]{1,12}$/);
    const list = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `"${parts}"`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), part, list), (text) => {
        const ids = parseProfileIds(text);
        if (!isMalformed(ids)) expect(parseProfileIds(formatProfileIds(ids))).toEqual(ids);
      }),
    );
  });
});
