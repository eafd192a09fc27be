/**
 * Verification of HSS/LMS signatures with SHA-256 (RFC 8554): hash-based, so that a board that has SHA-256 and nothing else in native code
 * can check a signature with a public key, where Ed25519 would take it minutes.
 *
 *   HSS public key   levels (4), LMS public key                                                  60 bytes
 *   LMS public key   type (4), type of its LM-OTS (4), I (16), root (32)                         56
 *   HSS signature    levels - 1 (4), for each level but the last: LMS signature, LMS public key;
 *                    then the LMS signature of the message
 *   LMS signature    leaf (4), LM-OTS signature, type (4), path (32 * height)
 *   LM-OTS signature type (4), randomizer (32), chains (32 * p)
 *
 * A key signs so many times as its trees have leaves, and never twice with the same one: that is the signer's business.
 */
import { equalBytes } from "../bytes/equal.ts";
import type { Hash } from "../ports.ts";

export const HASH_LENGTH = 32;
export const IDENTIFIER_LENGTH = 16;
const LMS_KEY_LENGTH = 8 + IDENTIFIER_LENGTH + HASH_LENGTH;
export const HSS_KEY_LENGTH = 4 + LMS_KEY_LENGTH;
const MOST_LEVELS = 8;

// Which of the four kinds of hash it is (RFC 8554 §3.2, §5.3).

export const OF_OTS_KEY = 0x8080;
export const OF_MESSAGE = 0x8181;
export const OF_LEAF = 0x8282;
export const OF_NODE = 0x8383;

/** Of LM-OTS (RFC 8554 §4.1). */
export interface OtsParameters {
  /** Bits of a message that each chain stands for. */
  readonly width: number;
  /** Chains. */
  readonly count: number;
  /** By which the checksum is moved to the left. */
  readonly shift: number;
}

/** By type, from 1. */
const OTS: readonly OtsParameters[] = [
  { width: 1, count: 265, shift: 7 },
  { width: 2, count: 133, shift: 6 },
  { width: 4, count: 67, shift: 4 },
  { width: 8, count: 34, shift: 0 },
];
/** LMS_SHA256_M32_H5 is 5, with H10, H15, H20 and H25 after it (RFC 8554 §5.1). */
const FIRST_LMS_TYPE = 5;
const LAST_LMS_TYPE = 9;

/** Parameters of an LM-OTS type; undefined for one that is not of RFC 8554. */
export function otsParameters(type: number): OtsParameters | undefined {
  return type >= 1 && type <= OTS.length ? OTS[type - 1] : undefined;
}

/** Levels of the tree of an LMS type; 0 for one that is not of RFC 8554. */
export function heightOf(type: number): number {
  return type >= FIRST_LMS_TYPE && type <= LAST_LMS_TYPE ? 5 * (type - FIRST_LMS_TYPE + 1) : 0;
}

/** True for bytes that can be a public key of HSS. */
export function isHssKey(key: Uint8Array): boolean {
  const levels = key.length === HSS_KEY_LENGTH ? uint32(key, 0) : 0;
  return (
    levels >= 1 &&
    levels <= MOST_LEVELS &&
    heightOf(uint32(key, 4)) > 0 &&
    otsParameters(uint32(key, 8)) !== undefined
  );
}

/** True when the signature is this key's, of this message (RFC 8554 §6.3). */
export function verifiesHss(
  hash: Hash,
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!isHssKey(key) || signature.length < 4) return false;
  const signedKeys = uint32(signature, 0);
  if (signedKeys !== uint32(key, 0) - 1) return false;
  let current = key.subarray(4);
  let at = 4;
  for (let i = 0; i < signedKeys; i++) {
    const length = lmsLength(current, signature, at);
    const next = at + length;
    if (length === 0 || next + LMS_KEY_LENGTH > signature.length) return false;
    const signed = signature.subarray(next, next + LMS_KEY_LENGTH);
    if (!verifiesLms(hash, current, signed, signature.subarray(at, next))) return false;
    current = signed;
    at = next + LMS_KEY_LENGTH;
  }
  const isWhole = at + lmsLength(current, signature, at) === signature.length;
  return isWhole && verifiesLms(hash, current, message, signature.subarray(at));
}

/** Bytes that a signature of this key has; 0 when what stands there is none. */
function lmsLength(key: Uint8Array, signature: Uint8Array, at: number): number {
  const ots = otsParameters(uint32(key, 4));
  const height = heightOf(uint32(key, 0));
  if (ots === undefined || height === 0) return 0;
  const length = 12 + HASH_LENGTH * (1 + ots.count + height);
  return at + length <= signature.length ? length : 0;
}

