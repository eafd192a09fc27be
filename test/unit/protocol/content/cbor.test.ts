import { Decoder, Encoder } from "cbor-x";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import { CBOR_CODEC } from "../../../../protocol/content/cbor.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  type Integer64,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
  type Value,
} from "../../../../protocol/model/data-types.ts";
import { formatInteger, parseInteger } from "../../../../protocol/model/decimal.ts";
import { formatObjectLink } from "../../../../protocol/model/object-link.ts";
import { definitionOf, nothingDefined, TYPES, typedValue } from "../../../support/entries.ts";

const bytesOf = (hex: string) => decodeHex(hex.replaceAll(" ", "")) as Uint8Array;

function read(type: number, hex: string) {
  const entries = CBOR_CODEC.decode(bytesOf(hex), [42, 0, 10 * type], definitionOf);
  return isMalformed(entries) ? entries : entries[0].value;
}

function write(type: number, value: Value): Uint8Array {
  const path = [42, 0, 10 * type];
  return CBOR_CODEC.encode(path, [{ path, type, value }]) as Uint8Array;
}

const int = (text: string, unsigned = false) => parseInteger(text, unsigned) as Integer64;

describe("cbor: one value", () => {
  test.each<[number, Value, string]>([
    [INTEGER, 0, "00"],
    [INTEGER, 23, "17"],
    [INTEGER, 24, "1818"],
    [INTEGER, -1, "20"],
    [INTEGER, -128, "387f"],
    [INTEGER, 32767, "197fff"],
    [INTEGER, -2147483648, "3a7fffffff"],
    [INTEGER, 4294967296, "1b0000000100000000"],
    [INTEGER, int("9223372036854775807"), "1b7fffffffffffffff"],
    [INTEGER, int("-9223372036854775808"), "3b7fffffffffffffff"],
    [INTEGER, int("-9007199254740992"), "3b001fffffffffffff"],
    [INTEGER, -9007199254740991, "3b001ffffffffffffe"],
    [UNSIGNED, int("18446744073709551615", true), "1bffffffffffffffff"],
    [FLOAT, 0.123, "fb3fbf7ced916872b0"],
    [FLOAT, 3, "fa40400000"],
    [BOOLEAN, true, "f5"],
    [BOOLEAN, false, "f4"],
    [STRING, "test_string", "6b746573745f737472696e67"],
    [STRING, "ü", "62c3bc"],
    [OPAQUE, bytesOf("746573745f6f7061717565"), "4b746573745f6f7061717565"],
    [OBJLNK, { objectId: 1, objectInstanceId: 2 }, "63313a32"],
    [TIME, 1367491215, "c11a5182428f"],
  ])("type %d: %s is %s", (type, value, hex) => {
    expect(encodeHex(write(type, value))).toBe(hex);
    expect(read(type, hex)).toEqual(value);
  });

  test.each<[string, number, string, Value]>([
    ["an argument longer than needed", INTEGER, "1b0000000000000005", 5],
    ["a half float", FLOAT, "f93e00", 1.5],
    ["the smallest half float", FLOAT, "f90001", 2 ** -24],
    ["the largest half float", FLOAT, "f97bff", 65504],
    ["a negative half float", FLOAT, "f9c400", -4],
    ["half infinity", FLOAT, "f97c00", Number.POSITIVE_INFINITY],
    ["half not-a-number", FLOAT, "f97e00", Number.NaN],
    ["a float that is integral, for an integer", INTEGER, "fb40bc200000000000", 7200],
    ["an integer, for a float", FLOAT, "05", 5],
    ["a 64-bit integer, for a float", FLOAT, "1bffffffffffffffff", 2 ** 64],
    ["the largest signed integer, for a float", FLOAT, "1b7fffffffffffffff", 2 ** 63],
    ["the smallest signed integer, for a float", FLOAT, "3b7fffffffffffffff", -(2 ** 63)],
    ["an unsigned integer below 2^63", UNSIGNED, "1b7fffffffffffffff", int("9223372036854775807")],
    ["time without a tag", TIME, "1a5182428f", 1367491215],
    ["a decimal fraction", FLOAT, "c48221196ab3", 273.15],
    ["a decimal fraction with exponent 0", TIME, "c482001a1dcd6504", 500000004],
    ["a decimal fraction of indefinite length", FLOAT, "c49f21196ab3ff", 273.15],
    ["tags within tags", INTEGER, "c1c1c105", 5],
    ["text in pieces", STRING, "7f 62 c3bc 60 61 78 ff", "üx"],
    ["bytes in pieces", OPAQUE, "5f 41 aa 42 bbcc ff", bytesOf("aabbcc")],
    ["text of no pieces", STRING, "7fff", ""],
  ])("RFC 8949 §3: %s is read", (_, type, hex, value) => {
    expect(read(type, hex)).toEqual(value);
  });

  test.each([
    ["nothing", ""],
    ["a cut argument", "19 01"],
    ["a cut string", "62 61"],
    ["a string longer than memory", "7b ffffffffffffffff 61"],
    ["a reserved argument", "1c"],
    ["an integer of indefinite length", "1f"],
    ["a second item", "05 05"],
    ["an array", "81 05"],
    ["a map", "a1 05 05"],
    ["null", "f6"],
    ["undefined", "f7"],
    ["a simple value", "f8 20"],
    ["true, spelled long", "f8 15"],
    ["a break", "ff"],
    ["an integer below -2^63", "3b 8000000000000000"],
    ["text that is not UTF-8", "61 ff"],
    ["bytes among text", "7f 41 61 ff"],
    ["pieces within pieces", "7f 7f 61 61 ff ff"],
    ["text in pieces without end", "7f 61 61"],
    ["an endless row of tags", "c1".repeat(100)],
    ["a decimal fraction of one", "c4 81 01"],
    ["a decimal fraction that is cut", "c4 82"],
    ["a decimal fraction that is cut half-way", "c4 82 01"],
    ["a decimal fraction with half an exponent", "c4 82 f93800 01"],
    ["a decimal fraction of three", "c4 83 01 01 01"],
    ["a decimal fraction without end", "c4 9f 01 01"],
    ["a decimal fraction of text", "c4 82 01 61 31"],
    ["a decimal fraction with text for exponent", "c4 82 61 31 01"],
    ["a decimal fraction beyond doubles", "c4 82 19 0190 1b 001fffffffffffff"],
    ["a decimal fraction with an exponent beyond reason", "c4 82 1a 7fffffff 01"],
  ])("%s is refused", (_, hex) => {
    for (const type of TYPES) {
      expect(isMalformed(read(type, hex))).toBe(true);
    }
  });

  test.each([
    [INTEGER, "fb3ff8000000000000"],
    [INTEGER, "1bffffffffffffffff"],
    [INTEGER, "6131"],
    [INTEGER, "f5"],
    [INTEGER, "fa7f800000"],
    [UNSIGNED, "20"],
    [UNSIGNED, "3b7fffffffffffffff"],
    [FLOAT, "6131"],
    [BOOLEAN, "01"],
    [STRING, "05"],
    [STRING, "4161"],
    [OPAQUE, "6161"],
    [OBJLNK, "05"],
    [OBJLNK, "6131"],
  ])("type %d does not take %s", (type, hex) => {
    expect(read(type, hex)).toMatchObject({ fault: "content/value-not-of-type" });
  });

  test("what nothing defines has the type that it shows", () => {
    const shown = (hex: string) => {
      const entries = CBOR_CODEC.decode(bytesOf(hex), [7, 0, 1], nothingDefined);
      return isMalformed(entries) ? entries.fault : [entries[0].type, entries[0].value];
    };
    expect(shown("05")).toEqual([INTEGER, 5]);
    expect(shown("1bffffffffffffffff")).toEqual([UNSIGNED, new Uint8Array(8).fill(255)]);
    expect(shown("f93e00")).toEqual([FLOAT, 1.5]);
    expect(shown("f5")).toEqual([BOOLEAN, true]);
    expect(shown("6161")).toEqual([STRING, "a"]);
    expect(shown("4161")).toEqual([OPAQUE, new Uint8Array([0x61])]);
  });

  test("it is one value: not an instance, not a multiple resource", () => {
    const one = { path: [42, 0, 1000, 3], type: STRING, value: "a" };
    expect(CBOR_CODEC.encode([42, 0, 1000], [one])).toBeUndefined();
    expect(CBOR_CODEC.encode([42, 0, 1000, 3], [{ ...one, value: undefined }])).toBeUndefined();
    for (const base of [[], [42], [42, 0], [42, 0, 1000]]) {
      expect(CBOR_CODEC.decode(bytesOf("6161"), base, definitionOf)).toMatchObject({
        fault: "content/not-one-value",
      });
    }
  });
});

