/**
 * Reading the public key that a certificate is wanted for.
 *
 * It comes from a stranger and is about to be signed. So it is no matter of decoding whatever keys there are and looking at the result, which
 * has OpenSSL and Node meet structures that nobody tested: Node 20 ends the process when it is asked for the curve of a key at infinity. There
 * are two exact forms for each curve, and all that varies in them is the point:
 *
 *   SubjectPublicKeyInfo ::= SEQUENCE { AlgorithmIdentifier { id-ecPublicKey, curve }, BIT STRING { point } }   RFC 5480 §2
 *   point                ::= 04 x y, or compressed 02 x, 03 x                                                  RFC 5480 §2.2
 *
 * What is signed is the form with 04, its point found to be on the curve.
 */
import { ECDH } from "node:crypto";
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
const UNCOMPRESSED_POINT = 65;
const COMPRESSED_POINT = 33;

/** AlgorithmIdentifier, DER. */
const ALGORITHMS: Readonly<Record<Curve, string>> = {
  prime256v1: "301306072a8648ce3d020106082a8648ce3d030107",
  secp256k1: "301006072a8648ce3d020106052b8104000a",
  brainpoolP256r1: "301406072a8648ce3d020106092b2403030208010107",
};
/** The beginnings of other keys' algorithms, in hex, for an answer that helps. */
const EC_ALGORITHM = "06072a8648ce3d0201";
const RSA_ALGORITHM = "06092a864886f70d0101";

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
  for (const curve of CURVES) {
    const point = pointOf(block.der, curve);
    if (point === undefined) continue;
    if (!allowed.includes(curve)) return refuse(`it is on the curve ${curve}`, allowed);
    const spki = spkiOf(point, curve);
    return spki === undefined ? refuse("its point is not on its curve", allowed) : { curve, spki };
  }
  return refuse(kindOf(block.der), allowed);
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

/** The point of a key that has exactly one of the forms for this curve. */
function pointOf(der: Uint8Array, curve: Curve): Uint8Array | undefined {
  for (const length of [UNCOMPRESSED_POINT, COMPRESSED_POINT]) {
    const head = spkiHead(curve, length);
    if (der.length !== head.length + length) continue;
    if (head.equals(der.subarray(0, head.length))) return der.subarray(head.length);
  }
  return undefined;
}

/** What stands before a point of this length. All lengths are below 128, so that each is one byte. */
function spkiHead(curve: Curve, pointLength: number): Buffer {
  const algorithm = Buffer.from(ALGORITHMS[curve], "hex");
  const bitString = Buffer.of(0x03, pointLength + 1, 0);
  const length = algorithm.length + bitString.length + pointLength;
  return Buffer.concat([Buffer.of(0x30, length), algorithm, bitString]);
}

/** The key with its point uncompressed; undefined when that is not on the curve. */
function spkiOf(point: Uint8Array, curve: Curve): Uint8Array | undefined {
  try {
    const converted = ECDH.convertKey(point, curve, undefined, undefined, "uncompressed");
    const head = spkiHead(curve, UNCOMPRESSED_POINT);
    return new Uint8Array(Buffer.concat([head, converted as Buffer]));
  } catch {
    return undefined;
  }
}

function kindOf(der: Uint8Array): string {
  const hex = Buffer.from(der.subarray(0, 32)).toString("hex");
  if (hex.includes(RSA_ALGORITHM)) return "it is an RSA key";
  return hex.includes(EC_ALGORITHM)
    ? "it is on another curve, its curve is not given by name, or it is damaged"
    : "it is a key of another kind, or damaged";
}
