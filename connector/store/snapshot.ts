/** Reads a store as it is at one moment, also while another process is writing it. */
import { type LoadedJournal, loadJournal } from "./journal-loading.ts";
import { LmdbSnapshot } from "./lmdb-snapshot.ts";
import { MIGRATIONS } from "./migrations.ts";

export interface Snapshot extends LoadedJournal {
  /** Damaged parts that were found at earlier starts and kept aside. */
  readonly quarantined: number;
}

/**
 * Reads a store and verifies every checksum. Nothing is changed: not migrated and not mended.
 *
 * Rejects with an Error with code `store/missing`, `store/newer-format` or `store/damaged`.
 */
export async function readSnapshot(folder: string): Promise<Snapshot> {
  const file = new LmdbSnapshot(folder);
  try {
    return { ...loadJournal(folder, file, MIGRATIONS), quarantined: file.quarantined() };
  } finally {
    await file.close();
  }
}
