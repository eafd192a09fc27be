/**
 * One batch of the journal, format 2: records, each with a checksum of its own, between two copies of a directory.
 *
 *   batch      directory | record ... | directory
 *   directory  its size, 4 bytes | count, 4 | count x (record's length, 4 | record's CRC-32, 4) | shapes | CRC-32 of that, 4 | its size, 4
 *   shapes     CBOR of the lists of names that rows of this batch have
 *   record     CBOR of the table's name, of the key, of the shape's number, of the value; without the last two it is a removal
 *
 * A value of a shape is the array of what its names stand for; shape 0 is none, and the value is there as it is. Numbers that are
 * not CBOR are big-endian. A changed bit in a record is that record's loss alone; one in a directory is no loss, since the other copy
 * still tells where each record is. Table and key come first, so that most damaged records can still be named.
 */
import { crc32 } from "node:zlib";
import { Decoder } from "cbor-x";
import { CborWriter } from "./cbor-writer.ts";
import type { Changes } from "./live-table.ts";

/** Part of a batch that is not as it was written. */
export interface Damage {
  /** What it is, for the operator: `record 3 of 40, table "channels", key "abc"`. */
  readonly what: string;
  /** The bytes as they are now; a view. */
  readonly bytes: Uint8Array;
  /** False when everything in the batch could be read all the same. */
  readonly isLoss: boolean;
}

/** Told of each record in the order of the changes; a value of undefined is a removal. */
export type TakeRecord = (table: string, key: string, value: unknown) => void;

const ENTRY = 8;
/** Bytes of a directory before and behind its entries and shapes. */
const ENTRIES_AT = 8;
const DIRECTORY_TAIL = 8;
const DIRECTORY_FRAME = ENTRIES_AT + DIRECTORY_TAIL;
/** One byte of CBOR holds their number. Names that others choose would make one for each row. */
const MOST_SHAPES = 23;
/** The major type of text (RFC 8949 §3.1). */
const TEXT = 0x60;
/** A damaged name is shown so far, characters. */
const SHOWN = 80;

const cbor = new Decoder({ mapsAsObjects: true, copyBuffers: true, tagUint8Array: false });
const writer = new CborWriter();

/** Encodes changes as a batch; the bytes are the caller's. Each table's changes stay in order. */
export function encodeBatch(changes: Changes): Buffer {
  const entries: number[] = [];
  const shapes = new Shapes();
  writer.clear();
  for (const table of Object.keys(changes)) {
    const list = changes[table];
    for (let i = 0; i < list.length; i += 2) {
      const start = writer.end;
      writer.text(table);
      writer.text(list[i] as string);
      if (list[i + 1] !== undefined) writeRow(list[i + 1], shapes);
      entries.push(writer.end - start, crc32(writer.bytes.subarray(start, writer.end)));
    }
  }
  const records = writer.end;
  writer.value(shapes.lists);
  const size = DIRECTORY_FRAME + entries.length * 4 + (writer.end - records);
  const batch = Buffer.allocUnsafe(size + records + size);
  writeDirectory(batch, size, entries, writer.bytes.subarray(records, writer.end));
  writer.bytes.copy(batch, size, 0, records);
  batch.copy(batch, size + records, 0, size);
  return batch;
}

function writeRow(row: unknown, shapes: Shapes): void {
  const number = shapes.numberOf(row);
  writer.value(number);
  if (number === 0) writer.value(row);
  else writer.values(row as Record<string, unknown>, shapes.lists[number - 1]);
}

/**
 * Reads a batch. What is damaged is left out and reported, everything else is taken.
 *
 * @returns the damage, mostly none
 */
export function readBatch(batch: Buffer, take: TakeRecord): Damage[] {
  const isLongEnough = batch.length >= 2 * DIRECTORY_FRAME;
  const front = isLongEnough ? directoryAt(batch, 0, batch.readUInt32BE(0)) : undefined;
  const backSize = isLongEnough ? batch.readUInt32BE(batch.length - 4) : 0;
  const back = directoryAt(batch, batch.length - backSize, backSize);
  const directory = front ?? back;
  if (directory === undefined) {
    return [{ what: "all of it, its directory unreadable", bytes: batch, isLoss: true }];
  }
  const damages: Damage[] = [];
  if (front === undefined || back === undefined || !front.equals(back)) {
    const { length } = directory;
    const bytes = front === undefined ? batch.subarray(0, length) : batch.subarray(-length);
    damages.push({ what: "one of two copies of its directory", bytes, isLoss: false });
  }
  readRecords(batch, directory, take, damages);
  return damages;
}

