/**
 * Batches in one LMDB file.
 *
 *   journal      number -> batch
 *   about        "format", "schema" -> number; "owner" -> { pid, started }
 *   quarantine   number -> damaged part
 *
 * Three settings matter. Without `overlappingSync`, LMDB commits in the plain way: pages, fdatasync, then the page that makes them
 * count, written through; the promise settles after that and not at a point that the library's documents leave open. Without
 * `eventTurnBatching`, no operation is put into a batch whose own promise nobody holds, which would end the process when the disk is
 * full. And nothing is written that is known to fail, since the library would print it each time.
 */
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { open as openFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import {
  type About,
  type Amendment,
  type BatchFile,
  type Quarantined,
  writeFaultOf,
} from "./batch-file.ts";
import { checkFiles, DATA_FILE } from "./lmdb-header.ts";
import { isRunning, type Owner, thisProcess } from "./owner.ts";

interface Databases {
  readonly root: RootDatabase;
  readonly journal: Database<Buffer, number>;
  readonly about: Database<unknown, string>;
  /** A store of format 1 that is only read has none. */
  readonly quarantine: Database<Quarantined, number> | undefined;
}

/** What LMDB may need beside a batch for the pages above it, bytes. */
const PAGES_ABOVE = 256 * 1024;

export class LmdbBatches implements BatchFile {
  private readonly folder: string;
  private databases: Databases;
  /** The last call of `append` failed: the cause must have gone before the next one tries. */
  private hasFailed = false;
  /** It failed for another reason than space, after which LMDB may refuse to go on with what it has open. */
  private mustReopen = false;

  /**
   * Opens the file for this process alone, and makes it (for its owner only) if need be.
   *
   * @throws Error with code `store/in-use`, `store/damaged`, or one of `WriteFault`
   */
  constructor(folder: string) {
    this.folder = folder;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.databases = openDatabases(folder, false);
    } catch (error) {
      throw openingFault(folder, error as Error);
    }
    try {
      this.claim();
    } catch (error) {
      this.databases.root.close();
      throw error;
    }
  }

  about(): About | undefined {
    return aboutOf(this.databases);
  }

  batches(): Iterable<readonly [number: number, batch: Buffer]> {
    return batchesOf(this.databases);
  }

  quarantined(): number {
    return quarantinedIn(this.databases);
  }

  amend({ about, put = [], remove = [], quarantine = [] }: Amendment): void {
    const { root, journal, about: aboutTable, quarantine: aside } = this.databases;
    try {
      root.transactionSync(() => {
        if (about !== undefined) {
          aboutTable.put("format", about.format);
          aboutTable.put("schema", about.schema);
        }
        for (const number of remove) journal.remove(number);
        for (const [number, batch] of put) journal.put(number, batch as Buffer);
        let next = this.quarantined();
        for (const one of quarantine) aside?.put(next++, one);
      });
    } catch (error) {
      throw fault(this.folder, writeFaultOf(error as Error), (error as Error).message);
    }
  }

  async append(number: number, batch: Buffer, dropFrom: number, dropTo: number): Promise<void> {
    try {
      if (this.hasFailed) await this.prepareAgain(batch.length);
      const { journal } = this.databases;
      if (dropFrom === dropTo) await journal.put(number, batch);
      else {
        await journal.batch(() => {
          journal.put(number, batch);
          for (let old = dropFrom; old < dropTo; old++) journal.remove(old);
        });
      }
      this.hasFailed = false;
    } catch (error) {
      this.hasFailed = true;
      const told = await causeOf(error as Error);
      const cause = writeFaultOf(told) === "store/write-failed" ? await this.seen(told) : told;
      const code = writeFaultOf(cause);
      if (code !== "store/full") this.mustReopen = true;
      throw fault(this.folder, code, cause.message);
    }
  }

  async close(): Promise<void> {
    try {
      await this.databases.about.remove("owner");
    } catch (error) {
      // A full disk: the next one to open finds that this process has gone.
      await causeOf(error as Error);
    } finally {
      await this.databases.root.close();
    }
  }

  /** What opening the file says, which may be more than the library did. */
  private seen(told: Error): Promise<Error> {
    return this.openForWriting().then(
      () => told,
      (error: Error) => error,
    );
  }

  private async openForWriting(): Promise<void> {
    const file = await openFile(join(this.folder, DATA_FILE), "r+");
    await file.close();
  }

  /** Throws when it would fail again. */
  private async prepareAgain(size: number): Promise<void> {
    await this.openForWriting();
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize < size + PAGES_ABOVE) {
      throw Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
    }
    if (!this.mustReopen) return;
    await this.databases.root.close();
    this.databases = openDatabases(this.folder, false);
    this.mustReopen = false;
  }

  /** Makes this process the only one with the folder; one that died without a word does not count. */
  private claim(): void {
    const { root, about } = this.databases;
    let owner: Owner | undefined;
    try {
      root.transactionSync(() => {
        owner = about.get("owner") as Owner | undefined;
        if (owner !== undefined && owner.pid !== process.pid && isRunning(owner)) return;
        owner = undefined;
        about.put("owner", thisProcess());
      });
    } catch (error) {
      throw openingFault(this.folder, error as Error);
    }
    if (owner !== undefined) {
      const hint = "stop it first, or choose another folder with --data";
      throw codedError(
        "store/in-use",
        `The store in ${this.folder} is in use by process ${owner.pid}: ${hint}.`,
      );
    }
  }
}

