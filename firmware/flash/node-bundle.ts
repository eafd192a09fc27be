/** A program and all that it imports as one file that Node runs, for machines where nobody wants to run npm. */
import { resolve } from "node:path";
import { type AnyNode, parse } from "acorn";
import * as esbuild from "esbuild";
import { eachNode } from "./board-faults.ts";
import type { ModuleShare } from "./bundle.ts";
import { entryPoint, PACKAGE_NAME, ROOMS } from "./library.ts";

/** The oldest Node that the package supports. */
const TARGET = "node20.19";

export interface NodeBundle {
  /** An ES module. */
  readonly code: string;
  readonly functions: number;
  /** What each module has of it, the largest first. */
  readonly modules: readonly ModuleShare[];
}

/** Rejects with esbuild's failure, whose errors have their places. */
export async function bundleForNode(file: string, isMinified: boolean): Promise<NodeBundle> {
  const { outputFiles, metafile } = await esbuild.build({
    entryPoints: [file],
    absWorkingDir: ROOMS,
    outfile: "bundle.mjs",
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    target: TARGET,
    minify: isMinified,
    // What is minified breaks nothing that asks a function for its name.
    keepNames: isMinified,
    legalComments: "none",
    logLevel: "silent",
    plugins: [libraryPlugin],
  });
  const { text } = outputFiles[0];
  const code = /\brequire\b/.test(text) ? WITH_REQUIRE + text : text;
  const modules = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .map(([path, { bytesInOutput }]) => ({
      path,
      bytes: bytesInOutput,
      functions: 0,
      estimatedVariables: 0,
    }))
    .sort((a, b) => b.bytes - a.bytes);
  return { code, functions: functionsIn(code), modules };
}

/** CommonJS packages require Node's modules, which an ES module cannot by itself. */
const WITH_REQUIRE =
  'import{createRequire as dormouseRequire}from"node:module";const require=dormouseRequire(import.meta.url);';

/** Entry points for boards, and what those run. */
const FOR_BOARDS = new Map([
  [`${PACKAGE_NAME}/boards/espruino`, "Espruino"],
  [`${PACKAGE_NAME}/boards/kaluma`, "Kaluma"],
]);

const libraryPlugin: esbuild.Plugin = {
  name: "library",
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${PACKAGE_NAME}(/|$)`) }, ({ path }) => {
      const file = entryPoint(path, "default");
      const engine = FOR_BOARDS.get(path);
      if (engine !== undefined) {
        const text = `${path} is for boards that run ${engine}: on Node there is createNodeDevice of ${PACKAGE_NAME}/firmware`;
        return { errors: [{ text }] };
      }
      return file === undefined ? undefined : { path: resolve(file), sideEffects: false };
    });
  },
};

function functionsIn(code: string): number {
  let functions = 0;
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module" }) as AnyNode;
  eachNode(program, ({ type }) => {
    if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type))
      functions++;
  });
  return functions;
}
