/**
 * Before all suites, once: finds the peers, installs those that a package manager can fetch into a cache, and says on the
 * terminal which are here.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import type { Missing, PeerName } from "./peers.ts";
import {
  INTEROP,
  LESHAN_BOOTSTRAP_CLASSES,
  LESHAN_BOOTSTRAP_JARS,
  LESHAN_BOOTSTRAP_SOURCES,
  LESHAN_CLASSES,
  LESHAN_JARS,
  LESHAN_SOURCES,
  LWM2M_NODE_LIB,
} from "./places.ts";

const run = promisify(execFile);

const PREPARATIONS: Readonly<Record<PeerName, () => Promise<void>>> = {
  coap: async () => {
    await import("coap");
  },
  libcoap: async () => {
    await expectCommand("coap-client-notls", "coap-server-notls");
  },
  tshark: async () => {
    await expectCommand("tshark");
  },
  "lwm2m-node-lib": installLwm2mNodeLib,
  leshan: () => installJava(LESHAN),
  "leshan-bootstrap": () => installJava(LESHAN_BOOTSTRAP),
};

export async function setup(project: TestProject): Promise<void> {
  const required = (process.env["INTEROP_REQUIRED"] ?? "").split(",").filter((name) => name !== "");
  const unknown = required.filter((name) => !Object.hasOwn(PREPARATIONS, name));
  if (unknown.length > 0) throw new Error(`INTEROP_REQUIRED names no such peer: ${unknown}`);
  const missing: Record<string, string> = {};
  for (const [name, prepare] of Object.entries(PREPARATIONS)) {
    missing[name] = await prepare().then(
      () => "",
      (error: unknown) => firstLine(error),
    );
    console.log(`interop peer ${name}: ${missing[name] || "here"}`);
  }
  project.provide("missing", missing as Missing);
  project.provide("required", required);
}

export async function expectCommand(...commands: string[]): Promise<void> {
  for (const command of commands) {
    await run("which", [command]).catch(() => {
      throw new Error(`no ${command} on the PATH`);
    });
  }
}

/** AGPL-3.0: kept out of our dependencies, in a folder of its own. */
async function installLwm2mNodeLib(): Promise<void> {
  if (await exists(LWM2M_NODE_LIB)) return;
  await installInto(LWM2M_NODE_LIB, async (folder) => {
    await cp(join(INTEROP, "lwm2m-node-lib"), folder, { recursive: true });
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
  });
}

interface JavaPeer {
  readonly sources: string;
  readonly jars: string;
  readonly classes: string;
}

const LESHAN: JavaPeer = { sources: LESHAN_SOURCES, jars: LESHAN_JARS, classes: LESHAN_CLASSES };
const LESHAN_BOOTSTRAP: JavaPeer = {
  sources: LESHAN_BOOTSTRAP_SOURCES,
  jars: LESHAN_BOOTSTRAP_JARS,
  classes: LESHAN_BOOTSTRAP_CLASSES,
};

async function installJava({ sources, jars, classes }: JavaPeer): Promise<void> {
  await expectCommand("java", "javac");
  if (!(await exists(jars))) {
    await expectCommand("mvn");
    await installInto(jars, async (folder) => {
      const pom = join(sources, "pom.xml");
      const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`];
      await run("mvn", ["--batch-mode", "--quiet", "--file", pom, ...goal]);
    });
  }
  await rm(classes, { recursive: true, force: true });
  const files = (await readdir(sources)).filter((file) => file.endsWith(".java"));
  await run("javac", ["-nowarn", "-cp", `${jars}/*`, "-d", classes, ...files], { cwd: sources });
}

/** Leshan's server and client, for others than the suites of this folder. */
export const installLeshan = (): Promise<void> => installJava(LESHAN);

/** Fills a folder beside the final one and renames it, so that an interrupted installation is not taken for a whole one. */
export async function installInto(
  folder: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await fill(unfinished);
  await rename(unfinished, folder);
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The line that says what failed: Maven and npm print theirs on stdout and stderr, below Node's "Command failed". */
export function firstLine(error: unknown): string {
  const failure = error as { message: string; stdout?: string; stderr?: string };
  const printed = `${failure.stdout ?? ""}\n${failure.stderr ?? ""}`.split("\n");
  const telling = printed.find((line) => /error/i.test(line));
  return (telling ?? failure.message.split("\n")[0]).trim();
}
