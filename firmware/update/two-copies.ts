/**
 * A store of records that outlives a power cut at any moment, over files that are replaced by erasing them first: a record is written
 * beside the one before it, which goes when the next is written.
 *
 *     sum of all behind it (4 bytes), generation (1), content
 */
import { equalBytes } from "../../protocol/bytes/equal.ts";
import type { Store } from "../ports.ts";
import type { FlashFiles } from "./ports.ts";

const HEADER = 5;
const SUFFIXES: readonly string[] = [".0", ".1"];

/** A record as one of its files has it. */
interface Copy {
  readonly generation: number;
  readonly content: Uint8Array;
}

/** @param sum of 32 bits, that shows whether all of a record was written */
export function twoCopies(files: FlashFiles, sum: (bytes: Uint8Array) => number): Store {
  function copyIn(file: string): Copy | undefined {
    const size = files.size(file);
    const bytes = files.read(file, 0, size === undefined ? 0 : size);
    if (bytes.length <= HEADER) return undefined;
    const generation = bytes[HEADER - 1];
    const content = new Uint8Array(bytes.subarray(HEADER));
    return equalBytes(bytes, sealed(generation, content))
      ? { generation: generation, content: content }
      : undefined;
  }

  function copiesOf(name: string): (Copy | undefined)[] {
    return [copyIn(name + SUFFIXES[0]), copyIn(name + SUFFIXES[1])];
  }

  function sealed(generation: number, content: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(HEADER + content.length);
    bytes[HEADER - 1] = generation;
    bytes.set(content, HEADER);
    const total = sum(bytes.subarray(HEADER - 1));
    for (let i = 0; i < 4; i++) bytes[i] = (total >>> (24 - 8 * i)) & 255;
    return bytes;
  }

  return {
    read: function (name) {
      const copies = copiesOf(name);
      const copy = copies[latest(copies)];
      return copy === undefined ? undefined : copy.content;
    },
    write: function (name, bytes) {
      const copies = copiesOf(name);
      const at = latest(copies);
      const copy = copies[at];
      if (copy !== undefined && equalBytes(copy.content, bytes)) return true;
      // A record of nothing could not be told from none.
      if (bytes.length === 0) return false;
      const next = sealed(copy === undefined ? 0 : (copy.generation + 1) & 255, bytes);
      const file = name + SUFFIXES[copy !== undefined && at === 0 ? 1 : 0];
      return files.create(file, next, next.length) && copyIn(file) !== undefined;
    },
    remove: function (name) {
      files.erase(name + SUFFIXES[0]);
      files.erase(name + SUFFIXES[1]);
    },
  };
}

/** Which copy is the later one. */
function latest(copies: readonly (Copy | undefined)[]): number {
  const [a, b] = copies;
  if (a === undefined || b === undefined) return a === undefined ? 1 : 0;
  return ((a.generation - b.generation) & 255) < 128 ? 0 : 1;
}
