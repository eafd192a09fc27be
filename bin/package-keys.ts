/**
 * The publisher's side of package keys: files with what signs, for their owner alone, and the line that devices get.
 *
 * A key of HSS/LMS must never use a leaf twice. Which one is next is written, and on the disk, before a signature is made; two that
 * sign at the same time are kept apart by a lock.
 */
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign as signEd25519,
} from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { nodePackageKey } from "../firmware/boards/node/package-keys.ts";
import type { PackageSigner } from "../firmware/update/package-encoder.ts";
import { EDDSA, HSS_LMS } from "../firmware/update/package-envelope.ts";
import { HmacKey, type PackageKey } from "../firmware/update/package-keys.ts";
import { HssLmsSigner } from "../host/hss-lms-signer.ts";
import { NODE_CRYPTO } from "../host/node-crypto.ts";

export const SCHEMES = ["hss-lms", "hmac-sha256", "ed25519"] as const;
export type Scheme = (typeof SCHEMES)[number];

const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/);

/** `key` is what devices get. */
const KEY_FILE = z.discriminatedUnion("scheme", [
  z.object({ scheme: z.literal("hmac-sha256"), key: z.string(), secret: hex }),
  z.object({ scheme: z.literal("ed25519"), key: z.string(), private: z.string() }),
  z.object({
    scheme: z.literal("hss-lms"),
    key: z.string(),
    identifier: hex,
    seed: hex,
    /** Base64, no secret: with them a signature is a matter of milliseconds. */
    leaves: z.string(),
    /** The leaf that signs next. */
    next: z.number().int().nonnegative(),
  }),
]);

export type KeyFile = z.infer<typeof KEY_FILE>;
type HssLmsFile = Extract<KeyFile, { scheme: "hss-lms" }>;

/** Makes a key in a new file. Throws an Error when there is one of this name already. */
export function makeKey(file: string, scheme: Scheme): KeyFile {
  // Before the work, which takes seconds; and again when it is written.
  if (existsSync(file)) throw new Error(`${file} is there already: a key is not written over.`);
  const key = newKey(scheme);
  writeDurably(file, JSON.stringify(key), "wx");
  return key;
}

function newKey(scheme: Scheme): KeyFile {
  if (scheme === "hmac-sha256") {
    const secret = randomBytes(32).toString("hex");
    return { scheme, key: `${scheme}:${secret}`, secret };
  }
  if (scheme === "ed25519") {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const bytes = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    return { scheme, key: `${scheme}:${bytes.toString("hex")}`, private: pem };
  }
  const [identifier, seed] = [randomBytes(16), randomBytes(32)];
  const signer = new HssLmsSigner({ identifier, seed });
  return {
    scheme,
    key: `${scheme}:${Buffer.from(signer.publicKey()).toString("hex")}`,
    identifier: identifier.toString("hex"),
    seed: seed.toString("hex"),
    leaves: Buffer.from(signer.leaves()).toString("base64"),
    next: 0,
  };
}

/** Throws an Error for what is no key file. */
export function readKeyFile(file: string): KeyFile {
  const parsed = KEY_FILE.safeParse(jsonOf(readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is no key of \`dormouse package keygen\`.`);
}

/** The key in a file of `keygen`, or in the line that devices get. Throws an Error for what is neither. */
export function verifyingKey(fileOrLine: string): PackageKey {
  const isLine = SCHEMES.some((scheme) => fileOrLine.startsWith(`${scheme}:`));
  return nodePackageKey(isLine ? fileOrLine : readKeyFile(fileOrLine).key);
}

/** What a key file signs with, once. Throws an Error when it is no key file, is in use, or has signed all that it can. */
export function signerOf(file: string): PackageSigner {
  const key = readKeyFile(file);
  switch (key.scheme) {
    case "hmac-sha256":
      return new HmacKey(NODE_CRYPTO, Buffer.from(key.secret, "hex"));
    case "ed25519": {
      const privateKey = createPrivateKey(key.private);
      return {
        algorithm: EDDSA,
        sign: (message) => new Uint8Array(signEd25519(null, message, privateKey)),
      };
    }
    case "hss-lms":
      return { algorithm: HSS_LMS, sign: (message) => signOnce(file, message) };
  }
}

function signOnce(file: string, message: Uint8Array): Uint8Array {
  const { key, leaf } = takeLeaf(file);
  const secret = { identifier: fromHex(key.identifier), seed: fromHex(key.seed) };
  const signer = new HssLmsSigner(secret, Buffer.from(key.leaves, "base64"));
  return signer.sign(message, leaf, randomBytes(32));
}

/** Takes the next leaf for good. */
function takeLeaf(file: string): { key: HssLmsFile; leaf: number } {
  const lock = `${file}.lock`;
  try {
    closeSync(openSync(lock, "wx", 0o600));
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    throw new Error(`${file} is signing just now. If it is not, remove ${lock}.`);
  }
  try {
    // Only now: what was read before the lock may be old.
    const key = readKeyFile(file);
    if (key.scheme !== "hss-lms") throw new Error(`${file} has changed meanwhile.`);
    const leaf = key.next;
    const count = Buffer.from(key.leaves, "base64").length / 32;
    if (leaf >= count) {
      throw new Error(`${file} has made all of its ${count} signatures: give devices another key.`);
    }
    const beside = `${file}.new`;
    writeDurably(beside, JSON.stringify({ ...key, next: leaf + 1 }), "w");
    renameSync(beside, file);
    syncFolder(file);
    return { key, leaf };
  } finally {
    rmSync(lock, { force: true });
  }
}

/** How many signatures a key has left; undefined when that is not limited. */
export function signaturesLeft(key: KeyFile): number | undefined {
  if (key.scheme !== "hss-lms") return undefined;
  return Buffer.from(key.leaves, "base64").length / 32 - key.next;
}

function writeDurably(file: string, text: string, flags: "w" | "wx"): void {
  const descriptor = openSync(file, flags, 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A name that is not on the disk would bring the leaf back. */
function syncFolder(file: string): void {
  const descriptor = openSync(dirname(file), "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function fromHex(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
