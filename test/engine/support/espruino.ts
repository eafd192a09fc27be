import { spawn } from "node:child_process";
import { access, constants, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageImage } from "../../../firmware/flash/storage-image.ts";
import type { Candidate, Engine } from "./engine.ts";

/** What the interpreter for Linux emulates as flash: one file of 256 KiB in its working directory. */
const FLASH = "espruino.flash";
const FLASH_SIZE = 256 * 1024;

/** Frame what the program prints, since the interpreter prints a banner too. */
const BEGIN = "#begin";
const MEMORY = "#memory ";

export interface EspruinoMemory {
  /** Variables in use. */
  readonly usage: number;
  /** Variables of this build, in use or free. */
  readonly total: number;
}

/** A real interpreter, as `ESPRUINO_BINS` names it. */
export interface Espruino extends Engine {
  /** Boots `code` from flash, as a board does, and tells the memory in use once it has loaded and nothing waits. */
  measure(code: string): Promise<EspruinoMemory>;
}

/** One candidate per `label=path` of the comma-separated list. */
export async function findEspruinos(
  list: string | undefined,
): Promise<(Candidate & { engine?: Espruino })[]> {
  if (list === undefined || list === "") {
    return [
      { name: "Espruino", engine: undefined, missing: "ESPRUINO_BINS names none (label=path,...)" },
    ];
  }
  return Promise.all(
    list.split(",").map(async (entry) => {
      const [label, path] = entry.split("=");
      const name = `Espruino ${label}`;
      const runs = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (!runs)
        return {
          name,
          engine: undefined,
          missing: `ESPRUINO_BINS names ${path}, which cannot be run`,
        };
      return { name, engine: espruino(name, path) };
    }),
  );
}

function espruino(name: string, path: string): Espruino {
  const boot = async (code: string): Promise<{ lines: string[]; memory: EspruinoMemory }> => {
    const folder = await mkdtemp(join(tmpdir(), "espruino-"));
    try {
      const content = new TextEncoder().encode(`print("${BEGIN}");${code}`);
      await writeFile(
        join(folder, FLASH),
        storageImage([{ name: ".bootcde", content }], FLASH_SIZE),
      );
      const output = await run(path, folder);
      const lines = output.split(/\r?\n/);
      const begin = lines.findIndex((line) => line.endsWith(BEGIN));
      const at = lines.findIndex((line) => line.startsWith(MEMORY));
      const thrown = lines.find((line) => /^(Uncaught|Execution Interrupted|ERROR)/.test(line));
      if (begin < 0 || at < 0 || thrown !== undefined)
        throw new Error(`${name}: ${thrown ?? "ended early"}\n${output}`);
      return {
        lines: lines.slice(begin + 1, at).filter((line) => line !== ""),
        memory: JSON.parse(lines[at].slice(MEMORY.length)) as EspruinoMemory,
      };
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  return {
    name,
    run: async (code) => (await boot(code)).lines,
    measure: async (code) => (await boot(code)).memory,
  };
}

/** Boots from the flash file of `folder`. The interpreter ends by itself once it has no timer and no socket. */
function run(path: string, folder: string): Promise<string> {
  const tell = `print("${MEMORY}"+JSON.stringify(process.memory()))`;
  return new Promise((resolve, reject) => {
    // SIGTERM is ignored by the interpreter.
    const child = spawn(path, ["-e", tell], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 120_000,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      output += text;
    });
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}
