import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64, encodeBase64, encodeBase64Url } from "../../../../protocol/bytes/base64.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

describe("base64", () => {
  test.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ])("RFC 4648 §10: %j is %j", (text, encoded) => {
    expect(encodeBase64(ascii(text))).toBe(encoded);
    expect(decodeBase64(encoded)).toEqual(ascii(text));
    expect(decodeBase64(encoded.replaceAll("=", ""))).toEqual(ascii(text));
  });

  test("bytes are written as Node writes them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(encodeBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
        expect(decodeBase64(encodeBase64Url(bytes))).toEqual(bytes);
      }),
    );
  });

  test.each([
    "a",
    "abcde",
    "ab=",
    "a===",
    "ab=c",
    "=abc",
    "====",
    "ab c",
    "ab\n",
    "ab.d",
    "é===",
  ])("%j is refused", (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
