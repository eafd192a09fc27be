/** protocol/crypto over Node's port, against the standards' own numbers and against Node's own modes. */
import { createCipheriv, createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NODE_CRYPTO } from "../../../../host/node-crypto.ts";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import { openCcm, sealCcm } from "../../../../protocol/crypto/ccm.ts";
import { equalSecrets } from "../../../../protocol/crypto/constant-time.ts";
import { deriveKey, expandKey, extractKey } from "../../../../protocol/crypto/hkdf.ts";
import { hmacSha256 } from "../../../../protocol/crypto/hmac.ts";
import type { Crypto } from "../../../../protocol/ports.ts";
import { SOFT_CRYPTO } from "../../../engine/support/soft-crypto.ts";
import { readVectors } from "../../../support/vectors.ts";

interface Vectors {
  sha256: { name: string; source: string; message: string; digest: string }[];
  aes128Ecb: { source: string; key: string; plaintext: string; ciphertext: string }[];
  hmacSha256: { source: string; key: string; message: string; mac: string }[];
  hkdfSha256: {
    source: string;
    secret: string;
    salt: string;
    purpose: string;
    key: string;
    expanded: string;
  }[];
  aes128Ccm: {
    source: string;
    key: string;
    nonce: string;
    associated: string;
    plaintext: string;
    tagLength: number;
    sealed: string;
  }[];
}

const VECTORS = readVectors<Vectors>("crypto-vectors.json");

function bytes(hex: string): Uint8Array {
  const decoded = decodeHex(hex);
  if (decoded === undefined) throw new Error(`${hex} is not hexadecimal`);
  return decoded;
}

const PORTS: readonly [string, Crypto][] = [
  ["Node's port", NODE_CRYPTO],
  ["the engines' stand-in", SOFT_CRYPTO],
];

describe.each(PORTS)("%s", (_name, crypto) => {
  test.each(VECTORS.sha256)("$source: SHA-256 of $name", ({ message, digest }) => {
    expect(encodeHex(crypto.sha256(bytes(message)))).toBe(digest);
  });

  test.each(VECTORS.aes128Ecb)("$source", ({ key, plaintext, ciphertext }) => {
    expect(encodeHex(crypto.encryptBlocks(bytes(key), bytes(plaintext)))).toBe(ciphertext);
  });

  test("NIST SP 800-38A: a chain takes each block with the one before", () => {
    const key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
    const [first, second] = [bytes("00".repeat(16)), bytes("01".repeat(16))];
    const one = crypto.encryptBlocks(key, first);
    const two = crypto.encryptBlocks(
      key,
      second.map((byte, i) => byte ^ one[i]),
    );
    const chain = crypto.encryptChain(key, new Uint8Array([...first, ...second]));
    expect(encodeHex(chain)).toBe(encodeHex(one) + encodeHex(two));
  });
});

describe("HMAC-SHA-256", () => {
  test.each(VECTORS.hmacSha256)("$source", ({ key, message, mac }) => {
    const whole = encodeHex(hmacSha256(NODE_CRYPTO, bytes(key), bytes(message)));
    expect(whole.slice(0, mac.length)).toBe(mac);
  });

  test("RFC 2104 §2: any key and message, as Node has it", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ maxLength: 300 }),
        (key, message) => {
          const expected = createHmac("sha256", key).update(message).digest("hex");
          expect(encodeHex(hmacSha256(NODE_CRYPTO, key, message))).toBe(expected);
        },
      ),
    );
  });
});

describe("HKDF-SHA-256", () => {
  test.each(VECTORS.hkdfSha256)("$source", ({ secret, salt, purpose, key, expanded }) => {
    expect(encodeHex(extractKey(NODE_CRYPTO, bytes(salt), bytes(secret)))).toBe(key);
    const length = expanded.length / 2;
    const derived = deriveKey(NODE_CRYPTO, bytes(secret), bytes(salt), bytes(purpose), length);
    expect(encodeHex(derived)).toBe(expanded);
  });

  test("RFC 5869 §2.3: any length up to 255 hashes, as Node has it, and none beyond", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(400), (secret, length) => {
        const salt = secret.slice(0, 5);
        const purpose = secret.slice(5, 30);
        const expected = Buffer.from(hkdfSync("sha256", secret, salt, purpose, length));
        const derived = deriveKey(NODE_CRYPTO, secret, salt, purpose, length);
        expect(encodeHex(derived)).toBe(expected.toString("hex"));
      }),
    );
    const key = new Uint8Array(32);
    expect(expandKey(NODE_CRYPTO, key, key, 8160)).toHaveLength(8160);
    expect(() => expandKey(NODE_CRYPTO, key, key, 8161)).toThrow("crypto/key-too-long");
  });
});

