/**
 * Records that a power cut cannot halve: two files for each, written in turn. The interpreter gives up a file before it writes the next
 * version of it, so that a cut in between would leave neither.
 *
 *   0    1         5
 *   +----+---------+---------+
 *   | nth| CRC-32  | record  |      nth: counted around, so that 0 comes after 255
 *   +----+---------+---------+
 */
import { equalBytes } from "../../../protocol/bytes/equal.ts";
import type { Store } from "../../ports.ts";

const HEADER = 5;
/** What is put behind a name; the interpreter cuts names at 28 characters. */
const ENDINGS = [".a", ".b"];

export function rotating(store: Store): Store {
  return {
    read: function (name) {
      const newest = newestOf(store, name);
      return newest === undefined ? undefined : newest.bytes.subarray(HEADER);
    },
    write: function (name, bytes) {
      const newest = newestOf(store, name);
      if (newest !== undefined && equalBytes(newest.bytes.subarray(HEADER), bytes)) return true;
      const record = new Uint8Array(HEADER + bytes.length);
      record.set(bytes, HEADER);
      record[0] = newest === undefined ? 0 : (newest.bytes[0] + 1) & 255;
      new DataView(record.buffer).setUint32(1, E.CRC32(bytes));
      return store.write(name + ENDINGS[newest === undefined ? 0 : 1 - newest.place], record);
    },
    remove: function (name) {
      for (let i = 0; i < ENDINGS.length; i++) store.remove(name + ENDINGS[i]);
    },
  };
}

function newestOf(store: Store, name: string): { bytes: Uint8Array; place: number } | undefined {
  let newest: { bytes: Uint8Array; place: number } | undefined;
  for (let i = 0; i < ENDINGS.length; i++) {
    const bytes = store.read(name + ENDINGS[i]);
    if (bytes === undefined || !isWhole(bytes)) continue;
    // The other may be one turn older, or one younger.
    if (newest === undefined || ((bytes[0] - newest.bytes[0]) & 255) === 1) {
      newest = { bytes: bytes, place: i };
    }
  }
  return newest;
}

function isWhole(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER) return false;
  const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  return E.CRC32(bytes.subarray(HEADER)) >>> 0 === sum;
}
