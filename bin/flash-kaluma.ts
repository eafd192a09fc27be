/**
 * A program for a board with Kaluma: written here, with the commands of Kaluma's own command line that bring it to the board.
 */
import { writeFileSync } from "node:fs";
import { basename, extname } from "node:path";
import type { Command } from "commander";
import type { KalumaBoard } from "../firmware/flash/boards.ts";
import { type BoardSettings, SETTINGS_FILE } from "../firmware/flash/flash-board.ts";
import { programFile } from "../firmware/flash/programs.ts";

/** Kaluma's command line, which speaks Ymodem with its console (kaluma-project/kaluma-cli 1.4.0). */
const KALUMA = "npx @kaluma/cli";

/** Settings may have a network's password. */
const OWNER_ALONE = 0o600;

export interface KalumaProgram {
  /** As it was given; undefined for the usual one. */
  readonly program: string | undefined;
  readonly content: Uint8Array;
  readonly port: string | undefined;
}

/** Writes the bundle, unless it was given, and the settings, and ends with 1, since neither is on the board yet. */
export function flashKaluma(
  board: KalumaBoard,
  { program, content, port }: KalumaProgram,
  settings: BoardSettings,
  command: Command,
): void {
  const source = programFile(program, board);
  // A bundle was read as it is, all else was built.
  const isBundle = program === source && !/\.[cm]?tsx?$/.test(program);
  const name = `${basename(source, extname(source))}.${board.name}`;
  const bundle = isBundle ? source : `${name}.js`;
  const file = Object.keys(settings).length > 0 ? `${name}.json` : undefined;
  try {
    if (!isBundle) writeFileSync(bundle, content);
    if (file !== undefined)
      writeFileSync(file, `${JSON.stringify(settings)}\n`, { mode: OWNER_ALONE });
  } catch (error) {
    command.error(`error: the program cannot be written here: ${(error as Error).message}`);
  }
  console.error(`error: ${kalumaSteps(board, bundle, file, port).join("\n")}`);
  process.exitCode = 1;
}

/** What is left to do, for people. */
export function kalumaSteps(
  { title }: KalumaBoard,
  bundle: string,
  settingsFile: string | undefined,
  port: string | undefined,
): string[] {
  const where = port === undefined ? "" : ` --port ${port}`;
  return [
    `${bundle} is ready, and not on the board: ${title} is written by its own command line. Run`,
    "",
    ...(settingsFile === undefined
      ? []
      : [`  ${KALUMA} put ${settingsFile} /${SETTINGS_FILE}${where}`]),
    `  ${KALUMA} flash ${bundle}${where}`,
    "",
    "The board has to know its Wi-Fi, once: type into `kaluma shell`",
    "",
    '  storage.setItem("WIFI_SSID", "..."); storage.setItem("WIFI_PASSWORD", "...")',
  ];
}
