import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  formatDecimal,
  formatInteger,
  parseDecimal,
  parseInteger,
} from "../../../../protocol/model/decimal.ts";

describe("integers as text", () => {
  test("an integer beyond 2^53 - 1 is eight bytes", () => {
    expect(parseInteger("9007199254740991", false)).toBe(9007199254740991);
    expect(parseInteger("9007199254740992", false)).toEqual(
      new Uint8Array([0, 0x20, 0, 0, 0, 0, 0, 0]),
    );
    expect(parseInteger("-1", false)).toBe(-1);
    expect(parseInteger("-9007199254740992", false)).toEqual(
      new Uint8Array([0xff, 0xe0, 0, 0, 0, 0, 0, 0]),
    );
  });

  test("the ends of the 64-bit ranges are in, their neighbours out", () => {
    expect(parseInteger("9223372036854775807", false)).toBeInstanceOf(Uint8Array);
    expect(parseInteger("9223372036854775808", false)).toBeUndefined();
    expect(parseInteger("-9223372036854775808", false)).toBeInstanceOf(Uint8Array);
    expect(parseInteger("-9223372036854775809", false)).toBeUndefined();
    expect(parseInteger("18446744073709551615", true)).toEqual(new Uint8Array(8).fill(255));
    expect(parseInteger("18446744073709551616", true)).toBeUndefined();
    expect(parseInteger("99999999999999999999", true)).toBeUndefined();
    expect(parseInteger("-1", true)).toBeUndefined();
  });

  test.each([
    "",
    "-",
    "+",
    "1.0",
    "1e3",
    " 1",
    "1 ",
    "0x10",
    "--1",
    "1-",
  ])("%j is no integer", (text) => {
    expect(parseInteger(text, false)).toBeUndefined();
  });

  test("zero has no sign", () => {
    expect(Object.is(parseInteger("-0", false), 0)).toBe(true);
    expect(Object.is(parseInteger("-0", true), 0)).toBe(true);
  });

  test("every 64-bit integer reads and writes as bigint does", () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        const integer = parseInteger(value.toString(), false);
        if (typeof integer === "number") expect(BigInt(integer)).toBe(value);
        else expect(signed(integer ?? new Uint8Array(8))).toBe(value);
        expect(formatInteger(integer ?? 0, false)).toBe(value.toString());
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
        const integer = parseInteger(value.toString(), true);
        expect(formatInteger(integer ?? 0, true)).toBe(value.toString());
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    "9223372036854775807",
    "-9223372036854775808",
    "-9007199254740992",
    "-4611686018427387904",
    "4294967296000000000",
    "-4294967296000000000",
    "1000000000000000000",
  ])("%s survives", (text) => {
    expect(formatInteger(parseInteger(text, false) ?? 0, false)).toBe(text);
  });
});

describe("floats as text", () => {
  test("every finite double reads back as itself", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseDecimal(formatDecimal(value))).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 5000 },
    );
  });

  test("an engine that prints few decimals, or wraps large numbers, still gives right text", () => {
    vi.stubGlobal("String", (value: number) =>
      Math.abs(value) < 1e18 ? `${Number(value.toFixed(11))}` : "59678373026661580800",
    );
    const texts = [1.23456789e-7, -9.87654321e-300, 21.5, 3.7e19, -1.5e300, 0].map(formatDecimal);
    vi.unstubAllGlobals();
    expect(texts[2]).toBe("21.5");
    expect(texts[5]).toBe("0");
    for (const [i, value] of [1.23456789e-7, -9.87654321e-300, 21.5, 3.7e19, -1.5e300].entries()) {
      expect((parseDecimal(texts[i]) ?? 0) / value).toBeCloseTo(1, 12);
    }
  });

  test.each([
    ["1", 1],
    ["-1.5", -1.5],
    ["+1.5", 1.5],
    [".5", 0.5],
    ["5.", 5],
    ["1e3", 1000],
    ["1.5E-3", 0.0015],
    ["-0", -0],
  ])("%j is %d", (text, value) => {
    expect(parseDecimal(text)).toBe(value);
  });

  test.each([
    "",
    ".",
    "-",
    "e5",
    "1e",
    "1e+",
    "1.2.3",
    "1e5.5",
    "1-2",
    "0x10",
    "Infinity",
    "NaN",
    " 1",
    "1 ",
    "1e400",
    "1_000",
    "1e1e1",
  ])("%j is no number", (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  test("what Number takes and has only digits, signs, points and exponents is taken too", () => {
    const characters = fc.constantFrom(..."0123456789+-.eE");
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 8 }), (text) => {
        const value = text === "" ? Number.NaN : Number(text);
        expect(parseDecimal(text)).toBe(Number.isFinite(value) ? value : undefined);
      }),
      { numRuns: 10_000 },
    );
  });
});

function signed(bytes: Uint8Array): bigint {
  return Buffer.from(bytes).readBigInt64BE();
}
