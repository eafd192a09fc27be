/**
 * `dormouse build`: a program and a board, and either a bundle that runs there or all that stands against it, each with its place in the
 * program's own source.
 */
import { readFileSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import type { BuildFailure, Message } from "esbuild";
import ts from "typescript";
import {
  type BoardModel,
  type EspruinoBoard,
  type KalumaBoard,
  type NodeBoard,
  type ScriptBoard,
  storedSize,
} from "./boards.ts";
import {
  type BoardBundle,
  type JoinedModules,
  type JudgedBundle,
  joinModules,
  judgedBundle,
  type ModuleShare,
} from "./bundle.ts";
import { type SyntaxFault, syntaxCosts, syntaxFaults } from "./check/board-syntax.ts";
import { checkProgram, noModule } from "./check/board-types.ts";
import { placedFaults } from "./fault-places.ts";
import { type FeatureCost, featureCosts, type ReportedModule } from "./feature-costs.ts";
import { placeInLibrary, ROOMS } from "./library.ts";
import { bundleForNode } from "./node-bundle.ts";
import { type Refusal, sorted } from "./refusal.ts";
import { Lowering } from "./to-es5.ts";

export interface BuildOptions {
  /** False leaves names and lines readable. Default true. */
  readonly minify?: boolean;
}

/** What a program takes of an Espruino board's variables. */
export interface VariableUse {
  /** Once it has loaded. */
  readonly loaded: number;
  /** While it runs and nothing happens. */
  readonly running: number;
  /** The most, while it answers a request. */
  readonly answering: number;
}

/** What a program takes of the heap of a Kaluma board, bytes. */
export interface HeapUse {
  /** Once it has loaded. */
  readonly loaded: number;
  /** The most, while it answers a request. */
  readonly answering: number;
}

export interface BuildReport {
  readonly board: string;
  /** From the current folder. */
  readonly entry: string;
  /** 0 where there is no bundle because of what is refused. */
  readonly bytes: number;
  readonly functions: number;
  /** Undefined where there is no such thing: only Espruino counts variables. */
  readonly variables: VariableUse | undefined;
  /** Undefined but on Kaluma. */
  readonly heap: HeapUse | undefined;
  /** Modules of the bundle, the largest first; their bytes add up to those of the bundle. */
  readonly modules: readonly ReportedModule[];
  readonly features: readonly FeatureCost[];
  /** Empty when the board can have the program. */
  readonly refused: readonly Refusal[];
  /** What runs, and could be had for less, or fits one board of this kind and not the other. */
  readonly warnings: readonly Refusal[];
}

export interface Build {
  /** Undefined when something is refused. */
  readonly code: string | undefined;
  readonly report: BuildReport;
}

/** Builds the program that begins at `entry` for a board. Rejects only when there is no such file, or esbuild does not run here. */
export async function buildForBoard(
  entry: string,
  board: BoardModel,
  options: BuildOptions = {},
): Promise<Build> {
  const file = resolve(entry);
  // So that a wrong name is told as the system tells it.
  readFileSync(file);
  if (board.engine === "node") return buildForNode(file, board, options);
  const lowering = new Lowering();
  const faults = new FaultList();
  const joined = await tryToJoin(file, lowering);
  checkSources(file, board, lowering, faults);
  // What stands against the sources says more than what becomes of them.
  if (faults.refused.length > 0) return concluded(file, board, undefined, faults);
  if (typeof joined === "string") {
    faults.add("refused", file, [fault(joined)]);
    return concluded(file, board, undefined, faults);
  }
  const judged = await judgedBundle(file, joined, lowering, { ...options, engine: board.engine });
  await checkBundle(file, board, judged, lowering, faults);
  return concluded(file, board, judged.bundle, faults);
}

/** What is refused of a program, and what is only said of it. */
class FaultList {
  readonly refused: Refusal[] = [];
  readonly warnings: Refusal[] = [];

  add(kind: "refused" | "warnings", file: string, faults: readonly SyntaxFault[]): void {
    this[kind].push(...faults.map((found) => ({ file: shown(file), ...found })));
  }
}

function fault(message: string): SyntaxFault {
  return { line: 1, column: 1, message };
}

/** What the bundler says instead when it cannot. */
async function tryToJoin(file: string, lowering: Lowering): Promise<JoinedModules | string> {
  try {
    return await joinModules(file, lowering);
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    // Not the program's fault: esbuild itself does not run.
    if (errors === undefined) throw error;
    return errors.map(({ text }) => text).join("; ");
  }
}

/** Syntax, types and modules of all files that are the program's own, and the syntax of packages. */
function checkSources(
  entry: string,
  board: ScriptBoard,
  lowering: Lowering,
  faults: FaultList,
): void {
  const isOwn = (path: string) => path === entry || placeInLibrary(path) === undefined;
  // The library's own programs have been checked.
  if (placeInLibrary(entry) !== undefined) return;
  const program = checkProgram(entry, board);
  const checked = new Set<string>();
  for (const file of program.files) {
    checked.add(resolve(file.fileName));
    const syntax = syntaxFaults(file);
    faults.add("refused", file.fileName, [...syntax, ...program.faults(file)]);
    faults.add("warnings", file.fileName, syntaxCosts(file));
  }
  for (const path of lowering.modules.keys()) {
    if (checked.has(path) || !isOwn(path)) continue;
    const text = readFileSync(path, "utf8");
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    faults.add("refused", path, syntaxFaults(file));
  }
}

/** What the bundle as a whole shows: its load, and its size. */
async function checkBundle(
  entry: string,
  board: ScriptBoard,
  { bundle, faults: found }: JudgedBundle,
  lowering: Lowering,
  faults: FaultList,
): Promise<void> {
  if (found.length > 0) {
    for (const { file, line, column, sentence } of await placedFaults(entry, lowering, found)) {
      const message = `a board would not load this: ${sentence}`;
      faults.add("refused", file ?? entry, [{ line, column, message }]);
    }
    return;
  }
  for (const [, module] of bundle.code.matchAll(/\brequire\("([^"]+)"\)/g)) {
    if (board.modules.includes(module)) continue;
    // The program's own would have been refused: this is of the library, in what the program imports.
    faults.add("refused", entry, [
      fault(`imports what needs ${module}: ${noModule(board, module)}`),
    ]);
  }
  if (board.engine === "kaluma") checkHeap(entry, board, bundle, faults);
  else checkVariables(entry, board, bundle, faults);
}

function checkVariables(
  entry: string,
  board: EspruinoBoard,
  bundle: BoardBundle,
  faults: FaultList,
): void {
  const stored = storedSize(bundle.bytes);
  if (stored > board.storage) {
    const message = `takes ${stored} bytes of flash, and the Storage of the board ${board.name} has ${board.storage}: import less`;
    faults.add("refused", entry, [fault(message)]);
  }
  const { answering } = variableUse(bundle);
  if (answering > board.variables) {
    const isRefused = answering > board.mostVariables;
    const message = isRefused
      ? `needs about ${answering} variables, and the board ${board.name} has ${board.mostVariables}: import less`
      : `needs about ${answering} variables; ${board.title} boards have ${board.variables} and more: \`dormouse flash\` says what yours has`;
    faults.add(isRefused ? "refused" : "warnings", entry, [fault(message)]);
  }
}

function checkHeap(
  entry: string,
  board: KalumaBoard,
  bundle: BoardBundle,
  faults: FaultList,
): void {
  if (bundle.bytes >= board.storage) {
    const message = `has ${bundle.bytes} bytes, and a program of the board ${board.name} has less than ${board.storage}: import less`;
    faults.add("refused", entry, [fault(message)]);
  }
  const { answering } = heapUse(bundle);
  if (answering > board.heap) {
    const message = `needs about ${answering} bytes of heap, and the board ${board.name} has ${board.heap}: import less`;
    faults.add("refused", entry, [fault(message)]);
  }
}

/**
 * Measured on Espruino 2v29 with programs of 1,880 to 2,390 variables, registered, read and observed: 1.43 to 1.46 of what they load are in use,
 * and 400 more are needed for an answer (docs/decisions/0027-build-and-flash.md).
 */
const RUNNING_SHARE = 1.46;
const ANSWERING = 500;

function variableUse({ estimatedVariables }: BoardBundle): VariableUse {
  const running = Math.round(RUNNING_SHARE * estimatedVariables);
  return { loaded: estimatedVariables, running, answering: running + ANSWERING };
}

/**
 * Measured on JerryScript 3.0 built as Kaluma builds it, with programs of 41,600 and 50,200 bytes, registered, read and observed: 1.82 to 1.84
 * bytes for each of the text, of which 1.48 are its bytecode; what Kaluma's own modules make; and what waits to be collected
 * (docs/decisions/0030-second-engine.md).
 */
const HEAP_PER_BYTE = 1.84;
const KALUMA_HEAP = 22_000;
const ANSWERING_HEAP = 20_000;

function heapUse({ bytes }: BoardBundle): HeapUse {
  const loaded = Math.round(KALUMA_HEAP + HEAP_PER_BYTE * bytes);
  return { loaded, answering: loaded + ANSWERING_HEAP };
}

/** esbuild's own places, since Node runs what esbuild leaves of TypeScript; types are not checked. */
async function buildForNode(file: string, board: NodeBoard, options: BuildOptions): Promise<Build> {
  const report = {
    board: board.name,
    entry: shown(file),
    bytes: 0,
    functions: 0,
    variables: undefined,
    heap: undefined,
    modules: [],
    features: [],
    refused: [],
    warnings: [],
  };
  try {
    const { code, functions, modules } = await bundleForNode(file, options.minify !== false);
    const reported = modules.map(inReport);
    return {
      code,
      report: {
        ...report,
        bytes: Buffer.byteLength(code),
        functions,
        modules: reported,
        features: featureCosts(reported),
      },
    };
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined) throw error;
    return { code: undefined, report: { ...report, refused: sorted(errors.map(refusalOf(file))) } };
  }
}

