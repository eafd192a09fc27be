/**
 * Puts a program onto a board as its user does: the command `espruino` of npm, over TCP to the board's console. Here the console is the
 * interpreter's terminal, which socat joins to a port.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { FLASH } from "../../engine/support/espruino.ts";
import { UPLOADER } from "./prepare.ts";

const run = promisify(execFile);

const UPLOAD_PATIENCE = 90_000;
/** Until socat listens, ms. */
const LISTENING = 700;
/** An interpreter that gets little time loses characters of its console: the uploader does not notice, or waits for ever. */
const ATTEMPTS = 3;

/**
 * Uploads a program to the flash of a new board, and its settings; again when something else has arrived.
 *
 * @returns the folder with the flash
 */
export async function upload(path: string, code: string, settings: object): Promise<string> {
  let failure: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), "espruino-uploaded-"));
    failure = await uploadTo(folder, path, code, settings).catch((error: unknown) => error);
    if (failure === undefined) return folder;
    await rm(folder, { recursive: true });
  }
  throw failure;
}

/** Throws when something else than the program has arrived. */
async function uploadTo(
  folder: string,
  path: string,
  code: string,
  settings: object,
): Promise<void> {
  const program = join(folder, "program.js");
  const file = join(folder, "dormouse.json");
  await writeFile(program, code, "latin1");
  await writeFile(file, JSON.stringify(settings));
  const port = await freeTcpPort();
  const address = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`;
  const cable = spawn("socat", [address, `EXEC:${path},pty,raw,echo=0`], {
    cwd: folder,
    stdio: "ignore",
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, LISTENING));
    const how = ["--no-ble", "-p", `tcp://127.0.0.1:${port}`, "--config", "SAVE_ON_SEND=1"];
    const offline = ["--config", "MODULE_URL="];
    const what = ["--storage", `dormouse.json:${file}`, program];
    const uploading = run(process.execPath, [UPLOADER, ...how, ...offline, ...what], {
      timeout: UPLOAD_PATIENCE,
    });
    uploading.child.stdin?.end();
    const { stdout } = await uploading;
    if (!stdout.includes("Upload Complete")) throw new Error(`not uploaded:\n${stdout}`);
  } finally {
    await unplug(cable);
  }
  const flash = await readFile(join(folder, FLASH));
  if (!flash.includes(Buffer.from(code, "latin1"))) throw new Error("characters were lost");
}

/** Ends the cable and the interpreter behind it, which outlives its terminal and takes no signal but this. */
async function unplug(cable: ChildProcess): Promise<void> {
  const { stdout } = await run("ps", ["-o", "pid=", "--ppid", String(cable.pid)]).catch(() => ({
    stdout: "",
  }));
  for (const pid of stdout.split("\n").map(Number)) if (pid > 0) process.kill(pid, "SIGKILL");
  cable.kill("SIGKILL");
}

async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
