/**
 * Which property names of a bundle may be replaced by short ones. On a board a name of more than 4 characters takes a variable of
 * its own for every 10 characters or so, wherever it stands: in each prototype, and in each object.
 *
 * Short names are wrong where both sides of a name are not in the bundle: in JSON, and in what the firmware of a board supplies. So a
 * name keeps its length when
 * - the application mentions it: the program itself and all files that are not the library's own, which alone read JSON;
 * - the board's declarations or JavaScript itself have it (`espruino.lib.d.ts`, `espruino.api.d.ts` or `kaluma.api.d.ts`);
 * - it stands in quotes anywhere, since then it may be used as `object[name]`.
 */
import { readFileSync } from "node:fs";
import { type AnyNode, parse } from "acorn";
import ts from "typescript";
import { eachNode, KEYWORDS } from "./board-faults.ts";
import { type BoardEngine, boardFile } from "./library.ts";

const LANGUAGE_DECLARATIONS = "espruino.lib.d.ts";
const LANGUAGE_TYPES = [
  ...[Object, Function, Array, String, Number, Boolean, RegExp, Date, Error, Promise],
  ...[ArrayBuffer, DataView, Uint8Array, Object.getPrototypeOf(Uint8Array)],
];
/** What TypeScript writes for a getter. */
const DESCRIPTOR_NAMES = ["get", "set", "enumerable", "configurable"];

/** The names of properties that a module mentions, in quotes or not. */
export function propertyNames(code: string): string[] {
  const { plain, quoted } = namesIn(code);
  return [...plain.keys(), ...quoted];
}

/**
 * The names in a bundle that may become short ones.
 *
 * @param code the whole of it
 * @param applicationNames what its application mentions
 */
export function shortenableNames(
  code: string,
  applicationNames: Iterable<string>,
  engine: BoardEngine = "espruino",
): string[] {
  const { plain, quoted } = namesIn(code);
  const kept = new Set([...applicationNames, ...quoted, ...boardNames(engine), ...languageNames()]);
  return [...plain.keys()].filter((name) => !kept.has(name));
}

/** Letters of names, the shortest names first. */
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$_";

/** A short name for each of the names that may have one, the shortest for the most frequent. */
export function shortNames(
  code: string,
  applicationNames: Iterable<string>,
  engine: BoardEngine = "espruino",
): Map<string, string> {
  const { plain, quoted } = namesIn(code);
  const changing = shortenableNames(code, applicationNames, engine);
  const taken = new Set([...plain.keys(), ...quoted, ...KEYWORDS]);
  for (const name of changing) taken.delete(name);
  const count = (name: string) => plain.get(name) ?? 0;
  const names = new Map<string, string>();
  let next = 0;
  for (const name of [...changing].sort((a, b) => count(b) - count(a))) {
    let short = nthName(next++);
    while (taken.has(short)) short = nthName(next++);
    names.set(name, short);
  }
  return names;
}

/** `a`, `b`, ..., `aa`, `ba`, ... */
function nthName(n: number): string {
  const rest = Math.floor(n / LETTERS.length) - 1;
  return LETTERS[n % LETTERS.length] + (rest < 0 ? "" : nthName(rest));
}

/** How often each name stands there, and those that stand in quotes. */
function namesIn(code: string): { plain: Map<string, number>; quoted: Set<string> } {
  const plain = new Map<string, number>();
  const quoted = new Set<string>();
  eachNode(parse(code, { ecmaVersion: 2025, sourceType: "module" }) as AnyNode, (node) => {
    if (node.type === "Literal" && typeof node.value === "string") quoted.add(node.value);
    else if (node.type === "MemberExpression" && !node.computed) add(node.property);
    else if (node.type === "Property") add(node.key);
  });
  function add(name: AnyNode): void {
    if (name.type === "Identifier") plain.set(name.name, (plain.get(name.name) ?? 0) + 1);
  }
  return { plain, quoted };
}

/** Every member that the declarations of the board have. */
function boardNames(engine: BoardEngine): Set<string> {
  const names = new Set<string>();
  const language = boardFile("espruino", LANGUAGE_DECLARATIONS);
  for (const path of [language, boardFile(engine, `${engine}.api.d.ts`)]) {
    const visit = (node: ts.Node): void => {
      if (ts.isTypeElement(node) && node.name !== undefined) {
        if (ts.isIdentifier(node.name) || ts.isStringLiteral(node.name)) names.add(node.name.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022));
  }
  // Of property descriptors, which only an application writes with a value.
  names.delete("value");
  names.delete("writable");
  return names;
}

/** What JavaScript's own objects have, which includes what a board's declarations leave out because it does not work there. */
function languageNames(): Set<string> {
  const names = new Set<string>();
  for (const type of LANGUAGE_TYPES) {
    for (const owner of [type, type.prototype]) {
      for (const name of Object.getOwnPropertyNames(owner)) names.add(name);
    }
  }
  for (const name of [...Object.getOwnPropertyNames(Math), ...DESCRIPTOR_NAMES]) names.add(name);
  return names;
}
