/** Certificates for devices: the authority that signs them, and the ledger of what it signed. */
import { randomUUID } from "node:crypto";
import { HOUR, type Milliseconds } from "../../protocol/time/duration.ts";
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

interface SignedList {
  readonly revocations: number;
  /** Calendar milliseconds. */
  readonly signedAt: number;
  readonly pem: Promise<string>;
}

const LIST_PERIOD: Milliseconds = 24 * HOUR;

export class DeviceCertificates {
  readonly ledger: CertificateLedger;
  readonly curves: readonly Curve[];
  private readonly settings: DeviceCertificatesSettings;
  private opening: Promise<CertificateAuthority> | undefined;
  private signedList: SignedList | undefined;

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

  /**
   * The list of what is revoked, in PEM (RFC 5280 §5). It is signed when something was revoked since the last one, or that is a day old,
   * so that anybody may ask for it as often as they like; good for 6 days at least.
   */
  revocationList(): Promise<string> {
    const { revocations } = this.ledger;
    const calendarNow = this.settings.calendarNow();
    const isGood =
      this.signedList?.revocations === revocations &&
      Math.abs(calendarNow - this.signedList.signedAt) < LIST_PERIOD;
    if (this.signedList === undefined || !isGood) {
      const pem = this.signRevocationList(calendarNow).catch((error) => {
        this.signedList = undefined;
        throw error;
      });
      this.signedList = { revocations, signedAt: calendarNow, pem };
    }
    return this.signedList.pem;
  }

  private async signRevocationList(calendarNow: number): Promise<string> {
    const authority = await this.authority();
    const revoked = this.ledger.revoked(authority.keyId).map(({ serial, revokedAt }) => ({
      serial,
      revokedAt: revokedAt as number,
    }));
    return writePem("X509 CRL", await authority.signRevocationList(calendarNow, revoked));
  }
}

export function isLedgerRefusal(
  issued: DeviceCertificate | LedgerRefusal,
): issued is LedgerRefusal {
  return "kind" in issued;
}
