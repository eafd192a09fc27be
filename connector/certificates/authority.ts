/**
 * The connector's own certificate authority: one P-256 key and its self-signed certificate, made when they are first needed.
 *
 *   CA (20 years) -> device certificates (10 years, client use)
 *                 -> the connector's server certificate (1 year, server use)
 *                 -> revocation lists (7 days)
 *
 * A device keeps the CA's certificate as what it trusts, so that the server's certificate can be renewed without a word to the devices. The
 * key is kept outside the store, in one file with its certificate, and signs nothing but these. What was signed is not remembered
 * here: see `ledger.ts`.
 */
import { createHash, createPrivateKey, sign, webcrypto, X509Certificate } from "node:crypto";
import type { Name, X509CertificateCreateWithKeyParams } from "@peculiar/x509";
import { HOUR, type Milliseconds } from "../../protocol/time/duration.ts";
import {
  alternativeNames,
  authorityExtensions,
  CLIENT_AUTH,
  checkedName,
  leafExtensions,
  newSerial,
  SERVER_AUTH,
} from "./contents.ts";
import { writePem } from "./pem.ts";
import { type RevokedSerial, writeRevocationList } from "./revocation-list.ts";
import type { Secrets } from "./secrets.ts";
import { loadX509, SIGNATURE, type X509 } from "./x509.ts";

/** What a device certificate says. */
export interface DeviceSubject {
  /** The common name. */
  readonly endpointName: string;
  /** The organization. */
  readonly domainId: string;
  readonly serial: string;
  /** SubjectPublicKeyInfo, DER, checked before. */
  readonly spki: Uint8Array;
  /** Calendar milliseconds. */
  readonly notAfter: number;
}

/** A key and its certificate, in PEM. */
export interface CertifiedKey {
  readonly key: string;
  readonly cert: string;
}

type AuthorityFault =
  | "certificates/bad-authority"
  | "certificates/authority-ended"
  | "certificates/clock-unset";

const FILE = "certificate-authority.pem";
const PRODUCT = "Dormouse";

const DAY: Milliseconds = 24 * HOUR;
const YEAR: Milliseconds = 365 * DAY;
const AUTHORITY_LIFETIME: Milliseconds = 20 * YEAR;
/**
 * Devices in the field live about as long, and few can be given a new certificate there. What shortens it is the authority's own end,
 * and revocation.
 */
const DEVICE_LIFETIME: Milliseconds = 10 * YEAR;
/** What browsers and systems accept of a server is 398 days. */
const SERVER_LIFETIME: Milliseconds = 397 * DAY;
const REVOCATION_LIST_LIFETIME: Milliseconds = 7 * DAY;
/** Clocks of devices go wrong; a certificate is good from some time before it is made. */
const BACKDATED: Milliseconds = HOUR;
/** An uncompressed point of P-256. */
const POINT_BYTES = 65;

/** No clock that is right says less. */
const EARLIEST = Date.UTC(2026, 0, 1);

export class CertificateAuthority {
  /** In PEM; what devices and clients are to trust. */
  readonly certificate: string;
  /** Names the key: the subject key identifier, hex. */
  readonly keyId: string;
  /** Calendar milliseconds. */
  readonly notAfter: number;
  private readonly parsed: X509Certificate;
  private readonly keyPem: string;
  private signingKey: Promise<webcrypto.CryptoKey> | undefined;
  private ownName: Name | undefined;

  /**
   * Takes up the authority that these secrets hold; makes one when they hold none.
   *
   * Rejects with `certificates/bad-authority` when what they hold cannot be used: a new one in its place would cut off every device that
   * trusts the old one. Rejects with `certificates/clock-unset` when one cannot be made. Both messages are fit for the operator.
   */
  static async open(secrets: Secrets, calendarNow: number): Promise<CertificateAuthority> {
    const kept = secrets.read(FILE);
    if (kept === undefined) {
      const made = await make(calendarNow);
      secrets.write(FILE, made);
      return new CertificateAuthority(made);
    }
    try {
      return new CertificateAuthority(kept);
    } catch {
      const file = secrets.describe(FILE);
      throw fault(
        "certificates/bad-authority",
        `The certificate authority in ${file} is damaged: restore it from a backup, or move it away to begin anew.`,
      );
    }
  }

  private constructor(pem: string) {
    this.parsed = new X509Certificate(pem);
    const key = createPrivateKey(pem);
    if (!this.parsed.ca || !this.parsed.checkPrivateKey(key)) throw new Error("not a pair");
    this.certificate = writePem("CERTIFICATE", this.parsed.raw);
    this.keyPem = key.export({ format: "pem", type: "pkcs8" }) as string;
    this.keyId = keyIdOf(this.parsed);
    this.notAfter = Date.parse(this.parsed.validTo);
  }

  /** Whether a certificate was signed by this authority. */
  hasSigned(certificate: X509Certificate): boolean {
    return certificate.checkIssued(this.parsed) && certificate.verify(this.parsed.publicKey);
  }

  /**
   * Until when a device certificate made now is good: calendar milliseconds, whole seconds.
   *
   * Throws as `endOf` does.
   */
  deviceNotAfter(calendarNow: number): number {
    return this.endOf(calendarNow, DEVICE_LIFETIME);
  }

