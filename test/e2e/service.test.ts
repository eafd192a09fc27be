/** What `dormouse flash --board pi` writes, run as systemd would: launcher, program, settings, state; and updates of the program. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { LiveConnector, textOf } from "../support/live-connector.ts";
import { RunningCommand } from "./support/command.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let service: string;
let state: string;
let server: LiveConnector | undefined;
let packages: Server | undefined;
let device: ChildProcess | undefined;
const keys = generateKeyPairSync("ed25519");

beforeAll(async () => {
  service = mkdtempSync(join(tmpdir(), "dormouse-service-"));
  const written = new RunningCommand(["flash", "--board", "pi", "--out", service]);
  expect(await written.end()).toBe(0);
  expect(written.stdout).toContain("sudo systemctl restart dormouse-device");
});

afterEach(async () => {
  device?.kill("SIGKILL");
  await server?.close();
  packages?.close();
  rmSync(state, { recursive: true, force: true });
});

afterAll(() => rmSync(service, { recursive: true }));

/** One start of the service. */
function start(): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const args = ["launch.mjs", "device.mjs", "dormouse.json"].map((name) => join(service, name));
  const child = spawn(process.execPath, args, {
    env: { ...process.env, STATE_DIRECTORY: state },
    stdio: ["ignore", "pipe", "pipe"],
  });
  device = child;
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      printed += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, output: () => printed, ended };
}

function configure(settings: object): void {
  state = mkdtempSync(join(tmpdir(), "dormouse-state-"));
  writeFileSync(join(service, "dormouse.json"), JSON.stringify(settings));
}

function publicKey(): string {
  return keys.publicKey.export({ format: "der", type: "spki" }).toString("base64");
}

function signed(program: string, key: KeyObject = keys.privateKey): Buffer {
  const bytes = Buffer.from(program);
  return Buffer.concat([sign(null, bytes, key), bytes]);
}

/** Serves one package, and gives its address. */
async function offer(content: Buffer): Promise<string> {
  packages = createServer((_, response) => response.end(content));
  await new Promise<void>((resolve) => packages?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(packages.address() as AddressInfo).port}/package`;
}

test("it registers, keeps its state where it may write, and goes on where it was", async () => {
  server = await LiveConnector.start();
  configure({ server: server.uri, endpoint: "attic", lifetime: 300 });
  const first = start();
  expect(await server.registration()).toMatchObject({ endpointName: "attic", lifetime: 300 });
  expect(await server.ask("attic", GET, "/5/0/3")).toMatchObject({ status: 404 });
  first.child.kill("SIGKILL");
  await first.ended;
  const second = start();
  await server.next("update");
  second.child.kill("SIGTERM");
  expect(await second.ended).toBe(0);
  await server.next("deregistration");
});

test("settings that are wrong are told once, with the status that ends the service", () => {
  configure({ endpoint: "attic" });
  const run = spawnSync(
    process.execPath,
    ["launch.mjs", "device.mjs", "dormouse.json"].map((name) => join(service, name)),
    { encoding: "utf8", env: { ...process.env, STATE_DIRECTORY: state } },
  );
  expect(run.status).toBe(78);
  expect(run.stderr).toMatch(
    /dormouse\.json: it names neither a "server" nor a "bootstrap" server/,
  );
});

function connector(): LiveConnector {
  if (server === undefined) throw new Error("there is no connector yet");
  return server;
}

describe("an update of the program over object 5", () => {
  async function reaches(path: string, wanted: string): Promise<void> {
    await expect
      .poll(async () => textOf(await connector().ask("attic", GET, path)), { timeout: 30_000 })
      .toBe(wanted);
  }

  async function running() {
    server = await LiveConnector.start();
    configure({ server: server.uri, endpoint: "attic", updateKey: publicKey() });
    const run = start();
    await server.registration();
    return run;
  }

  test("that the key has signed takes the program's place, and is told as installed by the new one", async () => {
    const first = await running();
    // The same program, and something to tell it by.
    const program = `${readFileSync(join(service, "device.mjs"), "utf8")}\nconsole.log("version 2");`;
    await connector().ask("attic", PUT, "/5/0/1", await offer(signed(program)));
    await reaches("/5/0/3", "2");
    expect(await connector().ask("attic", POST, "/5/0/2")).toMatchObject({ status: 200 });
    expect(await first.ended).toBe(0);
    const second = start();
    await expect.poll(second.output, { timeout: 30_000 }).toContain("version 2");
    await connector().next("update");
    await reaches("/5/0/5", "1");
    await reaches("/5/0/3", "0");
  });

  test("that somebody else has signed is refused as broken", async () => {
    await running();
    const foreign = generateKeyPairSync("ed25519").privateKey;
    await connector().ask("attic", PUT, "/5/0/1", await offer(signed("x", foreign)));
    await reaches("/5/0/5", "5");
    expect(existsSync(join(state, "program"))).toBe(false);
  });

  test("that does not run is taken back after three starts, and told as failed", async () => {
    const first = await running();
    await connector().ask("attic", PUT, "/5/0/1", await offer(signed("process.exit(3);")));
    await reaches("/5/0/3", "2");
    await connector().ask("attic", POST, "/5/0/2");
    expect(await first.ended).toBe(0);
    for (let starts = 0; starts < 3; starts++) expect(await start().ended).toBe(3);
    const back = start();
    await expect.poll(back.output, { timeout: 30_000 }).toContain("it is taken back");
    await connector().next("update");
    await reaches("/5/0/5", "8");
  });
});
