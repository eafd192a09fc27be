import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isJsonRefusal, parseJson } from "../../../../connector/rest/json.ts";

function isTaken(text: string): boolean {
  return !isJsonRefusal(parseJson(text));
}

describe("JSON from strangers", () => {
  test("any text is taken as JSON.parse takes it, or refused; none throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json({ maxDepth: 6 })), (text) => {
        const parsed = parseJson(text);
        if (!isJsonRefusal(parsed)) expect(parsed.value).toEqual(JSON.parse(text));
      }),
    );
  });

  test("32 levels are taken and 33 are not; a million end as quickly", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(isTaken(nested(32))).toBe(true);
    expect(isTaken(nested(33))).toBe(false);
    expect(isTaken(nested(1_000_000))).toBe(false);
    expect(isTaken(`${'{"a":'.repeat(33)}1${"}".repeat(33)}`)).toBe(false);
  });

  test("brackets in strings do not count", () => {
    expect(isTaken(JSON.stringify("[".repeat(100)))).toBe(true);
    expect(isTaken(JSON.stringify(['"[[[['.repeat(20), "\\"]))).toBe(true);
  });

  test("names that reach into objects are refused at any depth", () => {
    for (const name of ["__proto__", "constructor", "prototype"]) {
      expect(isTaken(`{"${name}":1}`)).toBe(false);
      expect(isTaken(`[{"a":[{"${name}":{}}]}]`)).toBe(false);
      expect(isTaken(`["${name}"]`)).toBe(true);
    }
    expect(isTaken('{"\\u005f_proto__":1}')).toBe(false);
  });
});
