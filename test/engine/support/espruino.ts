import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BoardLine, LineHandlers } from "../../../firmware/flash/console/board-line.ts";
import { storageImage } from "../../../firmware/flash/storage-image.ts";
import type { Candidate, Engine } from "./engine.ts";

/** What the interpreter for Linux emulates as flash: one file in its working directory. */
export const FLASH = "espruino.flash";
export const FLASH_SIZE = 256 * 1024;

/** Frame what the program prints, since the interpreter prints a banner too. */
const BEGIN = "#begin";
const MEMORY = "#memory ";

/** What the interpreter says when a program fails; none of it ends the interpreter. */
const FAILURE = /Uncaught|Execution Interrupted|New interpreter error|OUT OF MEMORY/;

export interface EspruinoMemory {
  /** False for a pool that grows, which no board has. */
  readonly isFixed: boolean;
  /** Variables in use. */
  readonly usage: number;
  /** Variables of this build, in use or free. */
  readonly total: number;
}

/** A board that runs until it is stopped. */
export interface RunningBoard {
  /** All that it printed so far. */
  output(): string;
  /** When it has ended by itself, by a reboot for example, or was stopped. */
  readonly ended: Promise<void>;
  /** Of its process on this machine. */
  readonly pid: number;
  /** Its console. */
  open(handlers: LineHandlers): BoardLine;
  stop(): Promise<void>;
}

/** A real interpreter for Linux. */
export class Espruino implements Engine {
  readonly name: string;
  readonly path: string;

  constructor(name: string, path: string) {
    this.name = name;
    this.path = path;
  }

  async run(code: string): Promise<string[]> {
    return (await this.runToEnd(code)).lines;
  }

  /** Boots `code` from flash, as a board does, and tells the memory in use once it has loaded and nothing waits. */
  async measure(code: string): Promise<EspruinoMemory> {
    return (await this.runToEnd(code)).memory;
  }

  /** Boots a board from its Storage: `.bootcde` is the program. Text is written as Latin-1. */
  async boot(files: Readonly<Record<string, string>>): Promise<RunningBoard> {
    const folder = await makeFolder(files);
    const board = this.bootFolder(folder);
    const stop = async () => {
      await board.stop();
      await rm(folder, { recursive: true });
    };
    return { ...board, stop };
  }

  /** Boots a board whose flash is in this folder, cold. The folder stays. */
  bootFolder(folder: string): RunningBoard {
    const { child, output, ended } = this.spawn(folder, []);
    const stop = async () => {
      kill(child);
      await ended;
    };
    const open = (handlers: LineHandlers): BoardLine => {
      child.stdout.on("data", (text: string) => handlers.onText(text));
      return { write: (text) => child.stdin.write(text, "latin1"), close: async () => {} };
    };
    return { output, open, ended, stop, pid: child.pid ?? 0 };
  }

  private async runToEnd(code: string): Promise<{ lines: string[]; memory: EspruinoMemory }> {
    const files = { ".bootcde": `print("${BEGIN}");${code}` };
    const tell = `print("${MEMORY}"+JSON.stringify(process.memory()))`;
    // It ends by itself once it has neither timer nor socket.
    const folder = await makeFolder(files);
    const { child, output, ended } = this.spawn(folder, ["-e", tell]);
    const patience = setTimeout(() => kill(child), 120_000);
    await ended.finally(() => rm(folder, { recursive: true }));
    clearTimeout(patience);
    const lines = output().split(/\r?\n/);
    const begin = lines.findIndex((line) => line.endsWith(BEGIN));
    const end = lines.findIndex((line) => line.startsWith(MEMORY));
    const failure = lines.find((line) => FAILURE.test(line));
    if (begin < 0 || end < 0 || failure !== undefined) {
      throw new Error(`${this.name}: ${failure ?? "did not come to its end"}\n${output()}`);
    }
    return {
      lines: lines.slice(begin + 1, end).filter((line) => line !== ""),
      memory: memoryOf(JSON.parse(lines[end].slice(MEMORY.length)) as MemoryTold),
    };
  }

  private spawn(folder: string, parameters: readonly string[]) {
    const child = spawn(this.path, parameters, { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
    let printed = "";
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      printed += text;
    });
    const ended = new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", () => resolve());
    });
    return { child, output: () => printed, ended };
  }
}

interface MemoryTold {
  readonly usage: number;
  readonly total: number;
  /** Bytes of a variable. */
  readonly blocksize: number;
}

/** A variable of a 64-bit build, whose pool grows, takes more. */
const LARGEST_BOARD_BLOCK = 16;

function memoryOf({ usage, total, blocksize }: MemoryTold): EspruinoMemory {
  return { usage, total, isFixed: blocksize <= LARGEST_BOARD_BLOCK };
}

/** A folder with the flash of a board that has these files. */
export async function makeFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "espruino-"));
  const content = Object.entries(files).map(([name, text]) => ({
    name,
    content: Buffer.from(text, "latin1"),
  }));
  await writeFile(join(folder, FLASH), storageImage(content, FLASH_SIZE));
  return folder;
}

/** The interpreter ignores SIGTERM. */
function kill(child: ChildProcess): void {
  child.kill("SIGKILL");
}

/** One candidate per `label=path` of the comma-separated list that `ESPRUINO_BINS` holds. */
export function findEspruinos(list = ""): Candidate<Espruino>[] {
  if (list === "") {
    return [{ name: "Espruino", engine: undefined, missing: "ESPRUINO_BINS names none" }];
  }
  return list.split(",").map((entry) => {
    const [label, path] = entry.split("=");
    const name = `Espruino ${label}`;
    try {
      accessSync(path, constants.X_OK);
    } catch {
      return { name, engine: undefined, missing: `${path} cannot be run` };
    }
    return { name, engine: new Espruino(name, path) };
  });
}
