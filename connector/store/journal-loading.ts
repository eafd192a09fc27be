/** Replays a journal into tables, around what is damaged. */
import type { Amendment, BatchFile, Quarantined } from "./batch-file.ts";
import { readFormat1 } from "./format-1.ts";
import { type Damage, encodeBatch, readBatch } from "./journal-batch.ts";
import { type Changes, LiveTables } from "./live-table.ts";
import { type Migration, schemaAfter } from "./migrations.ts";

/** The format that this version writes. */
export const FORMAT = 2;
/** Rows in one batch when a whole journal is written anew. */
const ROWS_PER_BATCH = 1000;
/** Damaged parts beyond these are counted, but neither named nor kept aside. */
const MOST_QUARANTINED = 1000;
const MOST_QUARANTINED_BYTES = 16 << 20;

/** A journal as it was read. */
export interface LoadedJournal {
  readonly tables: LiveTables;
  /** The oldest batch and the one to come. */
  readonly first: number;
  readonly next: number;
  readonly bytes: number;
  /** Of the file; 0 and 0 for a new one. */
  readonly format: number;
  readonly schema: number;
  /** Damaged parts by which something is lost, and those by which nothing is. */
  readonly lost: number;
  readonly harmless: number;
  /** The first of them, named. */
  readonly damages: readonly Quarantined[];
  /** The damaged batches without what is damaged. */
  readonly mended: readonly (readonly [number: number, batch: Buffer])[];
}

/**
 * Reads everything. A later record of a key wins over earlier ones, whatever happened to those.
 *
 * @throws Error with code `store/newer-format`
 */
export function loadJournal(
  folder: string,
  file: Pick<BatchFile, "about" | "batches">,
  migrations: readonly Migration[],
): LoadedJournal {
  const { format, schema } = file.about() ?? { format: 0, schema: 0 };
  const newestSchema = schemaAfter(migrations);
  if (format > FORMAT || schema > newestSchema) {
    const theirs = `format ${format}, schema ${schema}`;
    const ours = `format ${FORMAT}, schema ${newestSchema}`;
    throw Object.assign(
      new Error(
        `The store in ${folder} is of a newer version of Dormouse (${theirs}; this one reads up to ${ours}). ` +
          "Run that version, or restore a backup from before the upgrade.",
      ),
      { code: "store/newer-format" },
    );
  }
  const read = format === 1 ? readFormat1 : readBatch;
  const tables = new LiveTables();
  const take = (table: string, key: string, value: unknown) => {
    tables.named(table).load(key, value);
  };
  const report = new DamageReport();
  const mended: [number, Buffer][] = [];
  let first = 0;
  let next = 0;
  let bytes = 0;
  for (const [number, batch] of file.batches()) {
    if (bytes === 0) first = number;
    next = number + 1;
    bytes += batch.length;
    const damages = read(batch, take);
    if (damages.length === 0) continue;
    report.add(number, damages);
    mended.push([number, mend(batch, read)]);
  }
  return { tables, first, next, bytes, format, schema, ...report.taken(), mended };
}

/** Takes tables through the migrations that they lack. Returns those taken. */
export function migrateTables(
  tables: LiveTables,
  schema: number,
  migrations: readonly Migration[],
): readonly Migration[] {
  const lacking = migrations.filter(({ to }) => to > schema);
  const migrating = { table: <V>(name: string) => tables.typed<V>(name) };
  for (const migration of lacking) migration.migrate(migrating);
  return lacking;
}

/** All rows as the changes that make them, some to each batch. */
export function* batchesOfRows(tables: LiveTables): Generator<Changes> {
  let batch: Changes = {};
  let rows = 0;
  for (const table of tables.all()) {
    for (const [key, value] of table.entries()) {
      batch[table.name] ??= [];
      batch[table.name].push(key, value);
      if (++rows % ROWS_PER_BATCH > 0) continue;
      yield batch;
      batch = {};
    }
  }
  if (rows % ROWS_PER_BATCH > 0) yield batch;
}

/** The whole journal written anew behind the old one, which goes. */
export function rewriteOf(loaded: LoadedJournal): Required<Pick<Amendment, "put" | "remove">> {
  const put: [number, Buffer][] = [];
  for (const changes of batchesOfRows(loaded.tables)) {
    put.push([loaded.next + put.length, encodeBatch(changes)]);
  }
  const remove: number[] = [];
  for (let number = loaded.first; number < loaded.next; number++) remove.push(number);
  return { put, remove };
}

function mend(batch: Buffer, read: typeof readBatch): Buffer {
  const changes: Changes = {};
  read(batch, (table, key, value) => {
    changes[table] ??= [];
    changes[table].push(key, value);
  });
  return encodeBatch(changes);
}

class DamageReport {
  private lost = 0;
  private harmless = 0;
  private bytes = 0;
  private readonly damages: Quarantined[] = [];
  private readonly foundAt = new Date().toISOString();

  add(number: number, damages: readonly Damage[]): void {
    for (const { what, bytes, isLoss } of damages) {
      if (isLoss) this.lost++;
      else this.harmless++;
      this.bytes += bytes.length;
      if (this.damages.length >= MOST_QUARANTINED || this.bytes > MOST_QUARANTINED_BYTES) continue;
      this.damages.push({
        what: `batch ${number}: ${what}`,
        foundAt: this.foundAt,
        base64: Buffer.from(bytes).toString("base64"),
      });
    }
  }

  taken(): Pick<LoadedJournal, "lost" | "harmless" | "damages"> {
    return { lost: this.lost, harmless: this.harmless, damages: this.damages };
  }
}
