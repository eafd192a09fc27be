/**
 * Looks at an LMDB file before the library does, which ends the process with a fault of the memory when it cannot open one.
 *
 * A file begins with two pages, of which the one with the higher transaction counts. Each has, little-endian:
 *
 *   24  magic, 4 | version, 4 | address, 8 | size of the map, 8
 *   48  size of a page, 4 | ...
 *  144  number of the last page, 8 | transaction, 8
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";

export const DATA_FILE = "data.mdb";
const LOCK_FILE = "lock.mdb";
const FILE_MODE = 0o600;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const HEADER = 160;
const SMALLEST_PAGE = 512;
const LARGEST_PAGE = 65536;
/** More is not filled up, bytes. */
const MOST_MISSING = 1 << 30;
const ZEROS = Buffer.alloc(64 * 1024);
/** Elsewhere numbers are of another size or order, and the file is taken as it is. */
const HAS_THIS_LAYOUT = process.arch.includes("64") && endianness() === "LE";

/**
 * Makes sure that the files in a folder can be opened, or made.
 *
 * A file that is shorter than its header says is filled up with zeros, so that reading what is missing meets a wrong checksum and
 * does not end the process. It may rightly be shorter, when the last pages are free.
 *
 * @throws the system's error, or an Error that says what is wrong with the file
 */
export function checkFiles(folder: string): void {
  const lock = join(folder, LOCK_FILE);
  // Not opened: closing it would end the locks that this process may have on it.
  accessSync(existsSync(lock) ? lock : folder, constants.W_OK);
  const file = openSync(join(folder, DATA_FILE), "a+", FILE_MODE);
  try {
    const { size } = fstatSync(file);
    if (size === 0 || !HAS_THIS_LAYOUT) return;
    const missing = neededSize(file) - size;
    if (missing > MOST_MISSING) throw new Error(`it is cut off: ${missing} bytes are missing`);
    // Behind the end, so that a process that is writing the file meanwhile loses nothing by it.
    for (let at = 0; at < missing; at += ZEROS.length) {
      writeSync(file, ZEROS, 0, Math.min(ZEROS.length, missing - at));
    }
  } finally {
    closeSync(file);
  }
}

/** How long the file is by the header that counts. */
function neededSize(file: number): number {
  const first = headerAt(file, 0);
  const second = headerAt(file, first.pageSize);
  if (second.pageSize !== first.pageSize) throw new Error("its two headers differ");
  const newest = first.transaction > second.transaction ? first : second;
  return (newest.lastPage + 1) * newest.pageSize;
}

interface Header {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
}

function headerAt(file: number, at: number): Header {
  const header = Buffer.alloc(HEADER);
  const size = readSync(file, header, 0, HEADER, at);
  const pageSize = header.readUInt32LE(48);
  const isPage = pageSize >= SMALLEST_PAGE && pageSize <= LARGEST_PAGE;
  const isHeader = header.readUInt32LE(24) === MAGIC && header.readUInt32LE(28) === VERSION;
  if (size < HEADER || !isHeader || !isPage) throw new Error("its header is damaged");
  const lastPage = Number(header.readBigUInt64LE(144));
  const transaction = Number(header.readBigUInt64LE(152));
  if (lastPage * pageSize > Number.MAX_SAFE_INTEGER) throw new Error("its header is damaged");
  return { pageSize, lastPage, transaction };
}
