/**
 * Links with which somebody shows that an e-mail address is his: they were sent there and nowhere else, work once and for a day.
 *
 * Only the SHA-256 of a link's token is kept. An address has few of them at a time, so that nobody fills a mailbox or the store, and
 * asking again does not make worthless the link that is on its way.
 */
import { HOUR } from "../../protocol/time/duration.ts";
import type { Journal, Table } from "../store/store.ts";
import { digestOf, randomAlphanumerics } from "./key-crypto.ts";

export interface Invitation {
  readonly email: string;
  readonly domainId: string;
  /** Where the page leads afterwards; one that is allowed. */
  readonly redirect: string | undefined;
  /** Calendar milliseconds. */
  readonly expiresAt: number;
}

export const INVITATION_HOURS = 24;
/** 190 bits. */
const TOKEN_LENGTH = 32;
const MOST_PER_ADDRESS = 3;
const MOST_INVITATIONS = 10_000;

export class Invitations {
  private readonly table: Table<Invitation>;
  /** By the digest of the token, the oldest first. */
  private readonly byDigest = new Map<string, Invitation>();
  /** E-mail address -> digests. */
  private readonly ofAddress = new Map<string, Set<string>>();

  constructor(store: Journal) {
    this.table = store.table("invitations");
    const stored = [...this.table.entries()];
    stored.sort(([, one], [, other]) => one.expiresAt - other.expiresAt);
    for (const [digest, invitation] of stored) this.file(digest, invitation);
  }

  get size(): number {
    return this.byDigest.size;
  }

  /** Makes an invitation; the token returned is seen this once. Undefined when the address has enough of them. */
  create(
    email: string,
    domainId: string,
    redirect: string | undefined,
    calendarNow: number,
  ): string | undefined {
    this.prune(calendarNow);
    if ((this.ofAddress.get(email)?.size ?? 0) >= MOST_PER_ADDRESS) return undefined;
    const token = randomAlphanumerics(TOKEN_LENGTH);
    const expiresAt = calendarNow + INVITATION_HOURS * HOUR;
    const invitation = { email, domainId, redirect, expiresAt };
    const digest = digestOf(token);
    this.file(digest, invitation);
    this.table.put(digest, invitation);
    return token;
  }

  /** The invitation of a token, which stays good; undefined when there is none, or no more. */
  find(token: string, calendarNow: number): Invitation | undefined {
    if (token.length !== TOKEN_LENGTH) return undefined;
    const invitation = this.byDigest.get(digestOf(token));
    return invitation !== undefined && calendarNow < invitation.expiresAt ? invitation : undefined;
  }

  /** Takes the invitation of a token, and with it all others of that address. */
  spend(token: string, calendarNow: number): Invitation | undefined {
    const invitation = this.find(token, calendarNow);
    if (invitation === undefined) return undefined;
    for (const digest of [...(this.ofAddress.get(invitation.email) ?? [])]) this.remove(digest);
    return invitation;
  }

  /** Takes out what has expired, and the oldest when there are too many. */
  private prune(calendarNow: number): void {
    for (const [digest, { expiresAt }] of this.byDigest) {
      if (expiresAt > calendarNow && this.byDigest.size < MOST_INVITATIONS) return;
      this.remove(digest);
    }
  }

  private file(digest: string, invitation: Invitation): void {
    this.byDigest.set(digest, invitation);
    const held = this.ofAddress.get(invitation.email) ?? new Set();
    this.ofAddress.set(invitation.email, held.add(digest));
  }

  private remove(digest: string): void {
    const email = this.byDigest.get(digest)?.email ?? "";
    const held = this.ofAddress.get(email);
    held?.delete(digest);
    if (held?.size === 0) this.ofAddress.delete(email);
    this.byDigest.delete(digest);
    this.table.remove(digest);
  }
}
