/**
 * Secrets of others that the connector must be able to read again, as keys that devices are given: in the store they are sealed, with a key
 * that lies outside it. Who has a copy of the store has none of them.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { ServerSecret } from "./server-secret.ts";

const CIPHER = "aes-256-gcm";
const NONCE = 12;
const TAG = 16;

export class SealedValues {
  private readonly key: Uint8Array;

  /** @param purpose of these values; sealed for one they cannot be opened for another */
  constructor(secret: ServerSecret, purpose: string) {
    this.key = secret.bytes(`seal\n${purpose}`, 32);
  }

  /**
   * Seals a text.
   *
   * @param place where it belongs; it cannot be opened for another
   * @returns base64url of nonce, ciphertext and tag
   */
  seal(place: string, text: string): string {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, this.key, nonce);
    cipher.setAAD(Buffer.from(place));
    const sealed = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString("base64url");
  }

  /** The text; undefined when it was not sealed here, for this place, or was changed. */
  open(place: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, "base64url");
    if (bytes.length < NONCE + TAG) return undefined;
    const decipher = createDecipheriv(CIPHER, this.key, bytes.subarray(0, NONCE), {
      authTagLength: TAG,
    });
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(bytes.subarray(-TAG));
    try {
      const body = decipher.update(bytes.subarray(NONCE, -TAG));
      return Buffer.concat([body, decipher.final()]).toString("utf8");
    } catch {
      return undefined;
    }
  }
}
