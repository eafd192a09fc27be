/** HMAC-SHA-256 (RFC 2104 §2) over a host's SHA-256. */
import type { Hash } from "../ports.ts";

export const HMAC_LENGTH = 32;

const BLOCK = 64;
const INNER = 0x36;
const OUTER = 0x5c;

/** @param key of any length, best 32 bytes. @returns 32 bytes, the caller's own */
export function hmacSha256(hash: Hash, key: Uint8Array, message: Uint8Array): Uint8Array {
  const short = key.length > BLOCK ? hash.sha256(key) : key;
  const inner = new Uint8Array(BLOCK + message.length);
  const outer = new Uint8Array(BLOCK + HMAC_LENGTH);
  inner.fill(INNER, 0, BLOCK);
  outer.fill(OUTER, 0, BLOCK);
  for (let i = 0; i < short.length; i++) {
    inner[i] ^= short[i];
    outer[i] ^= short[i];
  }
  inner.set(message, BLOCK);
  outer.set(hash.sha256(inner), BLOCK);
  return hash.sha256(outer);
}
