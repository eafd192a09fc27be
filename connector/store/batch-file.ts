/** What the embedded store asks of the file beneath it: numbered batches, added at the end, dropped at the front. */

/** What a file says about itself. */
export interface About {
  /** How its batches are framed. */
  readonly format: number;
  /** What the rows mean, see migrations.ts. */
  readonly schema: number;
}

/** A change of the file while it is being opened: all of it or nothing, durable when `amend` returns. */
export interface Amendment {
  readonly about?: About;
  readonly put?: readonly (readonly [number: number, batch: Uint8Array])[];
  readonly remove?: readonly number[];
  /** Damaged parts to keep aside. */
  readonly quarantine?: readonly Quarantined[];
}

/** A damaged part of a batch, kept for whoever can make something of it. */
export interface Quarantined {
  /** Where it was, for people. */
  readonly what: string;
  /** ISO 8601. */
  readonly foundAt: string;
  readonly base64: string;
}

export interface BatchFile {
  /** Undefined for a new file. */
  about(): About | undefined;
  /** The batches in the order of their numbers. */
  batches(): Iterable<readonly [number: number, batch: Buffer]>;
  /** How many damaged parts are kept aside. */
  quarantined(): number;
  /** Throws when it could not be written, with everything as it was. */
  amend(amendment: Amendment): void;
  /**
   * Adds a batch under `number`, replacing one that a failed call may have left there, and drops those from `dropFrom` up to, not
   * including, `dropTo`. One transaction.
   *
   * Resolves when the device has confirmed that it is written; rejects with an Error whose code is a `WriteFault` when it
   * could not be, and works again when the cause has gone.
   */
  append(number: number, batch: Buffer, dropFrom: number, dropTo: number): Promise<void>;
  close(): Promise<void>;
}

/** Why something could not be written; the codes that `commit` rejects with. */
export type WriteFault = "store/full" | "store/read-only" | "store/write-failed";

const FULL = new Set<unknown>(["ENOSPC", "EDQUOT", "EFBIG", 28, 122, 27, -30792]);
const READ_ONLY = new Set<unknown>(["EROFS", "EPERM", "EACCES", 30, 1, 13]);

/** Which of the faults an error of the system or of LMDB is, by its code. */
export function writeFaultOf(error: Error): WriteFault {
  const { code } = error as { code?: unknown };
  if (FULL.has(code)) return "store/full";
  return READ_ONLY.has(code) ? "store/read-only" : "store/write-failed";
}
