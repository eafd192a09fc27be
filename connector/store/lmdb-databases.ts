/** The LMDB file and what is in it, for who writes it and for who only reads. */
import { type Database, open, type RootDatabase } from "lmdb";
import { type About, type Quarantined, writeFaultOf } from "./batch-file.ts";
import { checkFiles } from "./lmdb-header.ts";

export interface Databases {
  readonly root: RootDatabase;
  readonly journal: Database<Buffer, number>;
  readonly about: Database<unknown, string>;
  /** A store of format 1 that is only read has none. */
  readonly quarantine: Database<Quarantined, number> | undefined;
}

/**
 * Opens the file. Two settings matter. Without `overlappingSync`, LMDB commits in the plain way: pages, fdatasync, then the page that
 * makes them count, written through; the promise settles after that and not at a point that the library's documents leave open. Without
 * `eventTurnBatching`, no operation is put into a batch whose own promise nobody holds, which would end the process when the disk is
 * full.
 */
export function openDatabases(folder: string, readOnly: boolean): Databases {
  checkFiles(folder);
  const root = open({
    path: folder,
    maxDbs: 4,
    encoding: "json",
    readOnly,
    overlappingSync: false,
    eventTurnBatching: false,
  });
  return {
    root,
    journal: root.openDB({ name: "journal", encoding: "binary" }),
    about: root.openDB({ name: "about", encoding: "json" }),
    quarantine: openQuarantine(root, readOnly),
  };
}

function openQuarantine(root: RootDatabase, readOnly: boolean): Databases["quarantine"] {
  try {
    return root.openDB({ name: "quarantine", encoding: "json" });
  } catch (error) {
    if (readOnly) return undefined;
    throw error;
  }
}

export function aboutOf({ about }: Databases): About | undefined {
  const format = about.get("format") as number | undefined;
  // Format 1 knew no schema.
  return format === undefined
    ? undefined
    : { format, schema: (about.get("schema") ?? 1) as number };
}

export function* batchesOf({
  journal,
}: Databases): Generator<readonly [number: number, batch: Buffer]> {
  for (const { key, value } of journal.getRange()) yield [key, value];
}

export function quarantinedIn({ quarantine }: Databases): number {
  return quarantine?.getCount() ?? 0;
}

export function openingFault(folder: string, error: Error): CodedError {
  const code = writeFaultOf(error);
  if (code !== "store/write-failed") return fault(folder, code, error.message);
  const hint = "Restore a backup (see dormouse store backup --help)";
  return codedError(
    "store/damaged",
    `The store in ${folder} cannot be opened: ${error.message}. ${hint}.`,
  );
}

export function fault(folder: string, code: string, reason: string): CodedError {
  return codedError(code, `The store in ${folder} cannot be written: ${reason}.`);
}

export type CodedError = Error & { readonly code: string };

export function codedError(code: string, message: string): CodedError {
  return Object.assign(new Error(message), { code });
}
