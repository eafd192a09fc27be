/**
 * Memory that outlives a power cut, on Node: a folder with a file for each record. A file is written beside the old one and takes its place, so that a
 * cut leaves one or the other.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { equalBytes } from "../../../protocol/bytes/equal.ts";
import type { Store } from "../../ports.ts";

/** Records hold keys. */
const MODE = 0o600;
/** Bytes; whatever is longer is not ours. */
const LONGEST_RECORD = 1 << 20;

export class FileStore implements Store {
  private readonly folder: string;

  /** Makes the folder if need be. Throws the system's error when it cannot. */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  read(name: string): Uint8Array | undefined {
    const file = this.fileOf(name);
    try {
      const bytes = readFileSync(file);
      return bytes.length > LONGEST_RECORD ? undefined : new Uint8Array(bytes);
    } catch {
      return undefined;
    }
  }

  write(name: string, bytes: Uint8Array): boolean {
    const file = this.fileOf(name);
    const beside = `${file}.new`;
    const former = this.read(name);
    if (former !== undefined && equalBytes(former, bytes)) return true;
    try {
      const descriptor = openSync(beside, "w", MODE);
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(beside, file);
      return true;
    } catch {
      removeFile(beside);
      return false;
    }
  }

  remove(name: string): void {
    removeFile(this.fileOf(name));
  }

  /** Throws for a name that would lead elsewhere. */
  private fileOf(name: string): string {
    if (!/^[a-z0-9-]{1,64}$/.test(name)) throw new Error(`"${name}" is no name of a record`);
    return join(this.folder, name);
  }
}

/** Memory that outlives a reboot of the device, though not of the program. */
export class MemoryStore implements Store {
  private readonly records = new Map<string, Uint8Array>();

  read(name: string): Uint8Array | undefined {
    const bytes = this.records.get(name);
    return bytes === undefined ? undefined : new Uint8Array(bytes);
  }

  write(name: string, bytes: Uint8Array): boolean {
    this.records.set(name, new Uint8Array(bytes));
    return true;
  }

  remove(name: string): void {
    this.records.delete(name);
  }
}

/** What cannot be removed stays, and is read or written over another time. */
function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}
