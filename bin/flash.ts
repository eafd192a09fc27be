/**
 * `dormouse flash`: a program onto its board.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { BOARD_NAMES, type EspruinoBoard, type ScriptBoard } from "../firmware/flash/boards.ts";
import { BoardConsole } from "../firmware/flash/console/board-console.ts";
import { type BoardPort, parsePort } from "../firmware/flash/console/board-line.ts";
import { ESPRUINO_VERSION, openEspruinoLine } from "../firmware/flash/console/espruino-library.ts";
import {
  type BoardSettings,
  type FlashPlan,
  type FlashProgress,
  flashBoard,
} from "../firmware/flash/flash-board.ts";
import { programFile } from "../firmware/flash/programs.ts";
import type { StorageFile } from "../firmware/flash/storage-image.ts";
import { built, chosenBoard, withUsageStatus } from "./build.ts";
import { refusedText } from "./build-report.ts";
import { endpointOption, lifetimeOption, serverOption } from "./device.ts";
import { flashKaluma } from "./flash-kaluma.ts";
import { flashService, type ServiceOptions } from "./flash-service.ts";

interface FlashOptions extends ServiceOptions {
  board?: string;
  port?: string;
  baud?: number;
  server?: string;
  endpoint?: string;
  lifetime?: number;
  queue?: boolean;
  settings?: BoardSettings;
  storage: readonly StorageFile[];
  time: boolean;
}

const USUAL_BAUD = 115_200;
const BAR_WIDTH = 24;

const HELP = `
PROGRAM is what \`dormouse build\` wrote (.js), or a program (.ts, or a name that \`dormouse
build --help\` lists), which is built first; without it, the least that is a device. It goes to .bootcde in the board's flash, which runs when the
board starts, whatever else is on it stays. Every file is read back and compared.

--server, --endpoint, --lifetime and --queue are written to dormouse.json, from which the program
reads whom to talk to, and so is what --settings FILE holds besides, as { "ssid": "...",
"password": "..." } for the sleeper; what is not said stays as the board has it. A board of the ESP32 family
has to know its Wi-Fi, once:

  dormouse console --port /dev/ttyUSB0 -e \\
    'require("Wifi").connect("SSID", { password: "..." }, e => e ? print(e) : require("Wifi").save())'

The firmware itself is not flashed: get it from espruino.com, and put it on an ESP32 with esptool.

Ports: /dev/ttyUSB0, /dev/ttyACM0, COM3; tcp://HOST[:PORT], the telnet console of an ESP32; ble://NAME
or a BLE address. They are opened by the npm package espruino, which is installed beside this one:

  npm install espruino@${ESPRUINO_VERSION}

\`dormouse flash\` says how to install it without its 150 optional packages, which tcp:// does not need.

For Kaluma (--board kaluma-pico-w, kaluma-pico2-w) the program and its settings are built and written
here, and the commands of Kaluma's own command line that bring them to the board are printed: it is
the one that can, and it ends with 1.

For Node (--board pi, node) the program becomes a service: one file, a launcher, dormouse.json and
a hardened systemd unit, in a folder (--out) or on this machine (--install). docs/boards.md says how its
program is updated over LwM2M.

Exit status: 0 the program runs, 1 it could not be built or flashed, 2 wrong use.

Examples:
  dormouse flash --board esp32 --port /dev/ttyUSB0 --server coap://192.168.1.10
  dormouse flash my-device.ts --board esp32-c3 --port /dev/ttyACM0 --endpoint kitchen
  dormouse flash my-device.js --board esp32 --port tcp://192.168.1.20 --storage rare=rare.js
  dormouse flash sleeper --board esp32 --port /dev/ttyUSB0 --settings wifi.json --server coap://192.168.1.10
  dormouse flash --board pi --out ./pi --server coap://192.168.1.10 --endpoint attic
  sudo dormouse flash --board node --install --server coap://192.168.1.10
`;

export function flashCommand(program: Command): void {
  withUsageStatus(program.command("flash"))
    .description("put a program onto its board, and start it")
    .argument("[program]", "a bundle (.js), or a program that is built first (.ts, or a name)")
    .option("--board <name>", `one of ${BOARD_NAMES.join(", ")}`)
    .option("--port <port>", "where the board is: /dev/ttyUSB0, tcp://HOST[:PORT], ble://NAME")
    .option("--baud <rate>", "speed of a serial port (default: the board's)", baudOption)
    .option("--server <uri>", "where the device registers: coap://HOST:PORT", serverOption)
    .option("--endpoint <name>", "its name (default: the chip's serial number)", endpointOption)
    .option("--lifetime <seconds>", "registration lifetime", lifetimeOption)
    .option("--queue", "queue mode: it listens only for a while after each message")
    .option("--no-queue", "no queue mode")
    .option("--settings <file>", "more for dormouse.json, as JSON", jsonObjectOption)
    .option(
      "--storage <name>=<file>",
      "a file for the board's Storage, as a module that the program requires; can be repeated",
      storageOption,
      [],
    )
    .option("--no-time", "leave the board's clock alone")
    .option("--out <folder>", "Node: write the service's files there, to be copied to the machine")
    .option("--install", "Node: install the service on this machine")
    .addHelpText("after", HELP)
    .action(runFlash);
}

async function runFlash(
  program: string | undefined,
  options: FlashOptions,
  command: Command,
): Promise<void> {
  const board = chosenBoard(options.board, command);
  if (board.engine === "node") {
    return flashService(board, program, options, settingsOf(options), command);
  }
  if (board.engine === "kaluma") {
    if (options.storage.length > 0) {
      command.error("error: --storage is for Espruino; Kaluma has files: `kaluma put`");
    }
    const { content } = await programFor(board, program, command);
    return flashKaluma(
      board,
      { program, content, port: options.port },
      settingsOf(options),
      command,
    );
  }
  const port = portOption(options, board, command);
  const { content, variables } = await programFor(board, program, command);
  const plan: FlashPlan = {
    board,
    program: content,
    files: options.storage,
    settings: settingsOf(options),
    variables,
    time: options.time ? () => Date.now() / 1000 : undefined,
  };
  try {
    await flash(port, plan);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

async function flash(port: BoardPort, plan: FlashPlan): Promise<void> {
  const board = new BoardConsole();
  board.attach(await openEspruinoLine(port, board.handlers));
  try {
    await flashBoard(board, plan, show);
  } finally {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    await board.close();
  }
}

/** A line for each step; how far a file is where that can be drawn over. */
function show(progress: FlashProgress): void {
  if (progress.kind === "writing") {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progressLine(progress)}`);
    return;
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.log(progressLine(progress));
}

export function progressLine(progress: FlashProgress): string {
  switch (progress.kind) {
    case "connected": {
      const { firmware, version, serial, variables } = progress.identity;
      return `Connected: ${firmware} ${version}, serial number ${serial}, ${whole(variables)} variables`;
    }
    case "writing": {
      const { file, written, of } = progress;
      const filled = Math.round((BAR_WIDTH * written) / of);
      const bar = "█".repeat(filled) + "·".repeat(BAR_WIDTH - filled);
      return `${file} ${bar} ${Math.round((100 * written) / of)} % of ${whole(of)} bytes`;
    }
    case "verified":
      return `Wrote ${progress.file}, ${whole(progress.bytes)} bytes, and read it back`;
    case "settings":
      return `It is told ${JSON.stringify(progress.settings, concealed)}`;
    case "started": {
      const { usage, flags } = progress;
      if (usage === undefined) return "Started; since the restart its console does not answer";
      const trouble = flags.filter((flag) => /MEMORY|STACK/.test(flag));
      const told = trouble.length === 0 ? "" : `; the board says ${trouble.join(", ")}`;
      return `Started, ${whole(usage)} variables in use${told}`;
    }
  }
}

interface Program {
  readonly content: Uint8Array;
  /** What it needs of the board, where it was built here. */
  readonly variables: number | undefined;
}

async function programFor(
  board: ScriptBoard,
  given: string | undefined,
  command: Command,
): Promise<Program> {
  const program = programFile(given, board);
  if (program === given && !/\.[cm]?tsx?$/.test(given)) {
    try {
      return { content: readFileSync(given), variables: undefined };
    } catch (error) {
      return command.error(`error: ${given} cannot be read: ${(error as Error).message}`);
    }
  }
  const { code, report } = await built(program, board, true, command);
  if (code === undefined) {
    console.error(refusedText(report));
    process.exit(1);
  }
  const { variables, heap } = report;
  const use =
    heap === undefined
      ? `${whole(variables?.running ?? 0)} variables`
      : `${whole(heap.loaded)} bytes of heap`;
  console.log(`Built ${basename(report.entry)}: ${whole(report.bytes)} bytes, about ${use}`);
  return { content: new TextEncoder().encode(code), variables: report.variables?.answering };
}

function settingsOf({ server, endpoint, lifetime, queue, settings }: FlashOptions): BoardSettings {
  return {
    ...settings,
    ...(server !== undefined && { server }),
    ...(endpoint !== undefined && { endpoint }),
    ...(lifetime !== undefined && { lifetime }),
    ...(queue !== undefined && { queue }),
  };
}

function portOption(
  { port, baud }: FlashOptions,
  board: EspruinoBoard,
  command: Command,
): BoardPort {
  if (port === undefined) {
    const tcp = board.console.includes("tcp") ? " or --port tcp://HOST" : "";
    command.error(`error: give --port PORT, as --port /dev/ttyUSB0${tcp}`);
  }
  let parsed: BoardPort;
  try {
    parsed = parsePort(port, baud ?? board.baud ?? USUAL_BAUD);
  } catch (error) {
    return command.error(`error: ${(error as Error).message}`);
  }
  return parsed;
}

export function baudOption(text: string): number {
  const baud = Number(text);
  if (!/^\d+$/.test(text) || baud < 300 || baud > 4_000_000) {
    throw new InvalidArgumentError("It must be 300 to 4000000 bits per second.");
  }
  return baud;
}

const LONGEST_NAME = 28;

/** Reads the file at once, so that a mistake in its name does not come when the board has been erased. */
/** What may be printed of the settings: of others, as a network's password, the names alone. */
function concealed(name: string, value: unknown): unknown {
  return ["", "server", "endpoint", "lifetime", "queue"].includes(name) ? value : "...";
}

function jsonObjectOption(file: string): BoardSettings {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new InvalidArgumentError(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    return given as BoardSettings;
  }
  throw new InvalidArgumentError(`${file} must hold a JSON object.`);
}

function storageOption(text: string, before: readonly StorageFile[]): readonly StorageFile[] {
  const [name, file] = text.split(/=(.*)/s);
  if (file === undefined || !/^[\x21-\x7e]+$/.test(name) || name.length > LONGEST_NAME) {
    throw new InvalidArgumentError(
      `It must be NAME=FILE, the name at most ${LONGEST_NAME} letters.`,
    );
  }
  if (before.some((other) => other.name === name) || /^(\.bootcde|dormouse\.json)$/.test(name)) {
    throw new InvalidArgumentError(`${name} is written already.`);
  }
  try {
    return [...before, { name, content: readFileSync(file) }];
  } catch (error) {
    throw new InvalidArgumentError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function whole(count: number): string {
  return count.toLocaleString("en-US");
}
