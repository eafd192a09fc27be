/**
 * Batches in one LMDB file.
 *
 *   journal      number -> batch
 *   about        "format", "schema" -> number; "owner" -> { pid, started }
 *   quarantine   number -> damaged part
 *
 * Nothing is written that is known to fail, since the library would print it each time.
 */
import { mkdirSync } from "node:fs";
import { open as openFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type About, type Amendment, type BatchFile, writeFaultOf } from "./batch-file.ts";
import {
  aboutOf,
  batchesOf,
  codedError,
  type Databases,
  fault,
  openDatabases,
  openingFault,
  quarantinedIn,
} from "./lmdb-databases.ts";
import { DATA_FILE } from "./lmdb-header.ts";
import { isRunning, type Owner, thisProcess } from "./owner.ts";

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
    makeFolder(folder);
    try {
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

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { message } = error as Error;
    throw codedError(
      writeFaultOf(error as Error),
      `The folder ${folder} cannot be made: ${message}. Name another with --data.`,
    );
  }
}
