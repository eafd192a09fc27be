/**
 * The form of a signed package: what stands before an image, and says of it what it is and who vouches for that.
 *
 *     +----------------------------------------------------------------+-------------------------+
 *     | envelope: COSE_Mac0 or COSE_Sign1 (RFC 9052 §6.2, §4.2)         | image, as it is run     |
 *     |   17([<<{1: algorithm}>>, {}, <<manifest>>, tag])               |                         |
 *     |   18([<<{1: algorithm}>>, {}, <<manifest>>, signature])         |                         |
 *     +----------------------------------------------------------------+-------------------------+
 *
 *     manifest = {1: 1, 2: vendor, 3: class, 4: version, 5: size of the image, 6: its SHA-256}
 *
 * The elements are those of RFC 9124 §3 that a device with one image needs. All of it is deterministic CBOR (RFC 8949 §4.2.1), and
 * nothing else is taken: a package has one spelling. The decoder is total, and bounded by the lengths below whatever the bytes say.
 */
import { writer } from "../../protocol/bytes/writer.ts";
import {
  ARRAY,
  BYTE_STRING,
  MAP,
  NEGATIVE_INTEGER,
  TAG,
  TEXT_STRING,
  UNSIGNED_INTEGER,
  writeHead,
  writeText,
} from "../../protocol/content/cbor-items.ts";
import type { Malformed } from "../../protocol/malformed.ts";
import { malformed } from "../../protocol/malformed.ts";
import { versionNumbers } from "./version-order.ts";

// Algorithms of COSE (RFC 9053 §3.1, §2.2, RFC 8778 §3).

export const HMAC_SHA_256 = 5;
export const EDDSA = -8;
export const HSS_LMS = -46;

/** What a manifest says of an image. */
export interface Manifest {
  /** Whose devices it is for: 1 to 64 printable ASCII characters. */
  readonly vendor: string;
  /** Which of them, likewise: all devices of a class run the same image. */
  readonly deviceClass: string;
  /** As version-order.ts has it. */
  readonly version: string;
  /** Bytes of the image. */
  readonly size: number;
  /** SHA-256 of the image. */
  readonly digest: Uint8Array;
}

export interface Envelope {
  /** Of COSE. */
  readonly algorithm: number;
  readonly manifest: Manifest;
  /** What the signature is of (RFC 9052 §4.4, §6.3). */
  readonly signed: Uint8Array;
  /** Or the tag. A view. */
  readonly signature: Uint8Array;
  /** Bytes of the envelope: the image begins behind it. */
  readonly length: number;
}

/** Tags of COSE, and of what a manifest is made. */
export const COSE_MAC0 = 17;
export const COSE_SIGN1 = 18;
export const MANIFEST_VERSION = 1;
export const ELEMENTS = 6;
const DIGEST_LENGTH = 32;
const LONGEST_NAME = 64;
const LONGEST_VERSION = 39;
const LONGEST_MANIFEST = 255;
/** A signature of HSS/LMS with a tree of 20 levels has 2,832 bytes. */
const LONGEST_SIGNATURE = 2900;
/** Bytes; no envelope is longer. */
export const LONGEST_ENVELOPE = LONGEST_MANIFEST + LONGEST_SIGNATURE + 20;

const SOURCE = "RFC 8949 §4.2.1";

/**
 * Reads the envelope that a package begins with.
 *
 * @returns the envelope; undefined while bytes are missing; or what is wrong: `package/other` for what is no package of this form
 * at all, `package/envelope` and `package/manifest` for one that is broken
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope | Malformed | undefined {
  const reader = new CanonicalReader(bytes);
  const isTag =
    reader.head(TAG) && (reader.argument === COSE_MAC0 || reader.argument === COSE_SIGN1);
  const isMac = reader.argument === COSE_MAC0;
  if (!isTag || !reader.count(ARRAY, 4)) return reader.fault("package/other");
  const protectedAt = reader.at;
  const header = reader.string(BYTE_STRING, 4);
  const protectedEnd = reader.at;
  if (header === undefined || !reader.count(MAP, 0)) return reader.fault("package/envelope");
  const algorithm = algorithmIn(header);
  if (algorithm === undefined || isMac !== (algorithm === HMAC_SHA_256)) {
    return reader.fault("package/envelope");
  }
  const payloadAt = reader.at;
  const payload = reader.string(BYTE_STRING, LONGEST_MANIFEST);
  const payloadEnd = reader.at;
  const signature =
    payload === undefined ? undefined : reader.string(BYTE_STRING, LONGEST_SIGNATURE);
  if (payload === undefined || signature === undefined) return reader.fault("package/envelope");
  const manifest = decodeManifest(payload);
  if (manifest === undefined) return malformed("package/manifest", payloadAt, SOURCE);
  return {
    algorithm: algorithm,
    manifest: manifest,
    signed: signedBytes(
      isMac,
      bytes.subarray(protectedAt, protectedEnd),
      bytes.subarray(payloadAt, payloadEnd),
    ),
    signature: signature,
    length: reader.at,
  };
}

/** `{1: algorithm}`. */
function algorithmIn(header: Uint8Array): number | undefined {
  const reader = new CanonicalReader(header);
  if (!reader.count(MAP, 1) || !reader.count(UNSIGNED_INTEGER, 1)) return undefined;
  const isNegative = header[reader.at] >= NEGATIVE_INTEGER;
  if (!reader.head(isNegative ? NEGATIVE_INTEGER : UNSIGNED_INTEGER)) return undefined;
  if (reader.at !== header.length) return undefined;
  return isNegative ? -1 - reader.argument : reader.argument;
}

