/** What stands in certificates beside keys and dates: serial numbers, names, extensions (RFC 5280 §4.2). */
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Extension } from "@peculiar/x509";
import type { X509 } from "./x509.ts";

/** Purposes of a certificate: RFC 5280 §4.2.1.12. */
export const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
export const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** A common name and an organization are no longer than this (RFC 5280 Appendix A). */
const LONGEST_NAME = 64;
/** 126 of its bits are random, and the first is 0 so that it is positive (RFC 5280 §4.1.2.2: at most 20 octets). */
const SERIAL_BYTES = 16;

/** Draws the serial number of a certificate. */
export function newSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = (bytes[0] & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/** The last guard of what becomes part of a distinguished name: nothing in it means anything there. */
export function checkedName(name: string): string {
  if (name === "" || name.length > LONGEST_NAME || /[^A-Za-z0-9.:_-]/.test(name)) {
    throw new Error("A name in a certificate must be 1 to 64 letters, digits or .:_-");
  }
  return name;
}

/** Of one that signs certificates, but no other authorities, and revocation lists. */
export function authorityExtensions(x509: X509): Extension[] {
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  return [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ];
}

/** Of a certificate that signs nothing. */
export function leafExtensions(x509: X509, usage: string): Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([usage]),
  ];
}

/** The host names and addresses of a server. */
export function alternativeNames(x509: X509, names: readonly string[]): Extension {
  return new x509.SubjectAlternativeNameExtension(
    names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
  );
}
