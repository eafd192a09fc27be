/**
 * Keys that packages are checked with, as a device is given them: the name of a scheme, a colon, and hexadecimal digits.
 *
 *     hmac-sha256:8f3c...    a secret that device and publisher share (32 bytes)
 *     hss-lms:00000001...    a public key of HSS/LMS with SHA-256 (RFC 8554, 60 bytes)
 *
 * Which schemes a device knows is its board's to say: each is a value that is imported, or not.
 */
import { decodeHex } from "../../protocol/bytes/hex.ts";
import { equalSecrets } from "../../protocol/crypto/constant-time.ts";
import { hmacSha256 } from "../../protocol/crypto/hmac.ts";
import { isHssKey, verifiesHss } from "../../protocol/crypto/hss-lms.ts";
import type { Hash } from "../../protocol/ports.ts";
import type { PackageSigner } from "./package-encoder.ts";
import { HMAC_SHA_256, HSS_LMS } from "./package-envelope.ts";

/** Checks signatures of one algorithm of COSE. */
export interface PackageKey {
  readonly algorithm: number;
  verifies(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface KeyScheme {
  /** Before the colon. */
  readonly name: string;
  /** The key in these bytes; undefined when they are none. */
  readonly keyOf: (bytes: Uint8Array) => PackageKey | undefined;
}

/** A secret that can be guessed is none (RFC 2104 §3). */
const SHORTEST_SECRET = 16;

/** The key that a text gives; undefined for another scheme, or what is no key of it. */
export function packageKeyOf(text: string, schemes: readonly KeyScheme[]): PackageKey | undefined {
  const colon = text.indexOf(":");
  const bytes = colon < 0 ? undefined : decodeHex(text.substring(colon + 1));
  for (let i = 0; bytes !== undefined && i < schemes.length; i++) {
    if (text.substring(0, colon) === schemes[i].name) return schemes[i].keyOf(bytes);
  }
  return undefined;
}

/** True when one of the keys made the signature. */
export function isSigned(
  keys: readonly PackageKey[],
  algorithm: number,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  for (let i = 0; i < keys.length; i++) {
    if (keys[i].algorithm === algorithm && keys[i].verifies(message, signature)) return true;
  }
  return false;
}

export function hmacScheme(hash: Hash): KeyScheme {
  return {
    name: "hmac-sha256",
    keyOf: function (bytes) {
      return bytes.length < SHORTEST_SECRET ? undefined : new HmacKey(hash, bytes);
    },
  };
}

/** Signs and checks. */
export class HmacKey implements PackageKey, PackageSigner {
  readonly algorithm = HMAC_SHA_256;
  private readonly hash: Hash;
  private readonly secret: Uint8Array;

  constructor(hash: Hash, secret: Uint8Array) {
    this.hash = hash;
    this.secret = secret;
  }

  sign(message: Uint8Array): Uint8Array {
    return hmacSha256(this.hash, this.secret, message);
  }

  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    return equalSecrets(this.sign(message), signature);
  }
}

export function hssLmsScheme(hash: Hash): KeyScheme {
  return {
    name: "hss-lms",
    keyOf: function (bytes) {
      if (!isHssKey(bytes)) return undefined;
      return {
        algorithm: HSS_LMS,
        verifies: function (message, signature) {
          return verifiesHss(hash, bytes, message, signature);
        },
      };
    },
  };
}
