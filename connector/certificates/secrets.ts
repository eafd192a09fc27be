/** Where the connector keeps its private keys: never in the store, so that who has the store, a backup or an export has no key. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export interface Secrets {
  /** The text of this name; undefined when there is none yet. */
  read(name: string): string | undefined;
  /** Keeps a text, replacing the one of the same name. It is durable, whole or not at all, when this returns. */
  write(name: string, text: string): void;
  /** What to call this one in a message for the operator. */
  describe(name: string): string;
}

/** Keeps secrets as long as the process lives. */
export class MemorySecrets implements Secrets {
  private readonly texts = new Map<string, string>();

  read(name: string): string | undefined {
    return this.texts.get(name);
  }

  write(name: string, text: string): void {
    this.texts.set(name, text);
  }

  describe(name: string): string {
    return `${name} (in memory)`;
  }
}

/** Keeps each secret in a file that its owner alone can read, in a folder that its owner alone can enter. */
export class SecretFolder implements Secrets {
  private readonly folder: string;

  /** Makes the folder if need be, and takes its rights from others if they have any. */
  constructor(folder: string) {
    this.folder = folder;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      closeToOthers(folder, 0o700);
    } catch (error) {
      throw fault(`${folder} cannot be made`, error);
    }
  }

  read(name: string): string | undefined {
    const file = this.describe(name);
    try {
      const text = readFileSync(file, "utf8");
      closeToOthers(file, 0o600);
      return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw fault(`${file} cannot be read`, error);
    }
  }

  write(name: string, text: string): void {
    const file = this.describe(name);
    const unfinished = `${file}.new`;
    try {
      // One left behind by a kill could have other rights.
      rmSync(unfinished, { force: true });
      const descriptor = openSync(unfinished, "wx", 0o600);
      try {
        writeSync(descriptor, text);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(unfinished, file);
      this.flushFolder();
    } catch (error) {
      throw fault(`${file} cannot be written`, error);
    }
  }

  describe(name: string): string {
    return join(this.folder, name);
  }

  /** A file has its new name for good when the folder is on the disk too. */
  private flushFolder(): void {
    const descriptor = openSync(this.folder, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Leaves alone what is closed already: nothing is written then, on a disk that can only be read. */
function closeToOthers(path: string, mode: number): void {
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, mode);
}

function fault(what: string, error: unknown): Error {
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  return Object.assign(new Error(`${what}: ${reason}.`), { code: "secrets/failed" });
}
