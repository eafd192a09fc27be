/**
 * Reads the journal's first format, which the versions before 0.2 wrote: one checksum for a whole batch.
 *
 *   batch   CRC-32 of the rest, 4 bytes big-endian | CBOR { table: [key, value, key, value ...] }, undefined = removed
 */
import { crc32 } from "node:zlib";
import { Encoder } from "cbor-x";
import type { Damage, TakeRecord } from "./journal-batch.ts";
import type { Changes } from "./live-table.ts";

const cbor = new Encoder({ useRecords: true, copyBuffers: true, tagUint8Array: false });

/** Reads a batch; a damaged one is lost whole. */
export function readFormat1(batch: Buffer, take: TakeRecord): Damage[] {
  const body = batch.subarray(4);
  if (batch.length < 4 || batch.readUInt32BE(0) !== crc32(body)) {
    return [{ what: "all of it, format 1 has no records", bytes: batch, isLoss: true }];
  }
  const changes = cbor.decode(body) as Changes;
  for (const table of Object.keys(changes)) {
    const list = changes[table];
    for (let i = 0; i < list.length; i += 2) take(table, list[i] as string, list[i + 1]);
  }
  return [];
}
