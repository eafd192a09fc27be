/**
 * `dormouse build` and `dormouse boards`: a program for a board, and which boards there are.
 */
import { writeFileSync } from "node:fs";
import { basename, extname } from "node:path";
import type { Command } from "commander";
import { BOARD_NAMES, BOARDS, type BoardModel, boardNamed } from "../firmware/flash/boards.ts";
import { type Build, buildForBoard } from "../firmware/flash/build.ts";
import { ESPRUINO_PROGRAMS, programFile } from "../firmware/flash/programs.ts";
import { boardsTable, refusedText, reportJson, reportText } from "./build-report.ts";

interface BuildCommandOptions {
  board?: string;
  out?: string;
  json?: boolean;
  minify: boolean;
  listBoards?: boolean;
}

const HELP = `
ENTRY is a TypeScript file that imports what it needs of dormouse-lwm2m/firmware,
dormouse-lwm2m/protocol and dormouse-lwm2m/boards/espruino or .../kaluma; only that is in the
bundle. Programs that are here already, by their names; without ENTRY it is the first:

${programsTable()}

For Kaluma there is minimal alone; on Node it is this machine, as \`dormouse device\` shows it. What
a program is told (server, endpoint, lifetime) comes from dormouse.json, which \`dormouse flash\` writes.

The report tells flash and variables, or heap on Kaluma, against what the board has. What the board
cannot run is refused with its file, line and column, all of it at once: syntax, types, names
and modules that are not there, code that its engine would load in the wrong order, size.

Exit status: 0 built, 1 something was refused and nothing written, 2 wrong use.

Examples:
  dormouse boards
  dormouse build --board esp32
  dormouse build sleeper --board esp32
  dormouse build my-device.ts --board espruino-pico --out my-device.js
  dormouse build my-device.ts --board esp32-c3 --json | jq .variables
  dormouse build --board pi --out device.mjs && node device.mjs
`;

function programsTable(): string {
  const lines = Object.entries(ESPRUINO_PROGRAMS).map(
    ([name, what]) => `  ${name.padEnd(16)}${what}`,
  );
  return lines.join("\n");
}

export function buildCommand(program: Command): void {
  withUsageStatus(program.command("build"))
    .description("bundle a program for a board, and say what it takes of it")
    .argument(
      "[entry]",
      "the program: a TypeScript file, or the name of one that is here (see below)",
    )
    .option("--board <name>", `one of ${BOARD_NAMES.join(", ")}`)
    .option("--out <file>", "where to write it (default: ENTRY.BOARD.js here)")
    .option("--no-minify", "leave names and lines readable, for a look at what runs")
    .option("--json", "print the report as JSON")
    .option("--list-boards", "print the boards, as `dormouse boards` does")
    .addHelpText("after", HELP)
    .action(runBuild);
}

export function boardsCommand(program: Command): void {
  withUsageStatus(program.command("boards"))
    .description("list the boards that programs can be built for")
    .option("--json", "as JSON")
    .action(({ json }: { json?: boolean }) => {
      console.log(json === true ? JSON.stringify(BOARDS, orNull, 2) : boardsTable(BOARDS));
    });
}

/** JSON has no Infinity. */
function orNull(_name: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? null : value;
}

async function runBuild(
  entry: string | undefined,
  options: BuildCommandOptions,
  command: Command,
): Promise<void> {
  if (options.listBoards === true) {
    console.log(boardsTable(BOARDS));
    return;
  }
  const board = chosenBoard(options.board, command);
  const program = programFile(entry, board);
  const { code, report } = await built(program, board, options.minify, command);
  const file = code === undefined ? undefined : (options.out ?? usualName(program, board));
  if (code !== undefined && file !== undefined) write(file, code, command);
  if (options.json === true) console.log(JSON.stringify(reportJson(report, file), null, 2));
  else if (file === undefined) console.error(refusedText(report));
  else {
    console.log(`${reportText(report, board)}\n\nWrote ${file}. ${nextStep(file, board)}`);
  }
  if (file === undefined) process.exitCode = 1;
}

/** Ends the command when there is no such board. */
export function chosenBoard(name: string | undefined, command: Command): BoardModel {
  if (name === undefined) {
    command.error(`error: give --board NAME. The boards are\n\n${boardsTable(BOARDS)}`);
  }
  const board = boardNamed(name);
  if (board !== undefined) return board;
  return command.error(`error: there is no board ${name}. There are ${BOARD_NAMES.join(", ")}.`);
}

/** Ends the command when there is no such program, or nothing to build it with. */
export async function built(
  program: string,
  board: BoardModel,
  minify: boolean,
  command: Command,
): Promise<Build> {
  try {
    return await buildForBoard(program, board, { minify });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined) command.error(`error: ${program} cannot be read: ${message}`);
    console.error(`error: ${message}`);
    return process.exit(1);
  }
}

function write(file: string, code: string, command: Command): void {
  try {
    writeFileSync(file, code);
  } catch (error) {
    command.error(`error: ${file} cannot be written: ${(error as Error).message}`);
  }
}

/** `my-device.esp32.js` */
function usualName(program: string, board: BoardModel): string {
  const name = basename(program, extname(program));
  return `${name}.${board.name}${board.engine === "node" ? ".mjs" : ".js"}`;
}

function nextStep(file: string, board: BoardModel): string {
  if (board.engine === "node") return `It runs with \`node ${file}\`.`;
  return board.engine === "kaluma"
    ? `\`npx @kaluma/cli flash ${file}\` brings it to the board.`
    : `\`dormouse flash ${file} --board ${board.name} --port PORT\` brings it to the board.`;
}

/** Wrong use of a command ends with 2, since 1 says that something was refused. */
export function withUsageStatus(command: Command): Command {
  return command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}
