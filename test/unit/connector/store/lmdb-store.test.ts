import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { open } from "lmdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LmdbStore } from "../../../../connector/store/lmdb-store.ts";
import type { Store } from "../../../../connector/store/store.ts";

let folder = "";

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "dormouse-store-")), "store");
});

afterEach(() => {
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

function rowsOf(store: Store, table: string): Record<string, unknown> {
  return Object.fromEntries(store.table(table).entries());
}

async function reopened(store: Store): Promise<LmdbStore> {
  await store.close();
  return new LmdbStore(folder);
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "";
}

test("rows come back as they were: text, numbers, undefined members, bytes, nested lists", async () => {
  const row = {
    text: "Straße",
    lifetime: 2 ** 40,
    negative: -1.5,
    absent: undefined,
    bytes: new Uint8Array([0, 255]),
    list: [{ a: [1, 2] }, "b"],
    flag: true,
  };
  let store = new LmdbStore(folder);
  store.table("rows").put("one", row);
  store = await reopened(store);
  const found = rowsOf(store, "rows").one as typeof row;
  expect({ ...found, bytes: Array.from(found.bytes) }).toEqual({ ...row, bytes: [0, 255] });
  await store.close();
});

test("the last put of a key counts, and a removed row stays away", async () => {
  let store = new LmdbStore(folder);
  store.table("rows").put("a", { n: 1 });
  store.table("rows").put("b", { n: 1 });
  await store.commit();
  store.table("rows").put("a", { n: 2 });
  store.table("rows").remove("b");
  store.table("rows").remove("never there");
  store.table("other").put("a", { n: 3 });
  store = await reopened(store);
  expect(rowsOf(store, "rows")).toEqual({ a: { n: 2 } });
  expect(rowsOf(store, "other")).toEqual({ a: { n: 3 } });
  await store.close();
});

test("a store says whether something waits for a commit", async () => {
  const store = new LmdbStore(folder);
  expect(store.hasUncommitted()).toBe(false);
  store.table("rows").put("a", 1);
  expect(store.hasUncommitted()).toBe(true);
  const first = store.commit();
  expect(store.hasUncommitted()).toBe(true);
  await first;
  expect(store.hasUncommitted()).toBe(false);
  await store.close();
});

test("everything put before a commit is covered by it, also while another commit is under way", async () => {
  let store = new LmdbStore(folder);
  store.table("rows").put("a", 1);
  const first = store.commit();
  store.table("rows").put("b", 2);
  const second = store.commit();
  store.table("rows").put("c", 3);
  expect(store.commit()).toBe(second);
  await Promise.all([first, second]);
  expect(store.hasUncommitted()).toBe(false);
  store = await reopened(store);
  expect(rowsOf(store, "rows")).toEqual({ a: 1, b: 2, c: 3 });
  await store.close();
});

test("the journal stays within a small multiple of what it stands for, and loses nothing over it", async () => {
  let store = new LmdbStore(folder);
  const filler = "x".repeat(2000);
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 100; i++) store.table("rows").put(`row ${i}`, { round, i, filler });
    store.table("rows").remove(`row ${round}`);
    await store.commit();
  }
  const before = statSync(join(folder, "data.mdb")).size;
  for (let round = 60; round < 200; round++) {
    for (let i = 0; i < 100; i++) store.table("rows").put(`row ${i}`, { round, i, filler });
    await store.commit();
  }
  store.table("rows").remove("row 5");
  expect(statSync(join(folder, "data.mdb")).size).toBeLessThan(2 * before);
  store = await reopened(store);
  const rows = rowsOf(store, "rows") as Record<string, { round: number }>;
  expect(Object.keys(rows).length).toBe(99);
  expect(Object.values(rows).every((row) => row.round === 199)).toBe(true);
  await store.close();
});

