import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { isPortable, repositorySources } from "../../../scripts/support/sources.ts";

const ROOT = join(import.meta.dirname, "../../..");
const SNIPPET = join(ROOT, "protocol/snippet.ts");

function parsed(config: string): ts.ParsedCommandLine {
  const { config: json } = ts.readConfigFile(join(ROOT, config), ts.sys.readFile);
  return ts.parseJsonConfigFileContent(json, ts.sys, ROOT);
}

const portable = parsed("tsconfig.portable.json");
const lib = portable.fileNames.filter((name) => name.endsWith("espruino.lib.d.ts"));

/** What the compiler says to a snippet that knows only what a board has. */
function errors(source: string): string[] {
  const host = ts.createCompilerHost(portable.options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === SNIPPET || fileExists(name);
  host.getSourceFile = (name, options) =>
    name === SNIPPET
      ? ts.createSourceFile(name, `export {};\n${source}`, options)
      : getSourceFile.call(host, name, options);
  const program = ts.createProgram([...lib, SNIPPET], portable.options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map((found) => ts.flattenDiagnosticMessageText(found.messageText, "\n"));
}

test("the library stands by itself", () => {
  expect(errors("")).toEqual([]);
});

test.each([
  "new Map();",
  "new Set();",
  "new WeakMap();",
  "Symbol.iterator;",
  "Promise.resolve();",
  "BigInt(1);",
  "new RangeError();",
  "setTimeout(() => {}, 1);",
  "clearTimeout(undefined);",
  "Date.now();",
  "Math.random();",
  "Math.pow(2, 3);",
  "Math.trunc(1.5);",
  "Math.imul(2, 3);",
  "console.log(1);",
  "process.version;",
  "require('dgram');",
  "new TextEncoder();",
  "Buffer.from([1]);",
  "Array.from([1]);",
  "Array.of(1);",
  "[[1]].flat();",
  "[1].at(0);",
  "[1].lastIndexOf(1);",
  "const a = [1]; a.length = 0;",
  "new Uint8Array([1]).slice(0);",
  "Uint8Array.from([1]);",
  "new Uint8Array([1]).at(0);",
  "for (const b of new Uint8Array([1])) b;",
  "for (const [k, v] of Object.entries({ a: 1 }).entries()) [k, v];",
  "Number.isInteger(1);",
  "Number.MAX_SAFE_INTEGER;",
  "(1).toPrecision(3);",
  "Object.freeze({});",
  "Object.is(1, 1);",
  "Object.create(null, {});",
  "'a'.codePointAt(0);",
  "'a'.trimStart();",
  "'a'.localeCompare('b');",
  "'a,b'.split(',', 1);",
  "(() => {}).name;",
  "new Error('a').name;",
  "new Error('a', { cause: 1 });",
  "structuredClone({});",
  "globalThis.x;",
])("a board has no %s", (source) => {
  expect(errors(source)).not.toEqual([]);
});

test.each([
  "const a = new Uint8Array(4); a.set([1], 1); a.subarray(1, 3).fill(0);",
  "new DataView(new ArrayBuffer(8)).setFloat64(0, 1.5, true);",
  "for (const x of [1, 2]) x; for (const c of 'ab') c;",
  "[3, 1].sort((a, b) => a - b).map((x) => x + 1).indexOf(2);",
  "const { a, ...rest } = { a: 1, b: 2 }; [a, rest];",
  "class A { private x = 1; get y(): number { return this.x; } } class B extends A {} new B().y;",
  "const f = (a: number, ...b: number[]): number => a + b.length; f.call(undefined, 1); f.apply(undefined, [1]);",
  "const r: Readonly<Record<string, number>> = { a: 1 }; Object.keys(r);",
  "`a${1}`.substring(1).toUpperCase().charCodeAt(0); String.fromCharCode(1, 2);",
  "try { throw new Error('x'); } catch (e) { (e as Error).message; }",
  "JSON.parse('1'); JSON.stringify({}); parseInt('1', 10); isNaN(1);",
])("a board has %s", (source) => {
  expect(errors(source)).toEqual([]);
});

test("every portable file is compiled against it, and a board's own against its API too", () => {
  const boards = ["tsconfig.espruino.json", "tsconfig.kaluma.json"];
  const checked = [...portable.fileNames, ...boards.flatMap((name) => parsed(name).fileNames)];
  const missing = repositorySources()
    .map(({ path }) => path)
    .filter((path) => isPortable(path) && !checked.includes(join(ROOT, path)));
  expect(missing).toEqual([]);
});
