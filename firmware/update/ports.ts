/**
 * What updates of firmware and software need from their board beside the ports of every agent (../ports.ts): room for a package,
 * somebody to check it, somebody to install it, and ways to fetch it.
 *
 * Everything is synchronous but sources, which are machines. Where something may take long, "not yet" is an answer.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { CalendarClock, Store } from "../ports.ts";

// What may be wrong with a package, as /5/0/5 counts it (LwM2M Core 1.2.2 §E.6).

export const NO_FAULT = 0;
/** Not enough room in flash. */
export const NO_STORAGE = 2;
/** Not enough RAM. */
export const NO_MEMORY = 3;
export const CONNECTION_LOST = 4;
export const INTEGRITY_FAILED = 5;
export const UNSUPPORTED_TYPE = 6;
export const INVALID_URI = 7;
export const INSTALLATION_FAILED = 8;
export const UNSUPPORTED_PROTOCOL = 9;

/** A package that came whole. */
export interface StagedPackage {
  /** Bytes. */
  length(): number;
  /** Some of its bytes, the reader's own; fewer at its end. */
  read(offset: number, length: number): Uint8Array;
}

/** Room for one package. */
export interface Staging extends StagedPackage {
  /**
   * Makes room for another package; what was there is gone.
   *
   * @param length bytes, where they are known beforehand
   * @returns NO_FAULT, NO_STORAGE or NO_MEMORY
   */
  begin(length: number | undefined): number;
  /** Appends to it; `bytes` stay the caller's. Returns a fault as `begin` does, UNSUPPORTED_TYPE where the first bytes show it. */
  append(bytes: Uint8Array): number;
  /** Removes what is there. */
  discard(): void;
}

/** What a package is found to be. */
export interface Verdict {
  /** NO_FAULT, INTEGRITY_FAILED or UNSUPPORTED_TYPE. */
  readonly fault: number;
  /** As the package calls itself. */
  readonly name?: string;
  readonly version?: string;
}

/** Says whether a package is what it claims to be, and for this device: digests, signatures, a format. */
export interface Verification {
  /** Undefined while it is not done: asked again soon. */
  check(staged: StagedPackage): Verdict | undefined;
}

/** Makes firmware of a package. */
export interface Installer {
  /**
   * Begins. The device may restart while it is under way.
   *
   * @returns NO_FAULT when it is done, a fault, or undefined while it is under way: then `outcome` is asked, after a restart too
   */
  install(staged: StagedPackage): number | undefined;
  /** What came of the last installation, as `install` says it. */
  outcome(): number | undefined;
}

// A board that keeps its program in files of flash, twice (slots.ts).

/**
 * Files in flash. What was erased is 0xFF and may be written once, in whole units of 8 bytes; a file's room is claimed when its first
 * bytes are written. A power cut leaves what was being written in part, all else as it was.
 */
export interface FlashFiles {
  /** Bytes; undefined when there is no such file. */
  size(name: string): number | undefined;
  /** Some of its bytes, the reader's own; fewer at its end, none of a file that is not there. */
  read(name: string, offset: number, length: number): Uint8Array;
  /** Makes a file of `size` bytes that begins with these. False when there is no room, or it cannot be written. */
  create(name: string, bytes: Uint8Array, size: number): boolean;
  /** Writes where a file is still erased. False when it is not, or cannot be written. */
  write(name: string, bytes: Uint8Array, offset: number): boolean;
  erase(name: string): void;
  /** SHA-256 of some of its bytes, which need not fit into memory; undefined when the board cannot compute it. */
  digest(name: string, offset: number, length: number): Uint8Array | undefined;
  /** Bytes that the largest new file may have, as things are. */
  free(): number;
}

// PackageSource.

/** Name and password for a server of packages. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Where to fetch, and what is there already. */
export interface DownloadPoint {
  readonly uri: string;
  /** Bytes that were fetched before. */
  readonly offset: number;
  /** Of the representation that they were part of, as the server named it: an entity tag. */
  readonly tag: string | undefined;
  readonly credentials?: Credentials | undefined;
}

export type DownloadEvent =
  /** Always the first. `offset` is 0 where the download begins anew, though it was to go on: another representation, or a server that cannot. */
  | {
      readonly kind: "begun";
      readonly offset: number;
      /** Of the whole representation, bytes, where the server says it. */
      readonly length: number | undefined;
      readonly tag: string | undefined;
    }
  /** The next bytes, the receiver's own. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "ended" }
  /** CONNECTION_LOST is worth another try, not before `retryAfter`; INVALID_URI and the others are not. */
  | { readonly kind: "failed"; readonly fault: number; readonly retryAfter?: Milliseconds };

/** One download under way, a machine. */
export interface PackageDownload {
  handleTimeout(now: Milliseconds): void;
  deadline(): Milliseconds;
  pollEvent(): DownloadEvent | undefined;
  /** Ends it; nothing comes any more. */
  close(): void;
}

/** A way to fetch, for some schemes of URIs. */
export interface PackageSource {
  /** Values of /5/0/8: places in `SCHEMES` (package-uri.ts). */
  readonly protocols: readonly number[];
  /**
   * Begins to fetch a URI of one of its protocols.
   *
   * @param wake to be called when the download has to be driven although its deadline did not say so
   * @returns undefined when there can be nothing at such a URI
   */
  open(now: Milliseconds, point: DownloadPoint, wake: () => void): PackageDownload | undefined;
}

/** How often and when a broken download goes on. */
export interface RetryPolicy {
  /** Further attempts in a row that bring nothing; one that gets further than all before sets the count back. */
  readonly attempts: number;
  /** Before the first of them; doubled before each further one. */
  readonly firstDelay: Milliseconds;
  readonly longestDelay: Milliseconds;
}

export interface UpdatePorts {
  readonly staging: Staging;
  /** Absent: every package is taken. */
  readonly verification?: Verification;
  readonly installer: Installer;
  /** Absent or empty: packages can only be pushed. */
  readonly sources?: readonly PackageSource[];
  /** Where an update's state outlives a restart. */
  readonly store?: Store;
  /** For Last State Change Time. */
  readonly calendar?: CalendarClock;
}
