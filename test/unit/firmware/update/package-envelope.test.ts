/** The form of a signed package, byte by byte. */
import { Decoder, type Tag } from "cbor-x";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeEnvelope } from "../../../../firmware/update/package-encoder.ts";
import {
  decodeEnvelope,
  EDDSA,
  type Envelope,
  HMAC_SHA_256,
  HSS_LMS,
  LONGEST_ENVELOPE,
} from "../../../../firmware/update/package-envelope.ts";
import { isOlder, versionNumbers } from "../../../../firmware/update/version-order.ts";
import { NODE_CRYPTO } from "../../../../host/node-crypto.ts";
import { decodeHex, encodeHex } from "../../../../protocol/bytes/hex.ts";
import { hmacSha256 } from "../../../../protocol/crypto/hmac.ts";
import { isMalformed } from "../../../../protocol/malformed.ts";
import { mutated } from "../../../support/entries.ts";
import { imageOf, KEY, manifestOf, SECRET } from "../../../support/packages.ts";

const IMAGE = imageOf(1000);
const MANIFEST = manifestOf(IMAGE, { version: "1.2.3" });
const ENVELOPE = encodeEnvelope(MANIFEST, KEY);

function decoded(bytes: Uint8Array): Envelope {
  const envelope = decodeEnvelope(bytes);
  if (envelope === undefined || isMalformed(envelope)) throw new Error(JSON.stringify(envelope));
  return envelope;
}

function faultOf(hex: string): unknown {
  const bytes = decodeHex(hex.replaceAll(" ", "")) as Uint8Array;
  const envelope = decodeEnvelope(bytes);
  return isMalformed(envelope) ? envelope.fault : envelope;
}

test("RFC 9052 §6.2: an envelope is a COSE_Mac0 over the manifest, as any CBOR reader sees it", () => {
  const bytes = new Decoder({ mapsAsObjects: false }).decode(ENVELOPE) as Tag;
  expect(bytes.tag).toBe(17);
  const [header, unprotected, payload, tag] = bytes.value as [
    Buffer,
    Map<number, unknown>,
    Buffer,
    Buffer,
  ];
  const reader = new Decoder({ mapsAsObjects: false });
  expect(reader.decode(header)).toEqual(new Map([[1, HMAC_SHA_256]]));
  expect(unprotected.size).toBe(0);
  expect([...(reader.decode(payload) as Map<number, unknown>)]).toEqual([
    [1, 1],
    [2, "Acme"],
    [3, "meter-2"],
    [4, "1.2.3"],
    [5, 1000],
    [6, NODE_CRYPTO.sha256(IMAGE)],
  ]);
  // ["MAC0", protected, external data, payload], written by hand.
  const message = `84 64 ${encodeHex(Buffer.from("MAC0"))} 43 a10105 40 58${payload.length.toString(16)} ${encodeHex(payload)}`;
  const signed = decodeHex(message.replaceAll(" ", "")) as Uint8Array;
  expect(encodeHex(tag)).toBe(encodeHex(hmacSha256(NODE_CRYPTO, SECRET, signed)));
});

test("RFC 9052 §4.2: signatures of other algorithms make a COSE_Sign1", () => {
  for (const [algorithm, head] of [
    [EDDSA, "d2 84 43 a10127 a0"],
    [HSS_LMS, "d2 84 44 a101382d a0"],
  ] as const) {
    const messages: Uint8Array[] = [];
    const signature = imageOf(64);
    const bytes = encodeEnvelope(MANIFEST, {
      algorithm,
      sign: (message) => {
        messages.push(message);
        return signature;
      },
    });
    expect(encodeHex(bytes).startsWith(head.replaceAll(" ", ""))).toBe(true);
    const envelope = decoded(bytes);
    expect(envelope).toMatchObject({ algorithm, manifest: MANIFEST });
    expect(envelope.signed).toEqual(messages[0]);
    expect(encodeHex(messages[0]).startsWith("846a5369676e617475726531")).toBe(true);
    expect(new Uint8Array(envelope.signature)).toEqual(signature);
  }
});

