/**
 * A package staged in a file: `package` in a folder of its own, appended as it comes, there again after a restart.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Staging } from "../../update/ports.ts";
import { NO_FAULT, NO_STORAGE } from "../../update/ports.ts";

/** Bytes; more than that no package has. */
const USUAL_CAPACITY = 256 * 1024 * 1024;
/** So many bytes are written between two times that the disk is made to have them. */
const SYNC_INTERVAL = 1024 * 1024;

export class FileStaging implements Staging {
  readonly file: string;
  private readonly capacity: number;
  private descriptor: number | undefined = undefined;
  private size: number;
  private unsynced = 0;

  /**
   * @param folder made when it is not there; nobody else may write there
   * @param capacity bytes of a package at most
   */
  constructor(folder: string, capacity: number = USUAL_CAPACITY) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = join(folder, "package");
    this.capacity = capacity;
    this.size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
  }

  begin(length: number | undefined): number {
    try {
      this.discard();
      if ((length ?? 0) > Math.min(this.capacity, this.freeBytes())) return NO_STORAGE;
      return NO_FAULT;
    } catch {
      // The folder is gone, or may not be written.
      return NO_STORAGE;
    }
  }

  append(bytes: Uint8Array): number {
    if (this.size + bytes.length > this.capacity) return NO_STORAGE;
    try {
      this.descriptor ??= openSync(this.file, "a", 0o600);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.descriptor, bytes, at);
      this.size += bytes.length;
      this.unsynced += bytes.length;
      if (this.unsynced >= SYNC_INTERVAL) this.sync();
      return NO_FAULT;
    } catch {
      // The disk is full, or gone.
      return NO_STORAGE;
    }
  }

  discard(): void {
    this.close();
    rmSync(this.file, { force: true });
    this.size = 0;
  }

  length(): number {
    return this.size;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(Math.min(length, this.size - offset), 0));
    if (bytes.length === 0) return bytes;
    const descriptor = openSync(this.file, "r");
    try {
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
    } finally {
      closeSync(descriptor);
    }
  }

  /** Lets go of the file; what is staged stays, and is on the disk. */
  close(): void {
    if (this.descriptor === undefined) return;
    this.sync();
    closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private sync(): void {
    if (this.descriptor !== undefined) fsyncSync(this.descriptor);
    this.unsynced = 0;
  }

  private freeBytes(): number {
    const { bavail, bsize } = statfsSync(join(this.file, ".."));
    return bavail * bsize;
  }
}
