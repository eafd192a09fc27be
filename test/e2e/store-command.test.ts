/** `dormouse store` beside a running connector, each in a process of its own. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { RunningCommand } from "./support/command.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), "dormouse-store-command-"));
const data = join(folder, "data");
let connector: RunningCommand;
let key = "";

function startOn(data: string): RunningCommand {
  const ports = ["--http-port", "0", "--coap-port", "0"];
  return new RunningCommand(["connector", "--json", "--data", data, ...ports]);
}

async function statusOn(running: RunningCommand, accessKey: string): Promise<number> {
  const { http } = JSON.parse(await running.line(/^\{/)) as { http: string };
  const headers = { authorization: `Bearer ${accessKey}` };
  return (await fetch(`${http}/v2/endpoints`, { headers })).status;
}

async function store(
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const command = new RunningCommand(["store", ...args]);
  const code = await command.end();
  return { code, out: command.stdout, err: command.stderr };
}

beforeAll(async () => {
  connector = startOn(data);
  await connector.line(/^\{/);
  key = /shown only now: (\w+)/.exec(connector.stderr)?.[1] ?? "";
});

afterAll(async () => {
  await connector.stop("SIGKILL");
  rmSync(folder, { recursive: true });
});

test("a backup taken while the connector runs has its keys, and a connector runs on it", async () => {
  const copy = join(folder, "copy");
  const made = await store("backup", "--data", data, copy);
  expect(made).toMatchObject({ code: 0, err: "" });
  expect(made.out).toMatch(/^Backed up \d+ rows and \d+ files with secrets to /);
  const restored = startOn(copy);
  expect(await statusOn(restored, key)).toBe(200);
  expect(await statusOn(connector, key)).toBe(200);
  expect(await restored.stop("SIGTERM")).toBe(0);
});

test("check counts the rows of a store in use", async () => {
  const { code, out } = await store("check", "--data", data);
  expect(code).toBe(0);
  expect(out).toMatch(/^access-keys +1$/m);
  expect(out).toMatch(/Every checksum is right\.\n$/);
});

test("an export goes into a file for its owner, and into a new store, and not into this one", async () => {
  const file = join(folder, "rows.jsonl");
  expect((await store("export", "--data", data, file)).err).toContain("There are secrets");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const piped = await store("export", "--data", data);
  const withoutDate = (text: string) => text.split("\n").slice(1, -2);
  expect(withoutDate(piped.out)).toEqual(withoutDate(readFileSync(file, "utf8")));
  expect(await store("export", "--data", data, file)).toMatchObject({ code: 1 });
  const refused = await store("import", "--data", data, file);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/is in use by process \d+: stop it first/);
  const imported = await store("import", "--data", join(folder, "new"), file);
  expect(imported).toMatchObject({ code: 0, err: "" });
});

test("damage ends check with 1 and is named; so does a folder without a store", async () => {
  const copy = join(folder, "damaged");
  await store("backup", "--data", data, copy);
  const root = open({ path: join(copy, "store"), maxDbs: 4, overlappingSync: false });
  const journal = root.openDB<Buffer, number>({ name: "journal", encoding: "binary" });
  const [{ key: number, value }] = [...journal.getRange({ limit: 1 })];
  const batch = Buffer.from(value);
  batch[batch.length >> 1] ^= 1;
  await journal.put(number, batch);
  await root.close();
  const { code, err } = await store("check", "--data", copy);
  expect(code).toBe(1);
  expect(err).toMatch(/^Damaged: batch \d+: /);
  expect(err).toContain("or restore a backup");
  expect((await store("check", "--data", join(folder, "nowhere"))).err).toContain(
    "There is no store in",
  );
});
