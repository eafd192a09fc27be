/** The ports of an update, scripted: room in memory, a server that stops where a test says, an installer that waits to be told. */
import type { Store } from "../../firmware/ports.ts";
import {
  CONNECTION_LOST,
  type DownloadEvent,
  type DownloadPoint,
  type Installer,
  NO_FAULT,
  NO_STORAGE,
  type PackageDownload,
  type PackageSource,
  type StagedPackage,
  type Staging,
  type Verdict,
  type Verification,
} from "../../firmware/update/ports.ts";
import { NEVER } from "../../protocol/time/duration.ts";

/** Room for a package of so many bytes. */
export class MemoryStaging implements Staging {
  /** The longest piece that was appended at once. */
  longestPiece = 0;
  private pieces: Uint8Array[] = [];
  private size = 0;
  private readonly capacity: number;
  private readonly announced: boolean;

  /** @param announced false: what is too long is noticed when it is there only */
  constructor(capacity = 65536, announced = true) {
    this.capacity = capacity;
    this.announced = announced;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.pieces));
  }

  begin(length: number | undefined): number {
    this.discard();
    return this.announced && (length ?? 0) > this.capacity ? NO_STORAGE : NO_FAULT;
  }

  append(bytes: Uint8Array): number {
    if (this.size + bytes.length > this.capacity) return NO_STORAGE;
    this.longestPiece = Math.max(this.longestPiece, bytes.length);
    this.pieces.push(bytes.slice());
    this.size += bytes.length;
    return NO_FAULT;
  }

  discard(): void {
    this.pieces = [];
    this.size = 0;
  }

  length(): number {
    return this.size;
  }

  read(offset: number, length: number): Uint8Array {
    return this.bytes.slice(offset, offset + length);
  }
}

export class MemoryStore implements Store {
  readonly records = new Map<string, Uint8Array>();

  read(name: string): Uint8Array | undefined {
    return this.records.get(name);
  }

  write(name: string, bytes: Uint8Array): boolean {
    this.records.set(name, bytes.slice());
    return true;
  }

  remove(name: string): void {
    this.records.delete(name);
  }
}

/** Installs what a test tells it to; undefined leaves it under way. */
export class ScriptedInstaller implements Installer {
  readonly installed: Uint8Array[] = [];
  next: number | undefined = NO_FAULT;

  install(staged: StagedPackage): number | undefined {
    this.installed.push(staged.read(0, staged.length()));
    return this.next;
  }

  outcome(): number | undefined {
    return this.next;
  }
}

export class ScriptedVerification implements Verification {
  verdict: Verdict | undefined = { fault: NO_FAULT };
  asked = 0;

  check(): Verdict | undefined {
    this.asked++;
    return this.verdict;
  }
}

/** A server with one file, which breaks off where a test says. */
export class ScriptedSource implements PackageSource {
  readonly protocols: readonly number[];
  readonly opened: DownloadPoint[] = [];
  closed = 0;
  file: Uint8Array;
  tag: string | undefined = "v1";
  /** Bytes that each attempt brings before it breaks, in order; then all the rest. */
  breaks: number[] = [];
  /** What an attempt comes to instead. */
  fault: DownloadEvent | undefined = undefined;
  pieceSize = 1000;
  /** Whether it says how long the file is. */
  saysLength = true;

  constructor(file: Uint8Array, protocols: readonly number[] = [0]) {
    this.file = file;
    this.protocols = protocols;
  }

  open(_now: number, point: DownloadPoint): PackageDownload {
    this.opened.push(point);
    const goesOn = point.tag !== undefined && point.tag === this.tag;
    const offset = goesOn ? point.offset : 0;
    const length = this.saysLength ? this.file.length : undefined;
    const limit = this.breaks.length > 0 ? (this.breaks.shift() as number) : NEVER;
    const events: DownloadEvent[] = [];
    if (this.fault !== undefined) events.push(this.fault);
    else {
      if (limit > 0) events.push({ kind: "begun", offset, length, tag: this.tag });
      const end = Math.min(this.file.length, offset + limit);
      for (let at = offset; at < end; at += this.pieceSize) {
        events.push({
          kind: "bytes",
          bytes: this.file.slice(at, Math.min(at + this.pieceSize, end)),
        });
      }
      events.push(limit === NEVER ? { kind: "ended" } : { kind: "failed", fault: CONNECTION_LOST });
    }
    return {
      handleTimeout: () => {},
      deadline: () => (events.length > 0 ? 0 : NEVER),
      pollEvent: () => events.shift(),
      close: () => {
        this.closed++;
      },
    };
  }
}

/** Bytes that differ from place to place. */
export function packageOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) & 0xff);
}
