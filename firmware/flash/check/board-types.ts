/**
 * A program's types, checked against what its board has and nothing else: the language of `espruino.lib.d.ts`, the firmware of
 * `espruino.api.d.ts` or `kaluma.api.d.ts` and its `application.d.ts`, pins and modules of the one board.
 */
import { dirname } from "node:path";
import ts from "typescript";
import { type EspruinoBoard, FIRMWARE_MODULES, hasPin, type ScriptBoard } from "../boards.ts";
import {
  BOARD_CONDITION,
  type BoardEngine,
  boardFile,
  entryPoint,
  entryPoints,
  PACKAGE_NAME,
  placeInLibrary,
} from "../library.ts";
import { adviceForMember, adviceForModule, adviceForName } from "./board-advice.ts";
import type { SyntaxFault } from "./board-syntax.ts";

/** What editors are told about programs for boards (`dormouse-lwm2m/boards/espruino/tsconfig.json`, `.../kaluma/tsconfig.json`). */
const CONFIGURATION = "application.tsconfig.json";

/** The options of `CONFIGURATION` and its declarations, for programs in JavaScript too, and with this library's own types. */
function configuration(engine: BoardEngine): {
  options: ts.CompilerOptions;
  declarations: readonly string[];
} {
  const file = boardFile(engine, CONFIGURATION);
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(file));
  const paths = Object.fromEntries(entryPoints().map((name) => [name, [typesOf(name)]]));
  return { options: { ...options, allowJs: true, checkJs: true, paths }, declarations: fileNames };
}

/** The file that has an entry point's types: its source, or in the installed package its declarations. */
function typesOf(name: string): string {
  return (entryPoint(name, BOARD_CONDITION) ?? name).replace(/\.js$/, ".d.ts");
}

/** The files of a program that are its author's, with their types. */
export interface CheckedProgram {
  readonly files: readonly ts.SourceFile[];
  /** Not in order. */
  faults(file: ts.SourceFile): SyntaxFault[];
}

export function checkProgram(entry: string, board: ScriptBoard): CheckedProgram {
  const { options, declarations } = configuration(board.engine);
  // With parents, which the checks of syntax look at.
  const host = ts.createCompilerHost(options, true);
  const program = ts.createProgram([...declarations, entry], options, host);
  const files = program
    .getSourceFiles()
    .filter(
      (file) =>
        !file.isDeclarationFile &&
        (file.fileName === entry || placeInLibrary(file.fileName) === undefined),
    );
  return {
    files,
    faults: (file) => [
      ...typeFaults(program, file),
      // Kaluma's pins are numbers.
      ...(board.engine === "espruino" ? foreignNames(program.getTypeChecker(), file, board) : []),
      ...foreignModules(file, board),
    ],
  };
}

function typeFaults(program: ts.Program, file: ts.SourceFile): SyntaxFault[] {
  const isJavaScript = /\.[cm]?js$/.test(file.fileName);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    .filter(({ category, code }) => {
      if (category !== ts.DiagnosticCategory.Error || LOWERED.has(code)) return false;
      // JavaScript cannot say its types.
      return !(isJavaScript && code >= IMPLICIT_ANY && code < IMPLICIT_ANY + 1000);
    })
    .map((diagnostic) => {
      const start = diagnostic.start ?? 0;
      // TypeScript takes Node's modules for names that lack their declarations.
      const isModule = /["']/.test(file.text[start]) && NO_NAME.has(diagnostic.code);
      return place(
        file,
        start,
        isModule
          ? adviceForModule(file.text.slice(start + 1, start + (diagnostic.length ?? 0) - 1))
          : sentence(diagnostic),
      );
    });
}

/** What `syntaxFaults` says better, since TypeScript speaks of a target and libraries. */
const LOWERED = new Set([
  1501, // a flag of a regular expression needs a later target
  2318, // a global type is missing
  2697, // an async function needs Promise
  2705, // the same, in ES5
  2712, // a dynamic import needs Promise
  2737, // BigInt literals need a later target
  18028, // private names need a later target
]);
const IMPLICIT_ANY = 7000;

const NO_NAME = new Set([2304, 2503, 2552, 2580, 2581, 2582, 2583, 2584, 2585, 2591, 2592, 2867]);
const NO_MEMBER = new Set([2339, 2550, 2551, 2568]);
const NO_MODULE = new Set([2307, 2792, 2882]);
const NO_EXPORT = new Set([2305, 2614, 2724]);
const READ_ONLY = 2540;

function sentence(diagnostic: ts.Diagnostic): string {
  const { code } = diagnostic;
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  const [first = "", second = ""] = [...text.matchAll(/'((?:[^'"]|"[^"]*")+)'/g)].map(
    ([, quoted]) => quoted,
  );
  const known =
    (NO_NAME.has(code) && adviceForName(first)) ||
    (NO_MEMBER.has(code) && adviceForMember(first, second)) ||
    (NO_MODULE.has(code) && adviceForModule(first)) ||
    (NO_EXPORT.has(code) && noExport(first.replaceAll('"', ""), second)) ||
    (code === READ_ONLY &&
      first === "length" &&
      "assigning `length` throws on a board: use splice");
  return known || text.split("\n")[0].replace(/ Do you need to change your target library\?.*/, "");
}

function noExport(module: string, name: string): string {
  return module.startsWith(PACKAGE_NAME) && entryPoint(module, "default") !== undefined
    ? `${module} has no ${name} on a board`
    : `${module} does not export ${name}`;
}

/** Pins and globals that other boards have. */
function foreignNames(
  checker: ts.TypeChecker,
  file: ts.SourceFile,
  board: EspruinoBoard,
): SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && /^(?:[A-H]\d+|LED\d|BTN\d|ESP32)$/.test(node.text)) {
      const declared = checker.getSymbolAtLocation(node)?.valueDeclaration?.getSourceFile();
      if (
        /(?:application|espruino\.api)\.d\.ts$/.test(declared?.fileName ?? "") &&
        !hasGlobal(board, node.text)
      ) {
        faults.push(place(file, node.getStart(file), noGlobal(board, node.text)));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults;
}

function hasGlobal(board: EspruinoBoard, name: string): boolean {
  return hasPin(board, name) || board.globals.includes(name);
}

function noGlobal(board: EspruinoBoard, name: string): string {
  return name === "ESP32"
    ? `there is no ESP32 on the board ${board.name}: leave it to boards of that family`
    : `the board ${board.name} has no pin ${name}: it has ${board.pins.replaceAll(" ", ", ")}`;
}

/** `require` of what the board's firmware lacks, and of what is no module of any. */
function foreignModules(file: ts.SourceFile, board: ScriptBoard): SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const visit = (node: ts.Node): void => {
    const required = requiredModule(node);
    if (required !== undefined && !board.modules.includes(required)) {
      faults.push(place(file, node.getStart(file), noModule(board, required)));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults;
}

function requiredModule(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
  const [module] = node.arguments;
  return node.expression.text === "require" &&
    module !== undefined &&
    ts.isStringLiteralLike(module)
    ? module.text
    : undefined;
}

/** Why a board cannot require a module. */
export function noModule(board: ScriptBoard, module: string): string {
  if (FIRMWARE_MODULES.includes(module)) {
    return `the board ${board.name} has no module ${module}: it has ${board.modules.join(", ")}`;
  }
  return `${adviceForModule(module)}; a file of your own is imported with \`import\``;
}

function place(file: ts.SourceFile, start: number, message: string): SyntaxFault {
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  return { line: line + 1, column: character + 1, message };
}