/** A file as it was at one moment, for reading; another process may be writing it. */
export class LmdbSnapshot {
  private readonly databases: Databases;

  /** @throws Error with code `store/missing` or `store/damaged` */
  constructor(folder: string) {
    if (!existsSync(join(folder, DATA_FILE))) {
      throw codedError("store/missing", `There is no store in ${folder}.`);
    }
    try {
      this.databases = openDatabases(folder, true);
    } catch (error) {
      throw openingFault(folder, error as Error);
    }
  }

  about(): About | undefined {
    return aboutOf(this.databases);
  }

  batches(): Iterable<readonly [number: number, batch: Buffer]> {
    return batchesOf(this.databases);
  }

  quarantined(): number {
    return quarantinedIn(this.databases);
  }

  close(): Promise<void> {
    return this.databases.root.close();
  }
}

/** Copies the file as it is at this moment, free pages left out. The copy has no owner. */
export async function copyBatches(folder: string, destination: string): Promise<void> {
  const { root } = openDatabases(folder, true);
  try {
    await root.backup(destination, true);
  } finally {
    await root.close();
  }
  chmodSync(join(destination, DATA_FILE), 0o600);
  const copy = openDatabases(destination, false);
  await copy.about.remove("owner");
  await copy.root.close();
}

function openDatabases(folder: string, readOnly: boolean): Databases {
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

function aboutOf({ about }: Databases): About | undefined {
  const format = about.get("format") as number | undefined;
  // Format 1 knew no schema.
  return format === undefined
    ? undefined
    : { format, schema: (about.get("schema") ?? 1) as number };
}

function* batchesOf({ journal }: Databases): Generator<readonly [number: number, batch: Buffer]> {
  for (const { key, value } of journal.getRange()) yield [key, value];
}

function quarantinedIn({ quarantine }: Databases): number {
  return quarantine?.getCount() ?? 0;
}

/**
 * What the library says about a failed commit comes in a promise of its own, in the same turn; of errors whose number is one of its
 * own states (EPERM) it says nothing.
 */
async function causeOf(error: Error): Promise<Error> {
  const { commitError } = error as { commitError?: Promise<never> };
  if (commitError === undefined) return error;
  const inTime = new Promise<Error>((resolve) => {
    setImmediate(() => resolve(new Error("the system refused the write")));
  });
  return Promise.race([commitError.catch((cause: Error) => cause), inTime]);
}

function openingFault(folder: string, error: Error): Error {
  const code = writeFaultOf(error);
  if (code !== "store/write-failed") return fault(folder, code, error.message);
  const hint = "Restore a backup (see dormouse store backup --help)";
  return codedError(
    "store/damaged",
    `The store in ${folder} cannot be opened: ${error.message}. ${hint}.`,
  );
}

function fault(folder: string, code: string, reason: string): Error {
  return codedError(code, `The store in ${folder} cannot be written: ${reason}.`);
}

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
