/** Key files of `dormouse package`: what they sign with, and that no leaf signs twice. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  makeKey,
  readKeyFile,
  SCHEMES,
  signaturesLeft,
  signerOf,
  verifyingKey,
} from "../../../bin/package-keys.ts";

const MESSAGE = Uint8Array.of(1, 2, 3);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dormouse-keys-"));
  for (const scheme of SCHEMES) makeKey(join(folder, scheme), scheme);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(SCHEMES)("%s", (scheme) => {
  const file = () => join(folder, scheme);

  test("a key signs, and is checked by its file and by the line that devices get", () => {
    const signer = signerOf(file());
    const signature = signer.sign(MESSAGE);
    for (const key of [verifyingKey(file()), verifyingKey(readKeyFile(file()).key)]) {
      expect(key.algorithm).toBe(signer.algorithm);
      expect(key.verifies(MESSAGE, signature)).toBe(true);
      expect(key.verifies(MESSAGE.slice(1), signature)).toBe(false);
    }
  });

  test("its file is for its owner alone, and is not written over", () => {
    const before = readFileSync(file());
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(() => makeKey(file(), scheme)).toThrow("a key is not written over");
    expect(readFileSync(file())).toEqual(before);
  });
});

test("what is no key file is refused", () => {
  const file = join(folder, "none");
  for (const text of [
    "",
    "{}",
    "{",
    '{"scheme":"hss-lms"}',
    readFileSync(join(folder, SCHEMES[0]), "utf8").slice(1),
  ]) {
    writeFileSync(file, text);
    expect(() => signerOf(file)).toThrow("is no key of `dormouse package keygen`");
    expect(() => verifyingKey(file)).toThrow("is no key");
  }
  expect(() => verifyingKey("hss-lms:00")).toThrow("is no key for packages");
});

describe("RFC 8554 §5.4.1: a leaf of HSS/LMS", () => {
  const file = () => join(folder, "hss-lms");
  const leafOf = (signature: Uint8Array) => Buffer.from(signature).readUInt32BE(4);

  test("signs once: the next is in the file before a signature is there", () => {
    const first = leafOf(signerOf(file()).sign(MESSAGE));
    const signer = signerOf(file());
    expect(leafOf(signer.sign(MESSAGE))).toBe(first + 1);
    expect(leafOf(signer.sign(MESSAGE))).toBe(first + 2);
    expect(signaturesLeft(readKeyFile(file()))).toBe(1024 - first - 3);
  });

  test("is not taken while somebody else takes one", () => {
    const before = readFileSync(file());
    writeFileSync(`${file()}.lock`, "");
    expect(() => signerOf(file()).sign(MESSAGE)).toThrow("is signing just now");
    expect(readFileSync(file())).toEqual(before);
    rmSync(`${file()}.lock`);
    signerOf(file()).sign(MESSAGE);
  });

  test("is not there any more when all have signed", () => {
    const spent = join(folder, "spent");
    const key = { ...readKeyFile(file()), next: 1023 };
    writeFileSync(spent, JSON.stringify(key));
    expect(leafOf(signerOf(spent).sign(MESSAGE))).toBe(1023);
    expect(() => signerOf(spent).sign(MESSAGE)).toThrow("has made all of its 1024 signatures");
    expect(() => signerOf(spent).sign(MESSAGE)).toThrow("has made all of its 1024 signatures");
  });
});

test("keys without leaves sign as often as one likes", () => {
  for (const scheme of ["ed25519", "hmac-sha256"]) {
    expect(signaturesLeft(readKeyFile(join(folder, scheme)))).toBeUndefined();
  }
});
