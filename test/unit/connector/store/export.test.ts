import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backup } from "../../../../connector/store/backup.ts";
import { exportLines, parseExport } from "../../../../connector/store/export.ts";
import { importRows } from "../../../../connector/store/import.ts";
import { LmdbStore } from "../../../../connector/store/lmdb-store.ts";
import { readSnapshot } from "../../../../connector/store/snapshot.ts";

let folder = "";
const AT = new Date(0);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dormouse-export-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ROWS = {
  text: "Straße\n",
  bytes: new Uint8Array([0, 255]),
  numbers: [0, -0, 1.5, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY],
  nested: { $bytes: "no bytes", list: [{ $x: 1 }, null, true] },
};

async function exported(name: string): Promise<string> {
  return [...exportLines(await readSnapshot(join(folder, name)), AT)].join("");
}

async function filled(name: string): Promise<LmdbStore> {
  const store = new LmdbStore(join(folder, name));
  store.table("access-keys").put("one", { domainId: "default", ...ROWS });
  store.table("other").put("", ["a"]);
  store.table("other").put("gone", 1);
  store.table("other").remove("gone");
  await store.commit();
  return store;
}

/** An export as a hand could make it, with the checksum that it would have. */
function made(header: object, ...lines: object[]): string {
  const base = { dormouse: "store", version: 1, schema: 2, rows: lines.length };
  const text = [{ ...base, ...header }, ...lines]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
  return `${text}{"end":true,"crc32":"${crc32(text).toString(16).padStart(8, "0")}"}\n`;
}

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code: string }) => error.code,
  );

test("what is exported comes back the same, while the store is open and written", async () => {
  const store = await filled("one");
  const text = await exported("one");
  store.table("other").put("later", 1);
  await store.commit();
  expect(await importRows(join(folder, "two"), text)).toBe(2);
  expect(await exported("two")).toBe(text);
  const copy = new LmdbStore(join(folder, "two"));
  const [[key, row]] = [...copy.table<typeof ROWS>("access-keys").entries()];
  expect(key).toBe("one");
  expect(Array.from(row.bytes)).toEqual([0, 255]);
  expect({ ...row, bytes: undefined }).toEqual({ domainId: "default", ...ROWS, bytes: undefined });
  await copy.close();
  await store.close();
});

test("an import into a store with rows is refused and changes nothing", async () => {
  await (await filled("one")).close();
  const text = await exported("one");
  const other = made({}, { table: "other", key: "x", value: 1 });
  expect(await codeOf(importRows(join(folder, "one"), other))).toBe("store/not-empty");
  expect(await exported("one")).toBe(text);
});

test("an export of an older schema is brought to this one", async () => {
  const text = made({ schema: 1 }, { table: "access-keys", key: "k", value: { name: "old" } });
  await importRows(join(folder, "new"), text);
  expect(await exported("new")).toContain('"domainId":"default"');
});

test("a migration that fails imports nothing", async () => {
  const broken = {
    to: 3,
    why: "",
    migrate: () => {
      throw new Error("no");
    },
  };
  const text = made({}, { table: "a", key: "k", value: 1 });
  const attempt = importRows(join(folder, "new"), text, { migrations: [broken] });
  await expect(attempt).rejects.toThrow("no");
  expect(existsSync(join(folder, "new"))).toBe(false);
});

test.each([
  ["", "Line 1 of the export is not JSON"],
  ["{}\n", "Line 1 of the export is not the header"],
  [made({ version: 2 }), "Line 1 of the export is not the header"],
  [made({ schema: 99 }), "Line 1 of the export says schema 99"],
  [made({ rows: 2 }, { table: "a", key: "k", value: 1 }), "promises 2 rows, and there are 1"],
  [made({}, { table: "a", key: "k" }), "Line 2 of the export is no row"],
  [made({}, { table: "a", key: 1, value: 1 }), "Line 2 of the export is no row"],
  [made({}, { table: "a", key: "k", value: 1 }).replace('"k"', '"l"'), "has another checksum"],
  [`${made({}).split("\n")[0]}\n`, "the file is cut off"],
  [made({}).trimEnd(), "is cut off"],
])("a bad export is refused with its line: %#", (text, reason) => {
  expect(() => parseExport(text, 2)).toThrow(reason);
});

test("no export that lacks its end or a byte of it is taken", async () => {
  await (await filled("one")).close();
  const text = await exported("one");
  for (let cut = 0; cut < text.length; cut++) {
    expect(() => parseExport(text.slice(0, cut), 2)).toThrow("Nothing was imported");
  }
});

test("a backup is a data folder of its own, secrets with their modes included, taken while the store is open", async () => {
  const data = join(folder, "data");
  mkdirSync(join(data, "secrets", "deep"), { recursive: true });
  writeFileSync(join(data, "secrets", "deep", "key"), "secret");
  chmodSync(join(data, "secrets", "deep", "key"), 0o400);
  writeFileSync(join(data, "demo-credentials.json"), "{}", { mode: 0o600 });
  const store = await filled(join("data", "store"));
  const destination = join(folder, "copy");
  const { snapshot, files } = await backup(data, destination);
  expect(files).toBe(2);
  expect(snapshot.lost).toBe(0);
  expect(statSync(join(destination, "secrets", "deep", "key")).mode & 0o777).toBe(0o400);
  expect(statSync(join(destination, "store", "data.mdb")).mode & 0o777).toBe(0o600);
  expect(statSync(destination).mode & 0o777).toBe(0o700);
  expect(await exported(join("copy", "store"))).toBe(await exported(join("data", "store")));
  // The copy has no owner: it opens although the process that it was made from runs.
  const copy = new LmdbStore(join(destination, "store"));
  expect(copy.isEmpty).toBe(false);
  await copy.close();
  await store.close();
});

test("a backup goes into no folder that has something in it, and of no folder without a store", async () => {
  await (await filled(join("data", "store"))).close();
  mkdirSync(join(folder, "full"));
  writeFileSync(join(folder, "full", "file"), "");
  expect(await codeOf(backup(join(folder, "data"), join(folder, "full")))).toBe("store/not-empty");
  expect(await codeOf(backup(join(folder, "none"), join(folder, "copy")))).toBe("store/missing");
  expect(existsSync(join(folder, "copy"))).toBe(false);
});