/** RFC 8554 §5.4.2. @param signature of the length that such a key's has */
function verifiesLms(
  hash: Hash,
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const type = uint32(key, 0);
  const otsType = uint32(key, 4);
  const ots = otsParameters(otsType);
  if (ots === undefined || signature.length === 0 || uint32(signature, 4) !== otsType) return false;
  const pathAt = 12 + HASH_LENGTH * (1 + ots.count);
  if (uint32(signature, pathAt - 4) !== type) return false;
  const leaf = uint32(signature, 0);
  const height = heightOf(type);
  let node = powerOfTwo(height) + leaf;
  if (leaf >= powerOfTwo(height)) return false;
  const identifier = key.subarray(8, 8 + IDENTIFIER_LENGTH);
  const root = key.subarray(8 + IDENTIFIER_LENGTH, LMS_KEY_LENGTH);
  const otsKey = candidate(hash, ots, identifier, message, signature);
  let digest = nodeHash(hash, identifier, node, OF_LEAF, otsKey, undefined);
  for (let i = 0; i < height; i++) {
    const at = pathAt + i * HASH_LENGTH;
    const sibling = signature.subarray(at, at + HASH_LENGTH);
    const isRight = node % 2 === 1;
    node = Math.floor(node / 2);
    digest = isRight
      ? nodeHash(hash, identifier, node, OF_NODE, sibling, digest)
      : nodeHash(hash, identifier, node, OF_NODE, digest, sibling);
  }
  return equalBytes(digest, root);
}

/** The LM-OTS public key that a signature is of (RFC 8554 §4.6). */
function candidate(
  hash: Hash,
  ots: OtsParameters,
  identifier: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  const leaf = uint32(signature, 0);
  const randomizer = signature.subarray(8, 8 + HASH_LENGTH);
  const digits = otsDigits(hash, ots, identifier, leaf, randomizer, message);
  const ends = new Uint8Array(22 + HASH_LENGTH * ots.count);
  putPrefix(ends, identifier, leaf, OF_OTS_KEY);
  for (let i = 0; i < ots.count; i++) {
    const at = 8 + HASH_LENGTH * (1 + i);
    const start = signature.subarray(at, at + HASH_LENGTH);
    const end = (1 << ots.width) - 1;
    ends.set(chain(hash, identifier, leaf, i, start, digits[i], end), 22 + HASH_LENGTH * i);
  }
  return hash.sha256(ends);
}

/** What each chain stands for: the message's hash and its checksum, in pieces of `width` bits (RFC 8554 §4.4, §4.5). */
export function otsDigits(
  hash: Hash,
  ots: OtsParameters,
  identifier: Uint8Array,
  leaf: number,
  randomizer: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const input = new Uint8Array(22 + HASH_LENGTH + message.length);
  putPrefix(input, identifier, leaf, OF_MESSAGE);
  input.set(randomizer, 22);
  input.set(message, 22 + HASH_LENGTH);
  const digest = hash.sha256(input);
  const most = (1 << ots.width) - 1;
  const perByte = 8 / ots.width;
  const digits = new Uint8Array(ots.count);
  let sum = 0;
  for (let i = 0; i < HASH_LENGTH * perByte; i++) {
    digits[i] = digitOf(digest[Math.floor(i / perByte)], i % perByte, ots.width);
    sum += most - digits[i];
  }
  sum <<= ots.shift;
  for (let i = HASH_LENGTH * perByte; i < ots.count; i++) {
    const place = i - HASH_LENGTH * perByte;
    const byte = place < perByte ? sum >> 8 : sum & 255;
    digits[i] = digitOf(byte, place % perByte, ots.width);
  }
  return digits;
}

/** Of the pieces of a byte the one at a place, from the left. */
function digitOf(byte: number, place: number, width: number): number {
  return (byte >> (8 - width * (place + 1))) & ((1 << width) - 1);
}

/** From one place of a chain to another (RFC 8554 §4.3). Bytes of the caller's own. */
export function chain(
  hash: Hash,
  identifier: Uint8Array,
  leaf: number,
  which: number,
  start: Uint8Array,
  from: number,
  to: number,
): Uint8Array {
  const input = new Uint8Array(23 + HASH_LENGTH);
  putPrefix(input, identifier, leaf, which);
  let digest = start;
  for (let i = from; i < to; i++) {
    input[22] = i;
    input.set(digest, 23);
    digest = hash.sha256(input);
  }
  return digest;
}

/** Of a node of a tree: its number, which kind it is, and what it is of (RFC 8554 §5.3). */
export function nodeHash(
  hash: Hash,
  identifier: Uint8Array,
  node: number,
  kind: number,
  left: Uint8Array,
  right: Uint8Array | undefined,
): Uint8Array {
  const input = new Uint8Array(22 + HASH_LENGTH * (right === undefined ? 1 : 2));
  putPrefix(input, identifier, node, kind);
  input.set(left, 22);
  if (right !== undefined) input.set(right, 22 + HASH_LENGTH);
  return hash.sha256(input);
}

/** What every hash begins with: identifier, a number in 4 bytes, and another in 2. */
export function putPrefix(
  bytes: Uint8Array,
  identifier: Uint8Array,
  number: number,
  kind: number,
): void {
  bytes.set(identifier, 0);
  for (let i = 0; i < 4; i++) bytes[IDENTIFIER_LENGTH + i] = (number >>> (24 - 8 * i)) & 255;
  bytes[20] = kind >> 8;
  bytes[21] = kind & 255;
}

export function uint32(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = value * 256 + bytes[at + i];
  return value;
}

function powerOfTwo(exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power *= 2;
  return power;
}