test("any history of puts, removals, commits and reopenings leaves what a plain map would hold", async () => {
  const key = fc.constantFrom("a", "b", "c", "d", "e");
  const step = fc.oneof(
    fc.record({ put: key, value: fc.oneof(fc.integer(), fc.string(), fc.array(fc.string())) }),
    fc.record({ remove: key }),
    fc.constant({ commit: true }),
    fc.constant({ reopen: true }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      let store = new LmdbStore(folder);
      const model = new Map<string, unknown>();
      try {
        for (const one of steps) {
          if ("put" in one) {
            store.table("rows").put(one.put, one.value);
            model.set(one.put, one.value);
          } else if ("remove" in one) {
            store.table("rows").remove(one.remove);
            model.delete(one.remove);
          } else if ("commit" in one) await store.commit();
          else store = await reopened(store);
        }
        store = await reopened(store);
        expect(rowsOf(store, "rows")).toEqual(Object.fromEntries(model));
      } finally {
        await store.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 25 },
  );
});

test("the folder is its owner's only", async () => {
  const store = new LmdbStore(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await store.close();
});

test("a damaged record is left out, kept aside and named once", async () => {
  let store = new LmdbStore(folder);
  store.table("rows").put("a", { text: "precious" });
  store.table("rows").put("b", { text: "safe" });
  await store.close();
  const root = open({ path: folder, maxDbs: 4 });
  const journal = root.openDB<Buffer, number>({ name: "journal", encoding: "binary" });
  const bytes = Buffer.from(journal.get(0) as Buffer);
  bytes[bytes.indexOf("precious")] ^= 1;
  await journal.put(0, bytes);
  await root.close();
  const lines: string[] = [];
  store = new LmdbStore(folder, { log: (line) => lines.push(line) });
  expect(rowsOf(store, "rows")).toEqual({ b: { text: "safe" } });
  expect(lines[0]).toBe('Damaged in the store: batch 0: record 1 of 2, table "rows", key "a"');
  store = await reopened(store);
  expect(store.damagedRecords).toBe(0);
  await store.close();
});

test.each<[string, (bytes: Buffer) => Buffer]>([
  ["overwritten", () => Buffer.alloc(8192, 0x5a)],
  ["all zeros", (bytes) => Buffer.alloc(bytes.length)],
  ["of text", () => Buffer.from("hello")],
  ["cut off in its head", (bytes) => bytes.subarray(0, 5000)],
  ["cut off behind its head", (bytes) => bytes.subarray(0, 8192)],
  ["with a flipped bit in its head", (bytes) => bytes.fill(bytes[24] ^ 1, 24, 25)],
])("a file %s is refused with a word about backups", async (_, damage) => {
  await new LmdbStore(folder).close();
  const file = join(folder, "data.mdb");
  writeFileSync(file, damage(readFileSync(file)));
  expect(() => new LmdbStore(folder)).toThrow("Restore a backup");
  expect(codeOf(() => new LmdbStore(folder))).toBe("store/damaged");
});

test("a store of a newer version is left alone", async () => {
  await new LmdbStore(folder).close();
  const root = open({ path: folder, maxDbs: 4 });
  await root.openDB({ name: "about", encoding: "json" }).put("format", 99);
  await root.close();
  expect(codeOf(() => new LmdbStore(folder))).toBe("store/newer-format");
});

/** Starts a process that opens the store, calls `body` with it and prints lines. */
function startWriter(body: string) {
  const module = new URL("../../../../connector/store/lmdb-store.ts", import.meta.url).href;
  const script = `
    import { LmdbStore } from ${JSON.stringify(module)};
    const store = new LmdbStore(${JSON.stringify(folder)});
    ${body}`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const seen = (count: number) =>
    new Promise<void>((resolve) => {
      createInterface(child.stdout).on("line", (line) => {
        if (lines.push(line) === count) resolve();
      });
    });
  return { child, lines, ended, seen };
}

test("what a commit covered is there after kill -9, and the store opens again at once", async () => {
  const writer = startWriter(`
    for (let i = 0; ; i++) {
      for (let j = 0; j < 20; j++) store.table("rows").put("row " + (i * 20 + j), { i });
      await store.commit();
      console.log(i);
    }`);
  await writer.seen(50);
  writer.child.kill("SIGKILL");
  await writer.ended;
  const lastCommitted = Number(writer.lines.at(-1));
  const store = new LmdbStore(folder);
  const rows = rowsOf(store, "rows");
  for (let n = 0; n < (lastCommitted + 1) * 20; n++) expect(rows[`row ${n}`]).toBeDefined();
  expect(Object.keys(rows).length % 20).toBe(0);
  await store.close();
});

test("a folder that another living process has is refused", async () => {
  const writer = startWriter(`console.log("open"); setInterval(() => {}, 1000);`);
  await writer.seen(1);
  expect(codeOf(() => new LmdbStore(folder))).toBe("store/in-use");
  writer.child.kill("SIGKILL");
  await writer.ended;
});
