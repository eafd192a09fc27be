/**
 * A package staged in a file: `package` in a folder of its own, appended as it comes, there again after a restart. A folder that is gone or
 * may not be written is one without room; nothing here throws for it.
 */
import type { Hash } from "node:crypto";
import { createHash } from "node:crypto";
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
import { INTEGRITY_FAILED, NO_FAULT, NO_STORAGE } from "../../update/ports.ts";
import type { HashedStaging } from "../../update/signed-staging.ts";

/** Bytes; more than that no package has. */
const USUAL_CAPACITY = 256 * 1024 * 1024;
/** So many bytes are written between two times that the disk is made to have them. */
const SYNC_INTERVAL = 1024 * 1024;
/** So many bytes are hashed before the device has a turn again. */
const HASH_SLICE = 4 * 1024 * 1024;

/** A digest that is under way. */
interface Hashing {
  readonly hash: Hash;
  readonly end: number;
  at: number;
}

export class FileStaging implements HashedStaging {
  readonly file: string;
  private readonly capacity: number;
  private descriptor: number | undefined = undefined;
  private size: number;
  private unsynced = 0;
  private hashing: Hashing | undefined = undefined;

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
    this.discard();
    return (length ?? 0) > Math.min(this.capacity, this.freeBytes()) ? NO_STORAGE : NO_FAULT;
  }

  append(bytes: Uint8Array): number {
    if (this.size + bytes.length > this.capacity) return NO_STORAGE;
    this.hashing = undefined;
    try {
      // What could not be removed is written over.
      this.descriptor ??= openSync(this.file, this.size === 0 ? "w" : "a", 0o600);
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
    this.size = 0;
    try {
      rmSync(this.file, { force: true });
    } catch {}
  }

  length(): number {
    return this.size;
  }

  /** Fewer bytes than are there when they cannot be read. */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(Math.min(length, this.size - offset), 0));
    if (bytes.length === 0) return bytes;
    try {
      const descriptor = openSync(this.file, "r");
      try {
        return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
      } finally {
        closeSync(descriptor);
      }
    } catch {
      return bytes.subarray(0, 0);
    }
  }

  /** A slice at a time. INTEGRITY_FAILED when what was staged cannot be read. */
  digest(offset: number, length: number): Uint8Array | number | undefined {
    const end = offset + length;
    const former = this.hashing;
    const hashing = former?.end === end ? former : { hash: createHash("sha256"), at: offset, end };
    this.hashing = hashing;
    const slice = this.read(hashing.at, Math.min(HASH_SLICE, end - hashing.at));
    hashing.hash.update(slice);
    hashing.at += slice.length;
    if (slice.length > 0 && hashing.at < end) return undefined;
    this.hashing = undefined;
    return hashing.at < end ? INTEGRITY_FAILED : new Uint8Array(hashing.hash.digest());
  }

  /** Lets go of the file; what is staged stays, and is on the disk. */
  close(): void {
    const { descriptor } = this;
    this.hashing = undefined;
    if (descriptor === undefined) return;
    this.descriptor = undefined;
    try {
      fsyncSync(descriptor);
    } catch {}
    try {
      closeSync(descriptor);
    } catch {}
  }

  private sync(): void {
    if (this.descriptor !== undefined) fsyncSync(this.descriptor);
    this.unsynced = 0;
  }

  /** Less than none where that cannot be told. */
  private freeBytes(): number {
    try {
      const { bavail, bsize } = statfsSync(join(this.file, ".."));
      return bavail * bsize;
    } catch {
      return -1;
    }
  }
}
