/** HKDF with SHA-256 (RFC 5869 §2): many keys of one secret. */
import type { Hash } from "../ports.ts";
import { HMAC_LENGTH, hmacSha256 } from "./hmac.ts";

const MOST_BLOCKS = 255;

/** The pseudorandom key of a secret (RFC 5869 §2.2). @param salt may be empty */
export function extractKey(hash: Hash, salt: Uint8Array, secret: Uint8Array): Uint8Array {
  return hmacSha256(hash, salt.length === 0 ? new Uint8Array(HMAC_LENGTH) : salt, secret);
}

/**
 * A key of `length` bytes for a purpose (RFC 5869 §2.3). Throws `crypto/key-too-long` beyond 8,160.
 *
 * @param key from `extractKey`, or as uniform. @param purpose the RFC's `info`
 */
export function expandKey(
  hash: Hash,
  key: Uint8Array,
  purpose: Uint8Array,
  length: number,
): Uint8Array {
  const count = Math.ceil(length / HMAC_LENGTH);
  if (count > MOST_BLOCKS) {
    const error = new Error(`crypto/key-too-long: ${length} bytes`);
    (error as { code?: string }).code = "crypto/key-too-long";
    throw error;
  }
  const expanded = new Uint8Array(count * HMAC_LENGTH);
  let before = 0;
  for (let i = 0; i < count; i++) {
    const message = new Uint8Array(before + purpose.length + 1);
    const at = i * HMAC_LENGTH;
    message.set(expanded.subarray(at - before, at), 0);
    message.set(purpose, before);
    message[before + purpose.length] = i + 1;
    expanded.set(hmacSha256(hash, key, message), at);
    before = HMAC_LENGTH;
  }
  return length === expanded.length ? expanded : new Uint8Array(expanded.subarray(0, length));
}

/** Both steps: a key of `length` bytes of a secret. */
export function deriveKey(
  hash: Hash,
  secret: Uint8Array,
  salt: Uint8Array,
  purpose: Uint8Array,
  length: number,
): Uint8Array {
  return expandKey(hash, extractKey(hash, salt, secret), purpose, length);
}
