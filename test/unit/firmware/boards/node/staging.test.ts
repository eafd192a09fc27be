/** Packages in a folder: staged, hashed, signed, and there no more when the folder is gone. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nacl from "tweetnacl";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodePackagePorts } from "../../../../../firmware/boards/node/firmware.ts";
import { nodePackageKey } from "../../../../../firmware/boards/node/package-keys.ts";
import { FileStaging } from "../../../../../firmware/boards/node/staging.ts";
import { EDDSA } from "../../../../../firmware/update/package-envelope.ts";
import {
  INTEGRITY_FAILED,
  NO_FAULT,
  NO_STORAGE,
  UNSUPPORTED_TYPE,
} from "../../../../../firmware/update/ports.ts";
import type { StagedImage } from "../../../../../firmware/update/signed-staging.ts";
import { encodeHex } from "../../../../../protocol/bytes/hex.ts";
import { imageOf, METER, SECRET, signedPackage, VENDOR } from "../../../../support/packages.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dormouse-staging-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

function digestOf(staging: FileStaging, offset: number, length: number): unknown {
  for (let i = 0; i < 10; i++) {
    const digest = staging.digest(offset, length);
    if (digest !== undefined) return digest;
  }
  throw new Error("it is never done");
}

describe("a package in a folder", () => {
  const bytes = new Uint8Array(Buffer.alloc(9_000_000, "no two slices are the same, "));
  const sha256 = (part: Uint8Array) => new Uint8Array(createHash("sha256").update(part).digest());

  test("is hashed a slice at a time, any part of it, and anew when it has changed", () => {
    const staging = new FileStaging(folder);
    staging.begin(bytes.length);
    staging.append(bytes);
    expect(staging.digest(0, bytes.length)).toBeUndefined();
    expect(digestOf(staging, 100, 1000)).toEqual(sha256(bytes.subarray(100, 1100)));
    expect(digestOf(staging, 7, bytes.length - 7)).toEqual(sha256(bytes.subarray(7)));
    expect(staging.digest(0, bytes.length)).toBeUndefined();
    staging.append(bytes.subarray(0, 1));
    const longer = Buffer.concat([bytes, bytes.subarray(0, 1)]);
    expect(digestOf(staging, 0, longer.length)).toEqual(sha256(longer));
  });

  test("of which some cannot be read is broken", () => {
    const staging = new FileStaging(folder);
    staging.append(bytes.subarray(0, 1000));
    writeFileSync(staging.file, "short");
    expect(staging.digest(0, 1000)).toBeUndefined();
    expect(staging.digest(0, 1000)).toBe(INTEGRITY_FAILED);
  });

  test("is gone with its folder: nothing throws, and there is no room", () => {
    const staging = new FileStaging(folder);
    staging.append(bytes.subarray(0, 1000));
    rmSync(folder, { recursive: true });
    expect(staging.read(0, 10)).toHaveLength(0);
    expect(staging.digest(0, 1000)).toBe(INTEGRITY_FAILED);
    staging.close();
    expect(staging.read(0, 10)).toHaveLength(0);
    staging.discard();
    expect(staging.length()).toBe(0);
    expect(staging.begin(10)).toBe(NO_STORAGE);
    expect(staging.begin(undefined)).toBe(NO_STORAGE);
    expect(staging.append(bytes.subarray(0, 10))).toBe(NO_STORAGE);
    writeFileSync(folder, "");
  });

  test("that could not be removed is written over by the next", () => {
    const staging = new FileStaging(folder);
    staging.append(bytes.subarray(0, 1000));
    staging.discard();
    writeFileSync(staging.file, "what somebody left there");
    staging.append(bytes.subarray(0, 10));
    staging.close();
    expect(new Uint8Array(readFileSync(staging.file))).toEqual(bytes.subarray(0, 10));
  });
});

describe("a device that takes signed packages only", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicBytes = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const ed25519 = `ed25519:${encodeHex(publicBytes)}`;
  const hmac = `hmac-sha256:${encodeHex(SECRET)}`;
  const signer = {
    algorithm: EDDSA,
    sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)),
  };
  const IMAGE = imageOf(5000);

  function stage(bytes: Uint8Array, keys: readonly string[]) {
    const installed: [string, StagedImage | undefined][] = [];
    const ports = nodePackagePorts({
      folder,
      install: (file, image) => {
        installed.push([file, image]);
      },
      signed: { keys, vendor: VENDOR, deviceClass: METER, version: "1.0" },
    });
    ports.staging.begin(bytes.length);
    const fault = ports.staging.append(bytes);
    const verdict = fault === NO_FAULT ? ports.verification?.check(ports.staging) : { fault };
    return { ports, installed, fault: verdict?.fault };
  }

  test.each([
    ["HMAC", hmac, signedPackage(IMAGE)],
    ["Ed25519", ed25519, signedPackage(IMAGE, {}, signer)],
  ])("takes one of its key: %s", (_name, key, bytes) => {
    const { ports, installed, fault } = stage(bytes, [ed25519, hmac]);
    expect(fault).toBe(NO_FAULT);
    ports.installer.install(ports.staging);
    const [file, image] = installed[0];
    expect(image?.manifest).toMatchObject({ version: "2.0.0", size: IMAGE.length });
    expect(new Uint8Array(readFileSync(file).subarray(image?.offset))).toEqual(IMAGE);
    expect(stage(bytes, key === hmac ? [ed25519] : [hmac]).fault).toBe(INTEGRITY_FAILED);
  });

  test("refuses what is not signed, or changed", () => {
    expect(stage(IMAGE, [hmac]).fault).toBe(UNSUPPORTED_TYPE);
    const changed = signedPackage(IMAGE, {}, signer);
    changed[20] ^= 1;
    expect(stage(changed, [ed25519]).fault).toBe(INTEGRITY_FAILED);
  });

  test("RFC 8032 §5.1: checks what another implementation of Ed25519 has signed", () => {
    const { publicKey: other, secretKey } = nacl.sign.keyPair();
    const key = nodePackageKey(`ed25519:${encodeHex(other)}`);
    const message = IMAGE.subarray(0, 100);
    const signature = nacl.sign.detached(message, secretKey);
    expect(key.verifies(message, signature)).toBe(true);
    expect(key.verifies(IMAGE.subarray(1, 101), signature)).toBe(false);
    expect(key.verifies(message, signature.subarray(1))).toBe(false);
  });

  test.each([
    "",
    "ed25519:00",
    "hmac-sha256:00",
    "rsa:00",
    `${ed25519}00`,
  ])("%j is no key", (text) => {
    expect(() => nodePackageKey(text)).toThrow(`"${text}" is no key for packages`);
  });
});