  /** Signs a device's certificate. */
  async signDevice(calendarNow: number, subject: DeviceSubject): Promise<string> {
    const { endpointName, domainId, serial, spki, notAfter } = subject;
    const x509 = await loadX509();
    return this.sign(x509, {
      serialNumber: serial,
      subject: [{ O: [checkedName(domainId)] }, { CN: [checkedName(endpointName)] }],
      notBefore: new Date(calendarNow - BACKDATED),
      notAfter: new Date(notAfter),
      publicKey: spki,
      extensions: leafExtensions(x509, CLIENT_AUTH),
    });
  }

  /**
   * Makes a key for the connector itself and signs its certificate.
   *
   * @param names the host names and addresses that clients reach it by; not empty
   */
  async signServer(calendarNow: number, names: readonly string[]): Promise<CertifiedKey> {
    const x509 = await loadX509();
    const keys = await webcrypto.subtle.generateKey(SIGNATURE, true, ["sign", "verify"]);
    const cert = await this.sign(x509, {
      serialNumber: newSerial(),
      subject: [{ O: [PRODUCT] }, { CN: [`${PRODUCT} Device Connector`] }],
      notBefore: new Date(calendarNow - BACKDATED),
      notAfter: new Date(this.endOf(calendarNow, SERVER_LIFETIME)),
      publicKey: new Uint8Array(await webcrypto.subtle.exportKey("spki", keys.publicKey)),
      extensions: [...leafExtensions(x509, SERVER_AUTH), alternativeNames(x509, names)],
    });
    return { key: await privateKeyPem(keys.privateKey), cert };
  }

  /** Signs the list of what is revoked (RFC 5280 §5). Its number is the time in seconds, so that it grows by itself. */
  async signRevocationList(
    calendarNow: number,
    revoked: readonly RevokedSerial[],
  ): Promise<Uint8Array> {
    const list = {
      issuer: new Uint8Array((await this.issuerName()).toArrayBuffer()),
      keyId: this.keyId,
      number: Math.floor(calendarNow / 1000),
      thisUpdate: calendarNow,
      nextUpdate: calendarNow + REVOCATION_LIST_LIFETIME,
      revoked,
    };
    return writeRevocationList(list, (bytes) => sign("sha256", bytes, this.keyPem));
  }

  /**
   * When a certificate ends that is made now: not after the authority itself.
   *
   * Throws `certificates/authority-ended` when the authority's own time is over, and `certificates/clock-unset`.
   */
  private endOf(calendarNow: number, lifetime: Milliseconds): number {
    checkClock(calendarNow);
    if (calendarNow >= this.notAfter) {
      throw fault("certificates/authority-ended", "The certificate authority has come to its end.");
    }
    return wholeSeconds(Math.min(calendarNow + lifetime, this.notAfter));
  }

  private async sign(
    x509: X509,
    params: Omit<X509CertificateCreateWithKeyParams, "signingKey" | "issuer">,
  ): Promise<string> {
    const certificate = await x509.X509CertificateGenerator.create({
      ...params,
      issuer: await this.issuerName(),
      extensions: [
        ...(params.extensions ?? []),
        await x509.SubjectKeyIdentifierExtension.create(params.publicKey),
        new x509.AuthorityKeyIdentifierExtension(this.keyId),
      ],
      signingAlgorithm: SIGNATURE,
      signingKey: (await this.importedKey()) as never,
    });
    return writePem("CERTIFICATE", new Uint8Array(certificate.rawData));
  }

  /** Its own name, as its certificate has it. */
  private async issuerName(): Promise<Name> {
    const x509 = await loadX509();
    this.ownName ??= new x509.X509Certificate(this.parsed.raw).subjectName;
    return this.ownName;
  }

  private importedKey(): Promise<webcrypto.CryptoKey> {
    this.signingKey ??= webcrypto.subtle.importKey(
      "pkcs8",
      createPrivateKey(this.keyPem).export({ format: "der", type: "pkcs8" }),
      SIGNATURE,
      false,
      ["sign"],
    );
    return this.signingKey;
  }
}

/** A new authority: its key and its certificate, in PEM. */
async function make(calendarNow: number): Promise<string> {
  checkClock(calendarNow);
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(SIGNATURE, true, ["sign", "verify"]);
  const serial = newSerial();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    // Two authorities of one name would be mixed up by whoever trusts both.
    name: [{ O: [PRODUCT] }, { CN: [`${PRODUCT} CA ${serial.slice(-8)}`] }],
    notBefore: new Date(calendarNow - BACKDATED),
    notAfter: new Date(calendarNow + AUTHORITY_LIFETIME),
    keys: keys as never,
    extensions: [
      ...authorityExtensions(x509),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
    signingAlgorithm: SIGNATURE,
  });
  const cert = writePem("CERTIFICATE", new Uint8Array(certificate.rawData));
  return `${await privateKeyPem(keys.privateKey)}\n${cert}\n`;
}

/** Machines without a battery begin in 1970. What they certified then would have ended when their clock is set. */
function checkClock(calendarNow: number): void {
  if (calendarNow >= EARLIEST) return;
  const date = new Date(calendarNow).toISOString().slice(0, 10);
  throw fault(
    "certificates/clock-unset",
    `This machine's clock says ${date}: it must be set before certificates are made.`,
  );
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return writePem("PRIVATE KEY", new Uint8Array(await webcrypto.subtle.exportKey("pkcs8", key)));
}

/** SHA-1 of the point: the usual way to name a key (RFC 5280 §4.2.1.2), and the one of the library. */
function keyIdOf(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ format: "der", type: "spki" });
  return createHash("sha1").update(spki.subarray(-POINT_BYTES)).digest("hex");
}

function fault(code: AuthorityFault, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}
