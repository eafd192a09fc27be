import { expect, test } from "vitest";
import { silenceFaults } from "../../../../firmware/flash/silent-faults.ts";

test("a fault keeps its place and loses its words", () => {
  const code = 'var S = "RFC"; f(malformed("coap/x", at + 1, S), malformed("coap/y", 0, "RFC 1"));';
  expect(silenceFaults(code)).toBe('var S = "RFC"; f(malformed("", at + 1), malformed("", 0));');
});

test("what is not a fault with words stays", () => {
  const code = 'malformed(fault, at, source); other("a", 1, "b"); malformed("", 0);';
  expect(silenceFaults(code)).toBe(code);
});
