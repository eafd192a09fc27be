/**
 * One batch of the journal, format 2: records, each with a checksum of its own, between two copies of a directory.
 *
 *   batch      directory | record ... | directory
 *   directory  count, 4 bytes | count x (record's length, 4 | record's CRC-32, 4) | CRC-32 of that, 4 | count, 4
 *   record     CBOR of the table's name, of the key, of the value; without a value it is a removal
 *
 * All numbers big-endian. A changed bit in a record is that record's loss alone; one in a directory is no loss, since the other
 * copy still tells where each record is. Table and key come first, so that most damaged records can still be named.
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
/** Bytes of a directory beside its entries. */
const DIRECTORY_FRAME = 12;
/** The major type of text (RFC 8949 §3.1). */
const TEXT = 0x60;
/** A damaged name is shown so far, characters. */
const SHOWN = 80;

/** Maps with their names, nothing shared: each record can be read without any other. */
const cbor = new Decoder({ mapsAsObjects: true, copyBuffers: true, tagUint8Array: false });
const writer = new CborWriter();

/** Encodes changes as a batch; the bytes are the caller's. Each table's changes stay in order. */
export function encodeBatch(changes: Changes): Buffer {
  const entries: number[] = [];
  writer.clear();
  for (const table of Object.keys(changes)) {
    const list = changes[table];
    for (let i = 0; i < list.length; i += 2) {
      const start = writer.end;
      writer.text(table);
      writer.text(list[i] as string);
      if (list[i + 1] !== undefined) writer.value(list[i + 1]);
      entries.push(writer.end - start, crc32(writer.bytes.subarray(start, writer.end)));
    }
  }
  const size = DIRECTORY_FRAME + (entries.length / 2) * ENTRY;
  const batch = Buffer.allocUnsafe(size + writer.end + size);
  writeDirectory(batch, entries);
  writer.bytes.copy(batch, size, 0, writer.end);
  batch.copy(batch, size + writer.end, 0, size);
  return batch;
}

/**
 * Reads a batch. What is damaged is left out and reported, everything else is taken.
 *
 * @returns the damage, mostly none
 */
export function readBatch(batch: Buffer, take: TakeRecord): Damage[] {
  const front = directoryAt(batch, 0, batch.length >= 4 ? batch.readUInt32BE(0) : 0);
  const count = batch.length >= 4 ? batch.readUInt32BE(batch.length - 4) : 0;
  const back = directoryAt(batch, batch.length - sizeOf(count), count);
  const directory = front ?? back;
  if (directory === undefined) {
    return [{ what: "all of it, its directory unreadable", bytes: batch, isLoss: true }];
  }
  const damages: Damage[] = [];
  if (front === undefined || back === undefined || !front.equals(back)) {
    const bytes =
      front === undefined ? batch.subarray(0, directory.length) : batch.subarray(-directory.length);
    damages.push({ what: "one of two copies of its directory", bytes, isLoss: false });
  }
  readRecords(batch, directory, take, damages);
  return damages;
}

function readRecords(batch: Buffer, directory: Buffer, take: TakeRecord, damages: Damage[]): void {
  const count = directory.readUInt32BE(0);
  let start = directory.length;
  for (let i = 0; i < count; i++) {
    const at = 4 + i * ENTRY;
    const end = start + directory.readUInt32BE(at);
    const record = batch.subarray(start, end);
    const isWhole = crc32(record) === directory.readUInt32BE(at + 4);
    if (!isWhole || !takeRecord(record, take)) {
      const what = `record ${i + 1} of ${count}, ${nameOf(record)}`;
      damages.push({ what, bytes: record, isLoss: true });
    }
    start = end;
  }
}

/** Returns false when what is inside cannot be read. */
function takeRecord(record: Buffer, take: TakeRecord): boolean {
  try {
    const table = textAt(record, 0);
    const key = textAt(record, table.end);
    const isRemoval = key.end === record.length;
    take(table.text, key.text, isRemoval ? undefined : cbor.decode(record.subarray(key.end)));
    return true;
  } catch {
    return false;
  }
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

function sizeOf(count: number): number {
  return DIRECTORY_FRAME + count * ENTRY;
}

function writeDirectory(batch: Buffer, entries: readonly number[]): void {
  const count = entries.length / 2;
  batch.writeUInt32BE(count, 0);
  let at = 4;
  for (const number of entries) at = batch.writeUInt32BE(number, at);
  at = batch.writeUInt32BE(crc32(batch.subarray(0, at)), at);
  batch.writeUInt32BE(count, at);
}

/** A directory that is whole and fits the batch, or undefined. */
function directoryAt(batch: Buffer, start: number, count: number): Buffer | undefined {
  const size = sizeOf(count);
  if (start < 0 || 2 * size > batch.length) return undefined;
  const directory = batch.subarray(start, start + size);
  const crcAt = size - 8;
  if (directory.readUInt32BE(0) !== count) return undefined;
  if (directory.readUInt32BE(crcAt) !== crc32(directory.subarray(0, crcAt))) return undefined;
  let records = 0;
  for (let i = 0; i < count; i++) records += directory.readUInt32BE(4 + i * ENTRY);
  return records === batch.length - 2 * size ? directory : undefined;
}
