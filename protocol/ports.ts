/**
 * What the protocol needs from its host, as one-method interfaces. All synchronous: a promise never begins below a facade.
 */

/** A source of unpredictable numbers: tokens and initial Message IDs come from it (RFC 7252 §5.3.1, §4.4). */
export interface Random {
  /** A uniform integer in [0, 2^32), unpredictable to a peer. */
  uint32(): number;
}

/** SHA-256 (FIPS 180-4). */
export interface Hash {
  /** Of a whole message, in 32 bytes of the caller's own. */
  sha256(message: Uint8Array): Uint8Array;
}

/** AES-128 encryption (FIPS 197); nothing here decrypts, since nothing that is made of it has to. */
export interface BlockCipher {
  /** Each block by itself (ECB). @param blocks a multiple of 16 bytes. @returns as many, the caller's own */
  encryptBlocks(key: Uint8Array, blocks: Uint8Array): Uint8Array;
  /** Each block after the one before it (CBC), with an initialization vector of zeros. @param blocks, @returns as `encryptBlocks` */
  encryptChain(key: Uint8Array, blocks: Uint8Array): Uint8Array;
}

/** What a host has in hardware or native code; the rest of protocol/crypto is made of it. */
export interface Crypto extends Hash, BlockCipher {}
