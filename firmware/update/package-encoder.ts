/**
 * Writes the envelope of a signed package (package-envelope.ts): for the tools that make packages; a device only reads.
 */
import { writer } from "../../protocol/bytes/writer.ts";
import {
  ARRAY,
  BYTE_STRING,
  MAP,
  TAG,
  UNSIGNED_INTEGER,
  writeHead,
  writeInteger,
  writeText,
} from "../../protocol/content/cbor-items.ts";
import { misuse } from "../objects/misuse.ts";
import type { Manifest } from "./package-envelope.ts";
import {
  COSE_MAC0,
  COSE_SIGN1,
  decodeManifest,
  ELEMENTS,
  HMAC_SHA_256,
  MANIFEST_VERSION,
  signedBytes,
} from "./package-envelope.ts";

/** What a manifest is signed by: the key's algorithm, and what it makes of the bytes to be signed. */
export interface PackageSigner {
  readonly algorithm: number;
  sign(message: Uint8Array): Uint8Array;
}

/** The envelope of an image. Throws `package/manifest` for what the decoder would not take. */
export function encodeEnvelope(manifest: Manifest, signer: PackageSigner): Uint8Array {
  const payload = encodeManifest(manifest);
  if (decodeManifest(payload) === undefined) {
    throw misuse(
      "package/manifest",
      `${manifest.vendor}, ${manifest.deviceClass}, ${manifest.version}`,
    );
  }
  const isMac = signer.algorithm === HMAC_SHA_256;
  writer.clear();
  writeInteger(signer.algorithm, false);
  writeHead(UNSIGNED_INTEGER, 1);
  writeHead(MAP, 1);
  const header = bytesItem(writer.finish());
  const body = bytesItem(payload);
  const signature = signer.sign(signedBytes(isMac, header, body));
  writer.clear();
  writer.bytes(signature, signature.length);
  writeHead(BYTE_STRING, signature.length);
  writer.bytes(body, body.length);
  writeHead(MAP, 0);
  writer.bytes(header, header.length);
  writeHead(ARRAY, 4);
  writeHead(TAG, isMac ? COSE_MAC0 : COSE_SIGN1);
  return writer.finish();
}

function encodeManifest(manifest: Manifest): Uint8Array {
  writer.clear();
  writer.bytes(manifest.digest, manifest.digest.length);
  writeHead(BYTE_STRING, manifest.digest.length);
  writeHead(UNSIGNED_INTEGER, 6);
  writeHead(UNSIGNED_INTEGER, manifest.size);
  writeHead(UNSIGNED_INTEGER, 5);
  writeText(manifest.version);
  writeHead(UNSIGNED_INTEGER, 4);
  writeText(manifest.deviceClass);
  writeHead(UNSIGNED_INTEGER, 3);
  writeText(manifest.vendor);
  writeHead(UNSIGNED_INTEGER, 2);
  writeHead(UNSIGNED_INTEGER, MANIFEST_VERSION);
  writeHead(UNSIGNED_INTEGER, 1);
  writeHead(MAP, ELEMENTS);
  return writer.finish();
}

/** A byte string with its head. */
function bytesItem(bytes: Uint8Array): Uint8Array {
  writer.clear();
  writer.bytes(bytes, bytes.length);
  writeHead(BYTE_STRING, bytes.length);
  return writer.finish();
}