describe("reading", () => {
  test("RFC 8949 §4.2.1: what is written is read, whatever follows", () => {
    const printable = (maxLength: number) =>
      fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength });
    const manifests = fc.record({
      vendor: printable(64),
      deviceClass: printable(64),
      version: fc
        .array(fc.nat(999_999_999), { minLength: 1, maxLength: 4 })
        .map((n) => n.join(".")),
      size: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    });
    fc.assert(
      fc.property(manifests, fc.uint8Array({ maxLength: 50 }), (manifest, image) => {
        const envelope = encodeEnvelope(manifest, KEY);
        expect(envelope.length).toBeLessThanOrEqual(LONGEST_ENVELOPE);
        const read = decoded(new Uint8Array([...envelope, ...image]));
        expect(read.manifest).toEqual(manifest);
        expect(read.length).toBe(envelope.length);
        expect(KEY.verifies(read.signed, read.signature)).toBe(true);
      }),
    );
  });

  test("any beginning of an envelope asks for more", () => {
    for (let length = 0; length < ENVELOPE.length; length++) {
      expect(decodeEnvelope(ENVELOPE.subarray(0, length))).toBeUndefined();
    }
  });

  test("no bytes make it throw, wait for ever, or take a second spelling", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), mutated([ENVELOPE])), (bytes) => {
        const envelope = decodeEnvelope(bytes);
        if (envelope === undefined) expect(bytes.length).toBeLessThan(LONGEST_ENVELOPE);
        else if (!isMalformed(envelope)) {
          const { manifest, algorithm, signature } = envelope;
          const again = encodeEnvelope(manifest, { algorithm, sign: () => signature });
          expect(encodeHex(again)).toBe(encodeHex(bytes.subarray(0, envelope.length)));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["what is no CBOR of ours", "7b22", "package/other"],
    ["a program", encodeHex(Buffer.from("(function(){")), "package/other"],
    ["another tag", "d3 84 43", "package/other"],
    ["three elements", "d1 83 43", "package/other"],
    ["a tag in two bytes that fits one", "d8 11 84", "package/other"],
    ["a header of another kind", "d1 84 43 a10205 a0", "package/envelope"],
    ["a signature's algorithm in a MAC", "d1 84 43 a10127 a0 41", "package/envelope"],
    ["a MAC's algorithm in a signature", "d2 84 43 a10105 a0 41", "package/envelope"],
    ["something unprotected", "d1 84 43 a10105 a1 01", "package/envelope"],
    ["a payload that is too long", "d1 84 43 a10105 a0 59 0100", "package/envelope"],
    ["a payload of 2^32 bytes", "d1 84 43 a10105 a0 5b 0000000100000000", "package/envelope"],
    ["a length in two bytes that fits one", "d1 84 43 a10105 a0 59 0020", "package/envelope"],
    ["a signature that is too long", "d1 84 43 a10105 a0 41 a0 59 ffff", "package/envelope"],
    ["no manifest", "d1 84 43 a10105 a0 41 a0 41 00", "package/manifest"],
  ])("%s is refused", (_what, hex, fault) => {
    expect(faultOf(hex)).toBe(fault);
  });

  test.each([
    ["a vendor without a name", { vendor: "" }],
    ["a vendor with too long a name", { vendor: "x".repeat(65) }],
    ["a class that is not ASCII", { deviceClass: "z\u00e4hler" }],
    ["a class with a line feed", { deviceClass: "a\nb" }],
    ["a version in letters", { version: "1.0-beta" }],
    ["an image of nothing", { size: 0 }],
    ["a digest that is too short", { digest: new Uint8Array(20) }],
  ])("%s is not written", (_what, more) => {
    expect(() => encodeEnvelope({ ...MANIFEST, ...more }, KEY)).toThrow("package/manifest");
  });
});

describe("versions", () => {
  test.each([
    "",
    "1.",
    ".1",
    "1..2",
    "1.2.3.4.5",
    "01.2",
    "1.-2",
    "1.2a",
    "1234567890",
    "v1",
  ])("%j is none", (version) => {
    expect(versionNumbers(version)).toBeUndefined();
  });

  test.each([
    ["1.2.3", "1.2.4"],
    ["1.9", "1.10"],
    ["1", "1.0.0.1"],
    ["0.99.99", "1"],
    ["999999998", "999999999"],
  ])("%s is older than %s, and not the other way round", (older, newer) => {
    expect(isOlder(older, newer)).toBe(true);
    expect(isOlder(newer, older)).toBe(false);
  });

  test("1 and 1.0.0 are the same", () => {
    expect(isOlder("1", "1.0.0")).toBe(false);
    expect(isOlder("1.0.0", "1")).toBe(false);
  });
});