/** Reads a manifest, all of the bytes; undefined for what is none. */
export function decodeManifest(bytes: Uint8Array): Manifest | undefined {
  const reader = new CanonicalReader(bytes);
  const isFirst =
    reader.count(MAP, ELEMENTS) &&
    reader.count(UNSIGNED_INTEGER, 1) &&
    reader.count(UNSIGNED_INTEGER, MANIFEST_VERSION);
  const vendor = isFirst ? reader.text(2, LONGEST_NAME) : undefined;
  const deviceClass = vendor === undefined ? undefined : reader.text(3, LONGEST_NAME);
  const version = deviceClass === undefined ? undefined : reader.text(4, LONGEST_VERSION);
  if (vendor === undefined || deviceClass === undefined || version === undefined) return undefined;
  if (!reader.count(UNSIGNED_INTEGER, 5) || !reader.head(UNSIGNED_INTEGER)) return undefined;
  const size = reader.argument;
  if (!reader.count(UNSIGNED_INTEGER, 6)) return undefined;
  const digest = reader.string(BYTE_STRING, DIGEST_LENGTH);
  if (digest === undefined || digest.length !== DIGEST_LENGTH) return undefined;
  if (size === 0 || reader.at !== bytes.length) return undefined;
  if (versionNumbers(version) === undefined) return undefined;
  return {
    vendor: vendor,
    deviceClass: deviceClass,
    version: version,
    size: size,
    digest: new Uint8Array(digest),
  };
}

/** Reads deterministic CBOR from the front. What returns false or undefined ends it. */
class CanonicalReader {
  at = 0;
  /** Of the last head. */
  argument = 0;
  private readonly bytes: Uint8Array;
  /** It ended before its end. */
  private isShort = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Undefined, for more bytes, where that is all that is wrong. */
  fault(fault: string): Malformed | undefined {
    return this.isShort ? undefined : malformed(fault, this.at, SOURCE);
  }

  /** A head of a major type, in the shortest form, of an argument within 32 bits. */
  head(major: number): boolean {
    if (!this.has(1)) return false;
    const initial = this.bytes[this.at];
    const size = (initial & 31) < 24 ? 0 : 1 << ((initial & 31) - 24);
    if ((initial & 0xe0) !== major || size > 4) return false;
    if (!this.has(1 + size)) return false;
    this.at++;
    this.argument = size === 0 ? initial & 31 : 0;
    for (let i = 0; i < size; i++) this.argument = this.argument * 256 + this.bytes[this.at++];
    return size === 0 || this.argument >= (size === 1 ? 24 : size === 2 ? 256 : 65536);
  }

  /** A head with the one argument that may stand here. */
  count(major: number, argument: number): boolean {
    return this.head(major) && this.argument === argument;
  }

  /** A string, as a view. @param longest bytes: a longer one is no reason to wait for it */
  string(major: number, longest: number): Uint8Array | undefined {
    if (!this.head(major) || this.argument > longest || !this.has(this.argument)) return undefined;
    this.at += this.argument;
    return this.bytes.subarray(this.at - this.argument, this.at);
  }

  /** A key and its text of printable ASCII, one character at least. */
  text(key: number, longest: number): string | undefined {
    const bytes = this.count(UNSIGNED_INTEGER, key) ? this.string(TEXT_STRING, longest) : undefined;
    let text = "";
    for (let i = 0; bytes !== undefined && i < bytes.length; i++) {
      if (bytes[i] < 32 || bytes[i] > 126) return undefined;
      text += String.fromCharCode(bytes[i]);
    }
    return text === "" ? undefined : text;
  }

  private has(count: number): boolean {
    if (this.at + count <= this.bytes.length) return true;
    this.isShort = true;
    return false;
  }
}

/** The MAC_structure or Sig_structure, without external data. @param header, payload with their heads */
export function signedBytes(isMac: boolean, header: Uint8Array, payload: Uint8Array): Uint8Array {
  writer.clear();
  writer.bytes(payload, payload.length);
  writeHead(BYTE_STRING, 0);
  writer.bytes(header, header.length);
  writeText(isMac ? "MAC0" : "Signature1");
  writeHead(ARRAY, 4);
  return writer.finish();
}
