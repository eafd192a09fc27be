/**
 * The crypto port in plain code, for engines that have no native one: as the standards write it, and as slow as that is. A stand-in for
 * tests, not for devices: it takes a time that depends on keys.
 */
import type { Crypto } from "../../../protocol/ports.ts";

const BLOCK = 16;
const ROUNDS = 10;

function rotated(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** Of the square or cube root of a prime: the first 32 bits behind the point. */
function fraction(root: number): number {
  return ((root - Math.floor(root)) * 4294967296) >>> 0;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}

/** By Newton: an engine's own power need not be exact. */
function cubeRoot(value: number): number {
  let root = value;
  for (let i = 0; i < 60; i++) root = (2 * root + value / (root * root)) / 3;
  return root;
}

const PRIMES = firstPrimes(64);
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUND_WORDS = PRIMES.map((prime) => fraction(cubeRoot(prime)));

function padded(message: Uint8Array): Uint8Array {
  const blocks = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64);
  blocks.set(message, 0);
  blocks[message.length] = 0x80;
  const bits = message.length * 8;
  for (let i = 0; i < 4; i++) blocks[blocks.length - 1 - i] = (bits >>> (8 * i)) & 255;
  return blocks;
}

function compress(state: number[], blocks: Uint8Array, from: number): number[] {
  const w: number[] = [];
  for (let i = 0; i < 16; i++) {
    const at = from + 4 * i;
    w.push((blocks[at] << 24) | (blocks[at + 1] << 16) | (blocks[at + 2] << 8) | blocks[at + 3]);
  }
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15];
    const b = w[i - 2];
    const s0 = rotated(a, 7) ^ rotated(a, 18) ^ (a >>> 3);
    const s1 = rotated(b, 17) ^ rotated(b, 19) ^ (b >>> 10);
    w.push((w[i - 16] + s0 + w[i - 7] + s1) | 0);
  }
  let [a, b, c, d] = state;
  let [, , , , e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND_WORDS[i] + w[i]) | 0;
    const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]) | 0);
}

function sha256(message: Uint8Array): Uint8Array {
  const blocks = padded(message);
  let state = START;
  for (let at = 0; at < blocks.length; at += 64) state = compress(state, blocks, at);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = (state[i >> 2] >>> (24 - 8 * (i & 3))) & 255;
  return digest;
}

/** Times x in AES's field. */
function doubled(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 255;
}

function substitution(): Uint8Array {
  const box = new Uint8Array(256);
  // The powers of 3 are all bytes but 0, and those of its inverse their inverses.
  let power = 1;
  let inverse = 1;
  do {
    power ^= doubled(power);
    inverse ^= inverse << 1;
    inverse ^= inverse << 2;
    inverse ^= inverse << 4;
    inverse &= 255;
    if (inverse & 0x80) inverse ^= 0x09;
    let mixed = 0x63 ^ inverse;
    for (let i = 1; i < 5; i++) mixed ^= ((inverse << i) | (inverse >> (8 - i))) & 255;
    box[power] = mixed;
  } while (power !== 1);
  box[0] = 0x63;
  return box;
}

const BOX = substitution();

function roundKeys(key: Uint8Array): Uint8Array {
  const keys = new Uint8Array(BLOCK * (ROUNDS + 1));
  keys.set(key, 0);
  let constant = 1;
  for (let at = BLOCK; at < keys.length; at += 4) {
    const isFirst = at % BLOCK === 0;
    for (let i = 0; i < 4; i++) {
      const before = keys[isFirst ? at - 4 + ((i + 1) & 3) : at - 4 + i];
      const mixed = isFirst ? BOX[before] ^ (i === 0 ? constant : 0) : before;
      keys[at + i] = keys[at + i - BLOCK] ^ mixed;
    }
    if (isFirst) constant = doubled(constant);
  }
  return keys;
}

function encryptBlock(keys: Uint8Array, block: Uint8Array): Uint8Array {
  let state = new Uint8Array(BLOCK);
  for (let i = 0; i < BLOCK; i++) state[i] = block[i] ^ keys[i];
  for (let round = 1; round <= ROUNDS; round++) {
    const shifted = new Uint8Array(BLOCK);
    for (let i = 0; i < BLOCK; i++) shifted[i] = BOX[state[(i + 4 * (i & 3)) & 15]];
    const next = new Uint8Array(BLOCK);
    for (let i = 0; i < BLOCK; i++) {
      const column = i & 12;
      const a = shifted[i];
      const b = shifted[column | ((i + 1) & 3)];
      const c = shifted[column | ((i + 2) & 3)];
      const d = shifted[column | ((i + 3) & 3)];
      const mixed = round === ROUNDS ? a : doubled(a) ^ doubled(b) ^ b ^ c ^ d;
      next[i] = mixed ^ keys[BLOCK * round + i];
    }
    state = next;
  }
  return state;
}

function encrypt(key: Uint8Array, blocks: Uint8Array, isChain: boolean): Uint8Array {
  const keys = roundKeys(key);
  const all = new Uint8Array(blocks.length);
  for (let at = 0; at < blocks.length; at += BLOCK) {
    const block = new Uint8Array(BLOCK);
    for (let i = 0; i < BLOCK; i++) {
      block[i] = blocks[at + i] ^ (isChain && at > 0 ? all[at + i - BLOCK] : 0);
    }
    all.set(encryptBlock(keys, block), at);
  }
  return all;
}

export const SOFT_CRYPTO: Crypto = {
  sha256,
  encryptBlocks: (key, blocks) => encrypt(key, blocks, false),
  encryptChain: (key, blocks) => encrypt(key, blocks, true),
};
