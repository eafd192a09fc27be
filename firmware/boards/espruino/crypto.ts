/**
 * The crypto port on Espruino, of what its `crypto` module has in native code. Its other modes are not to be used: CTR ignores its
 * initialization vector, CCM takes no associated data.
 */
import type { Crypto } from "../../../protocol/ports.ts";

export const ESPRUINO_CRYPTO: Crypto = {
  sha256: function (message) {
    // biome-ignore lint/style/useNodejsImportProtocol: the firmware's own module
    return new Uint8Array(require("crypto").SHA256(message));
  },
  encryptBlocks: function (key, blocks) {
    // biome-ignore lint/style/useNodejsImportProtocol: the firmware's own module
    return new Uint8Array(require("crypto").AES.encrypt(blocks, key, { mode: "ECB" }));
  },
  encryptChain: function (key, blocks) {
    // Its initialization vector is zeros unless one is given.
    // biome-ignore lint/style/useNodejsImportProtocol: the firmware's own module
    return new Uint8Array(require("crypto").AES.encrypt(blocks, key, { mode: "CBC" }));
  },
};

/** SHA-256 of a binary string, which may lie in flash; undefined on a board without it, or without room on its stack for so much. */
export function sha256OfText(text: string): Uint8Array | undefined {
  try {
    // biome-ignore lint/style/useNodejsImportProtocol: the firmware's own module
    return new Uint8Array(require("crypto").SHA256(text));
  } catch (_error) {
    return undefined;
  }
}
