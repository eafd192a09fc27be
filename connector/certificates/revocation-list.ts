/**
 * Writing a certificate revocation list (RFC 5280 §5.1).
 *
 *   CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
 *   TBSCertList     ::= SEQUENCE { version v2, signature, issuer Name, thisUpdate, nextUpdate,
 *                                  SEQUENCE OF { userCertificate INTEGER, revocationDate } OPTIONAL,
 *                                  [0] { authorityKeyIdentifier, cRLNumber } }
 *
 * By hand, since the library of the certificates takes a time that grows with the square of the entries: 49 s for 20,000 of them.
 */

/** A certificate that is no longer good before its time. */
export interface RevokedSerial {
  /** Hex. */
  readonly serial: string;
  /** Calendar milliseconds. */
  readonly revokedAt: number;
}

export interface RevocationList {
  /** Name, DER, as the authority's certificate has it. */
  readonly issuer: Uint8Array;
  /** The authority's subject key identifier, hex. */
  readonly keyId: string;
  /** Of two lists the one with the greater number is the newer (RFC 5280 §5.2.3). */
  readonly number: number;
  /** Calendar milliseconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly revoked: readonly RevokedSerial[];
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const KEY_IDENTIFIER = 0x80;
const EXTENSIONS = 0xa0;

/** SEQUENCE { ecdsa-with-SHA256 } */
const ECDSA_WITH_SHA256 = Buffer.from("300a06082a8648ce3d040302", "hex");
const AUTHORITY_KEY_IDENTIFIER = Buffer.from("0603551d23", "hex");
const CRL_NUMBER = Buffer.from("0603551d14", "hex");
const VERSION_2 = Buffer.of(1);

/**
 * Writes and signs a list.
 *
 * @param sign ECDSA with SHA-256, its answer in DER
 * @returns CertificateList, DER
 */
export function writeRevocationList(
  list: RevocationList,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const entries = list.revoked.map(({ serial, revokedAt }) =>
    der(SEQUENCE, positive(serial), time(revokedAt)),
  );
  const keyId = der(SEQUENCE, der(KEY_IDENTIFIER, Buffer.from(list.keyId, "hex")));
  const number = positive(list.number.toString(16));
  const extensions = der(
    SEQUENCE,
    der(SEQUENCE, AUTHORITY_KEY_IDENTIFIER, der(OCTET_STRING, keyId)),
    der(SEQUENCE, CRL_NUMBER, der(OCTET_STRING, number)),
  );
  const signed = der(
    SEQUENCE,
    der(INTEGER, VERSION_2),
    ECDSA_WITH_SHA256,
    list.issuer,
    time(list.thisUpdate),
    time(list.nextUpdate),
    // An empty one is left out (RFC 5280 §5.1.2.6).
    entries.length === 0 ? Buffer.of() : der(SEQUENCE, Buffer.concat(entries)),
    der(EXTENSIONS, extensions),
  );
  const signature = der(BIT_STRING, Buffer.of(0), sign(signed));
  return new Uint8Array(der(SEQUENCE, signed, ECDSA_WITH_SHA256, signature));
}

/** One value: its tag, its length, and what it consists of. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const content of contents) length += content.length;
  return Buffer.concat([Buffer.of(tag), lengthOctets(length), ...contents]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const octets = wholeBytes(length.toString(16));
  return Buffer.concat([Buffer.of(0x80 | octets.length), octets]);
}

/** A number above zero. */
function positive(hex: string): Buffer {
  const octets = wholeBytes(hex);
  return octets[0] < 0x80 ? der(INTEGER, octets) : der(INTEGER, Buffer.of(0), octets);
}

function wholeBytes(hex: string): Buffer {
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

/** Two digits of the year until 2049, four from then on (RFC 5280 §5.1.2.4). */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\.\d+|[-:T]/g, "");
  return digits < "2050"
    ? der(UTC_TIME, Buffer.from(digits.slice(2)))
    : der(GENERALIZED_TIME, Buffer.from(digits));
}
