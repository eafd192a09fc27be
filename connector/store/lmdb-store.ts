/**
 * The embedded store: a journal of batches in one LMDB file.
 *
 * A commit appends one batch, the changes of all tables since the last one, under the next number. Opening replays the batches in
 * order into the tables. So a registration costs a few bytes at the end of the file instead of a page somewhere in a tree, and
 * however many datagrams arrived while the disk was busy share the next batch (group commit).
 *
 * When the journal has grown to several times what it stands for, the following batches also carry every living row once more, some
 * with each commit; after the last of them everything older than the first is dropped, oldest first. There is no second format for
 * that: a row put again is a change like any other.
 *
 * What can be relied on, and when not, is in docs/durability.md.
 */
import type { BatchFile } from "./batch-file.ts";
import { encodeBatch } from "./journal-batch.ts";
import {
  FORMAT,
  type LoadedJournal,
  loadJournal,
  migrateTables,
  rewriteOf,
} from "./journal-loading.ts";
import type { Changes, LiveTables } from "./live-table.ts";
import { LmdbBatches } from "./lmdb-batches.ts";
import { MIGRATIONS, type Migration, schemaAfter } from "./migrations.ts";
import type { Store, Table } from "./store.ts";
import { Unwritten } from "./unwritten.ts";

/** Rows carried along with one commit while the journal is being rewritten; about a millisecond of work. */
const REWRITE_ROWS = 1000;
/**
 * Batches dropped along with one commit. LMDB writes its list of free pages anew with each commit, so that a long one would cost
 * more than the commit itself.
 */
const DROPPED_BATCHES = 8;
const REWRITE_FROM = 4 << 20;
/** The journal is rewritten when it has grown to this many times its size after the last rewriting. */
const REWRITE_GROWTH = 3;
/** Damaged records are logged one by one up to so many. */
const MOST_LINES = 20;

export interface LmdbStoreOptions {
  /** Takes one line for the operator; stderr when absent. */
  readonly log?: (line: string) => void;
  /** Opens the file in a folder; LMDB when absent. */
  readonly openFile?: (folder: string) => BatchFile;
  readonly migrations?: readonly Migration[];
  /** A journal smaller than this is never rewritten, bytes; 4 MiB when absent. */
  readonly rewriteFrom?: number;
}

/** The rows still to be carried along, the batch that began it, and what was before it, bytes. */
interface Rewriting {
  readonly rows: Iterator<[table: string, key: string, value: unknown]>;
  readonly from: number;
  readonly bytesBefore: number;
  isLast: boolean;
}

export class LmdbStore implements Store {
  private readonly file: BatchFile;
  private readonly log: (line: string) => void;
  private readonly rewriteFrom: number;
  private readonly tables: LiveTables;

  /** Numbers of the oldest batch and of the one to come. */
  private first: number;
  private next: number;
  /** Batches before this number stand for nothing any more. */
  private needless: number;
  private journalBytes: number;
  private bytesAfterRewrite = 0;
  private rewriting: Rewriting | undefined;
  private readonly unwritten = new Unwritten();
  /** Why the last commit failed; undefined when it did not. */
  private fault: string | undefined;

  private writing: Promise<void> | undefined;
  private following: Promise<void> | undefined;

  /** How many records were found damaged when the store was opened, and left out. */
  readonly damagedRecords: number;

  /**
   * Opens the store in a folder, which is made (for its owner only) if need be. Logs what is damaged and goes on without it.
   *
   * @throws Error with code `store/in-use`, `store/newer-format`, `store/migration-failed`, `store/damaged`, or one of those that
   * `commit` rejects with, its message fit for the user
   */
  constructor(folder: string, options: LmdbStoreOptions = {}) {
    this.log = options.log ?? ((line) => console.error(line));
    this.rewriteFrom = options.rewriteFrom ?? REWRITE_FROM;
    const migrations = options.migrations ?? MIGRATIONS;
    this.file = options.openFile?.(folder) ?? new LmdbBatches(folder);
    try {
      const loaded = loadJournal(folder, this.file, migrations);
      this.tables = loaded.tables;
      this.first = loaded.first;
      this.next = loaded.next;
      this.needless = loaded.first;
      this.journalBytes = loaded.bytes;
      this.damagedRecords = loaded.lost;
      this.takeUp(folder, loaded, migrations);
    } catch (error) {
      this.file.close();
      throw error;
    }
  }

  table<V>(name: string): Table<V> {
    return this.tables.typed<V>(name);
  }

  /** Whether no table has a row. */
  get isEmpty(): boolean {
    for (const table of this.tables.all()) if (table.size > 0) return false;
    return true;
  }

  hasUncommitted(): boolean {
    return this.writing !== undefined || this.hasChanges();
  }

  commit(): Promise<void> {
    if (this.writing === undefined) return this.hasChanges() ? this.write() : Promise.resolve();
    if (!this.hasChanges()) return this.following ?? this.writing;
    this.following ??= this.writing
      .catch(() => {})
      .then(() => {
        this.following = undefined;
        return this.write();
      });
    return this.following;
  }

