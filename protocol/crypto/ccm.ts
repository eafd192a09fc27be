/**
 * AES-128-CCM (RFC 3610): encryption and authentication of a message, and authentication of what goes with it in the clear.
 * AES-CCM-16-64-128 of COSE, which OSCORE and DTLS use, is the one with a nonce of 13 bytes and a tag of 8.
 *
 * Made of two calls of a host's block cipher for each message: all counter blocks at once, and the chain of the CBC-MAC. A board's own
 * modes will not do: Espruino's CTR ignores its initialization vector, its CCM takes no associated data.
 */
import type { BlockCipher } from "../ports.ts";
import { equalSecrets } from "./constant-time.ts";

const BLOCK = 16;
/** Longer associated data has another encoding, which nothing here needs (RFC 3610 §2.2). */
const MOST_ASSOCIATED = 0xfeff;

/** Of one message. */
export interface CcmParameters {
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** 7 to 13 bytes, never twice with the same key. */
  readonly nonce: Uint8Array;
  /** Authenticated, not encrypted; at most 65,279 bytes. */
  readonly associated: Uint8Array;
  /** Bytes: 4, 6, 8, 10, 12, 14 or 16. */
  readonly tagLength: number;
}

/** Encrypts. Throws `crypto/ccm-parameters`. @returns the ciphertext and the tag behind it, bytes of the caller's own */
export function sealCcm(
  cipher: BlockCipher,
  parameters: CcmParameters,
  plaintext: Uint8Array,
): Uint8Array {
  check(parameters, plaintext.length);
  const length = plaintext.length;
  const stream = keyStream(cipher, parameters, length);
  const tag = tagOf(cipher, parameters, plaintext, stream);
  const sealed = new Uint8Array(length + parameters.tagLength);
  sealed.set(masked(plaintext, stream), 0);
  sealed.set(tag, length);
  return sealed;
}

/** Decrypts; undefined when the tag is not that of this message. Throws `crypto/ccm-parameters`. @returns bytes of the caller's own */
export function openCcm(
  cipher: BlockCipher,
  parameters: CcmParameters,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const length = sealed.length - parameters.tagLength;
  if (length < 0) return undefined;
  check(parameters, length);
  const stream = keyStream(cipher, parameters, length);
  const plaintext = masked(sealed.subarray(0, length), stream);
  const tag = tagOf(cipher, parameters, plaintext, stream);
  return equalSecrets(tag, sealed.subarray(length)) ? plaintext : undefined;
}

function check(parameters: CcmParameters, length: number): void {
  const { key, nonce, associated, tagLength } = parameters;
  const isNonce = nonce.length >= 7 && nonce.length <= 13;
  const isTag = tagLength >= 4 && tagLength <= BLOCK && tagLength % 2 === 0;
  // The length has to fit the bytes that the nonce leaves for it: two, of the longest nonce.
  const isShort = nonce.length < 13 || length <= 0xffff;
  if (key.length === BLOCK && isNonce && isTag && isShort && associated.length <= MOST_ASSOCIATED)
    return;
  const error = new Error("crypto/ccm-parameters");
  (error as { code?: string }).code = "crypto/ccm-parameters";
  throw error;
}

/** The encrypted counter blocks (RFC 3610 §2.3): the first masks the tag, the others the message. */
function keyStream(cipher: BlockCipher, parameters: CcmParameters, length: number): Uint8Array {
  const { key, nonce } = parameters;
  const count = 1 + blocksOf(length);
  const counters = new Uint8Array(count * BLOCK);
  for (let i = 0; i < count; i++) {
    const at = i * BLOCK;
    counters[at] = 14 - nonce.length;
    counters.set(nonce, at + 1);
    putLength(counters, at + BLOCK, i, 15 - nonce.length);
  }
  return aligned(cipher.encryptBlocks(key, counters), count * BLOCK);
}

/** The CBC-MAC (RFC 3610 §2.2), masked. */
function tagOf(
  cipher: BlockCipher,
  parameters: CcmParameters,
  plaintext: Uint8Array,
  stream: Uint8Array,
): Uint8Array {
  const { key, nonce, associated, tagLength } = parameters;
  const hasAssociated = associated.length > 0;
  const associatedBlocks = hasAssociated ? blocksOf(associated.length + 2) : 0;
  const messageAt = (1 + associatedBlocks) * BLOCK;
  const blocks = new Uint8Array(messageAt + blocksOf(plaintext.length) * BLOCK);
  blocks[0] = (hasAssociated ? 64 : 0) + 4 * (tagLength - 2) + 14 - nonce.length;
  blocks.set(nonce, 1);
  putLength(blocks, BLOCK, plaintext.length, 15 - nonce.length);
  if (hasAssociated) {
    putLength(blocks, BLOCK + 2, associated.length, 2);
    blocks.set(associated, BLOCK + 2);
  }
  blocks.set(plaintext, messageAt);
  const chain = cipher.encryptChain(key, blocks);
  const tag = new Uint8Array(tagLength);
  for (let i = 0; i < tagLength; i++) tag[i] = chain[chain.length - BLOCK + i] ^ stream[i];
  return tag;
}

/** The message under the stream, or out from under it. Word by word: on a board each step costs as much as four. */
function masked(message: Uint8Array, stream: Uint8Array): Uint8Array {
  const bytes = aligned(message, stream.length - BLOCK);
  const words = new Uint32Array(bytes.buffer);
  const mask = new Uint32Array(stream.buffer);
  for (let i = 0; i < words.length; i++) words[i] ^= mask[i + BLOCK / 4];
  return message.length === bytes.length
    ? bytes
    : new Uint8Array(bytes.subarray(0, message.length));
}

/** A copy in a buffer of its own. @param length of the copy */
function aligned(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes, 0);
  return copy;
}

function blocksOf(length: number): number {
  return Math.ceil(length / BLOCK);
}

/** Writes a number big-endian in `count` bytes that end before `end`. */
function putLength(bytes: Uint8Array, end: number, value: number, count: number): void {
  let rest = value;
  for (let i = 1; i <= count; i++) {
    bytes[end - i] = rest & 255;
    rest = Math.floor(rest / 256);
  }
}