describe("AES-128-CCM", () => {
  test.each(VECTORS.aes128Ccm)("$source", (row) => {
    const parameters = {
      key: bytes(row.key),
      nonce: bytes(row.nonce),
      associated: bytes(row.associated),
      tagLength: row.tagLength,
    };
    const sealed = sealCcm(NODE_CRYPTO, parameters, bytes(row.plaintext));
    expect(encodeHex(sealed)).toBe(row.sealed);
    expect(openCcm(NODE_CRYPTO, parameters, sealed)).toEqual(bytes(row.plaintext));
  });

  const anything = fc.record({
    key: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    nonce: fc.uint8Array({ minLength: 7, maxLength: 13 }),
    associated: fc.uint8Array({ maxLength: 300 }),
    tagLength: fc.constantFrom(4, 6, 8, 10, 12, 14, 16),
    plaintext: fc.uint8Array({ maxLength: 200 }),
  });

  test("RFC 3610 §2: any message, nonce and tag, as Node has it", () => {
    fc.assert(
      fc.property(anything, ({ plaintext, ...parameters }) => {
        const { key, nonce, associated, tagLength } = parameters;
        const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: tagLength });
        cipher.setAAD(associated, { plaintextLength: plaintext.length });
        const expected = Buffer.concat([cipher.update(plaintext), cipher.final()]);
        const sealed = sealCcm(NODE_CRYPTO, parameters, plaintext);
        const tag = cipher.getAuthTag();
        expect(encodeHex(sealed)).toBe(Buffer.concat([expected, tag]).toString("hex"));
        expect(openCcm(NODE_CRYPTO, parameters, sealed)).toEqual(plaintext);
      }),
    );
  });

  test("RFC 3610 §2.5: a message of which any bit is another does not open", () => {
    fc.assert(
      fc.property(anything, fc.nat(), fc.nat(7), ({ plaintext, ...parameters }, at, bit) => {
        const sealed = sealCcm(NODE_CRYPTO, parameters, plaintext);
        sealed[at % sealed.length] ^= 1 << bit;
        expect(openCcm(NODE_CRYPTO, parameters, sealed)).toBeUndefined();
      }),
    );
    const parameters = {
      key: new Uint8Array(16),
      nonce: new Uint8Array(13),
      associated: new Uint8Array(3),
      tagLength: 8,
    };
    const sealed = sealCcm(NODE_CRYPTO, parameters, new Uint8Array(5));
    const others = { ...parameters, associated: new Uint8Array([0, 1, 0]) };
    expect(openCcm(NODE_CRYPTO, others, sealed)).toBeUndefined();
    expect(openCcm(NODE_CRYPTO, parameters, sealed.subarray(0, 7))).toBeUndefined();
  });

  test.each([
    { what: "a key of 15 bytes", key: new Uint8Array(15) },
    { what: "a nonce of 6 bytes", nonce: new Uint8Array(6) },
    { what: "a nonce of 14 bytes", nonce: new Uint8Array(14) },
    { what: "a tag of 5 bytes", tagLength: 5 },
    { what: "a tag of 2 bytes", tagLength: 2 },
    { what: "associated data of 65,280 bytes", associated: new Uint8Array(65280) },
    { what: "more than two bytes can count", plaintext: new Uint8Array(65536) },
  ])("RFC 3610 §2.1: $what is refused", ({ what: _what, plaintext, ...wrong }) => {
    const parameters = {
      key: new Uint8Array(16),
      nonce: new Uint8Array(13),
      associated: new Uint8Array(0),
      tagLength: 8,
      ...wrong,
    };
    const message = plaintext ?? new Uint8Array(1);
    expect(() => sealCcm(NODE_CRYPTO, parameters, message)).toThrow("crypto/ccm-parameters");
  });
});

test("secrets are the same when all their bytes are", () => {
  expect(equalSecrets(bytes("0102"), bytes("0102"))).toBe(true);
  expect(equalSecrets(bytes("0102"), bytes("0103"))).toBe(false);
  expect(equalSecrets(bytes("0102"), bytes("010200"))).toBe(false);
  expect(equalSecrets(bytes(""), bytes(""))).toBe(true);
});
