/** The crypto port on Node. */
import { createCipheriv, hash } from "node:crypto";
import type { Crypto } from "../protocol/ports.ts";

const ZEROS = new Uint8Array(16);

function encrypt(mode: "ecb" | "cbc", key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const cipher = createCipheriv(`aes-128-${mode}`, key, mode === "ecb" ? null : ZEROS);
  // Whole blocks come, and whole blocks are wanted.
  cipher.setAutoPadding(false);
  return new Uint8Array(cipher.update(blocks));
}

export const NODE_CRYPTO: Crypto = {
  sha256: (message) => new Uint8Array(hash("sha256", message, "buffer")),
  encryptBlocks: (key, blocks) => encrypt("ecb", key, blocks),
  encryptChain: (key, blocks) => encrypt("cbc", key, blocks),
};
