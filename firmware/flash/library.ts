/**
 * Where the library's own modules are: TypeScript in the repository, JavaScript in `dist` of the installed package. A board's bundle takes
 * them from where this file is, so that it always has the version of the command that makes it.
 */
import { readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";

/** The folder of the rooms. */
export const ROOMS: string = join(import.meta.dirname, "../..");
/** `.ts` or `.js`. */
const EXTENSION = extname(import.meta.filename);
const IS_INSTALLED = EXTENSION === ".js";
const PACKAGE = IS_INSTALLED ? join(ROOMS, "..") : ROOMS;

export const PACKAGE_NAME = "dormouse-lwm2m";

/** What a program for a board gets when an entry point differs there (`package.json`, `exports`). */
export const BOARD_CONDITION = "espruino";

/** What of the library can be in a board's program. */
const PORTABLE =
  /^(protocol|firmware\/(agent|objects|update|boards\/(espruino|kaluma)|loop|kept-loop|watched-alarm|ports|portable|flash\/board-tslib))\b/;

/** A library module by its place in the repository, without extension: `firmware/boards/espruino/minimal`. */
export function libraryFile(place: string): string {
  return join(ROOMS, place + EXTENSION);
}

/** An engine of boards, as the folder of its port is called. */
export type BoardEngine = "espruino" | "kaluma";

/** What a board's programs are checked against; the same file in both places. */
export function boardFile(engine: BoardEngine, name: string): string {
  return join(PACKAGE, "firmware/boards", engine, name);
}

/** The place of a library module, with forward slashes and without extension; undefined for files of others. */
export function placeInLibrary(file: string): string | undefined {
  const place = relative(ROOMS, file).split(sep).join("/");
  return PORTABLE.test(place) ? place.replace(/\.[jt]s$/, "") : undefined;
}

interface Exports {
  readonly [entry: string]: string | { readonly [condition: string]: string | Exports[string] };
}

/** The file that an import of an entry point of this package means, as `dormouse-lwm2m/protocol`; undefined when there is none. */
export function entryPoint(specifier: string, condition: string): string | undefined {
  const target = targetOf(packageExports()[`.${specifier.slice(PACKAGE_NAME.length)}`], condition);
  if (target === undefined) return undefined;
  return IS_INSTALLED
    ? join(PACKAGE, target)
    : join(PACKAGE, target.replace(/^\.\/dist\//, "").replace(/\.js$/, ".ts"));
}

/** The names of all entry points that are modules. */
export function entryPoints(): string[] {
  const names = Object.keys(packageExports()).filter((name) => !name.endsWith(".json"));
  return names.map((name) => PACKAGE_NAME + name.slice(1));
}

function packageExports(): Exports {
  const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  return manifest.exports as Exports;
}

function targetOf(entry: Exports[string] | undefined, condition: string): string | undefined {
  if (entry === undefined || typeof entry === "string") return entry;
  return targetOf(entry[condition] ?? entry.default, condition);
}
