import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Candidate, Engine } from "./engine.ts";

/** JerryScript's own command `jerry`, of a build with a heap as a board has it. */
export class JerryScript implements Engine {
  readonly name = "JerryScript";
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async run(code: string): Promise<string[]> {
    return this.execute(code, []).stdout.split("\n").slice(0, -1);
  }

  /** Bytes of its heap; undefined for a build without statistics. */
  heapSize(): number | undefined {
    const { stdout, stderr } = this.execute("1", ["--mem-stats"]);
    const size = /Heap size = (\d+) bytes/.exec(stdout + stderr)?.[1];
    return size === undefined ? undefined : Number(size);
  }

  private execute(code: string, options: readonly string[]): { stdout: string; stderr: string } {
    const folder = mkdtempSync(join(tmpdir(), "jerry-"));
    try {
      const file = join(folder, "program.js");
      writeFileSync(file, code);
      const { status, stdout, stderr } = spawnSync(this.path, [...options, file], {
        encoding: "utf8",
        timeout: 120_000,
        maxBuffer: 16 * 1024 * 1024,
      });
      if (status !== 0) throw new Error(`${this.name}: ${stderr}${stdout.slice(-2000)}`);
      return { stdout, stderr };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

/** What `JERRY_BIN` names. For Kaluma it has to be a 32-bit program with 32-bit pointers, a heap of 180 KiB and statistics of it. */
export function findJerryScript(path = ""): Candidate<JerryScript> {
  const name = "JerryScript";
  if (path === "") return { name, engine: undefined, missing: "JERRY_BIN names none" };
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return { name, engine: undefined, missing: `${path} cannot be run` };
  }
  return { name, engine: new JerryScript(path) };
}