function readRecords(batch: Buffer, directory: Buffer, take: TakeRecord, damages: Damage[]): void {
  const count = directory.readUInt32BE(4);
  const shapesAt = ENTRIES_AT + count * ENTRY;
  const shapes = cbor.decode(directory.subarray(shapesAt, -DIRECTORY_TAIL)) as string[][];
  let start = directory.length;
  for (let i = 0; i < count; i++) {
    const at = ENTRIES_AT + i * ENTRY;
    const end = start + directory.readUInt32BE(at);
    const record = batch.subarray(start, end);
    const isWhole = crc32(record) === directory.readUInt32BE(at + 4);
    if (!isWhole || !takeRecord(record, shapes, take)) {
      const what = `record ${i + 1} of ${count}, ${nameOf(record)}`;
      damages.push({ what, bytes: record, isLoss: true });
    }
    start = end;
  }
}

/** Returns false when what is inside cannot be read. */
function takeRecord(record: Buffer, shapes: readonly string[][], take: TakeRecord): boolean {
  try {
    const table = textAt(record, 0);
    const key = textAt(record, table.end);
    const isRemoval = key.end === record.length;
    take(table.text, key.text, isRemoval ? undefined : rowAt(record, key.end, shapes));
    return true;
  } catch {
    return false;
  }
}

function rowAt(record: Buffer, at: number, shapes: readonly string[][]): unknown {
  const value = cbor.decode(record.subarray(at + 1));
  const number = record[at];
  if (number === 0) return value;
  const row: Record<string, unknown> = {};
  const names = shapes[number - 1];
  for (let i = 0; i < names.length; i++) row[names[i]] = value[i];
  return row;
}

/** A text string of CBOR. Throws a RangeError where there is none. */
function textAt(record: Buffer, at: number): { text: string; end: number } {
  const form = record[at] - TEXT;
  const headSize = form < 24 ? 1 : form === 24 ? 2 : form === 25 ? 3 : 5;
  const start = at + headSize;
  const size = headSize === 1 ? form : record.readUIntBE(at + 1, headSize - 1);
  const end = start + size;
  if (!(form >= 0 && form <= 26 && end <= record.length)) throw new RangeError("There is no text.");
  return { text: record.toString("utf8", start, end), end };
}

/** Table and key of a damaged record as far as they can be read; they may be what is damaged. */
function nameOf(record: Buffer): string {
  try {
    const table = textAt(record, 0);
    const key = textAt(record, table.end);
    return `table ${shown(table.text)}, key ${shown(key.text)}`;
  } catch {
    return "table and key unreadable";
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text);
}

function writeDirectory(
  batch: Buffer,
  size: number,
  entries: readonly number[],
  shapes: Uint8Array,
): void {
  batch.writeUInt32BE(size, 0);
  batch.writeUInt32BE(entries.length / 2, 4);
  let at = ENTRIES_AT;
  for (const number of entries) at = batch.writeUInt32BE(number, at);
  batch.set(shapes, at);
  at += shapes.length;
  at = batch.writeUInt32BE(crc32(batch.subarray(0, at)), at);
  batch.writeUInt32BE(size, at);
}

/** A directory that is whole and fits the batch, or undefined. */
function directoryAt(batch: Buffer, start: number, size: number): Buffer | undefined {
  if (start < 0 || size < DIRECTORY_FRAME || 2 * size > batch.length) return undefined;
  const directory = batch.subarray(start, start + size);
  const crcAt = size - DIRECTORY_TAIL;
  if (directory.readUInt32BE(0) !== size) return undefined;
  if (directory.readUInt32BE(crcAt) !== crc32(directory.subarray(0, crcAt))) return undefined;
  const count = directory.readUInt32BE(4);
  let records = 0;
  for (let i = 0; i < count; i++) records += directory.readUInt32BE(ENTRIES_AT + i * ENTRY);
  return records === batch.length - 2 * size ? directory : undefined;
}

/** The shapes of one batch: rows of a table mostly have the same names, which are then written once. */
class Shapes {
  readonly lists: string[][] = [];
  private latest: string[] = [];
  private latestNumber = 0;

  /** The number of a row's shape, a new one if there is room; 0 for what is no row with names. */
  numberOf(row: unknown): number {
    const isRow = typeof row === "object" && row !== null && !Array.isArray(row);
    if (!isRow || row instanceof Uint8Array) return 0;
    const names = Object.keys(row);
    if (this.latestNumber > 0 && isSame(names, this.latest)) return this.latestNumber;
    let at = this.lists.findIndex((list) => isSame(names, list));
    if (at < 0) {
      // Setting `__proto__` on reading would not set a member; the library knows how to keep it out.
      if (this.lists.length === MOST_SHAPES || names.includes("__proto__")) return 0;
      at = this.lists.push(names) - 1;
    }
    this.latest = names;
    this.latestNumber = at + 1;
    return this.latestNumber;
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