/** As cbor-x has values. */
function native(type: number, value: Value): unknown {
  if (type === INTEGER || type === UNSIGNED || type === TIME) {
    const exact = BigInt(formatInteger(value as Integer64, type === UNSIGNED));
    return exact >= -(2n ** 53n) && exact <= 2n ** 53n ? Number(exact) : exact;
  }
  if (type === OBJLNK) return formatObjectLink(value as never);
  return value;
}

describe("cbor: against cbor-x", () => {
  const decoder = new Decoder();
  const encoder = new Encoder({ tagUint8Array: false });

  test("it reads what we write", () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        const bytes = write(type, value);
        const item = type === TIME ? bytes.subarray(1) : bytes;
        const theirs: unknown = decoder.decode(item);
        const ours = native(type, value);
        if (value instanceof Uint8Array && type === OPAQUE) {
          expect(encodeHex(theirs as Uint8Array)).toBe(encodeHex(value));
        } else if (typeof ours === "bigint" || typeof theirs === "bigint") {
          expect(BigInt(theirs as bigint)).toBe(BigInt(ours as bigint));
        } else {
          expect(theirs).toEqual(ours);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("we read what it writes", () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        const bytes = encoder.encode(native(type, value));
        const entries = CBOR_CODEC.decode(new Uint8Array(bytes), [42, 0, 10 * type], definitionOf);
        expect(isMalformed(entries) ? entries : entries[0].value).toEqual(
          type === FLOAT && value === 0 ? expect.closeTo(0) : value,
        );
      }),
      { numRuns: 3000 },
    );
  });
});

test("cbor: no bytes make the decoder throw", () => {
  const anyType = fc.constantFrom(...TYPES);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), anyType, (bytes, type) => {
      CBOR_CODEC.decode(bytes, [42, 0, 10 * type], definitionOf);
    }),
    { numRuns: 20_000 },
  );
});
