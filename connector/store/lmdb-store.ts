/**
 * The embedded store: a journal of batches in one LMDB file.
 *
 * A commit appends one batch, the changes of all tables since the last one, under the next number. Opening replays the batches in
 * order into the tables. So a registration costs a few bytes at the end of the file instead of a page somewhere in a tree, and
 * however many datagrams arrived while the disk was busy share the next batch (group commit).
 *
 * When the journal has grown to several times what it stands for, the following batches also carry every living row once more, some
 * with each commit; after the last of them everything older than the first is deleted. There is no second format for that: a row put
 * again is a change like any other.
 *
 *   journal   number -> CRC-32 of the rest, 4 bytes big-endian | CBOR { table: [key, value, key, value ...] }, undefined = removed
 *   about     "format" -> 1, "owner" -> { pid, started }
 */
import { mkdirSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { Encoder } from "cbor-x";
import { type Database, open, type RootDatabase } from "lmdb";
import { type Changes, type LiveTable, LiveTables } from "./live-table.ts";
import type { Store, Table } from "./store.ts";

/** The format that this version reads and writes. */
const FORMAT = 1;
/** Rows carried along with one commit while the journal is being rewritten; about a millisecond of work. */
const REWRITE_ROWS = 1000;
/** A journal smaller than this is never rewritten, bytes. */
const REWRITE_FROM = 4 << 20;
/** The journal is rewritten when it has grown to this many times its size after the last rewriting. */
const REWRITE_GROWTH = 3;

type StoreFault = "store/in-use" | "store/newer-format" | "store/damaged" | "store/write-failed";

type LivingRows = Iterator<[table: string, key: string, value: unknown]>;

interface Owner {
  pid: number;
  started: string;
}

export class LmdbStore implements Store {
  private readonly folder: string;
  private readonly root: RootDatabase;
  private readonly journal: Database<Buffer, number>;
  private readonly about: Database<unknown, string>;
  private readonly tables = new LiveTables();
  private readonly encoder = new Encoder({
    useRecords: true,
    copyBuffers: true,
    tagUint8Array: false,
  });

  /** Numbers of the oldest batch and of the one to come. */
  private first = 0;
  private next = 0;
  private journalBytes = 0;
  private bytesAfterRewrite = 0;
  /** The rows still to be carried along, and the number of the batch that began it; undefined when not rewriting. */
  private rewriting: LivingRows | undefined;
  private rewriteFrom = 0;
  private bytesBeforeRewrite = 0;
  /** A batch could not be written: the next one starts a new journal from the living rows. */
  private mustRewriteAll = false;

  private writing: Promise<void> | undefined;
  private following: Promise<void> | undefined;

  /**
   * Opens the store in a folder, which is made (for its owner only) if need be.
   *
   * @throws Error with code `store/in-use`, `store/newer-format` or `store/damaged`, its message fit for the user
   */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      this.root = open({ path: folder, maxDbs: 4, encoding: "json" });
      this.journal = this.root.openDB({ name: "journal", encoding: "binary" });
      this.about = this.root.openDB({ name: "about", encoding: "json" });
    } catch (error) {
      throw this.fault("store/damaged", `cannot be opened: ${(error as Error).message}`);
    }
    try {
      this.claim();
      this.load();
    } catch (error) {
      this.root.close();
      throw error;
    }
  }

  table<V>(name: string): Table<V> {
    return this.tables.named(name) as LiveTable<V>;
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
      await this.about.remove("owner");
    } finally {
      await this.root.close();
    }
  }

  private hasChanges(): boolean {
    return this.mustRewriteAll || this.tables.hasChanges();
  }

  /** Writes one batch. Only one is under way at a time: what changes meanwhile is the next one. */
  private write(): Promise<void> {
    this.writing = this.append().then(
      () => {
        this.writing = undefined;
      },
      (error: Error) => {
        this.writing = undefined;
        this.mustRewriteAll = true;
        throw this.fault("store/write-failed", `could not be written: ${error.message}`);
      },
    );
    return this.writing;
  }

  private async append(): Promise<void> {
    const batch = this.tables.takeChanges();
    if (this.mustRewriteAll || (this.rewriting === undefined && this.isOvergrown())) {
      this.rewriting = this.livingRows();
      this.rewriteFrom = this.next;
      this.bytesBeforeRewrite = this.journalBytes;
    }
    const rewritten = this.rewriting !== undefined && this.carryRows(this.rewriting, batch);

    const bytes = this.encode(batch);
    const written = [this.journal.put(this.next++, bytes)];
    this.journalBytes += bytes.length;
    if (rewritten) {
      for (; this.first < this.rewriteFrom; this.first++) {
        written.push(this.journal.remove(this.first));
      }
      this.journalBytes -= this.bytesBeforeRewrite;
      this.bytesAfterRewrite = this.journalBytes;
    }
    await Promise.all(written);
    this.mustRewriteAll = false;
  }

  private isOvergrown(): boolean {
    return this.journalBytes > Math.max(REWRITE_FROM, REWRITE_GROWTH * this.bytesAfterRewrite);
  }

  private *livingRows(): Generator<[table: string, key: string, value: unknown]> {
    for (const table of this.tables.all()) {
      for (const [key, value] of table.entries()) yield [table.name, key, value];
    }
  }

  /** Adds living rows to a batch: some, or all of them when the journal has a gap. Returns true when none are left. */
  private carryRows(rows: LivingRows, batch: Changes): boolean {
    for (let carried = 0; carried < REWRITE_ROWS || this.mustRewriteAll; carried++) {
      const row = rows.next();
      if (row.done) {
        this.rewriting = undefined;
        return true;
      }
      const [table, key, value] = row.value;
      batch[table] ??= [];
      batch[table].push(key, value);
    }
    return false;
  }

  private encode(batch: Changes): Buffer {
    const body = this.encoder.encode(batch);
    const bytes = Buffer.allocUnsafe(4 + body.length);
    bytes.writeUInt32BE(crc32(body), 0);
    bytes.set(body, 4);
    return bytes;
  }

  private load(): void {
    const format = this.about.get("format");
    if (format === undefined) this.about.putSync("format", FORMAT);
    else if (format !== FORMAT) {
      const reason = `has format ${format} of a newer version; this one reads format ${FORMAT}`;
      throw this.fault("store/newer-format", reason);
    }
    let isFirst = true;
    for (const { key, value } of this.journal.getRange()) {
      if (isFirst) this.first = key;
      isFirst = false;
      this.next = key + 1;
      this.journalBytes += value.length;
      this.replay(key, value);
    }
  }

  private replay(number: number, bytes: Buffer): void {
    const body = bytes.subarray(4);
    if (bytes.length < 4 || bytes.readUInt32BE(0) !== crc32(body)) {
      throw this.fault("store/damaged", `is damaged: the checksum of batch ${number} is wrong`);
    }
    const batch = this.encoder.decode(body) as Changes;
    for (const name of Object.keys(batch)) this.tables.named(name).replay(batch[name]);
  }

  /** Makes this process the only one with the folder; one that died without a word does not count. */
  private claim(): void {
    this.root.transactionSync(() => {
      const owner = this.about.get("owner") as Owner | undefined;
      if (owner !== undefined && owner.pid !== process.pid && isRunning(owner)) {
        throw this.fault("store/in-use", `is in use by process ${owner.pid}`);
      }
      this.about.putSync("owner", { pid: process.pid, started: startOf(process.pid) });
    });
  }

  private fault(code: StoreFault, reason: string): Error {
    return Object.assign(new Error(`The store in ${this.folder} ${reason}.`), { code });
  }
}

function isRunning(owner: Owner): boolean {
  if (owner.started !== "") return startOf(owner.pid) === owner.started;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, in the kernel's words, so that a reused id is not taken for it; "" where that is not known. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "";
  }
}
