/**
 * Where in its sources a bundle has what a board would not load. The minified text has lost its places, so the program is bundled once more,
 * readable and with maps, and judged in that form.
 */
import { SourceMap, type SourceMapPayload } from "node:module";
import { resolve } from "node:path";
import { minify } from "terser";
import { findBoardFaults } from "./board-faults.ts";
import { asOneFunction, joinModules, READABLE } from "./bundle.ts";
import { ROOMS } from "./library.ts";
import type { Lowering } from "./to-es5.ts";

export interface PlacedFault {
  /** Absolute; undefined when the place could not be told. */
  readonly file: string | undefined;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly sentence: string;
}

/** The faults of the program at `entry`, which its bundle has; each with its place, as far as it can be told. */
export async function placedFaults(
  entry: string,
  lowering: Lowering,
  faults: readonly string[],
): Promise<PlacedFault[]> {
  const { text, map } = await joinModules(entry, lowering, true);
  const joined = JSON.parse(map ?? "{}") as SourceMapPayload;
  const { code, map: shrunk } = await minify(
    { "joined.js": asOneFunction(text) },
    { ...READABLE, sourceMap: true },
  );
  if (code === undefined || typeof shrunk !== "string") return faults.map(withoutPlace);
  const toJoined = new SourceMap(JSON.parse(shrunk) as SourceMapPayload);
  const toSource = new SourceMap(joined);
  const placed = findBoardFaults(code).map(({ sentence, at }) => {
    const { line, column } = positionAt(code, at);
    const inJoined = toJoined.findEntry(line, column);
    if (!("originalLine" in inJoined)) return withoutPlace(sentence);
    const inSource = toSource.findEntry(inJoined.originalLine, inJoined.originalColumn);
    if (!("originalLine" in inSource)) return withoutPlace(sentence);
    return {
      file: resolve(ROOMS, inSource.originalSource),
      line: inSource.originalLine + 1,
      column: inSource.originalColumn + 1,
      sentence,
    };
  });
  return placed.length > 0 ? placed : faults.map(withoutPlace);
}

function withoutPlace(sentence: string): PlacedFault {
  return { file: undefined, line: 1, column: 1, sentence };
}

/** Line and column from 0. */
function positionAt(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const line = before.split("\n").length - 1;
  return { line, column: at - (before.lastIndexOf("\n") + 1) };
}
