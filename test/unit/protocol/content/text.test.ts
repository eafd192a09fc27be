import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPAQUE_CODEC } from "../../../../protocol/content/opaque.ts";
import { TEXT_CODEC } from "../../../../protocol/content/text.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import {
  BOOLEAN,
  CORELNK,
  FLOAT,
  INTEGER,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  UNSIGNED,
  type Value,
} from "../../../../protocol/model/data-types.ts";
import { definitionOf, nothingDefined, TYPES, typedValue } from "../../../support/entries.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Reads text as the single resource of a type. */
function read(type: number, text: string) {
  const entries = TEXT_CODEC.decode(utf8(text), [42, 0, 10 * type], definitionOf);
  return isMalformed(entries) ? entries : entries[0].value;
}

function write(type: number, value: Value): string {
  const path = [42, 0, 10 * type];
  return new TextDecoder().decode(TEXT_CODEC.encode(path, [{ path, type, value }]));
}

describe("text", () => {
  test.each<[string, number, Value, string]>([
    ["string", STRING, "Grüße, 世界", "Grüße, 世界"],
    ["integer", INTEGER, -128, "-128"],
    [
      "64-bit integer",
      INTEGER,
      new Uint8Array(8).fill(255, 1).fill(0x7f, 0, 1),
      "9223372036854775807",
    ],
    ["unsigned integer", UNSIGNED, new Uint8Array(8).fill(255), "18446744073709551615"],
    ["float", FLOAT, -123.125, "-123.125"],
    ["boolean true", BOOLEAN, true, "1"],
    ["boolean false", BOOLEAN, false, "0"],
    ["opaque", OPAQUE, new Uint8Array([0xfb, 0xff, 0]), "+/8A"],
    ["opaque with padding", OPAQUE, new Uint8Array([0xfb]), "+w=="],
    ["time", TIME, 1367491215, "1367491215"],
    ["object link", OBJLNK, { objectId: 66, objectInstanceId: 1 }, "66:1"],
    ["core link", CORELNK, "</3/0>;ver=1.1", "</3/0>;ver=1.1"],
  ])("LwM2M Core 1.1.1 Appendix C: %s", (_, type, value, text) => {
    expect(write(type, value)).toBe(text);
    expect(read(type, text)).toEqual(value);
  });

  test.each([
    [INTEGER, "1.5"],
    [INTEGER, ""],
    [INTEGER, "9223372036854775808"],
    [UNSIGNED, "-1"],
    [FLOAT, "warm"],
    [BOOLEAN, "true"],
    [BOOLEAN, "2"],
    [OPAQUE, "a"],
    [OPAQUE, "ab!="],
    [TIME, "2026-11-21"],
    [OBJLNK, "66"],
  ])("type %d does not take %j", (type, text) => {
    expect(read(type, text)).toMatchObject({ fault: "content/value-not-of-type" });
  });

  test("every value reads back", () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        expect(read(type, write(type, value))).toEqual(Object.is(value, -0) ? 0 : value);
      }),
      { numRuns: 2000 },
    );
  });

  test("bytes that are not UTF-8 are refused", () => {
    const bytes = new Uint8Array([0xc3]);
    expect(TEXT_CODEC.decode(bytes, [42, 0, 10], definitionOf)).toMatchObject({
      fault: "content/not-utf8",
    });
  });

  test("what nothing defines is a string", () => {
    expect(TEXT_CODEC.decode(utf8("5"), [7, 0, 1], nothingDefined)).toEqual([
      { path: [7, 0, 1], type: STRING, value: "5" },
    ]);
  });

  test("text is one value: not an instance, not a multiple resource, not a float without end", () => {
    const one = { path: [42, 0, 1000, 3], type: STRING, value: "a" };
    expect(TEXT_CODEC.encode([42, 0, 1000], [one])).toBeUndefined();
    expect(TEXT_CODEC.encode([42, 0, 1000, 3], [one])).toEqual(utf8("a"));
    expect(TEXT_CODEC.encode([42, 0], [])).toBeUndefined();
    expect(TEXT_CODEC.encode([42, 0, 1000, 3], [{ ...one, value: undefined }])).toBeUndefined();
    const endless = { path: [42, 0, 40], type: FLOAT, value: Number.POSITIVE_INFINITY };
    expect(TEXT_CODEC.encode([42, 0, 40], [endless])).toBeUndefined();
    for (const base of [[], [42], [42, 0], [42, 0, 1000]]) {
      expect(TEXT_CODEC.decode(utf8("a"), base, definitionOf)).toMatchObject({
        fault: "content/not-one-value",
      });
    }
  });

  test("no bytes make the decoder throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...TYPES), (bytes, type) => {
        TEXT_CODEC.decode(bytes, [42, 0, 10 * type], definitionOf);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe("opaque", () => {
  const bytes = new Uint8Array([0, 1, 0xff]);

  test("LwM2M Core 1.1.1 §7.4.2: the bytes are the value", () => {
    const path = [42, 0, 60];
    expect(OPAQUE_CODEC.encode(path, [{ path, type: OPAQUE, value: bytes }])).toEqual(bytes);
    expect(OPAQUE_CODEC.decode(bytes, path, definitionOf)).toEqual([
      { path, type: OPAQUE, value: bytes },
    ]);
    expect(OPAQUE_CODEC.decode(bytes, [7, 0, 1], nothingDefined)).toHaveLength(1);
  });

  test("what is written is a copy", () => {
    const path = [42, 0, 60];
    const written = OPAQUE_CODEC.encode(path, [{ path, type: OPAQUE, value: bytes }]);
    expect(written).not.toBe(bytes);
  });

  test("only one OPAQUE value goes into it", () => {
    const path = [42, 0, 10];
    expect(OPAQUE_CODEC.encode(path, [{ path, type: STRING, value: "a" }])).toBeUndefined();
    expect(OPAQUE_CODEC.encode([42, 0], [])).toBeUndefined();
    expect(OPAQUE_CODEC.decode(bytes, path, definitionOf)).toMatchObject({
      fault: "content/value-not-of-type",
    });
    expect(OPAQUE_CODEC.decode(bytes, [42, 0], definitionOf)).toMatchObject({
      fault: "content/not-one-value",
    });
  });
});
