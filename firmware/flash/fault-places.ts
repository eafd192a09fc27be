/**
 * Where in its sources a bundle has what a board would not load. The minified text has lost its places, so the program is bundled once more,
 * readable and with maps, and judged in that form.
 */
import { SourceMap, type SourceMapPayload } from "node:module";
import { resolve } from "node:path";
import { type MinifyOptions, minify } from "terser";
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

/** Only what puts functions where a board finds them: nothing else moves. */
const IN_PLACE: MinifyOptions = {
  ...READABLE,
  compress: { defaults: false, hoist_funs: true, hoist_vars: true },
  sourceMap: true,
};

/** The faults of the program at `entry`, which its bundle has; each with its place, as far as it can be told. */
export async function placedFaults(
  entry: string,
  lowering: Lowering,
  faults: readonly string[],
): Promise<PlacedFault[]> {
  const { text, map } = await joinModules(entry, lowering, true);
  const kinds = new Set(faults.map(kindOf));
  for (const options of [IN_PLACE, { ...READABLE, sourceMap: true }]) {
    const readable = await minify({ "joined.js": asOneFunction(text) }, options);
    const { code = "", map: shrunk } = readable;
    const found = findBoardFaults(code).filter(({ sentence }) => kinds.has(kindOf(sentence)));
    if (found.length === 0 || typeof shrunk !== "string" || map === undefined) continue;
    const places = placesIn(code, shrunk, map);
    return found.map(({ sentence, at }) => ({ ...places(at), sentence }));
  }
  return faults.map((sentence) => ({ ...NOWHERE, sentence }));
}

/** A fault without the names in it, which are other ones when it is minified, and without the code around. */
function kindOf(sentence: string): string {
  return sentence.replace(/(uses|assigns) \S+/, "$1").replace(/: .*/s, "");
}

type Place = Omit<PlacedFault, "sentence">;
const NOWHERE: Place = { file: undefined, line: 1, column: 1 };

/** From indices in `code` to places in the sources, through the maps of the two steps that made it. */
function placesIn(code: string, shrunk: string, joined: string): (at: number) => Place {
  const toJoined = new SourceMap(JSON.parse(shrunk) as SourceMapPayload);
  const toSource = new SourceMap(JSON.parse(joined) as SourceMapPayload);
  return (at) => {
    const { line, column } = positionAt(code, at);
    const inJoined = toJoined.findEntry(line, column);
    if (!("originalLine" in inJoined)) return NOWHERE;
    const inSource = toSource.findEntry(inJoined.originalLine, inJoined.originalColumn);
    if (!("originalLine" in inSource)) return NOWHERE;
    return {
      file: resolve(ROOMS, inSource.originalSource),
      line: inSource.originalLine + 1,
      column: inSource.originalColumn + 1,
    };
  };
}

/** Line and column from 0. */
function positionAt(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const line = before.split("\n").length - 1;
  return { line, column: at - (before.lastIndexOf("\n") + 1) };
}
