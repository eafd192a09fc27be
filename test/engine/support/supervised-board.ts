import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageImage } from "../../../firmware/flash/storage-image.ts";
import { FLASH, FLASH_SIZE } from "./espruino.ts";

/** A reboot ends the interpreter for Linux. */
const REBOOTED = 1;
const MOST_BOOTS = 20;

/**
 * An interpreter that is started again from its flash each time it reboots, as a chip is. Its power can be cut: it starts again then too.
 */
export class SupervisedBoard {
  /** Of all boots. */
  printed = "";
  boots = 0;
  private readonly path: string;
  private readonly folder: string;
  private child: ChildProcess | undefined = undefined;
  private ended: Promise<void> = Promise.resolve();
  private isOn = true;

  private constructor(path: string, folder: string) {
    this.path = path;
    this.folder = folder;
  }

  /** @param files of its Storage, in this order */
  static async start(
    path: string,
    files: Readonly<Record<string, string | Uint8Array>>,
  ): Promise<SupervisedBoard> {
    const folder = await mkdtemp(join(tmpdir(), "espruino-"));
    const content = Object.entries(files).map(([name, file]) => ({
      name,
      content: typeof file === "string" ? Buffer.from(file, "latin1") : file,
    }));
    await writeFile(join(folder, FLASH), storageImage(content, FLASH_SIZE));
    const board = new SupervisedBoard(path, folder);
    board.boot();
    return board;
  }

  /** Everything in its flash, as it is. */
  flash(): Promise<Buffer> {
    return readFile(join(this.folder, FLASH));
  }

  /** The power goes, and comes back. */
  async cutPower(): Promise<void> {
    this.isOn = false;
    this.child?.kill("SIGKILL");
    await this.ended;
    this.isOn = true;
    this.boot();
  }

  async stop(): Promise<void> {
    this.isOn = false;
    this.child?.kill("SIGKILL");
    await this.ended;
    await rm(this.folder, { recursive: true });
  }

  private boot(): void {
    this.boots++;
    this.printed += `\n#boot ${this.boots}\n`;
    if (this.boots > MOST_BOOTS) throw new Error(`it boots for ever:\n${this.printed}`);
    const child = spawn(this.path, [], { cwd: this.folder, stdio: ["pipe", "pipe", "ignore"] });
    this.child = child;
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      this.printed += text;
    });
    this.ended = new Promise((resolve) => {
      child.on("close", (code) => {
        resolve();
        if (this.isOn && code === REBOOTED) this.boot();
      });
    });
  }
}
