import { createPublicKey, ECDH, generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writePem } from "../../../../connector/certificates/pem.ts";
import {
  type Curve,
  isPublicKeyRefusal,
  readPublicKey,
} from "../../../../connector/certificates/public-key.ts";

const P256: readonly Curve[] = ["prime256v1"];

/** mbed Device Connector's own sample, as it stands in its page: an RSA key, and not a whole one. */
const SAMPLE = `-----BEGIN PUBLICKEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAryQICCl6NZ5gDKrnSztO
        3Hy8PEUcuyvg/ikC+VcIo2SFFSf18a3IMYldIugqqqZCs4/4uVW3sbdLs/6PfgdX
        7O9D22ZiFWHPYA2k2N744MNiCD1UE+tJyllUhSblK48bn+v1oZHCM0nYQ2NqUkvS
        OrUZ/wK69Dzu4IvrN4vs9Nes8vbwPa/ddZEzGR0cQMt0JBkhk9kU/qwqUseP1QRJ
        5I1jR4g8aYPL/ke9K35PxZWuDp3U0UPAZ3PjFAh+5T+fc7gzCs9dPzSHloruU+gl
        FQIDAQAB
        -----END PUBLIC KEY-----`;

/** A key on P-256 whose curve is spelled out. */
const EXPLICIT_PARAMETERS = `MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5
RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA
//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABGMh4OB0oHfTneKSHVFkMbw7
K2DsbfovTSQKQ1qoTbmY+enqX7R5YN0aF2sNdMmgT3+jpszpNBQ49QswW9hm82Y=`;

function newPublicKey(namedCurve: string): KeyObject {
  return generateKeyPairSync("ec", { namedCurve }).publicKey;
}

function derOf(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" });
}

function pemOf(der: Uint8Array): string {
  return writePem("PUBLIC KEY", der);
}

function refusalOf(text: string, allowed = P256): string {
  const read = readPublicKey(text, allowed);
  if (!isPublicKeyRefusal(read)) throw new Error("was read");
  return read.refusal;
}

describe("a key on P-256", () => {
  test("is read as it is", () => {
    const der = derOf(newPublicKey("prime256v1"));
    expect(readPublicKey(pemOf(der), P256)).toEqual({
      curve: "prime256v1",
      spki: new Uint8Array(der),
    });
  });

  test("in the form of the sample: PUBLICKEY, indented, no newline at the end", () => {
    const der = derOf(newPublicKey("prime256v1"));
    const text = pemOf(der).replace("PUBLIC KEY", "PUBLICKEY").replaceAll("\n", "\n        ");
    expect(readPublicKey(text, P256)).toMatchObject({ spki: new Uint8Array(der) });
  });

  test("with a compressed point has it uncompressed", () => {
    const der = derOf(newPublicKey("prime256v1"));
    const point = der.subarray(-65);
    const compressed = ECDH.convertKey(point, "prime256v1", undefined, undefined, "compressed");
    const head = Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex");
    const text = pemOf(Buffer.concat([head, compressed as Buffer]));
    expect(readPublicKey(text, P256)).toMatchObject({ spki: new Uint8Array(der) });
  });
});

describe("other curves", () => {
  test("of 256 bits are read only where they are allowed", () => {
    for (const curve of ["secp256k1", "brainpoolP256r1"] as const) {
      const der = derOf(newPublicKey(curve));
      expect(refusalOf(pemOf(der))).toContain(`on the curve ${curve}`);
      expect(readPublicKey(pemOf(der), ["prime256v1", curve])).toEqual({
        curve,
        spki: new Uint8Array(der),
      });
    }
  });

  test("of other sizes are never read", () => {
    for (const curve of ["secp224r1", "secp384r1", "secp521r1"]) {
      expect(refusalOf(pemOf(derOf(newPublicKey(curve))))).toContain("another curve");
    }
  });
});

