/**
 * The audit: who did what to the access model, and who was refused. Rows are only ever appended; the oldest go when there are too many.
 *
 * Never a secret: credentials appear by their ids.
 */
import type { Journal, Table } from "../store/store.ts";

export interface AuditEntry {
  /** Its place in the order of all entries, across restarts. */
  readonly sequence: number;
  /** Calendar milliseconds. */
  readonly at: number;
  readonly domainId: string;
  /** Who: `access-key:ID`, `user-password:ID`, `address` alone for somebody who was not identified. */
  readonly actor: string;
  /** The address that the request came from, "" for the connector itself. */
  readonly address: string;
  /** What: `login`, `access-key.created`, `token.minted`, `binding.added`, `permission.refused` ... */
  readonly action: string;
  /** To what: an id or an endpoint name, cut to 100 characters. */
  readonly object: string;
}

export type AuditEvent = Omit<AuditEntry, "sequence">;

const MOST_ENTRIES = 20_000;
const LONGEST_OBJECT = 100;

export class Audit {
  private readonly table: Table<AuditEntry>;
  /** In order; the Map's order is that of the sequence. */
  private readonly entries = new Map<number, AuditEntry>();
  private lastSequence = 0;

  constructor(store: Journal) {
    this.table = store.table("audit");
    const stored: AuditEntry[] = [];
    for (const [, entry] of this.table.entries()) stored.push(entry);
    stored.sort((one, other) => one.sequence - other.sequence);
    for (const entry of stored) {
      this.entries.set(entry.sequence, entry);
      this.lastSequence = entry.sequence;
    }
  }

  append(event: AuditEvent): void {
    const sequence = ++this.lastSequence;
    const entry = { sequence, ...event, object: visible(event.object) };
    this.entries.set(sequence, entry);
    this.table.put(`${sequence}`, entry);
    if (this.entries.size <= MOST_ENTRIES) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      this.table.remove(`${oldest}`);
      return;
    }
  }

  /** The entries of a domain, the newest first, `limit` at most, older than `before` if that is given. */
  newest(domainId: string, limit: number, before = Infinity): AuditEntry[] {
    const found: AuditEntry[] = [];
    const sequences = [...this.entries.keys()];
    for (let i = sequences.length - 1; i >= 0 && found.length < limit; i--) {
      const entry = this.entries.get(sequences[i]);
      if (entry?.domainId === domainId && entry.sequence < before) found.push(entry);
    }
    return found;
  }
}

/** Cut, and without control characters: what is written here is read on terminals. */
function visible(text: string): string {
  let seen = "";
  for (const character of text.slice(0, LONGEST_OBJECT)) {
    const code = character.charCodeAt(0);
    seen += code < 32 || code === 127 ? "?" : character;
  }
  return seen;
}
