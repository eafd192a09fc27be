/**
 * TypeScript to one file that a board runs: each module to ES5 (TypeScript), all modules into one (esbuild), small and in an order
 * that needs no hoisting (terser). Every option here was found by running its output on the interpreter;
 * `docs/decisions/0001-es5-for-boards.md` says which fault each avoids.
 */
import { dirname, resolve } from "node:path";
import * as esbuild from "esbuild";
import { type MinifyOptions, minify } from "terser";
import { boardFaults } from "./board-faults.ts";
import { FIRMWARE_MODULES } from "./boards.ts";
import { type BoardCost, costOf } from "./cost.ts";
import { flattenClasses } from "./flatten-classes.ts";
import { inlineConstants } from "./inline-constants.ts";
import { type BoardEngine, ROOMS } from "./library.ts";
import { propertyNames, shortNames } from "./short-names.ts";
import { FAULT_NAMES, silenceFaults } from "./silent-faults.ts";
import { Lowering, loweringPlugin } from "./to-es5.ts";

export interface BundleOptions {
  /** False leaves names and lines readable, for debugging on the board. Default true. */
  readonly minify?: boolean;
  /** Whose API the program means, so that its names stay. Default "espruino". */
  readonly engine?: BoardEngine;
}

export interface BoardBundle extends BoardCost {
  /** ASCII only, one statement. Runs from `.bootcde`, from RAM, or as a script on other engines. */
  readonly code: string;
  readonly bytes: number;
  /** What each module has of it, the largest first. */
  readonly modules: readonly ModuleShare[];
}

