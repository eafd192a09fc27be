/**
 * TypeScript, or JavaScript, to the ES5 that Espruino runs, module by module. Every option was found by running its output on the
 * interpreter (`docs/decisions/0001-es5-for-boards.md`).
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as esbuild from "esbuild";
import ts from "typescript";
import { joinTemplates } from "./join-templates.ts";
import {
  BOARD_CONDITION,
  entryPoint,
  libraryFile,
  PACKAGE_NAME,
  placeInLibrary,
  ROOMS,
} from "./library.ts";
import { narrowEntry } from "./narrow-entry.ts";

const ES5: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES5,
  module: ts.ModuleKind.ES2015,
  importHelpers: true,
  // Otherwise a file without imports gets TypeScript's own helpers.
  moduleDetection: ts.ModuleDetectionKind.Force,
  verbatimModuleSyntax: true,
  ignoreDeprecations: "6.0",
  allowJs: true,
  sourceMap: true,
};

/** A module in ES5. */
export interface LoweredModule {
  readonly text: string;
  /** From `text` to the source, as JSON. */
  readonly map: string;
  /** What is no TypeScript. */
  readonly errors: readonly ts.Diagnostic[];
}

/** The modules of one program, each lowered once. */
export class Lowering {
  /** By path, in the order in which they were needed. */
  readonly modules: Map<string, LoweredModule> = new Map();

  lower(path: string): LoweredModule {
    const known = this.modules.get(path);
    if (known !== undefined) return known;
    const { outputText, sourceMapText, diagnostics } = ts.transpileModule(
      readFileSync(path, "utf8"),
      {
        fileName: path,
        compilerOptions: ES5,
        reportDiagnostics: true,
        transformers: { before: [joinTemplates] },
      },
    );
    const lowered = {
      text: outputText.replace(/^\/\/# sourceMappingURL=.*$/m, ""),
      map: sourceMapText ?? "{}",
      errors: diagnostics ?? [],
    };
    this.modules.set(path, lowered);
    return lowered;
  }
}

/** Entry points with the names that one module takes of them. */
const NARROW = "narrow";
const FOUND = "found";

/**
 * Gives esbuild each module in ES5, and the library's modules where it asks for the package.
 *
 * @param withMaps so that places in the bundle can be told in the source
 */
export function loweringPlugin(lowering: Lowering, withMaps = false): esbuild.Plugin {
  return {
    name: "lower-to-es5",
    setup(build) {
      build.onResolve({ filter: /^tslib$/ }, () => ({
        path: libraryFile("firmware/flash/board-tslib"),
      }));
      build.onResolve({ filter: new RegExp(`^${PACKAGE_NAME}(/|$)`) }, ({ path, importer }) => {
        const file = entryPoint(path, BOARD_CONDITION);
        if (file === undefined) return undefined;
        const narrow = narrowEntry(lowering.lower(importer).text, path, file);
        return narrow === undefined
          ? { path: file, sideEffects: false }
          : { path: `${path} for ${importer}`, namespace: NARROW, pluginData: narrow };
      });
      build.onResolve({ filter: /.*/, namespace: NARROW }, ({ path }) => ({
        path,
        sideEffects: false,
      }));
      build.onLoad({ filter: /.*/, namespace: NARROW }, ({ pluginData }) => ({
        contents: pluginData as string,
        resolveDir: ROOMS,
        loader: "js",
      }));
      // The library's modules do nothing when they are loaded: one of which nothing is used is left out whole.
      build.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) =>
        placeInLibrary(importer) === undefined
          ? undefined
          : { path: join(dirname(importer), path), sideEffects: false },
      );
      // Found as esbuild finds it, but without the `type` of a package.json: what is called CommonJS there would be wrapped and loaded late.
      build.onResolve({ filter: /.*/ }, async ({ path, pluginData, ...from }) => {
        if (pluginData === FOUND) return undefined;
        const found = await build.resolve(path, { ...from, pluginData: FOUND });
        const { errors, warnings, external, namespace, sideEffects } = found;
        return { path: found.path, errors, warnings, external, namespace, sideEffects };
      });
      build.onLoad({ filter: /\.[cm]?[jt]s$/ }, ({ path }) => {
        const { text, map, errors } = lowering.lower(path);
        // So that esbuild drops a class that nobody uses.
        let contents = text.replaceAll("/** @class */", "/* @__PURE__ */");
        if (withMaps) contents += `\n//# sourceMappingURL=${dataUrl(map)}`;
        return {
          contents,
          loader: "js",
          errors: errors.map(({ messageText }) => ({
            text: `${path}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
          })),
        };
      });
    },
  };
}

function dataUrl(map: string): string {
  return `data:application/json;base64,${Buffer.from(map).toString("base64")}`;
}
