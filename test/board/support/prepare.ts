/**
 * Before all suites, once: what a user has beside a board, namely the uploader and the cable, and Leshan's server. Says on the terminal what is
 * here; what is not skips its tests by name.
 */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import {
  exists,
  expectCommand,
  firstLine,
  installInto,
  installLeshan,
} from "../../interop/support/prepare.ts";

const run = promisify(execFile);
const CLI_VERSION = "0.1.67";
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/board", import.meta.url));
const CLI = `${CACHE}/espruino-${CLI_VERSION}`;
/** The program of the package `espruino` that uploads to boards. */
export const UPLOADER = `${CLI}/node_modules/espruino/bin/espruino-cli.js`;

/** Per tool: why it is missing; "" when it is here. */
export type Tools = Readonly<Record<"uploader" | "leshan", string>>;

declare module "vitest" {
  interface ProvidedContext {
    readonly tools: Tools;
  }
}

export async function setup(project: TestProject): Promise<void> {
  const missing: Record<string, string> = {};
  for (const [name, prepare] of Object.entries({
    uploader: installUploader,
    leshan: installLeshan,
  })) {
    missing[name] = await prepare().then(
      () => "",
      (error: unknown) => firstLine(error),
    );
    console.log(`${name}: ${missing[name] || "here"}`);
  }
  project.provide("tools", missing as Tools);
}

/** Without what it needs for serial ports and Bluetooth: the cable is TCP. */
async function installUploader(): Promise<void> {
  await expectCommand("socat");
  if (await exists(UPLOADER)) return;
  await mkdir(CACHE, { recursive: true });
  await installInto(CLI, async (folder) => {
    const what = ["--omit=optional", "--no-audit", "--no-fund", "--prefix", folder];
    await run("npm", ["install", ...what, `espruino@${CLI_VERSION}`]);
  });
}
