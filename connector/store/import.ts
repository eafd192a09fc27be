/** Puts the rows of an export into a new store. */
import { parseExport } from "./export.ts";
import { migrateTables } from "./journal-loading.ts";
import { LiveTables } from "./live-table.ts";
import { LmdbStore, type LmdbStoreOptions } from "./lmdb-store.ts";
import { MIGRATIONS, schemaAfter } from "./migrations.ts";

/**
 * Makes the store of an export in a folder, brought to the schema of this version. Everything is read and checked before anything is
 * written, and written in one step.
 *
 * Resolves with how many rows there are; rejects with an Error with code `store/bad-export`, `store/not-empty`,
 * `store/migration-failed`, or what opening a store throws.
 */
export async function importRows(
  folder: string,
  text: string,
  options: LmdbStoreOptions = {},
): Promise<number> {
  const migrations = options.migrations ?? MIGRATIONS;
  const { schema, rows } = parseExport(text, schemaAfter(migrations));
  const tables = new LiveTables();
  for (const [table, key, value] of rows) tables.named(table).load(key, value);
  migrateTables(tables, schema, migrations);
  const store = new LmdbStore(folder, options);
  try {
    if (!store.isEmpty) {
      const hint = "an import needs a new one; name another folder with --data";
      const error = new Error(`The store in ${folder} is not empty: ${hint}.`);
      throw Object.assign(error, { code: "store/not-empty" });
    }
    for (const table of tables.all()) {
      for (const [key, value] of table.entries()) store.table(table.name).put(key, value);
    }
    await store.commit();
  } finally {
    await store.close();
  }
  return rows.length;
}
