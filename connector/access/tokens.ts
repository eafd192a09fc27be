/**
 * The tokens that are good: made from an API client's keys for minutes, ended by their client or by their time.
 *
 * A token that is not on record here is worthless whatever its signature says. A row has no secret: the token itself is nowhere kept.
 */
import { MINUTE, type Milliseconds } from "../../protocol/time/duration.ts";
import type { Journal, Table } from "../store/store.ts";
import type { ApiClient } from "./api-clients.ts";
import { Sequence } from "./sequence.ts";
import type { TokenClaims, TokenSigner } from "./token-signer.ts";

/** A token just made: the only time that it is seen. */
export interface NewToken {
  readonly id: number;
  readonly token: string;
  /** Calendar milliseconds. */
  readonly expiresAt: number;
  /** Minutes. */
  readonly ttl: number;
}

/** A client has as many tokens as it may have. */
export interface TooManyTokens {
  /** Milliseconds until the first of them is over. */
  readonly retryAfter: number;
}

/** A program that needs more asks for a token with each request. */
const MOST_PER_CLIENT = 1000;
const MOST_TOKENS = 200_000;
/** Rows outlive their tokens a little, for clocks that are set back, seconds. */
const KEPT_FOR = 60;
const PRUNES_EVERY: Milliseconds = MINUTE;

export class Tokens {
  private readonly table: Table<TokenClaims>;
  private readonly signer: TokenSigner;
  private readonly ids: Sequence;
  private readonly byId = new Map<number, TokenClaims>();
  private readonly ofClients = new Map<string, Set<number>>();
  private prunedAt = -Infinity;

  constructor(store: Journal, signer: TokenSigner) {
    this.table = store.table("tokens");
    this.signer = signer;
    this.ids = new Sequence(store, "tokens");
    for (const [, row] of this.table.entries()) this.file(row);
  }

  get size(): number {
    return this.byId.size;
  }

  /** The ids of a client's tokens; some may be over. */
  ofClient(clientId: string): Iterable<number> {
    return this.ofClients.get(clientId) ?? [];
  }

  /** Makes a token for a client. It is good when its row is durable: commit before it is given away. */
  async mint(client: ApiClient, calendarNow: number): Promise<NewToken | TooManyTokens> {
    this.prune(calendarNow);
    if (this.countOf(client.id, calendarNow) >= MOST_PER_CLIENT || this.byId.size >= MOST_TOKENS) {
      return { retryAfter: this.untilFirstExpiry(client.id, calendarNow) };
    }
    const issuedAt = Math.floor(calendarNow / 1000);
    const row: TokenClaims = {
      tokenId: this.ids.next(),
      clientId: client.id,
      ownerId: client.ownerId,
      issuedAt,
      expiresAt: issuedAt + client.ttl * 60,
    };
    this.file(row);
    this.table.put(`${row.tokenId}`, row);
    try {
      const token = await this.signer.sign(row, calendarNow);
      return { id: row.tokenId, token, expiresAt: row.expiresAt * 1000, ttl: client.ttl };
    } catch (error) {
      this.remove(row);
      throw error;
    }
  }

  /** Whether what a token says is on record so: it was not ended, and its id is not that of another one (a store from a backup). */
  isGood(claims: TokenClaims): boolean {
    const row = this.byId.get(claims.tokenId);
    return (
      row !== undefined &&
      row.clientId === claims.clientId &&
      row.ownerId === claims.ownerId &&
      row.issuedAt === claims.issuedAt
    );
  }

  /** Whether a client has this token. */
  has(clientId: string, tokenId: number): boolean {
    return this.byId.get(tokenId)?.clientId === clientId;
  }

  /** Ends a token of a client. False when that client has no such token. */
  end(clientId: string, tokenId: number): boolean {
    const row = this.byId.get(tokenId);
    if (row === undefined || row.clientId !== clientId) return false;
    this.remove(row);
    return true;
  }

  /** Ends all tokens of a client. */
  endAll(clientId: string): void {
    for (const id of [...this.ofClient(clientId)]) this.end(clientId, id);
  }

  /** Forgets the tokens that are over: all of them now and then, since that looks at each. */
  private prune(calendarNow: number): void {
    if (Math.abs(calendarNow - this.prunedAt) < PRUNES_EVERY) return;
    this.prunedAt = calendarNow;
    for (const row of this.byId.values()) {
      if (isOver(row, calendarNow)) this.remove(row);
    }
  }

  private countOf(clientId: string, calendarNow: number): number {
    const ids = this.ofClients.get(clientId);
    if (ids === undefined || ids.size < MOST_PER_CLIENT) return ids?.size ?? 0;
    for (const id of [...ids]) {
      const row = this.byId.get(id);
      if (row !== undefined && isOver(row, calendarNow)) this.remove(row);
    }
    return ids.size;
  }

  private untilFirstExpiry(clientId: string, calendarNow: number): number {
    let first = calendarNow / 1000 + 60;
    for (const id of this.ofClient(clientId)) {
      first = Math.min(first, this.byId.get(id)?.expiresAt ?? first);
    }
    return Math.max(1000, first * 1000 - calendarNow);
  }

  private remove(row: TokenClaims): void {
    this.byId.delete(row.tokenId);
    this.table.remove(`${row.tokenId}`);
    const ofClient = this.ofClients.get(row.clientId);
    ofClient?.delete(row.tokenId);
    if (ofClient?.size === 0) this.ofClients.delete(row.clientId);
  }

  private file(row: TokenClaims): void {
    this.byId.set(row.tokenId, row);
    let ofClient = this.ofClients.get(row.clientId);
    if (ofClient === undefined) {
      ofClient = new Set();
      this.ofClients.set(row.clientId, ofClient);
    }
    ofClient.add(row.tokenId);
  }
}

function isOver(row: TokenClaims, calendarNow: number): boolean {
  return row.expiresAt + KEPT_FOR <= calendarNow / 1000;
}
