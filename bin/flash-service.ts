/**
 * `dormouse flash --board pi`: a program for Node as a service of this machine, or as a folder of files for another.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { NodeBoard } from "../firmware/flash/boards.ts";
import { buildForBoard } from "../firmware/flash/build.ts";
import type { BoardSettings } from "../firmware/flash/flash-board.ts";
import { libraryFile } from "../firmware/flash/library.ts";
import {
  installCommands,
  installFiles,
  SERVICE_NAME,
  type ServiceFile,
  serviceFiles,
} from "../firmware/flash/node-service.ts";
import { programFile } from "../firmware/flash/programs.ts";
import { built } from "./build.ts";
import { refusedText } from "./build-report.ts";

export interface ServiceOptions {
  readonly out?: string;
  readonly install?: boolean;
}

/** Where distributions have it. */
const USUAL_NODE = "/usr/bin/node";

/** Ends the command when it cannot be done. */
export async function flashService(
  board: NodeBoard,
  given: string | undefined,
  options: ServiceOptions,
  settings: BoardSettings,
  command: Command,
): Promise<void> {
  const { out, install } = options;
  if ((out === undefined) === (install !== true)) {
    command.error(
      `error: the board ${board.name} runs Node: give --out DIR for a folder to copy to it, or --install on the machine itself`,
    );
  }
  const node = install === true ? process.execPath : USUAL_NODE;
  const program = await programText(board, given, command);
  const { code: launcher = "" } = await buildForBoard(
    libraryFile("firmware/boards/node/launch"),
    board,
  );
  const files = serviceFiles({ program, launcher, settings, node });
  try {
    if (out !== undefined) writeFolder(out, files);
    else installHere(files);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

async function programText(
  board: NodeBoard,
  given: string | undefined,
  command: Command,
): Promise<string> {
  if (given !== undefined && /\.[cm]?js$/.test(given)) {
    try {
      return readFileSync(given, "utf8");
    } catch (error) {
      command.error(`error: ${given} cannot be read: ${(error as Error).message}`);
    }
  }
  const { code, report } = await built(programFile(given, board), board, true, command);
  if (code !== undefined) return code;
  console.error(refusedText(report));
  return process.exit(1);
}

function writeFolder(folder: string, files: readonly ServiceFile[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, content } of files) writeFileSync(join(folder, name), content);
  console.log(`Wrote ${files.map(({ name }) => name).join(", ")} to ${folder}.\n`);
  console.log(
    `Copy the folder to the machine, which needs Node 20.19 or newer (${USUAL_NODE}), and there:\n`,
  );
  for (const line of installCommands(files)) console.log(`  ${line}`);
}

function installHere(files: readonly ServiceFile[]): void {
  if (process.getuid?.() !== 0) {
    throw new Error("a service is installed by root: sudo dormouse flash --board pi --install ...");
  }
  if (!existsSync("/run/systemd/system")) {
    throw new Error(
      "systemd does not run here: use --out DIR, and start its launch.mjs by other means",
    );
  }
  if (/^\/(home|root)\//.test(process.execPath)) {
    throw new Error(
      `this Node is ${process.execPath}, where a service may not look: install Node for all users`,
    );
  }
  installFiles(files);
  systemctl("daemon-reload");
  systemctl("enable", SERVICE_NAME);
  systemctl("restart", SERVICE_NAME);
  console.log(`The service ${SERVICE_NAME} runs. Its log: journalctl -u ${SERVICE_NAME} -f`);
}

function systemctl(...args: string[]): void {
  const { status, stderr, error } = spawnSync("systemctl", args, { encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`systemctl ${args.join(" ")} failed: ${(error?.message ?? stderr).trim()}`);
  }
}
