import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { serverSecret } from "../../../../connector/access/secret-file.ts";
import { idLength, ServerSecret } from "../../../../connector/access/server-secret.ts";

const secret = new ServerSecret(new Uint8Array(32).fill(7));

describe("derived keys", () => {
  test("a key is its owner's id and 32 letters and digits, the same each time", () => {
    const key = secret.derive("customer-key", "abc", 1);
    expect(key).toMatch(/^abc[A-Za-z0-9]{32}$/);
    expect(secret.derive("customer-key", "abc", 1)).toBe(key);
    expect(idLength(key)).toBe(3);
  });

  test("another kind, owner, version or secret makes another key", () => {
    const other = new ServerSecret(new Uint8Array(32).fill(8));
    const keys = [
      secret.derive("customer-key", "abc", 1),
      secret.derive("public-key", "abc", 1),
      secret.derive("customer-key", "abd", 1),
      secret.derive("customer-key", "abc", 2),
      other.derive("customer-key", "abc", 1),
    ];
    expect(new Set(keys.map((key) => key.slice(3))).size).toBe(5);
  });

  test("only the very key passes", () => {
    const key = secret.derive("customer-key", "abc", 1);
    expect(secret.isDerived(key, "customer-key", "abc", 1)).toBe(true);
    expect(secret.isDerived(key, "customer-key", "abc", 2)).toBe(false);
    expect(secret.isDerived(key, "public-key", "abc", 1)).toBe(false);
    for (const wrong of ["", key.slice(1), `${key}a`, key.slice(0, -1), `${key.slice(0, -1)}!`]) {
      expect(secret.isDerived(wrong, "customer-key", "abc", 1)).toBe(false);
    }
  });

  test("a text too short to be a key has no id", () => {
    expect(idLength("")).toBe(-1);
    expect(idLength("a".repeat(32))).toBe(-1);
    expect(idLength("a".repeat(33))).toBe(1);
  });

  test("a secret of another length is refused", () => {
    expect(() => new ServerSecret(new Uint8Array(31))).toThrow("32 bytes");
  });
});

describe("the file of the secret", () => {
  const folders: string[] = [];
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), "secret-"));
    folders.push(made);
    return made;
  };
  afterEach(() => {
    for (const made of folders.splice(0)) rmSync(made, { recursive: true });
  });
  const keyOf = (from: ServerSecret) => from.derive("public-key", "a", 1);

  test("is made at the first start, for its owner alone, and read at the next ones", () => {
    const inside = join(folder(), "secrets");
    const first = keyOf(serverSecret(inside));
    expect(keyOf(serverSecret(inside))).toBe(first);
    expect(statSync(join(inside, "server-secret")).mode & 0o777).toBe(0o600);
    expect(statSync(inside).mode & 0o777).toBe(0o700);
  });

  test("differs from connector to connector, and from process to process without a folder", () => {
    expect(keyOf(serverSecret(folder()))).not.toBe(keyOf(serverSecret(folder())));
    expect(keyOf(serverSecret(undefined))).not.toBe(keyOf(serverSecret(undefined)));
  });

  test("that is damaged is not replaced in silence: all keys would end", () => {
    const inside = folder();
    serverSecret(inside);
    writeFileSync(join(inside, "server-secret"), "abcd");
    expect(() => serverSecret(inside)).toThrow(/restore it from a backup/);
    expect(readFileSync(join(inside, "server-secret"), "utf8")).toBe("abcd");
  });
});
