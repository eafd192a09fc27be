import { describe, expect, test } from "vitest";
import { isCallback, parseCallback } from "../../../../connector/notifications/callback.ts";

const url = "http://hook.example/";

describe("a callback", () => {
  test("is a url and headers, which may be left out", () => {
    const headers = { Authorization: "auth", "test-header": "test" };
    expect(parseCallback({ url, headers })).toEqual({ url, headers });
    expect(parseCallback({ url })).toEqual({ url, headers: {} });
  });

  test("has at most 400 characters in url and header values, names not counted", () => {
    const headers = { "long-name-that-does-not-count": "v".repeat(400 - url.length) };
    expect(isCallback(parseCallback({ url, headers }))).toBe(true);
    expect(parseCallback({ url: `${url}x`, headers })).toEqual({
      refusal: "The url and the header values are 401 characters long, more than 400.",
    });
  });

  const badHeaders: [name: string, headers: unknown][] = [
    ["a line break in a value", { a: "x\r\nHost: y" }],
    ["a NUL in a value", { a: "x\0" }],
    ["a letter beyond ASCII in a value", { a: "é" }],
    ["a value that is no string", { a: 7 }],
    ["a name with a blank", { "a b": "x" }],
    ["a name with a line break", { "a\r\nb": "x" }],
    ["a name with a colon", { "a:": "x" }],
    ["an empty name", { "": "x" }],
    ["the same name twice", { A: "x", a: "y" }],
    ["headers that are no object", 7],
    ...[
      "Host",
      "content-length",
      "Transfer-Encoding",
      "Connection",
      "TE",
      "Upgrade",
      "Trailer",
      "Expect",
      "Proxy-Authorization",
      "Content-Type",
    ].map((name): [string, unknown] => [`the reserved ${name}`, { [name]: "x" }]),
  ];
  for (const [name, headers] of badHeaders) {
    test(`is refused with ${name}`, () => {
      expect(isCallback(parseCallback({ url, headers }))).toBe(false);
    });
  }

  for (const body of [undefined, null, 7, "x", [], {}, { url: "" }, { url: 7 }]) {
    test(`is not ${JSON.stringify(body)}`, () => {
      expect(isCallback(parseCallback(body))).toBe(false);
    });
  }

  test("a refusal never repeats a header value", () => {
    for (const headers of [{ a: "s3cret\n" }, { Host: "s3cret" }, { a: "s3cret".repeat(100) }]) {
      expect(JSON.stringify(parseCallback({ url, headers }))).not.toContain("s3cret");
    }
  });
});
