/**
 * TypeScript to one file that a board runs: each module to ES5 (TypeScript), all modules into one (esbuild), small and in an order
 * that needs no hoisting (terser). Every option here was found by running its output on the interpreter;
 * `docs/decisions/0001-es5-for-boards.md` says which fault each avoids.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import * as esbuild from "esbuild";
import { type MinifyOptions, minify } from "terser";
import ts from "typescript";
import { boardFaults } from "./board-faults.ts";
import { type BoardCost, costOf } from "./cost.ts";
import { flattenClasses } from "./flatten-classes.ts";
import { inlineConstants } from "./inline-constants.ts";
import { joinTemplates } from "./join-templates.ts";
import { propertyNames, shortNames } from "./short-names.ts";
import { FAULT_NAMES, silenceFaults } from "./silent-faults.ts";

export interface BundleOptions {
  /** False leaves names and lines readable, for debugging on the board. Default true. */
  readonly minify?: boolean;
}

export interface BoardBundle extends BoardCost {
  /** ASCII only, one statement. Runs from `.bootcde`, from RAM, or as a script on other engines. */
  readonly code: string;
  readonly bytes: number;
  /** What each module has of it before it is minified, the largest first. */
  readonly modules: readonly ModuleShare[];
}

export interface ModuleShare {
  /** From the package's folder. */
  readonly path: string;
  readonly bytes: number;
  readonly functions: number;
}

/** Modules of the firmware, required at run time. */
const BUILT_IN = ["dgram", "fs", "net", "http", "tls", "crypto", "Storage", "Wifi", "ESP8266WiFi"];

const ES5: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES5,
  module: ts.ModuleKind.ES2015,
  importHelpers: true,
  // Otherwise a file without imports gets TypeScript's own helpers.
  moduleDetection: ts.ModuleDetectionKind.Force,
  verbatimModuleSyntax: true,
  ignoreDeprecations: "6.0",
};

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

const READABLE: MinifyOptions = {
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

const PACKAGE = join(import.meta.dirname, "../..");
/** The library's own modules: none of them reads JSON, so what they call their properties is their business. */
const LIBRARY = /^(protocol|firmware\/(agent|objects|boards|loop|flash))\b/;

/** @param applicationNames where to put the names of properties that the application mentions */
function toES5(entry: string, applicationNames: Set<string>): esbuild.Plugin {
  return {
    name: "typescript-es5",
    setup(build) {
      const tslib = join(import.meta.dirname, "board-tslib.ts");
      build.onResolve({ filter: /^tslib$/ }, () => ({ path: tslib }));
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const source = readFileSync(path, "utf8");
        const { outputText, diagnostics = [] } = ts.transpileModule(source, {
          fileName: path,
          compilerOptions: ES5,
          reportDiagnostics: true,
          transformers: { before: [joinTemplates] },
        });
        const errors = diagnostics.map(({ messageText }) => ({
          text: `${path}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
        }));
        const isLibrary = path !== entry && LIBRARY.test(relative(PACKAGE, path));
        if (!isLibrary && errors.length === 0) {
          for (const name of propertyNames(outputText)) applicationNames.add(name);
        }
        // So that esbuild drops a class that nobody uses.
        const contents = outputText.replaceAll("/** @class */", "/* @__PURE__ */");
        return { contents, loader: "js", errors };
      });
    },
  };
}

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
  const file = resolve(entry);
  const applicationNames = new Set<string>();
  const built = await esbuild.build({
    // Imported rather than given, so that nothing waits for its exports.
    stdin: { contents: `import ${JSON.stringify(file)};`, resolveDir: dirname(file) },
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "es5",
    external: BUILT_IN,
    charset: "ascii",
    logLevel: "silent",
    plugins: [toES5(file, applicationNames)],
  });
  const joined = built.outputFiles[0].text.replace(/^"use strict";\n/, "");
  const areFaultsRead = FAULT_NAMES.some((name) => applicationNames.has(name));
  const told = areFaultsRead || options.minify === false ? joined : silenceFaults(joined);
  const modules = inlineConstants(flattenClasses(told));
  const { code } = await minify(
    `(function(undefined){${modules}})();`,
    options.minify === false ? READABLE : shortened(shortNames(modules, applicationNames)),
  );
  if (code === undefined) throw new Error(`${entry} is empty`);
  const faults = boardFaults(code);
  if (faults.length > 0) {
    throw new Error(`a board would not load ${entry}:\n  ${faults.join("\n  ")}`);
  }
  return { code, bytes: code.length, ...costOf(code), modules: sharesOf(joined) };
}

/** esbuild puts a comment with its path before each module. */
function sharesOf(joined: string): ModuleShare[] {
  const parts = joined.split(/^\/\/ (?=\S+\.ts$)/m).slice(1);
  return parts
    .map((part) => ({
      path: relative(PACKAGE, resolve(part.slice(0, part.indexOf("\n")))),
      bytes: part.length,
      functions: part.split(/\bfunction\b/).length - 1,
    }))
    .sort((a, b) => b.bytes - a.bytes);
}
