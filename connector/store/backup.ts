/**
 * A copy of a connector's data folder, taken while the connector runs.
 *
 *   FOLDER/store/                the store, as it is at one moment
 *   FOLDER/secrets/              what must not lie with the data: copied after the store, so that no row lacks its key
 *   FOLDER/demo-credentials.json what `npm start` made
 */
import { chmodSync, copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { copyBatches } from "./lmdb-snapshot.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";

const STORE = "store";
/** What lies beside the store and belongs to it. */
const BESIDE = ["secrets", "demo-credentials.json"];

/** What a backup has. */
export interface Backup {
  /** Of the copy, all checksums verified. */
  readonly snapshot: Snapshot;
  /** Files copied beside the store. */
  readonly files: number;
}

/**
 * Makes the copy, in a folder that is not there yet or empty, for its owner alone.
 *
 * Rejects with an Error with code `store/missing`, `store/damaged`, `store/not-empty`, or the system's.
 */
export async function backup(folder: string, destination: string): Promise<Backup> {
  const store = join(folder, STORE);
  if (!existsSync(store)) {
    throw coded(
      "store/missing",
      `There is no store in ${folder}: name its data folder with --data.`,
    );
  }
  if (existsSync(destination) && readdirSync(destination).length > 0) {
    throw coded(
      "store/not-empty",
      `${destination} is not empty: name a folder that is not there yet.`,
    );
  }
  const copy = join(destination, STORE);
  mkdirSync(copy, { recursive: true, mode: 0o700 });
  await copyBatches(store, copy);
  const snapshot = await readSnapshot(copy);
  let files = 0;
  for (const name of BESIDE) files += copyWithModes(join(folder, name), join(destination, name));
  return { snapshot, files };
}

/** Copies a file or a folder with all in it; returns how many files. Links are left out: they lead elsewhere. */
function copyWithModes(from: string, to: string): number {
  if (!existsSync(from)) return 0;
  const stats = lstatSync(from);
  if (stats.isFile()) {
    copyFileSync(from, to);
    chmodSync(to, stats.mode & 0o777);
    return 1;
  }
  if (!stats.isDirectory()) return 0;
  mkdirSync(to, { mode: stats.mode & 0o777 });
  let files = 0;
  for (const name of readdirSync(from)) files += copyWithModes(join(from, name), join(to, name));
  return files;
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
