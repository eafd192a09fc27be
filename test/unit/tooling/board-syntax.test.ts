import { expect, test } from "vitest";
import { boardSyntaxRefusals } from "../../../scripts/board-syntax.ts";
import { repositorySources } from "../../../scripts/support/sources.ts";

function refusals(text: string, path = "protocol/coap/x.ts"): string[] {
  return boardSyntaxRefusals([{ path, text }]).map((r) => `${r.line}: ${r.message}`);
}

test("portable code keeps to the syntax that a board runs", () => {
  expect(boardSyntaxRefusals(repositorySources())).toEqual([]);
});

test.each([
  ["private field", "class A { #x = 1; }"],
  ["label", "outer: for (;;) break outer;"],
  ["async function", "async function f() {}"],
  ["async method", "class A { async m() {} }"],
  ["generator", "function* f() {}"],
  ["generator method", "class A { *m() {} }"],
  ["enum", "enum E { A }"],
  ["namespace", "namespace N { export const a = 1; }"],
  ["tagged template", "const a = tag`x`;"],
  ["array hole", "const a = [1, , 2];"],
  ["hole in a pattern", "const [, b] = a;"],
  ["bigint", "const a = 1n;"],
  ["power", "const a = b ** 2;"],
  ["power assignment", "b **= 2;"],
  ["dynamic import", `import("./y.ts");`],
  ["new.target", "function f() { return new.target; }"],
  ["static block", "class A { static { f(); } }"],
  ["class extends Error", "class A extends Error {}"],
  ["class extends a call", "class A extends mixin(B) {}"],
  ["case after default", "switch (a) { default: f(); case 1: g(); }"],
  ["reserved name", "const of = 1;"],
  ["reserved parameter", "function f(of: number) {}"],
  ["literal above a byte", `const a = "\\u20ac";`],
  ["template above a byte", "const a = `${b}€`;"],
  ["count in a pattern", "/a{2}/"],
  ["repeated group", "/(ab)+/"],
  ["lazy repetition", "/a+?/"],
  ["look-ahead", "/a(?=b)/"],
  ["named group", "/(?<n>a)/"],
  ["back reference", "/(a)\\1/"],
  ["word border", "/\\ba/"],
  ["slash in a class", "/[/]/"],
  ["flag", "/a/u"],
])("refused: %s", (_, text) => {
  expect(refusals(text)).toHaveLength(1);
});

test.each([
  ["private keyword", "class A { private x = 1; }"],
  ["class extends a class", "class B extends A {}"],
  ["interface extends Array", "interface B extends Array<string> {}"],
  ["default last", "switch (a) { case 1: f(); break; default: g(); }"],
  ["for..of", "for (const x of [1, 2]) f(x);"],
  ["template", "const a = `${b} c`;"],
  ["bytes in a literal", `const a = "\\xff\\x00";`],
  ["a clause's sign", `const a = "RFC 7252 §4.2";`],
  ["simple pattern", "/^[a-z0-9]+(?:a|b)\\.c*$/gi"],
  ["property named of", "a.of(1);"],
  ["non-ASCII in a comment", "/** RFC 7252 §4.2 */ const a = 1;"],
])("allowed: %s", (_, text) => {
  expect(refusals(text)).toEqual([]);
});

test("a refusal names its line and what to write instead", () => {
  expect(refusals("const a = 3;\n\nconst b = a ** 2;")).toEqual([
    "3: `**` becomes Math.pow, which is inexact on a board: multiply",
  ]);
});

test("code that never runs on a board is free", () => {
  expect(refusals("enum E { A }", "connector/x.ts")).toEqual([]);
});
