/**
 * Memory that outlives a power cut at any moment, on Espruino. Its Storage replaces a file by erasing it first, so that a cut may leave
 * neither: here a record is written beside the one before it, which goes when the next is written.
 *
 *     generation, CRC-32 of all behind it and of the generation, content      1 + 4 + n bytes
 */
import type { Store } from "../../ports.ts";

const HEADER = 5;
const SUFFIXES: readonly string[] = [".0", ".1"];

const storage = require("Storage");

interface Copy {
  readonly generation: number;
  readonly text: string;
}

/** What a file holds, if all of it is there. */
function copyIn(name: string): Copy | undefined {
  const text = storage.read(name);
  if (text === undefined || text.length <= HEADER) return undefined;
  const generation = text.charCodeAt(0);
  const content = text.substring(HEADER);
  return text === sealed(generation, content)
    ? { generation: generation, text: content }
    : undefined;
}

function sealed(generation: number, content: string): string {
  const first = String.fromCharCode(generation);
  const sum = E.CRC32(first + content);
  const bytes = String.fromCharCode(
    (sum >> 24) & 255,
    (sum >> 16) & 255,
    (sum >> 8) & 255,
    sum & 255,
  );
  return first + bytes + content;
}

/** The number of the later copy; -1 when there is none. */
function latest(copies: readonly (Copy | undefined)[]): number {
  const [a, b] = copies;
  if (a === undefined || b === undefined) return a === undefined ? (b === undefined ? -1 : 1) : 0;
  return ((a.generation - b.generation) & 255) < 128 ? 0 : 1;
}

function copiesOf(name: string): (Copy | undefined)[] {
  return [copyIn(name + SUFFIXES[0]), copyIn(name + SUFFIXES[1])];
}

export const TWO_COPIES: Store = {
  read: function (name) {
    const copies = copiesOf(name);
    const copy = copies[latest(copies)];
    return copy === undefined ? undefined : E.toUint8Array(copy.text);
  },
  write: function (name, bytes) {
    const copies = copiesOf(name);
    const at = latest(copies);
    const copy = copies[at];
    const text = E.toString(bytes);
    if (copy !== undefined && copy.text === text) return true;
    // A record of nothing could not be told from none.
    if (bytes.length === 0) return false;
    const next = sealed(copy === undefined ? 0 : (copy.generation + 1) & 255, text);
    const file = name + SUFFIXES[at === 0 ? 1 : 0];
    try {
      return storage.write(file, next) && storage.read(file) === next;
    } catch (_error) {
      // There is no room.
      return false;
    }
  },
  remove: function (name) {
    storage.erase(name + SUFFIXES[0]);
    storage.erase(name + SUFFIXES[1]);
  },
};
