import { expect, test } from "vitest";
import { inlineConstants } from "../../../../firmware/flash/inline-constants.ts";

test("numbers stand in the place of their names, those computed from others too", () => {
  const code = "var A = 2; var B = A * 8; var C = A | 1; f(A, B, C, it[A]);";
  expect(inlineConstants(code)).toContain("f((2), (16), (3), it[(2)]);");
});

test("names of properties stay", () => {
  expect(inlineConstants("var A = 2; f(it.A, { A: A });")).toContain("f(it.A, { A: (2) });");
});

test.each([
  ["is given another value", "var A = 2; A = 3; f(A);"],
  ["counts", "var A = 2; A++; f(A);"],
  ["is the name of a parameter too", "var A = 2; function g(A) { return A; }"],
  ["is the name of an inner variable too", "var A = 2; function g() { var A = f(); return A; }"],
  ["runs through keys", "var A = 2; for (A in it) f(A);"],
  ["is a text", 'var A = "a"; f(A);'],
])("a name stays that %s", (_, code) => {
  expect(inlineConstants(code)).toBe(code);
});