/** Before the bundle is minified, so that only their proportions count. */
export interface ModuleShare {
  /** From the folder of the library's rooms, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly functions: number;
  readonly estimatedVariables: number;
}

/** A bundle, and what a board would not load of it. */
export interface JudgedBundle {
  readonly bundle: BoardBundle;
  readonly faults: readonly string[];
}

/**
 * `hoist_funs` because a board does not; no `sequences` because `for(function(){}(),…;;)` is a syntax error there; no `lhs_constants`
 * because a statement that begins with a string may lose it.
 */
const TERSER: MinifyOptions = {
  ecma: 5,
  compress: {
    ecma: 5,
    passes: 3,
    hoist_funs: true,
    hoist_vars: true,
    inline: 1,
    sequences: false,
    lhs_constants: false,
    keep_fargs: false,
    pure_getters: true,
    unsafe_undefined: true,
  },
  // Without `ascii_only` the byte "\xff" becomes two.
  format: { ecma: 5, ascii_only: true },
};

export const READABLE: MinifyOptions = {
  ...TERSER,
  mangle: false,
  format: { ...TERSER.format, beautify: true },
};

/** Short names for all variables, and these for properties. */
function shortened(properties: ReadonlyMap<string, string>): MinifyOptions {
  const names = [...properties.keys()];
  return {
    ...TERSER,
    mangle: {
      // A board reserves it.
      reserved: ["of"],
      properties: {
        regex: new RegExp(`^(?:${names.join("|").replaceAll("$", "\\$")})$`),
        keep_quoted: true,
        builtins: true,
      },
    },
    nameCache: {
      props: { props: Object.fromEntries(names.map((name) => [`$${name}`, properties.get(name)])) },
    },
  };
}

/** The library's own modules: what they call their properties is their business. What they read of JSON they name in quotes. */
const OWN_NAMES = /^(protocol|firmware\/(agent|objects|boards\/|loop|watched-alarm|flash))\b/;

/**
 * Bundles the program that begins at `entry`, a TypeScript file, for a board.
 *
 * Throws an Error whose message names what a board would refuse: a module that is not there, syntax beyond ES5, or code that
 * reads a name at load before it is defined.
 */
export async function bundleForBoard(
  entry: string,
  options: BundleOptions = {},
): Promise<BoardBundle> {
  const lowering = new Lowering();
  const joined = await joinModules(entry, lowering);
  const { bundle, faults } = await judgedBundle(entry, joined, lowering, options);
  if (faults.length > 0) {
    throw new Error(`a board would not load ${entry}:\n  ${faults.join("\n  ")}`);
  }
  return bundle;
}

/** The bundle of a program whose modules have been joined, with what a board would not load told beside it. */
export async function judgedBundle(
  entry: string,
  { text, modules }: JoinedModules,
  lowering: Lowering,
  options: BundleOptions = {},
): Promise<JudgedBundle> {
  const names = applicationNames(entry, modules.values(), lowering);
  const areFaultsRead = FAULT_NAMES.some((name) => names.has(name));
  const told = areFaultsRead || options.minify === false ? text : silenceFaults(text);
  const flat = inlineConstants(flattenClasses(told));
  const { code } = await minify(
    asOneFunction(flat),
    options.minify === false ? READABLE : shortened(shortNames(flat, names, options.engine)),
  );
  if (code === undefined) throw new Error(`${entry} is empty`);
  const faults = boardFaults(code);
  const cost = faults.length === 0 ? costOf(code) : { functions: 0, estimatedVariables: 0 };
  return {
    bundle: { code, bytes: code.length, ...cost, modules: sharesOf(flat, modules) },
    faults,
  };
}

export function asOneFunction(code: string): string {
  return `(function(undefined){${code}})();`;
}

/** All modules of a program in one text, which loads them in the order in which they need each other. */
export interface JoinedModules {
  readonly text: string;
  /** The comments that begin the part of each module, and the paths of these. */
  readonly modules: ReadonlyMap<string, string>;
  /** From `text` to the sources, when it was asked for. */
  readonly map: string | undefined;
}

/** Throws esbuild's failure. */
export async function joinModules(
  entry: string,
  lowering: Lowering,
  withMaps = false,
): Promise<JoinedModules> {
  const file = resolve(entry);
  const { outputFiles, metafile } = await esbuild.build({
    // Imported rather than given, so that nothing waits for its exports.
    stdin: { contents: `import ${JSON.stringify(file)};`, resolveDir: dirname(file) },
    absWorkingDir: ROOMS,
    outfile: "bundle.js",
    bundle: true,
    write: false,
    metafile: true,
    sourcemap: withMaps ? "external" : false,
    format: "cjs",
    platform: "node",
    target: "es5",
    external: [...FIRMWARE_MODULES],
    charset: "ascii",
    logLevel: "silent",
    plugins: [loweringPlugin(lowering, withMaps)],
  });
  const output = outputFiles.find(({ path }) => path.endsWith(".js"));
  // Of most modules that are looked at, nothing is left; and some are of the bundler's own making.
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter(
      (path) => inputs[path].bytesInOutput > 0 && lowering.modules.has(resolve(ROOMS, path)),
    ),
  );
  return {
    // Kept as an empty line, so that the map stays true.
    text: output?.text.replace(/^"use strict";/, "") ?? "",
    modules: new Map(used.map((path) => [`// ${path}`, path])),
    map: outputFiles.find(({ path }) => path.endsWith(".map"))?.text,
  };
}

/** Every property that the program mentions outside of the library: the program itself, and whatever reads JSON. */
function applicationNames(
  entry: string,
  modules: Iterable<string>,
  lowering: Lowering,
): Set<string> {
  const names = new Set<string>();
  for (const module of modules) {
    const path = resolve(ROOMS, module);
    if (path !== resolve(entry) && OWN_NAMES.test(module)) continue;
    for (const name of propertyNames(lowering.lower(path).text)) names.add(name);
  }
  return names;
}

function sharesOf(joined: string, modules: ReadonlyMap<string, string>): ModuleShare[] {
  const parts = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of joined.split("\n")) {
    const path = modules.get(line);
    if (path !== undefined) parts.set(path, (lines = []));
    lines.push(line);
  }
  const shares = [...parts].map(([path, part]) => {
    const text = part.join("\n");
    const { functions, estimatedVariables } = costOf(asOneFunction(text));
    return { path, bytes: text.length, functions: functions - 1, estimatedVariables };
  });
  return shares.sort((a, b) => b.bytes - a.bytes);
}
