/** Certificates for devices: the authority that signs them, and the ledger of what it signed. */
import { randomUUID } from "node:crypto";
import type { Table } from "../store/store.ts";
import { CertificateAuthority } from "./authority.ts";
import { newSerial } from "./contents.ts";
import {
  CertificateLedger,
  type IssuedCertificate,
  type LedgerLimits,
  type LedgerRefusal,
} from "./ledger.ts";
import { writePem } from "./pem.ts";
import type { Curve, PublicKey } from "./public-key.ts";
import type { Secrets } from "./secrets.ts";

export interface DeviceCertificatesSettings {
  readonly secrets: Secrets;
  readonly table: Table<IssuedCertificate>;
  /** Calendar milliseconds. */
  readonly calendarNow: () => number;
  /** The curves of the public keys that are signed; P-256 alone unless said otherwise. */
  readonly curves?: readonly Curve[];
  readonly limits?: LedgerLimits;
}

/** Whom a certificate is for, and who asks for it. */
export interface CertificateOrder {
  readonly domainId: string;
  /** The id of the credential that asks. */
  readonly issuedBy: string;
  readonly publicKey: PublicKey;
}

/** What a device needs to show who it is, and to know the connector. All PEM is without a newline after its last line. */
export interface DeviceCertificate {
  readonly row: IssuedCertificate;
  /** In PEM. */
  readonly deviceCertificate: string;
  /** The authority's, in PEM: the connector's own certificate changes every year, this one does not. */
  readonly serverCertificate: string;
}

export class DeviceCertificates {
  readonly ledger: CertificateLedger;
  readonly curves: readonly Curve[];
  private readonly settings: DeviceCertificatesSettings;
  private opening: Promise<CertificateAuthority> | undefined;

  constructor(settings: DeviceCertificatesSettings) {
    this.settings = settings;
    this.curves = settings.curves ?? ["prime256v1"];
    this.ledger = new CertificateLedger(settings.table, settings.calendarNow(), settings.limits);
  }

  /** The authority, made when it is asked for the first time. Rejects as `CertificateAuthority.open` does, and tries again the next time. */
  authority(): Promise<CertificateAuthority> {
    this.opening ??= CertificateAuthority.open(
      this.settings.secrets,
      this.settings.calendarNow(),
    ).catch((error) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /**
   * Issues a certificate under a new endpoint name that nobody can guess. It is on record then, but durable only after the next commit.
   *
   * @returns why not, when the credential's quota or the connector's bound is reached
   */
  async issue(order: CertificateOrder): Promise<DeviceCertificate | LedgerRefusal> {
    const authority = await this.authority();
    const calendarNow = this.settings.calendarNow();
    // From here to the row nothing waits: requests at the same time cannot pass the quota together.
    const refusal = this.ledger.refusal(calendarNow, order.issuedBy);
    if (refusal !== undefined) return refusal;
    const row: IssuedCertificate = {
      serial: newSerial(),
      domainId: order.domainId,
      endpointName: randomUUID(),
      authorityKeyId: authority.keyId,
      issuedBy: order.issuedBy,
      issuedAt: calendarNow,
      notAfter: authority.deviceNotAfter(calendarNow),
    };
    this.ledger.record(row);
    try {
      const { spki } = order.publicKey;
      const deviceCertificate = await authority.signDevice(calendarNow, { ...row, spki });
      return { row, deviceCertificate, serverCertificate: authority.certificate };
    } catch (error) {
      this.ledger.withdraw(row.serial);
      throw error;
    }
  }

  /** The list of what is revoked, in PEM, good for 7 days (RFC 5280 §5). */
  async revocationList(): Promise<string> {
    const authority = await this.authority();
    const revoked = this.ledger.revoked(authority.keyId).map(({ serial, revokedAt }) => ({
      serial,
      revokedAt: revokedAt as number,
    }));
    const list = await authority.signRevocationList(this.settings.calendarNow(), revoked);
    return writePem("X509 CRL", list);
  }
}

export function isLedgerRefusal(
  issued: DeviceCertificate | LedgerRefusal,
): issued is LedgerRefusal {
  return "kind" in issued;
}
