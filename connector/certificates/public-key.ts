/**
 * Reading the public key that a certificate is wanted for.
 *
 * It comes from a stranger and is about to be signed, so what is signed is written anew here: the curve's own identifier and the point,
 * which OpenSSL has found to be on it. Curves by explicit parameters, compressed points and trailing bytes do not get through.
 */
import { createPublicKey, ECDH, type KeyObject } from "node:crypto";
import { isPemRefusal, readPem } from "./pem.ts";

/** Curves of 256 bits, by the names that OpenSSL gives them. P-256 is `prime256v1`. */
export const CURVES = ["prime256v1", "secp256k1", "brainpoolP256r1"] as const;
export type Curve = (typeof CURVES)[number];

export interface PublicKey {
  readonly curve: Curve;
  /** SubjectPublicKeyInfo, DER, with the point uncompressed (RFC 5480 §2). */
  readonly spki: Uint8Array;
}

export interface PublicKeyRefusal {
  /** A sentence for its sender. */
  readonly refusal: string;
}

/** A PEM of P-256 has 178 characters; indented, with CRLF, and with blanks to spare. */
const LONGEST_TEXT = 4096;
const COORDINATES = 64;

/** What stands before an uncompressed point in a SubjectPublicKeyInfo. */
const SPKI_PREFIXES: Readonly<Record<Curve, string>> = {
  prime256v1: "3059301306072a8648ce3d020106082a8648ce3d030107034200",
  secp256k1: "3056301006072a8648ce3d020106052b8104000a034200",
  brainpoolP256r1: "305a301406072a8648ce3d020106092b2403030208010107034200",
};

/**
 * Reads a public key in PEM.
 *
 * @param allowed the curves that are signed
 */
export function readPublicKey(
  text: string,
  allowed: readonly Curve[],
): PublicKey | PublicKeyRefusal {
  if (text.length > LONGEST_TEXT) {
    return refuse(`it is longer than ${LONGEST_TEXT} characters`, allowed);
  }
  const block = readPem(text);
  if (isPemRefusal(block)) return refuse(block.refusal, allowed);
  if (block.label.endsWith("PRIVATEKEY")) {
    return {
      refusal:
        "This is a private key: it is never to leave its device. Send the public key, and make a new pair, since this one was sent over a network.",
    };
  }
  if (block.label === "RSAPUBLICKEY") return refuse("it is an RSA key", allowed);
  if (block.label !== "PUBLICKEY" && block.label !== "ECPUBLICKEY") {
    return refuse("it is not labeled PUBLIC KEY", allowed);
  }
  const key = decodeSpki(block.der);
  if (key === undefined) return refuse("it is damaged, or its point is not on its curve", allowed);
  if (key.asymmetricKeyType !== "ec") {
    return refuse(`it is a key of type ${key.asymmetricKeyType}`, allowed);
  }
  const curve = allowed.find((name) => name === key.asymmetricKeyDetails?.namedCurve);
  if (curve === undefined) return refuse("it is on another curve", allowed);
  const spki = canonicalSpki(key, curve);
  return spki === undefined
    ? refuse("its curve is given by parameters instead of its name", allowed)
    : { curve, spki };
}

export function isPublicKeyRefusal(read: PublicKey | PublicKeyRefusal): read is PublicKeyRefusal {
  return "refusal" in read;
}

function refuse(why: string, allowed: readonly Curve[]): PublicKeyRefusal {
  const names = allowed.map((curve) => (curve === "prime256v1" ? "P-256 (secp256r1)" : curve));
  return {
    refusal: `The publickey cannot be used: ${why}. Expected is a public key on the curve ${names.join(" or ")}, in PEM.`,
  };
}

function decodeSpki(der: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

/** The key with its point uncompressed; undefined when it does not name its curve. */
function canonicalSpki(key: KeyObject, curve: Curve): Uint8Array | undefined {
  const exported = key.export({ format: "der", type: "spki" });
  const prefix = Buffer.from(SPKI_PREFIXES[curve], "hex");
  const uncompressed = exported.length === prefix.length + 1 + COORDINATES;
  const compressed = exported.length === prefix.length + 1 + COORDINATES / 2;
  if (!uncompressed && !compressed) return undefined;
  const point = exported.subarray(prefix.length);
  const converted = ECDH.convertKey(point, curve, undefined, undefined, "uncompressed") as Buffer;
  return new Uint8Array(Buffer.concat([prefix, converted]));
}
