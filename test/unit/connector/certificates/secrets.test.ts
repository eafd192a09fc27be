import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemorySecrets, SecretFolder } from "../../../../connector/certificates/secrets.ts";

let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "dormouse-secrets-"));
  folder = join(root, "deep", "secrets");
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

for (const [name, make] of [
  ["in memory", () => new MemorySecrets()],
  ["in a folder", () => new SecretFolder(folder)],
] as const) {
  test(`${name}: what was written last is read, and what was not is not there`, () => {
    const secrets = make();
    expect(secrets.read("a")).toBeUndefined();
    secrets.write("a", "long".repeat(1000));
    secrets.write("a", "short");
    secrets.write("b", "ü");
    expect([secrets.read("a"), secrets.read("b")]).toEqual(["short", "ü"]);
    expect(secrets.describe("a")).toContain("a");
  });
}

describe("a folder of secrets", () => {
  test("is its owner's alone, and so is each file, whatever they were before", () => {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "old"), "text", { mode: 0o644 });
    const secrets = new SecretFolder(folder);
    expect(modeOf(folder)).toBe(0o700);
    expect(secrets.read("old")).toBe("text");
    secrets.write("new", "text");
    expect([modeOf(join(folder, "old")), modeOf(join(folder, "new"))]).toEqual([0o600, 0o600]);
  });

  test("keeps the old text when a write was cut short, and goes on from there", () => {
    const secrets = new SecretFolder(folder);
    secrets.write("a", "old");
    // What a kill in the middle of a write leaves behind.
    writeFileSync(join(folder, "a.new"), "ne", { mode: 0o644 });
    expect(new SecretFolder(folder).read("a")).toBe("old");
    secrets.write("a", "new");
    expect(secrets.read("a")).toBe("new");
    expect(readdirSync(folder)).toEqual(["a"]);
    expect(modeOf(join(folder, "a"))).toBe(0o600);
  });

  test("says what it could not do, and to which file", () => {
    const secrets = new SecretFolder(folder);
    mkdirSync(join(folder, "taken"));
    expect(() => secrets.read("taken")).toThrow(`${join(folder, "taken")} cannot be read: EISDIR.`);
    expect(() => secrets.write("taken", "x")).toThrow("taken cannot be written");
    writeFileSync(join(root, "file"), "");
    expect(() => new SecretFolder(join(root, "file"))).toThrow("cannot be made");
  });
});
