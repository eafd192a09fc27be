import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBigInt, toBigInt } from "../../../host/integers.ts";
import { INTEGER, isValueOf, UNSIGNED } from "../../../protocol/model/data-types.ts";

test("every 64-bit integer goes to bigint and back", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
      const integer = fromBigInt(value, INTEGER);
      expect(isValueOf(INTEGER, integer)).toBe(true);
      expect(toBigInt(integer, INTEGER)).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
      expect(toBigInt(fromBigInt(value, UNSIGNED), UNSIGNED)).toBe(value);
    }),
  );
});

test("what does not fit is the caller's fault", () => {
  for (const [value, type] of [
    [2n ** 63n, INTEGER],
    [-(2n ** 63n) - 1n, INTEGER],
    [2n ** 64n, UNSIGNED],
    [-1n, UNSIGNED],
  ] as const) {
    expect(() => fromBigInt(value, type)).toThrow(expect.objectContaining({ code: "RANGE" }));
  }
});
