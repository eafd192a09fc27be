import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { floatBytes, layFloat, readFloat } from "../../../../protocol/bytes/float.ts";
import { Writer } from "../../../../protocol/bytes/writer.ts";

describe("the writer", () => {
  test("what is written later stands in front", () => {
    const writer = new Writer();
    writer.text("lo");
    writer.bytes(new Uint8Array([0x6c, 0x6c, 0]), 1);
    writer.integer(0x6865, 2);
    writer.byte(0x3e);
    expect(new TextDecoder().decode(writer.finish())).toBe(">hello");
  });

  test("it grows as far as needed and starts anew when cleared", () => {
    const writer = new Writer();
    const parts = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 700 }), fc.string({ unit: "binary" })),
    );
    fc.assert(
      fc.property(parts, (pieces) => {
        writer.clear();
        const expected: Buffer[] = [];
        for (const piece of pieces) {
          if (typeof piece === "string") writer.text(piece);
          else writer.bytes(piece, piece.length);
          expected.unshift(Buffer.from(piece));
        }
        expect(writer.size()).toBe(Buffer.concat(expected).length);
        expect(Buffer.from(writer.finish()).equals(Buffer.concat(expected))).toBe(true);
      }),
    );
  });

  test("what it gave is not written over", () => {
    const writer = new Writer();
    writer.byte(1);
    const first = writer.finish();
    writer.clear();
    writer.byte(2);
    expect(first).toEqual(new Uint8Array([1]));
  });

  test.each([
    [0, 1, "00"],
    [255, 1, "ff"],
    [-1, 1, "ff"],
    [-2, 4, "fffffffe"],
    [-129, 2, "ff7f"],
    [2 ** 53 - 1, 8, "001fffffffffffff"],
    [-(2 ** 53 - 1), 8, "ffe0000000000001"],
  ])("%d in %d bytes is %s", (value, length, hex) => {
    const writer = new Writer();
    writer.integer(value, length);
    expect(Buffer.from(writer.finish()).toString("hex")).toBe(hex);
  });
});

describe("floats as bytes", () => {
  test("a float takes four bytes exactly when these hold it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.float({ noNaN: true }), fc.double({ noNaN: true })), (value) => {
        const length = layFloat(value);
        expect(length).toBe(Object.is(Math.fround(value), value) ? 4 : 8);
        expect(readFloat(new Uint8Array([9, ...floatBytes]), 1, length)).toBe(value);
      }),
    );
  });

  test("what is no number stays none", () => {
    expect(readFloat(floatBytes, 0, layFloat(Number.NaN))).toBeNaN();
  });
});
