/** Reading an LMDB file of batches, and copying it, while another process may be writing it. */
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { About } from "./batch-file.ts";
import {
  aboutOf,
  batchesOf,
  codedError,
  type Databases,
  openDatabases,
  openingFault,
  quarantinedIn,
} from "./lmdb-databases.ts";
import { DATA_FILE } from "./lmdb-header.ts";

/** A file as it was at one moment, for reading; another process may be writing it. */
export class LmdbSnapshot {
  private readonly databases: Databases;

  /** @throws Error with code `store/missing`, `store/read-only` or `store/damaged` */
  constructor(folder: string) {
    if (!existsSync(join(folder, DATA_FILE))) {
      throw codedError("store/missing", `There is no store in ${folder}.`);
    }
    try {
      this.databases = openDatabases(folder, true);
    } catch (error) {
      const fault = openingFault(folder, error as Error);
      if (fault.code !== "store/read-only") throw fault;
      const hint = "its lock must be written: copy the data folder to where that is possible";
      throw codedError(fault.code, `The store in ${folder} cannot be read there, since ${hint}.`);
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
