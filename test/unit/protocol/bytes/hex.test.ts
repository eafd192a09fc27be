import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";

describe("hex", () => {
  test("bytes are written as Node writes them, and read back in either case", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = encodeHex(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("hex"));
        expect(decodeHex(text)).toEqual(bytes);
        expect(decodeHex(text.toUpperCase())).toEqual(bytes);
      }),
    );
  });

  test.each(["a", "abc", "0x", "gg", "a ", " a", "é0"])("%j is refused", (text) => {
    expect(decodeHex(text)).toBeUndefined();
  });
});
