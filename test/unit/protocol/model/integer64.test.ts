import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { integerLength, readInteger } from "../../../../protocol/model/integer64.ts";

describe("64-bit integers as bytes", () => {
  test.each([
    [-128, 1],
    [127, 1],
    [128, 2],
    [-129, 2],
    [32767, 2],
    [32768, 4],
    [-32769, 4],
    [2147483647, 4],
    [2147483648, 8],
    [-2147483649, 8],
  ])("%d takes %d bytes", (value, length) => {
    expect(integerLength(value, false)).toBe(length);
  });

  test.each([
    [255, 1],
    [256, 2],
    [65536, 4],
    [4294967296, 8],
  ])("%d takes %d bytes without a sign", (value, length) => {
    expect(integerLength(value, true)).toBe(length);
  });

  test("eight bytes read as a number only when that is exact", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        fc.boolean(),
        (bytes, unsigned) => {
          const buffer = Buffer.from(bytes);
          const exact = unsigned ? buffer.readBigUInt64BE() : buffer.readBigInt64BE();
          const isSafe = exact >= -(2n ** 53n - 1n) && exact <= 2n ** 53n - 1n;
          expect(readInteger(bytes, 0, 8, unsigned)).toEqual(isSafe ? Number(exact) : bytes);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("the edge of exactness is on the right side", () => {
    const read = (hex: string) =>
      readInteger(Uint8Array.from(Buffer.from(hex, "hex")), 0, 8, false);
    expect(read("001fffffffffffff")).toBe(9007199254740991);
    expect(read("0020000000000000")).toBeInstanceOf(Uint8Array);
    expect(read("0020000000000001")).toBeInstanceOf(Uint8Array);
    expect(read("ffe0000000000001")).toBe(-9007199254740991);
    expect(read("ffe0000000000000")).toBeInstanceOf(Uint8Array);
  });

  test("short integers carry their sign", () => {
    expect(readInteger(new Uint8Array([9, 0x80]), 1, 1, false)).toBe(-128);
    expect(readInteger(new Uint8Array([9, 0x80]), 1, 1, true)).toBe(128);
    expect(readInteger(new Uint8Array([0xff, 0xfe]), 0, 2, false)).toBe(-2);
  });
});
