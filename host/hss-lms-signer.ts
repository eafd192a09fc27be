/**
 * Signing with HSS/LMS (RFC 8554), for tools: one tree of 1,024 leaves, LMS_SHA256_M32_H10 over LMOTS_SHA256_N32_W4, whose secrets all come
 * from one seed (Appendix A). A signature has 2,512 bytes.
 *
 * A leaf that signs twice gives the key away: whoever calls `sign` has made sure, on disk, that its leaf is never used again.
 */

import type { OtsParameters } from "../protocol/crypto/hss-lms.ts";
import {
  chain,
  HASH_LENGTH,
  heightOf,
  nodeHash,
  OF_LEAF,
  OF_NODE,
  OF_OTS_KEY,
  otsDigits,
  otsParameters,
  putPrefix,
} from "../protocol/crypto/hss-lms.ts";
import { NODE_CRYPTO } from "./node-crypto.ts";

/** LMS_SHA256_M32_H10. */
const USUAL_LMS = 6;
/** LMOTS_SHA256_N32_W4. */
const USUAL_OTS = 3;
/** Of the hash that makes a secret of the seed. */
const OF_SEED = 0xff;

/** The secret of a key. */
export interface HssLmsSecret {
  /** 16 bytes, of this key alone. */
  readonly identifier: Uint8Array;
  /** 32 bytes. */
  readonly seed: Uint8Array;
  /** Default: the usual ones. */
  readonly lmsType?: number;
  readonly otsType?: number;
}

export class HssLmsSigner {
  private readonly secret: HssLmsSecret;
  private readonly lmsType: number;
  private readonly otsType: number;
  private readonly ots: OtsParameters;
  private readonly height: number;
  /** By number, the root at 1, from 2^height the leaves. */
  private readonly nodes: Uint8Array[] = [];

  /**
   * Makes the tree, with a million hashes unless its leaves are given. Throws an Error for types that are none.
   *
   * @param leaves what `leaves` gave for the same secret: they are no secret
   */
  constructor(secret: HssLmsSecret, leaves?: Uint8Array) {
    const { lmsType = USUAL_LMS, otsType = USUAL_OTS } = secret;
    const ots = otsParameters(otsType);
    if (ots === undefined || heightOf(lmsType) === 0) throw new Error("no type of RFC 8554");
    this.secret = secret;
    this.lmsType = lmsType;
    this.otsType = otsType;
    this.ots = ots;
    this.height = heightOf(lmsType);
    if (leaves !== undefined && leaves.length !== this.size * HASH_LENGTH) {
      throw new Error(`${this.size} leaves have ${this.size * HASH_LENGTH} bytes`);
    }
    for (let leaf = 0; leaf < this.size; leaf++) {
      const at = leaf * HASH_LENGTH;
      this.nodes[this.size + leaf] =
        leaves?.slice(at, at + HASH_LENGTH) ??
        this.hash(this.size + leaf, OF_LEAF, this.otsKey(leaf));
    }
    for (let node = this.size - 1; node > 0; node--) {
      this.nodes[node] = this.hash(node, OF_NODE, this.nodes[2 * node], this.nodes[2 * node + 1]);
    }
  }

  /** How many messages it can sign. */
  get size(): number {
    return 2 ** this.height;
  }

  /** Of the tree, one after the other. */
  leaves(): Uint8Array {
    return Buffer.concat(this.nodes.slice(this.size));
  }

  /** The public key of HSS, 60 bytes. */
  publicKey(): Uint8Array {
    const { identifier } = this.secret;
    const types = [uint32Bytes(1), uint32Bytes(this.lmsType), uint32Bytes(this.otsType)];
    return Buffer.concat([...types, identifier, this.nodes[1]]);
  }

  /** Signs with a leaf that has not signed yet. @param randomizer 32 bytes that nobody can foresee */
  sign(message: Uint8Array, leaf: number, randomizer: Uint8Array): Uint8Array {
    if (!Number.isInteger(leaf) || leaf < 0 || leaf >= this.size) {
      throw new Error(`leaf ${leaf} of ${this.size}`);
    }
    const { identifier } = this.secret;
    const digits = otsDigits(NODE_CRYPTO, this.ots, identifier, leaf, randomizer, message);
    const chains: Uint8Array[] = [];
    for (let i = 0; i < this.ots.count; i++) {
      chains.push(chain(NODE_CRYPTO, identifier, leaf, i, this.start(leaf, i), 0, digits[i]));
    }
    const path: Uint8Array[] = [];
    for (let node = this.size + leaf; node > 1; node = Math.floor(node / 2)) {
      path.push(this.nodes[node ^ 1]);
    }
    return Buffer.concat([
      uint32Bytes(0),
      uint32Bytes(leaf),
      uint32Bytes(this.otsType),
      randomizer,
      ...chains,
      uint32Bytes(this.lmsType),
      ...path,
    ]);
  }

  /** The public key of a leaf (RFC 8554 §4.3). */
  private otsKey(leaf: number): Uint8Array {
    const { identifier } = this.secret;
    const input = new Uint8Array(22 + HASH_LENGTH * this.ots.count);
    putPrefix(input, identifier, leaf, OF_OTS_KEY);
    const last = 2 ** this.ots.width - 1;
    for (let i = 0; i < this.ots.count; i++) {
      const end = chain(NODE_CRYPTO, identifier, leaf, i, this.start(leaf, i), 0, last);
      input.set(end, 22 + HASH_LENGTH * i);
    }
    return NODE_CRYPTO.sha256(input);
  }

  /** Where a chain begins (RFC 8554 Appendix A). */
  private start(leaf: number, which: number): Uint8Array {
    const input = new Uint8Array(23 + HASH_LENGTH);
    putPrefix(input, this.secret.identifier, leaf, which);
    input[22] = OF_SEED;
    input.set(this.secret.seed, 23);
    return NODE_CRYPTO.sha256(input);
  }

  private hash(node: number, kind: number, left: Uint8Array, right?: Uint8Array): Uint8Array {
    return nodeHash(NODE_CRYPTO, this.secret.identifier, node, kind, left, right);
  }
}

function uint32Bytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
