import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileStore } from "../../../../../firmware/boards/node/store.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dormouse-store-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a record is there again for another store of the same folder, until it is removed", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const store = new FileStore(join(folder, "state"));
  expect(store.read("accounts")).toBeUndefined();
  expect(store.write("accounts", bytes)).toBe(true);
  expect(new FileStore(join(folder, "state")).read("accounts")).toEqual(bytes);
  store.remove("accounts");
  store.remove("accounts");
  expect(store.read("accounts")).toBeUndefined();
});

test("records are for nobody else to read, since they hold keys", () => {
  const store = new FileStore(join(folder, "state"));
  store.write("accounts", Uint8Array.of(1));
  expect(statSync(join(folder, "state")).mode & 0o077).toBe(0);
  expect(statSync(join(folder, "state", "accounts")).mode & 0o077).toBe(0);
});

test("what cannot be written leaves the record as it was, and nothing beside it", () => {
  const store = new FileStore(folder);
  store.write("accounts", Uint8Array.of(1));
  // A folder stands where the new file would be made.
  mkdirSync(join(folder, "accounts.new", "in the way"), { recursive: true });
  expect(store.write("accounts", Uint8Array.of(2))).toBe(false);
  expect(store.read("accounts")).toEqual(Uint8Array.of(1));
  rmSync(join(folder, "accounts.new"), { recursive: true });
  expect(store.write("accounts", Uint8Array.of(2))).toBe(true);
  expect(readdirSync(folder)).toEqual(["accounts"]);
});

test("a name that would lead elsewhere is refused", () => {
  const store = new FileStore(folder);
  for (const name of ["../x", "a/b", "", "A", "a.b", "x".repeat(65)]) {
    expect(() => store.read(name), name).toThrow("no name of a record");
  }
  expect(readdirSync(folder)).toEqual([]);
});
