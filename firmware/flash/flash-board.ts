/**
 * A program and its files written to the Storage of an Espruino board over its console: the program last, each file read back, then started.
 *
 * Old files of the same names go first, so that there is room for the new ones; a board that loses its power meanwhile boots to its
 * console.
 */
import { crc32 } from "node:zlib";
import { boardOfFirmware, type EspruinoBoard, storedSize } from "./boards.ts";
import { BOARD_THREW, type BoardConsole, LINE_CLOSED, NO_ANSWER } from "./console/board-console.ts";
import { BoardLog } from "./console/board-log.ts";
import type { StorageFile } from "./storage-image.ts";

/** What a board runs when it starts. */
export const PROGRAM_FILE = ".bootcde";
/** Saved code that would run instead of it, and a saved memory that would be there before it (Espruino `src/jsflash.c`). */
const OTHER_CODE = [".bootrst", ".varimg"];
/** What a program is told beside itself. */
export const SETTINGS_FILE = "dormouse.json";

/** As `SETTINGS_FILE` has it. */
export interface BoardSettings {
  readonly server?: string;
  readonly endpoint?: string;
  /** Seconds. */
  readonly lifetime?: number;
  readonly queue?: boolean;
  /** What a program of one's own, or one that joins a network, reads besides. */
  readonly [name: string]: unknown;
}

export interface FlashPlan {
  readonly board: EspruinoBoard;
  readonly program: Uint8Array;
  /** Modules and other files, beside the program. */
  readonly files: readonly StorageFile[];
  /** Written over what the board's file has; what is not said stays. */
  readonly settings: BoardSettings;
  /** Variables that the program needs, where it is known. */
  readonly variables: number | undefined;
  /** Seconds since 1970; undefined leaves the board's clock alone. */
  readonly time: (() => number) | undefined;
}

/** What a board says of itself. */
export interface BoardIdentity {
  readonly firmware: string;
  readonly version: string;
  readonly serial: string;
  /** Variables there are. */
  readonly variables: number;
}

export type FlashProgress =
  | { readonly kind: "connected"; readonly identity: BoardIdentity }
  | {
      readonly kind: "writing";
      readonly file: string;
      readonly written: number;
      readonly of: number;
    }
  | { readonly kind: "verified"; readonly file: string; readonly bytes: number }
  | { readonly kind: "settings"; readonly settings: BoardSettings }
  /** `usage` in variables; undefined when the restart ended the connection, or the program keeps its board busy. */
  | {
      readonly kind: "started";
      readonly usage: number | undefined;
      readonly flags: readonly string[];
    };

/** Bytes of content in one line: a line is kept whole in variables, and in the input buffer of a serial port. */
const CHUNK = 512;
/** The first write of a file may make room by moving all others, ms. */
const COMPACTION_PATIENCE = 120_000;
/** A board that was reset or started has said its banner by then, ms. */
const RESTART_TIME = 1500;

/** Rejects with an Error fit for its user. */
export async function flashBoard(
  console: BoardConsole,
  plan: FlashPlan,
  tell: (progress: FlashProgress) => void,
): Promise<void> {
  await console.wake();
  const identity = await identify(console);
  tell({ kind: "connected", identity });
  checkIdentity(identity, plan);
  // Before its program goes from under it.
  const settings = await mergedSettings(console, plan.settings);
  console.send("reset()");
  await wait(RESTART_TIME);
  await console.wake();
  if (plan.time !== undefined) console.send(`setTime(${plan.time().toFixed(3)})`);
  const program = { name: PROGRAM_FILE, content: plan.program };
  const files = [...plan.files, ...settingsFile(settings), program];
  for (const name of [...OTHER_CODE, ...files.map(({ name }) => name).reverse()]) {
    await console.evaluate(`require("Storage").erase(${JSON.stringify(name)})`);
  }
  await console.evaluate(CHECKED_WRITE);
  for (const file of files) await writeFile(console, file, plan.board, tell);
  if (settings !== undefined) tell({ kind: "settings", settings });
  await start(console, tell);
}

async function identify(console: BoardConsole): Promise<BoardIdentity> {
  const said = (await console.evaluate(
    '{f:process.env.BOARD,v:process.env.VERSION,s:getSerial(),n:process.memory().total,t:typeof require("Storage").write}',
  )) as { f?: string; v?: string; s?: string; n?: number; t?: string } | undefined;
  if (typeof said?.f !== "string" || said.t !== "function") {
    throw new Error("what answers is no Espruino with a Storage: it needs firmware 1v96 or later");
  }
  return {
    firmware: said.f,
    version: String(said.v),
    serial: String(said.s),
    variables: Number(said.n),
  };
}

function checkIdentity({ firmware, variables }: BoardIdentity, plan: FlashPlan): void {
  const { board } = plan;
  const found = boardOfFirmware(firmware);
  if (found !== undefined && found.name !== board.name) {
    throw new Error(
      `the board at this port is ${found.title} (${firmware}), not ${board.title}: give --board ${found.name}`,
    );
  }
  if (plan.variables !== undefined && plan.variables > variables) {
    throw new Error(
      `the program needs about ${plan.variables} variables, and this board has ${variables}: build it with less`,
    );
  }
}

async function mergedSettings(
  console: BoardConsole,
  settings: BoardSettings,
): Promise<BoardSettings | undefined> {
  if (Object.keys(settings).length === 0) return undefined;
  const former = await console.evaluate(
    `require("Storage").readJSON(${JSON.stringify(SETTINGS_FILE)},true)`,
  );
  return { ...(typeof former === "object" ? former : {}), ...settings };
}

