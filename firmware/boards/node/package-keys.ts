/**
 * The keys that a device on Node checks packages with: those of a board, and Ed25519, which is too slow for one.
 *
 *     ed25519:3b6a...    a public key (RFC 8032 §5.1.5, 32 bytes)
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { NODE_CRYPTO } from "../../../host/node-crypto.ts";
import { EDDSA } from "../../update/package-envelope.ts";
import type { KeyScheme, PackageKey } from "../../update/package-keys.ts";
import { hmacScheme, hssLmsScheme, packageKeyOf } from "../../update/package-keys.ts";

/** A SubjectPublicKeyInfo of Ed25519, up to the key (RFC 8410 §4). */
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);
const KEY_LENGTH = 32;

class Ed25519Key implements PackageKey {
  readonly algorithm = EDDSA;
  private readonly key: KeyObject;

  constructor(bytes: Uint8Array) {
    const spki = Buffer.concat([SPKI_PREFIX, bytes]);
    this.key = createPublicKey({ key: spki, format: "der", type: "spki" });
  }

  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    return verify(null, message, this.key, signature);
  }
}

const ED25519: KeyScheme = {
  name: "ed25519",
  keyOf: (bytes) => (bytes.length === KEY_LENGTH ? new Ed25519Key(bytes) : undefined),
};

const SCHEMES: readonly KeyScheme[] = [hmacScheme(NODE_CRYPTO), hssLmsScheme(NODE_CRYPTO), ED25519];

/** The key that a text gives. Throws an Error for what is none. */
export function nodePackageKey(text: string): PackageKey {
  const key = packageKeyOf(text, SCHEMES);
  if (key !== undefined) return key;
  const names = SCHEMES.map(({ name }) => `${name}:...`).join(", ");
  throw new Error(`"${text}" is no key for packages: ${names}`);
}