describe("everything else is refused, and says that P-256 is expected", () => {
  const other: Record<string, () => string> = {
    "the sample itself": () => SAMPLE,
    RSA: () => pemOf(derOf(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey)),
    "RSA in its own form": () =>
      generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({
        format: "pem",
        type: "pkcs1",
      }) as string,
    "RSA-PSS": () =>
      pemOf(derOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey)),
    Ed25519: () => pemOf(derOf(generateKeyPairSync("ed25519").publicKey)),
    X25519: () => pemOf(derOf(generateKeyPairSync("x25519").publicKey)),
    "an empty text": () => "",
    "a certificate's label": () => writePem("CERTIFICATE", derOf(newPublicKey("prime256v1"))),
    "a text of 5,000 characters": () => pemOf(derOf(newPublicKey("prime256v1"))) + " ".repeat(5000),
    "a text of a megabyte without an end": () => `-----BEGIN PUBLIC KEY-----${"A".repeat(1 << 20)}`,
  };
  for (const [name, text] of Object.entries(other)) {
    test(name, () => {
      expect(refusalOf(text())).toMatch(/^The publickey cannot be used: .*P-256/);
    });
  }

  test("a point off the curve, at infinity, or beyond the field", () => {
    const der = derOf(newPublicKey("prime256v1"));
    const head = der.subarray(0, -64);
    const off = Buffer.from(der);
    off[off.length - 1] ^= 1;
    const infinity = Buffer.from("3019301306072a8648ce3d020106082a8648ce3d03010703020000", "hex");
    for (const bad of [
      off,
      Buffer.concat([head, Buffer.alloc(64)]),
      Buffer.concat([head, Buffer.alloc(64, 0xff)]),
    ]) {
      expect(refusalOf(pemOf(bad))).toContain("not on its curve");
    }
    // Who decodes this one as a key and asks for its curve ends a process of Node 20.
    expect(refusalOf(pemOf(infinity))).toContain("damaged");
  });

  test("a curve given by its parameters, though they are those of P-256", () => {
    // openssl ecparam -name prime256v1 -genkey -param_enc explicit | openssl pkey -pubout
    const text = `-----BEGIN PUBLIC KEY-----
${EXPLICIT_PARAMETERS}
-----END PUBLIC KEY-----`;
    expect(createPublicKey(text).asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    expect(refusalOf(text)).toContain("not given by name");
  });

  test("DER cut at any byte", () => {
    const der = derOf(newPublicKey("prime256v1"));
    for (let length = 1; length < der.length; length++) {
      expect(refusalOf(pemOf(der.subarray(0, length)))).toContain("damaged");
    }
  });

  test("DER with more behind it", () => {
    const der = derOf(newPublicKey("prime256v1"));
    expect(refusalOf(pemOf(Buffer.concat([der, Buffer.of(0)])))).toContain("damaged");
  });

  test("DER with any bit changed, before the point", () => {
    const der = derOf(newPublicKey("prime256v1"));
    const at = der.length - 65;
    for (let bit = 0; bit < at * 8; bit++) {
      const changed = Buffer.from(der);
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(refusalOf(pemOf(changed))).toContain("Expected is");
    }
  });

  test("DER with any bit changed in its coordinates: the point has left the curve", () => {
    const der = derOf(newPublicKey("prime256v1"));
    for (let bit = (der.length - 64) * 8; bit < der.length * 8; bit++) {
      const changed = Buffer.from(der);
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(refusalOf(pemOf(changed))).toContain("not on its curve");
    }
  });
});

test("no text and no bytes make it throw, and nothing is read but a key that was made as one", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 120 }).map((bytes) => writePem("PUBLIC KEY", bytes)),
    fc
      .array(
        fc.constantFrom(
          "-----BEGIN",
          "-----END",
          "-----",
          " PUBLIC",
          "KEY",
          "\n",
          "\\n",
          "AAAA",
          "=",
        ),
      )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (given) => {
      expect(readPublicKey(given, P256)).toHaveProperty("refusal");
    }),
    { numRuns: 2000 },
  );
});

test("a private key is refused with advice, and is not repeated", () => {
  const pem = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey.export({
    format: "pem",
    type: "pkcs8",
  }) as string;
  const refusal = refusalOf(pem);
  expect(refusal).toContain("private key");
  expect(refusal).not.toContain(pem.split("\n")[1]);
  for (const label of ["EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]) {
    expect(refusalOf(writePem(label, new Uint8Array(5)))).toContain("private key");
  }
});
