/**
 * What the certificate authority has signed for devices, who asked for it, and what has been revoked since.
 *
 * A machine without I/O: it decides whether one more certificate may be issued, and whether one that a device shows is still good. Rows are
 * kept until their certificates end, revoked ones too, since a device can show them until then.
 */
import { HOUR, type Milliseconds } from "../../protocol/time/duration.ts";
import type { Table } from "../store/store.ts";

/** A row of the store. All times are calendar milliseconds. */
export interface IssuedCertificate {
  /** Hex, small letters: the key of the row. */
  readonly serial: string;
  readonly domainId: string;
  readonly endpointName: string;
  /** The authority's key that signed it. */
  readonly authorityKeyId: string;
  /** The credential that asked for it: an id, no secret. */
  readonly issuedBy: string;
  readonly issuedAt: number;
  readonly notAfter: number;
  readonly revokedAt?: number | undefined;
}

/** Why no certificate can be issued now. */
export type LedgerRefusal =
  /** This credential has had its share of the day. */
  | { readonly kind: "quota"; readonly retryAfter: Milliseconds }
  /** There are as many certificates as the connector keeps count of. */
  | { readonly kind: "full" };

export interface LedgerLimits {
  /** How many certificates one credential may get within 24 hours. */
  readonly perDay: number;
  /** How many certificates there may be that have not ended. */
  readonly total: number;
}

export const DEFAULT_LEDGER_LIMITS: LedgerLimits = { perDay: 1000, total: 250_000 };

const QUOTA_PERIOD: Milliseconds = 24 * HOUR;

export class CertificateLedger {
  private readonly table: Table<IssuedCertificate>;
  private readonly limits: LedgerLimits;
  /** By serial, in the order of issue. */
  private readonly rows = new Map<string, IssuedCertificate>();
  /** When each credential was issued certificates within the last 24 hours, the oldest first. */
  private readonly recent = new Map<string, number[]>();
  private revision = 0;

  constructor(
    table: Table<IssuedCertificate>,
    calendarNow: number,
    limits: LedgerLimits = DEFAULT_LEDGER_LIMITS,
  ) {
    this.table = table;
    this.limits = limits;
    const kept = [...table.entries()].map(([, row]) => row);
    kept.sort((one, other) => one.issuedAt - other.issuedAt);
    for (const row of kept) {
      this.rows.set(row.serial, row);
      this.count(row);
    }
    this.forgetEnded(calendarNow);
  }

  /** How many certificates it knows that have not ended, revoked ones included. */
  get size(): number {
    return this.rows.size;
  }

  /** Another number whenever `revoked` has another answer. */
  get revocations(): number {
    return this.revision;
  }

  /** Why a credential gets no certificate now; undefined when it gets one. */
  refusal(calendarNow: number, issuedBy: string): LedgerRefusal | undefined {
    this.forgetOld(calendarNow);
    const times = this.recent.get(issuedBy) ?? [];
    if (times.length >= this.limits.perDay) {
      return { kind: "quota", retryAfter: times[0] + QUOTA_PERIOD - calendarNow };
    }
    if (this.rows.size < this.limits.total) return undefined;
    this.forgetEnded(calendarNow);
    return this.rows.size < this.limits.total ? undefined : { kind: "full" };
  }

  /** Takes down a certificate. To be called before it is signed, so that none exists without its row. */
  record(row: IssuedCertificate): void {
    this.rows.set(row.serial, row);
    this.table.put(row.serial, row);
    this.count(row);
  }

  /** Strikes out a row whose certificate was not signed after all. */
  withdraw(serial: string): void {
    const row = this.rows.get(serial);
    if (row === undefined) return;
    this.remove(row);
    const times = this.recent.get(row.issuedBy) ?? [];
    const at = times.indexOf(row.issuedAt);
    if (at >= 0) times.splice(at, 1);
    if (times.length === 0) this.recent.delete(row.issuedBy);
  }

  /** @param serial hex; the case of its letters does not matter */
  find(serial: string): IssuedCertificate | undefined {
    return this.rows.get(serial.toLowerCase());
  }

  /** Whether a certificate is revoked. One that is not known here is not; whether to trust it is not decided by that. */
  isRevoked(serial: string): boolean {
    return this.find(serial)?.revokedAt !== undefined;
  }

  /**
   * Lists certificates in the order of issue.
   *
   * @param domainId only those of this domain; undefined for all
   * @param from how many to pass over
   * @param most how many to list
   */
  list(domainId: string | undefined, from: number, most: number): IssuedCertificate[] {
    const listed: IssuedCertificate[] = [];
    let passed = 0;
    for (const row of this.rows.values()) {
      if (domainId !== undefined && row.domainId !== domainId) continue;
      if (passed++ < from) continue;
      if (listed.length >= most) break;
      listed.push(row);
    }
    return listed;
  }

  /** The revoked certificates that one key of the authority has signed and that have not ended. */
  revoked(authorityKeyId: string): IssuedCertificate[] {
    return [...this.rows.values()].filter(
      (row) => row.revokedAt !== undefined && row.authorityKeyId === authorityKeyId,
    );
  }

  /**
   * Revokes a certificate for good; one that is revoked already stays as it is.
   *
   * @param domainId whose it must be; undefined for any. A foreign one is answered as if there were none.
   * @returns the row as it is then; undefined when there is none
   */
  revoke(
    calendarNow: number,
    serial: string,
    domainId: string | undefined,
  ): IssuedCertificate | undefined {
    const row = this.find(serial);
    if (row === undefined || (domainId !== undefined && row.domainId !== domainId)) {
      return undefined;
    }
    if (row.revokedAt !== undefined) return row;
    const revoked = { ...row, revokedAt: calendarNow };
    this.rows.set(row.serial, revoked);
    this.table.put(row.serial, revoked);
    this.revision++;
    return revoked;
  }

  private count({ issuedBy, issuedAt }: IssuedCertificate): void {
    const times = this.recent.get(issuedBy);
    if (times === undefined) this.recent.set(issuedBy, [issuedAt]);
    else times.push(issuedAt);
  }

  /** Keeps the quota's memory to the last day, and to the credentials that were used then. */
  private forgetOld(calendarNow: number): void {
    for (const [issuedBy, times] of this.recent) {
      let old = 0;
      while (old < times.length && times[old] <= calendarNow - QUOTA_PERIOD) old++;
      if (old === times.length) this.recent.delete(issuedBy);
      else if (old > 0) times.splice(0, old);
    }
  }

  private forgetEnded(calendarNow: number): void {
    for (const row of this.rows.values()) {
      if (row.notAfter < calendarNow) this.remove(row);
    }
  }

  private remove({ serial, revokedAt }: IssuedCertificate): void {
    this.rows.delete(serial);
    this.table.remove(serial);
    if (revokedAt !== undefined) this.revision++;
  }
}
