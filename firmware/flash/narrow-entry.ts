/**
 * An entry point of the library with only those names that a program takes of it. `dormouse-lwm2m/protocol` exports some 300 modules, of which
 * a program for a board uses five: the others need not be lowered only to be left out.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type AnyNode, parse } from "acorn";

/** Where a name comes from: a name of a module, or the module itself as one name. */
interface Origin {
  readonly file: string;
  /** Undefined for `export * as name`. */
  readonly name: string | undefined;
}

/**
 * The text of a module that exports what the module `text`, in ES2015, imports from `specifier`, which is the library's file `entry`.
 * Undefined when it takes all of it, as with `import * as`.
 */
export function narrowEntry(text: string, specifier: string, entry: string): string | undefined {
  const names = namesTaken(text, specifier);
  if (names === undefined) return undefined;
  const lines: string[] = [];
  for (const name of names) {
    const origin = originOf(name, entry);
    // The program's types are refused for it.
    if (origin === undefined) continue;
    const from = JSON.stringify(origin.file);
    lines.push(
      origin.name === undefined
        ? `export * as ${name} from ${from};`
        : `export { ${origin.name} as ${name} } from ${from};`,
    );
  }
  return lines.join("\n");
}

function namesTaken(text: string, specifier: string): string[] | undefined {
  const program = parse(text, { ecmaVersion: "latest", sourceType: "module" }) as AnyNode;
  const names: string[] = [];
  for (const statement of program.type === "Program" ? program.body : []) {
    if (!("source" in statement) || statement.source?.value !== specifier) continue;
    if (statement.type === "ExportAllDeclaration") return undefined;
    for (const taken of statement.specifiers) {
      const name =
        taken.type === "ImportSpecifier"
          ? taken.imported
          : taken.type === "ExportSpecifier"
            ? taken.local
            : undefined;
      if (name?.type !== "Identifier") return undefined;
      names.push(name.name);
    }
  }
  return names;
}

/** Follows the exports of a module of the library to where a name is defined; undefined when it has none of that name. */
function originOf(name: string, file: string): Origin | undefined {
  const { own, named, all } = exportsOf(file);
  if (own.has(name)) return { file, name };
  const through = named.get(name);
  if (through !== undefined) {
    return through.name === undefined ? through : originOf(through.name, through.file);
  }
  for (const other of all) {
    const origin = originOf(name, other);
    if (origin !== undefined) return origin;
  }
  return undefined;
}

interface ModuleExports {
  readonly own: ReadonlySet<string>;
  /** `export { name } from`, `export * as name from`. */
  readonly named: ReadonlyMap<string, Origin>;
  /** `export * from`. */
  readonly all: readonly string[];
}

const known = new Map<string, ModuleExports>();

const DEFINITION = /^export (?:abstract |async )?(?:function\*?|class|const|let|var) ([\w$]+)/gm;
const LIST = /^export \{([^}]*)\} from "([^"]+)";/gm;
const WHOLE = /^export \* (?:as ([\w$]+) )?from "([^"]+)";/gm;

/** Read from the text: the library is formatted by machine, in both of its forms, and has no other exports. */
function exportsOf(file: string): ModuleExports {
  const before = known.get(file);
  if (before !== undefined) return before;
  const text = readFileSync(file, "utf8");
  const at = (specifier: string) => join(dirname(file), specifier);
  const named = new Map<string, Origin>();
  for (const [, list, specifier] of text.matchAll(LIST)) {
    for (const item of list.split(",")) {
      const [name, renamed] = item.trim().split(" as ");
      if (name !== "" && !name.startsWith("type ")) {
        named.set(renamed ?? name, { file: at(specifier), name });
      }
    }
  }
  const all: string[] = [];
  for (const [, name, specifier] of text.matchAll(WHOLE)) {
    if (name === undefined) all.push(at(specifier));
    else named.set(name, { file: at(specifier), name: undefined });
  }
  const own = new Set([...text.matchAll(DEFINITION)].map(([, name]) => name));
  const found = { own, named, all };
  known.set(file, found);
  return found;
}
