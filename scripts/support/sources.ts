/** The repository's TypeScript files, as the checks read them. */
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

export interface Source {
  /** From the repository's root, with forward slashes: `protocol/coap/message.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Something a check refuses, at a place. */
export interface Refusal {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

const ROOT = join(import.meta.dirname, "../..");
const ROOMS = [
  "protocol",
  "host",
  "firmware",
  "connector",
  "simulator",
  "bin",
  "test",
  "scripts",
  "examples",
];

/** Every `.ts` file of the rooms, declaration files left out, sorted by path. */
export function repositorySources(): Source[] {
  const paths: string[] = [];
  for (const entry of readdirSync(ROOT, { withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(".config.ts")) paths.push(entry.name);
    if (entry.isDirectory() && ROOMS.includes(entry.name)) collect(entry.name, paths);
  }
  return paths.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

function collect(folder: string, paths: string[]): void {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== "node_modules") collect(path, paths);
    else if (entry.isFile() && path.endsWith(".ts") && !path.endsWith(".d.ts")) paths.push(path);
  }
}

/** What runs on a board: `docs/architecture.md`, "Portable code". */
const PORTABLE = [
  "protocol/",
  "firmware/ports.ts",
  "firmware/loop.ts",
  "firmware/kept-loop.ts",
  "firmware/sleeping-loop.ts",
  "firmware/watched-alarm.ts",
  "firmware/agent/",
  "firmware/objects/",
  "firmware/update/",
  "firmware/boards/espruino/",
  "firmware/boards/kaluma/",
];

/** True for code that must run on Espruino. */
export function isPortable(path: string): boolean {
  return PORTABLE.some((prefix) => path.startsWith(prefix));
}

/** Prints each refusal as `path:line: message` and sets the exit code. */
export function report(refusals: readonly Refusal[]): void {
  for (const { path, line, message } of refusals) console.error(`${path}:${line}: ${message}`);
  if (refusals.length > 0) process.exitCode = 1;
}

/** True in the module that node was started with. */
export function isMain(filename: string): boolean {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(filename);
}