  async close(): Promise<void> {
    try {
      await this.commit();
    } finally {
      await this.file.close();
    }
  }

  private hasChanges(): boolean {
    return this.tables.hasChanges() || !this.unwritten.isEmpty;
  }

  /** Writes one batch. Only one is under way at a time: what changes meanwhile is the next one. */
  private write(): Promise<void> {
    this.writing = this.append().finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private async append(): Promise<void> {
    const changes = this.takeChanges();
    const { rewriting } = this;
    if (rewriting !== undefined) carryRows(rewriting, changes);
    // A key removed and forgotten since must not come back from an old batch, so those go at once.
    const isAnew = this.unwritten.isEverything;
    if (isAnew) this.needless = this.next;
    const dropTo = isAnew ? this.next : Math.min(this.needless, this.first + DROPPED_BATCHES);
    try {
      const batch = encodeBatch(changes);
      await this.file.append(this.next, batch, this.first, dropTo);
      this.next++;
      this.journalBytes += batch.length;
    } catch (error) {
      this.unwritten.add(changes);
      this.reportFailure(error as Error & { code?: string });
      throw error;
    }
    this.unwritten.clear();
    this.reportSuccess();
    this.first = dropTo;
    if (rewriting?.isLast) {
      this.needless = Math.max(this.needless, rewriting.from);
      this.journalBytes -= rewriting.bytesBefore;
      this.bytesAfterRewrite = this.journalBytes;
      this.rewriting = undefined;
    }
  }

  /** One line when it begins and when the cause is another, however often it is tried. */
  private reportFailure({ code, message }: Error & { code?: string }): void {
    if (code !== this.fault) this.log(`${message} Nothing new is acknowledged until it can.`);
    this.fault = code ?? "unknown";
  }

  private reportSuccess(): void {
    if (this.fault !== undefined) this.log("The store is written again.");
    this.fault = undefined;
  }

  /** What the next batch has to say; also begins to rewrite when it is time. */
  private takeChanges(): Changes {
    const limit = Math.max(this.rewriteFrom, REWRITE_GROWTH * this.bytesAfterRewrite);
    if (this.rewriting === undefined && this.journalBytes > limit) {
      this.rewriting = {
        rows: this.livingRows(),
        from: this.next,
        bytesBefore: this.journalBytes,
        isLast: false,
      };
    }
    const changes = this.tables.takeChanges();
    if (this.unwritten.isEmpty) return changes;
    this.unwritten.add(changes);
    return this.unwritten.changes(this.tables);
  }

  private *livingRows(): Generator<[table: string, key: string, value: unknown]> {
    for (const table of this.tables.all()) {
      for (const [key, value] of table.entries()) yield [table.name, key, value];
    }
  }

  /** Mends what is damaged and migrates what is old, in one transaction. */
  private takeUp(folder: string, loaded: LoadedJournal, migrations: readonly Migration[]): void {
    const about = { format: FORMAT, schema: schemaAfter(migrations) };
    let taken: readonly Migration[];
    try {
      const isNew = loaded.format === 0;
      taken = isNew ? [] : migrateTables(this.tables, loaded.schema, migrations);
    } catch (error) {
      const reason = `The store in ${folder} cannot be brought to schema ${about.schema}: ${(error as Error).message}`;
      const code = "store/migration-failed";
      throw Object.assign(new Error(`${reason}. It is as it was.`), { code });
    }
    this.report(folder, loaded, taken);
    const isCurrent = loaded.format === FORMAT && taken.length === 0;
    if (isCurrent && loaded.mended.length === 0) return;
    this.tables.takeChanges();
    const written = isCurrent ? { put: loaded.mended, remove: [] } : rewriteOf(loaded);
    this.file.amend({ about, quarantine: loaded.damages, ...written });
    if (isCurrent) return;
    this.first = loaded.next;
    this.needless = loaded.next;
    this.next = loaded.next + written.put.length;
    this.journalBytes = written.put.reduce((sum, [, batch]) => sum + batch.length, 0);
    this.bytesAfterRewrite = this.journalBytes;
  }

  private report(folder: string, loaded: LoadedJournal, taken: readonly Migration[]): void {
    for (const { to, why } of taken) this.log(`The store goes to schema ${to}: ${why}`);
    const { lost, harmless, damages } = loaded;
    for (const { what } of damages.slice(0, MOST_LINES)) {
      this.log(`Damaged in the store: ${what}`);
    }
    if (lost + harmless === 0) return;
    this.log(
      `The store in ${folder} has ${lost} damaged records (and ${harmless} places whose copy is whole). ` +
        "They are kept aside and everything else is there; the rows they belong to are as they were before them.",
    );
  }
}

/** Adds some of the living rows to a batch. */
function carryRows(rewriting: Rewriting, batch: Changes): void {
  for (let carried = 0; carried < REWRITE_ROWS && !rewriting.isLast; carried++) {
    const row = rewriting.rows.next();
    if (row.done) {
      rewriting.isLast = true;
      return;
    }
    const [table, key, value] = row.value;
    batch[table] ??= [];
    batch[table].push(key, value);
  }
}
