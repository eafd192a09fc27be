/** The crypto of access keys: drawing them, digesting them, comparing digests without a clue in the time it takes. */
import { createHash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** The largest multiple of 62 that fits a byte: what lies above would favour the first letters. */
const UNBIASED_BELOW = 248;

/** Draws `length` letters and digits, each with log2(62) = 5.95 bits from the system's generator. */
export function randomAlphanumerics(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < UNBIASED_BELOW && text.length < length) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}

/** SHA-256 of a key, as hex. Keys hold about 595 random bits, so that a slow hash would add nothing. */
export function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** Compares two hex digests in a time that does not depend on where they differ. */
export function isSameDigest(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** A first version for a derived key. */
export function randomVersion(): number {
  return randomInt(2 ** 47);
}
