/** Signed packages for tests. */

import { encodeEnvelope, type PackageSigner } from "../../firmware/update/package-encoder.ts";
import type { Manifest } from "../../firmware/update/package-envelope.ts";
import { HmacKey } from "../../firmware/update/package-keys.ts";
import { NODE_CRYPTO } from "../../host/node-crypto.ts";

export const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
export const KEY = new HmacKey(NODE_CRYPTO, SECRET);
export const VENDOR = "Acme";
export const METER = "meter-2";

/** Text, as a program is: `length` bytes of it. */
export function imageOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 32 + ((i * 31 + seed * 7 + (i >> 8)) % 94));
}

export function manifestOf(image: Uint8Array, more: Partial<Manifest> = {}): Manifest {
  return {
    vendor: VENDOR,
    deviceClass: METER,
    version: "2.0.0",
    size: image.length,
    digest: NODE_CRYPTO.sha256(image),
    ...more,
  };
}

export function signedPackage(
  image: Uint8Array,
  more: Partial<Manifest> = {},
  signer: PackageSigner = KEY,
): Uint8Array {
  return new Uint8Array([...encodeEnvelope(manifestOf(image, more), signer), ...image]);
}
