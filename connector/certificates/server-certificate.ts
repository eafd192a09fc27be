/** The connector's own certificate, signed by its authority, for when nobody brings another. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { HOUR, type Milliseconds } from "../../protocol/time/duration.ts";
import type { CertificateAuthority, CertifiedKey } from "./authority.ts";
import { writePem } from "./pem.ts";
import type { Secrets } from "./secrets.ts";

const FILE = "server-certificate.pem";
/** A certificate that ends earlier is renewed. */
const RENEWED_BEFORE: Milliseconds = 30 * 24 * HOUR;

export class ServerCertificate {
  private readonly secrets: Secrets;
  private readonly authority: () => Promise<CertificateAuthority>;
  private readonly names: readonly string[];

  /** @param names the host names and addresses that clients reach the connector by */
  constructor(
    secrets: Secrets,
    authority: () => Promise<CertificateAuthority>,
    names: readonly string[],
  ) {
    this.secrets = secrets;
    this.authority = authority;
    this.names = names;
  }

  /** The one that is kept, while it is good for these names and not near its end; a new one otherwise. */
  async current(calendarNow: number): Promise<CertifiedKey> {
    const authority = await this.authority();
    const kept = readPair(this.secrets.read(FILE));
    if (kept !== undefined && this.isGood(kept, authority, calendarNow)) return kept;
    const made = await authority.signServer(calendarNow, this.names);
    this.secrets.write(FILE, `${made.key}\n${made.cert}\n`);
    return made;
  }

  private isGood(
    { cert }: CertifiedKey,
    authority: CertificateAuthority,
    calendarNow: number,
  ): boolean {
    const certificate = new X509Certificate(cert);
    return (
      authority.hasSigned(certificate) &&
      Date.parse(certificate.validFrom) <= calendarNow &&
      Date.parse(certificate.validTo) - RENEWED_BEFORE > calendarNow &&
      this.names.every((name) =>
        isIP(name) === 0
          ? certificate.checkHost(name) !== undefined
          : certificate.checkIP(name) !== undefined,
      )
    );
  }
}

/** What a file holds; undefined when it is no key with its certificate. Another one is made then, since no device depends on it. */
function readPair(pem: string | undefined): CertifiedKey | undefined {
  if (pem === undefined) return undefined;
  try {
    const key = createPrivateKey(pem);
    const certificate = new X509Certificate(pem);
    if (!certificate.checkPrivateKey(key)) return undefined;
    return {
      key: (key.export({ format: "pem", type: "pkcs8" }) as string).trimEnd(),
      cert: writePem("CERTIFICATE", certificate.raw),
    };
  } catch {
    return undefined;
  }
}