function settingsFile(settings: BoardSettings | undefined): StorageFile[] {
  if (settings === undefined) return [];
  return [{ name: SETTINGS_FILE, content: new TextEncoder().encode(JSON.stringify(settings)) }];
}

/**
 * On the board: writes `t` at `a` of the file `f`, of `n` bytes if it is the first, unless it came otherwise than it was sent. Lines lose
 * characters, and flash that was written wrong has to be erased.
 */
const CHECKED_WRITE =
  'global.dmw=function(f,a,n,t,c){if((E.CRC32(a+","+n+","+t)>>>0)!==c)return 0;' +
  'if(n)require("Storage").write(f,t,a,n);else require("Storage").write(f,t,a);return 1}';
/** How often a line is sent that does not come as it was sent. */
const ATTEMPTS = 5;

async function writeFile(
  console: BoardConsole,
  { name, content }: StorageFile,
  board: EspruinoBoard,
  tell: (progress: FlashProgress) => void,
): Promise<void> {
  for (let at = 0; at < content.length; at += CHUNK) {
    try {
      await writePart(console, name, content, at);
    } catch (error) {
      if ((error as { code?: string }).code !== BOARD_THREW) throw error;
      throw new Error(await noRoom(console, name, content.length, board, error as Error));
    }
    const written = Math.min(at + CHUNK, content.length);
    tell({ kind: "writing", file: name, written, of: content.length });
  }
  const found = await console.evaluate(
    `(function(f){return f===undefined?[]:[f.length,E.CRC32(f)>>>0]})(require("Storage").read(${JSON.stringify(name)}))`,
  );
  const [length, checksum] = found as [number?, number?];
  if (length !== content.length || checksum !== crc32(content)) {
    throw new Error(
      `${name} was not written right: ${content.length} bytes went to the board, and it has ${length ?? "none"}${length === content.length ? ", others" : ""}. Try again; if it stays so, the flash may be worn`,
    );
  }
  tell({ kind: "verified", file: name, bytes: content.length });
}

async function writePart(
  console: BoardConsole,
  name: string,
  content: Uint8Array,
  at: number,
): Promise<void> {
  const part = content.subarray(at, at + CHUNK);
  const size = at === 0 ? content.length : 0;
  const checksum = crc32(part, crc32(`${at},${size},`));
  const write = `dmw(${JSON.stringify(name)},${at},${size},${textOf(part)},${checksum})`;
  const patience = at === 0 ? COMPACTION_PATIENCE : undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if ((await console.evaluate(write, patience)) === 1) return;
  }
  throw new Error(
    `the line to the board is bad: ${name} does not come as it is sent. Try a lower speed (--baud), or another cable`,
  );
}

async function noRoom(
  console: BoardConsole,
  name: string,
  bytes: number,
  board: EspruinoBoard,
  error: Error,
): Promise<string> {
  const names = (await console.evaluate('require("Storage").list()')) as readonly string[];
  const others = names.filter((other) => other !== name);
  const beside = others.length === 0 ? "" : ` beside ${others.join(", ")}`;
  return (
    `there is no room for ${name}, which takes ${storedSize(bytes)} of the ${board.storage} bytes of Storage${beside} (${error.message}): ` +
    `erase files that are not needed, with \`dormouse console --port PORT -e 'require("Storage").erase("NAME")'\``
  );
}

/** Bytes as an expression: a literal where they are printable, for it is the shorter. */
function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1");
  return /^[\x20-\x7e\n]*$/.test(text)
    ? JSON.stringify(text)
    : `atob("${Buffer.from(bytes).toString("base64")}")`;
}

/** What an interpreter says of a program that fails; none of it ends the interpreter. */
const FAILURE = /^.*(Uncaught|Execution Interrupted|OUT OF MEMORY|New interpreter error)/m;

/** Rejects when the program fails as soon as it runs. */
async function start(
  console: BoardConsole,
  tell: (progress: FlashProgress) => void,
): Promise<void> {
  console.takePrinted();
  console.send("load()");
  await wait(RESTART_TIME);
  let state: Omit<FlashProgress & { kind: "started" }, "kind"> = { usage: undefined, flags: [] };
  try {
    const said = await console.evaluateOnce(
      "[process.memory().usage,E.getErrorFlags()]",
      STARTING_PATIENCE,
    );
    const [usage, flags] = said as [number, string[]];
    state = { usage, flags };
  } catch (error) {
    // Where the restart ended the connection, or the program keeps its board busy, nobody can tell.
    const { code } = error as { code?: string };
    if (code !== LINE_CLOSED && code !== NO_ANSWER) throw error;
  }
  const lines: string[] = [];
  const log = new BoardLog((line) => lines.push(line));
  log.push(console.takePrinted());
  log.end();
  const failure = lines.findIndex((line) => FAILURE.test(line));
  if (failure >= 0) {
    const told = lines.slice(failure, failure + TOLD_LINES).map((line) => `  ${line}`);
    throw new Error(`the program is on the board, and fails there:\n${told.join("\n")}`);
  }
  tell({ kind: "started", ...state });
}

/** How long a program may keep its board to itself when it starts, ms. */
const STARTING_PATIENCE = 60_000;
/** The error, and where. */
const TOLD_LINES = 4;

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