function refusalOf(entry: string): (message: Message) => Refusal {
  return ({ text, location }) => ({
    file: shown(location === null ? entry : resolve(ROOMS, location.file)),
    line: location?.line ?? 1,
    column: (location?.column ?? 0) + 1,
    message: text,
  });
}

function concluded(
  entry: string,
  board: ScriptBoard,
  bundle: BoardBundle | undefined,
  { refused, warnings }: FaultList,
): Build {
  const modules = bundle === undefined ? [] : scaled(bundle);
  const report = {
    board: board.name,
    entry: shown(entry),
    bytes: bundle?.bytes ?? 0,
    functions: bundle?.functions ?? 0,
    variables: bundle && board.engine === "espruino" ? variableUse(bundle) : undefined,
    heap: bundle && board.engine === "kaluma" ? heapUse(bundle) : undefined,
    modules,
    features: featureCosts(modules),
    refused: sorted(refused),
    warnings: sorted(warnings),
  };
  return { code: refused.length === 0 ? bundle?.code : undefined, report };
}

/** The shares of the modules, so that they add up to the bundle. */
function scaled({ bytes, functions, estimatedVariables, modules }: BoardBundle): ReportedModule[] {
  const sum = (of: (module: ModuleShare) => number) =>
    Math.max(
      1,
      modules.reduce((total, module) => total + of(module), 0),
    );
  const perByte = bytes / sum((module) => module.bytes);
  const perFunction = functions / sum((module) => module.functions);
  const perVariable = estimatedVariables / sum((module) => module.estimatedVariables);
  return modules.map((module) => ({
    ...inReport(module),
    bytes: Math.round(perByte * module.bytes),
    functions: Math.round(perFunction * module.functions),
    estimatedVariables: Math.round(perVariable * module.estimatedVariables),
  }));
}

function inReport(module: ModuleShare): ReportedModule {
  const place = relative(ROOMS, resolve(ROOMS, module.path));
  const isLibrary = LIBRARY.test(place.split(sep).join("/"));
  return { ...module, path: isLibrary ? place : shown(resolve(ROOMS, module.path)), isLibrary };
}

/** On Node any room of the library may be in a program. */
const LIBRARY = /^(protocol|host|firmware|connector|simulator)\//;

/** A path as people type it: from the current folder, when it is below that. */
export function shown(file: string): string {
  const path = relative(process.cwd(), resolve(file));
  return path.startsWith("..") ? resolve(file) : path;
}
