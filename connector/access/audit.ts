/**
 * The audit: who did what to the access model, and who was refused. Rows are only ever appended; the oldest go when there are too many.
 * Refusals are bounded by themselves: who knocks at the door a million times must not wash out who came in.
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
  /** Who: `access-key:ID`, `user-password:ID`, `nobody` for somebody who was not identified. */
  readonly actor: string;
  /** The address that the request came from, "" for the connector itself. */
  readonly address: string;
  /** What: `access-key.created`, `token.minted`, `binding.added`, `permission.refused` ... Those of refusals end in `.refused`. */
  readonly action: string;
  /** To what: an id or an endpoint name, cut to 100 characters. */
  readonly object: string;
}

export type AuditEvent = Omit<AuditEntry, "sequence">;

/** Which entries are asked for. */
export interface AuditQuery {
  /** Only those of a lower sequence. */
  readonly before?: number;
  readonly accepts?: (entry: AuditEntry) => boolean;
}

const MOST_CHANGES = 20_000;
const MOST_REFUSALS = 5000;
const LONGEST_OBJECT = 100;

export class Audit {
  private readonly table: Table<AuditEntry>;
  // In order: a Map's order is that of insertion, here of the sequence.
  private readonly changes = new Map<number, AuditEntry>();
  private readonly refusals = new Map<number, AuditEntry>();
  private lastSequence = 0;

  constructor(store: Journal) {
    this.table = store.table("audit");
    const stored: AuditEntry[] = [];
    for (const [, entry] of this.table.entries()) stored.push(entry);
    stored.sort((one, other) => one.sequence - other.sequence);
    for (const entry of stored) this.file(entry);
  }

  append(event: AuditEvent): void {
    const sequence = this.lastSequence + 1;
    const entry = { sequence, ...event, object: visible(event.object) };
    this.file(entry);
    this.table.put(`${sequence}`, entry);
  }

  /** The entries of a domain, the newest first, one after the other as they are asked for. */
  *newest(domainId: string, { before = Infinity, accepts }: AuditQuery = {}): Iterable<AuditEntry> {
    const changes = [...this.changes.values()];
    const refusals = [...this.refusals.values()];
    while (changes.length > 0 || refusals.length > 0) {
      const isChange = sequenceAtEnd(changes) > sequenceAtEnd(refusals);
      const entry = (isChange ? changes : refusals).pop() as AuditEntry;
      if (entry.domainId !== domainId || entry.sequence >= before) continue;
      if (accepts === undefined || accepts(entry)) yield entry;
    }
  }

  private file(entry: AuditEntry): void {
    const isRefusal = entry.action.endsWith(".refused");
    const entries = isRefusal ? this.refusals : this.changes;
    entries.set(entry.sequence, entry);
    this.lastSequence = entry.sequence;
    if (entries.size <= (isRefusal ? MOST_REFUSALS : MOST_CHANGES)) return;
    for (const oldest of entries.keys()) {
      entries.delete(oldest);
      this.table.remove(`${oldest}`);
      return;
    }
  }
}

function sequenceAtEnd(entries: readonly AuditEntry[]): number {
  return entries[entries.length - 1]?.sequence ?? 0;
}

/** Cut, and without control characters: what is written here is read on terminals. */
function visible(text: string): string {
  let seen = "";
  for (const character of text.slice(0, LONGEST_OBJECT)) {
    const code = character.charCodeAt(0);
    seen += code < 32 || (code >= 127 && code < 160) ? "?" : character;
  }
  return seen;
}
