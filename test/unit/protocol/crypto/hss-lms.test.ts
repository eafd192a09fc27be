/** HSS/LMS signatures: the standard's own, those of our signer, and everything that is none. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HssLmsSigner } from "../../../../host/hss-lms-signer.ts";
import { NODE_CRYPTO } from "../../../../host/node-crypto.ts";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import { isHssKey, verifiesHss } from "../../../../protocol/crypto/hss-lms.ts";
import { mutated } from "../../../support/entries.ts";
import { readVectors } from "../../../support/vectors.ts";

interface Vectors {
  verify: { source: string; key: string; message: string; signature: string }[];
  keys: {
    source: string;
    lmsType: number;
    otsType: number;
    seed: string;
    identifier: string;
    key: string;
  }[];
}

const VECTORS = readVectors<Vectors>("hss-lms-vectors.json");

function bytes(hex: string): Uint8Array {
  const decoded = decodeHex(hex);
  if (decoded === undefined) throw new Error(`${hex} is not hexadecimal`);
  return decoded;
}

describe("the standard's signatures", () => {
  test.each(VECTORS.verify)("$source", ({ key, message, signature }) => {
    const [k, m, s] = [bytes(key), bytes(message), bytes(signature)];
    expect(verifiesHss(NODE_CRYPTO, k, m, s)).toBe(true);
    m[5] ^= 1;
    expect(verifiesHss(NODE_CRYPTO, k, m, s)).toBe(false);
  });

  test("RFC 8554 §6.3: with any bit changed, or any byte missing or too many, are none", () => {
    const { key, message, signature } = VECTORS.verify[1];
    const [k, m, s] = [bytes(key), bytes(message), bytes(signature)];
    for (let at = 0; at < s.length; at += 61) {
      const changed = s.slice();
      changed[at] ^= 1 << (at % 8);
      expect(verifiesHss(NODE_CRYPTO, k, m, changed)).toBe(false);
      expect(verifiesHss(NODE_CRYPTO, k, m, s.subarray(0, at))).toBe(false);
    }
    expect(verifiesHss(NODE_CRYPTO, k, m, new Uint8Array([...s, 0]))).toBe(false);
    for (let at = 0; at < k.length; at++) {
      const changed = k.slice();
      changed[at] ^= 1;
      expect(verifiesHss(NODE_CRYPTO, changed, m, s)).toBe(false);
    }
  });

  test("no bytes make it throw", () => {
    const [one, two] = VECTORS.verify.map(({ key, signature }) => [bytes(key), bytes(signature)]);
    const short = [one[1].subarray(0, 100), two[1].subarray(0, 100), one[1], two[1]];
    const keys = fc.oneof(fc.uint8Array({ maxLength: 70 }), mutated([one[0], two[0]]));
    const signatures = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated(short));
    const none = new Uint8Array(0);
    fc.assert(
      fc.property(keys, signatures, (key, signature) => {
        expect(verifiesHss(NODE_CRYPTO, key, none, signature)).toBe(false);
      }),
    );
  });
});

describe("our signer", () => {
  const [, small] = VECTORS.keys;
  const secret = {
    identifier: bytes(small.identifier),
    seed: bytes(small.seed),
    lmsType: small.lmsType,
    otsType: small.otsType,
  };

  test.each(VECTORS.keys)("RFC 8554 Appendix A: makes the key of a seed, $source", (row) => {
    const { identifier, seed, lmsType, otsType, key } = row;
    const signer = new HssLmsSigner({
      identifier: bytes(identifier),
      seed: bytes(seed),
      lmsType,
      otsType,
    });
    expect(encodeHex(signer.publicKey())).toBe(`00000001${key}`);
    expect(isHssKey(signer.publicKey())).toBe(true);
  }, 120_000);

  test.each([
    1, 2, 3, 4,
  ])("signs with each leaf, in LM-OTS type %i, also from kept leaves", (otsType) => {
    const first = new HssLmsSigner({ ...secret, otsType });
    const signer = new HssLmsSigner({ ...secret, otsType }, first.leaves());
    expect(signer.publicKey()).toEqual(first.publicKey());
    for (const leaf of [0, 1, 30, 31]) {
      const message = Uint8Array.of(leaf, otsType);
      const signature = signer.sign(message, leaf, new Uint8Array(32).fill(leaf));
      expect(verifiesHss(NODE_CRYPTO, signer.publicKey(), message, signature)).toBe(true);
      const other = Uint8Array.of(leaf + 1, otsType);
      expect(verifiesHss(NODE_CRYPTO, signer.publicKey(), other, signature)).toBe(false);
    }
  });

  test("has no leaf beyond its last, nor takes leaves of another tree or types that are none", () => {
    const signer = new HssLmsSigner(secret);
    for (const leaf of [-1, 32, 0.5]) {
      expect(() => signer.sign(bytes("00"), leaf, new Uint8Array(32))).toThrow(
        `leaf ${leaf} of 32`,
      );
    }
    expect(() => new HssLmsSigner(secret, new Uint8Array(32))).toThrow("32 leaves have 1024 bytes");
    expect(() => new HssLmsSigner({ ...secret, otsType: 5 })).toThrow("no type");
    expect(() => new HssLmsSigner({ ...secret, lmsType: 4 })).toThrow("no type");
  });
});
