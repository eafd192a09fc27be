/**
 * application/vnd.oma.lwm2m+tlv (11542): type, length, value (LwM2M Core 1.1.1 §7.4.4).
 *
 *     0 1   2    3 4      5 6 7
 *   +-----+----+--------+--------+-----------+--------------+-------+
 *   |kind |id  | length | length | id        | length       | value |
 *   |     |16? | 0..3   | 0..7   | 1-2 bytes | 0..3 bytes   |       |
 *   +-----+----+--------+--------+-----------+--------------+-------+
 *
 * Object instances hold resources, multiple resources hold resource instances; nothing nests
 * deeper. A level of the tree is named by the index of its ids in a path: 1 object instances, 2
 * resources, 3 resource instances.
 */
import { readFloat } from "../bytes/float.ts";
import { readUtf8 } from "../bytes/utf8.ts";
import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry, Integer64, ObjectLink, Value } from "../model/data-types.ts";
import {
  BOOLEAN,
  CORELNK,
  FLOAT,
  INTEGER,
  MULTIPLE,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  TYPE_MASK,
  UNSIGNED,
} from "../model/data-types.ts";
import { integerLength, readInteger } from "../model/integer64.ts";
import type { DefinitionOf, ObjectDefinition } from "../model/object-definition.ts";
import { resourceFlags } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";
import { RESERVED_ID } from "../model/path.ts";
import type { ContentCodec } from "./content-codec.ts";
import { MAX_ENTRIES } from "./content-codec.ts";

const SOURCE = "LwM2M Core 1.1.1 §7.4.4";

const OBJECT_INSTANCE = 0x00;
const RESOURCE_INSTANCE = 0x40;
const MULTIPLE_RESOURCE = 0x80;
const RESOURCE = 0xc0;

export const TLV_CODEC: ContentCodec = { format: 11542, encode: encode, decode: decode };

function encode(base: Path, entries: readonly Entry[]): Uint8Array | undefined {
  if (base.length === 0) return undefined;
  writer.clear();
  // A resource is written with its own header, and so is a resource instance.
  let level = base.length < 3 ? base.length : base.length - 1;
  // An instance without resources has nothing but itself.
  if (level === 2 && entries.length > 0 && entries[0].path.length === 2) level = 1;
  writeLevel(entries, 0, entries.length, level);
  return writer.finish();
}

/** Writes entries[from, to), which share the ids above `level`. */
function writeLevel(entries: readonly Entry[], from: number, to: number, level: number): void {
  let end = to;
  while (end > from) {
    const last = entries[end - 1];
    const id = last.path[level];
    const mark = writer.size();
    let begin = end - 1;
    let kind = level === 1 ? OBJECT_INSTANCE : level === 2 ? RESOURCE : RESOURCE_INSTANCE;
    if (last.path.length > level + 1) {
      if (level === 2) kind = MULTIPLE_RESOURCE;
      while (begin > from && entries[begin - 1].path[level] === id) begin--;
      writeLevel(entries, begin, end, level + 1);
    } else if (last.value !== undefined) {
      writeValue(last.type, last.value);
    } else if (level === 2) {
      kind = MULTIPLE_RESOURCE;
    }
    writeHeader(kind, id, writer.size() - mark);
    end = begin;
  }
}

function writeValue(type: number, value: Value): void {
  switch (type) {
    case INTEGER:
    case TIME:
    case UNSIGNED:
      if (typeof value === "number") {
        writer.integer(value, integerLength(value, type === UNSIGNED));
      } else {
        writer.bytes(value as Integer64, 8);
      }
      break;
    case FLOAT:
      writer.float(value as number);
      break;
    case BOOLEAN:
      writer.byte(value ? 1 : 0);
      break;
    case OPAQUE:
      writer.bytes(value as Uint8Array, (value as Uint8Array).length);
      break;
    case OBJLNK:
      writer.integer((value as ObjectLink).objectInstanceId, 2);
      writer.integer((value as ObjectLink).objectId, 2);
      break;
    default:
      writer.text(value as string);
  }
}

function writeHeader(kind: number, id: number, length: number): void {
  let type = kind;
  if (length < 8) {
    type |= length;
  } else {
    const size = length < 256 ? 1 : length < 65536 ? 2 : 3;
    type |= size << 3;
    writer.integer(length, size);
  }
  if (id > 255) {
    type |= 0x20;
    writer.integer(id, 2);
  } else {
    writer.byte(id);
  }
  writer.byte(type);
}

function decode(bytes: Uint8Array, base: Path, definitionOf: DefinitionOf): Entry[] | Malformed {
  if (base.length === 0) return malformed("content/tlv-without-object", 0, SOURCE);
  if (bytes.length === 0) return [];
  // Peers differ in how much they wrap (an instance in its instance, resource instances in their
  // resource): the first kind says at which level the payload starts, and the base must agree with
  // every id from there on.
  const kind = bytes[0] & 0xc0;
  const level = kind === OBJECT_INSTANCE ? 1 : kind === RESOURCE_INSTANCE ? 3 : 2;
  const parent = base.slice(0, level);
  // Only a Create may leave the instance's id to the client (LwM2M Core 1.1.1 §6.3.6).
  if (parent.length === 1 && level === 2) parent.push(RESERVED_ID);
  if (parent.length < level) return malformed("content/tlv-kind", 0, SOURCE);
  const reader = new TlvReader(bytes, base, definitionOf(base[0]));
  return reader.level(0, bytes.length, parent) || reader.entries;
}

class TlvReader {
  readonly entries: Entry[] = [];
  private readonly bytes: Uint8Array;
  private readonly base: Path;
  private readonly definition: ObjectDefinition | undefined;

  constructor(bytes: Uint8Array, base: Path, definition: ObjectDefinition | undefined) {
    this.bytes = bytes;
    this.base = base;
    this.definition = definition;
  }

  /** Reads the TLVs in bytes[from, to), children of `parent`. */
  level(from: number, to: number, parent: number[]): Malformed | undefined {
    const bytes = this.bytes;
    const level = parent.length;
    const first = this.entries.length;
    let highest = -1;
    let at = from;
    while (at < to) {
      const start = at;
      const type = bytes[at++];
      const idLength = (type & 0x20) === 0 ? 1 : 2;
      const lengthLength = (type >> 3) & 3;
      if (at + idLength + lengthLength > to) {
        return malformed("content/tlv-truncated", start, SOURCE);
      }
      let id = bytes[at++];
      if (idLength === 2) id = id * 256 + bytes[at++];
      let length = type & 7;
      if (lengthLength > 0) {
        length = 0;
        for (let i = 0; i < lengthLength; i++) length = length * 256 + bytes[at++];
      }
      if (length > to - at) return malformed("content/tlv-truncated", start, SOURCE);
      if (id === RESERVED_ID) return malformed("content/id-reserved", start, SOURCE);
      if (level < this.base.length && id !== this.base[level]) {
        return malformed("content/outside-base", start, SOURCE);
      }
      if (id > highest) {
        highest = id;
      } else if (this.has(first, level, id)) {
        return malformed("content/tlv-duplicate", start, SOURCE);
      }
      // Literals: a copy made by concat costs twenty times as much.
      const path =
        level === 1
          ? [parent[0], id]
          : level === 2
            ? [parent[0], parent[1], id]
            : [parent[0], parent[1], parent[2], id];
      const fault = this.one(type & 0xc0, path, at, length);
      if (fault !== undefined) return fault;
      if (this.entries.length > MAX_ENTRIES) {
        return malformed("content/too-many-entries", start, SOURCE);
      }
      at += length;
    }
    return undefined;
  }

  /**
   * Reads the TLV of a kind whose id makes `path` and whose value is the `length` bytes from `at`
   * on.
   */
  private one(kind: number, path: number[], at: number, length: number): Malformed | undefined {
    const depth = path.length;
    const flags =
      this.definition === undefined || depth < 3 ? 0 : resourceFlags(this.definition, path[2]);
    const isContainer = kind === OBJECT_INSTANCE || kind === MULTIPLE_RESOURCE;
    let expected = depth === 2 ? OBJECT_INSTANCE : depth === 3 ? RESOURCE : RESOURCE_INSTANCE;
    // Where nothing defines the resource, its kind says whether it is multiple.
    const isMultiple = flags === 0 ? kind === MULTIPLE_RESOURCE : (flags & MULTIPLE) !== 0;
    if (depth === 3 && isMultiple) expected = MULTIPLE_RESOURCE;
    if (kind !== expected) return malformed("content/tlv-kind", at, SOURCE);
    if (isContainer && length > 0) return this.level(at, at + length, path);
    // What nothing defines, or what holds nothing by definition, stays bytes: TLV does not say what
    // they mean.
    const type = depth === 2 ? NONE : flags & TYPE_MASK || OPAQUE;
    const value = isContainer ? undefined : readValue(type, this.bytes, at, length);
    if (value === undefined && !isContainer) {
      return malformed("content/value-not-of-type", at, SOURCE);
    }
    this.entries.push({ path: path, type: type, value: value, time: undefined });
    return undefined;
  }

  /** True when an entry from index `first` on has `id` at `level`. */
  private has(first: number, level: number, id: number): boolean {
    for (let i = this.entries.length - 1; i >= first; i--) {
      if (this.entries[i].path[level] === id) return true;
    }
    return false;
  }
}

/** Reads a value of a type; undefined when these bytes are not one. */
function readValue(type: number, bytes: Uint8Array, at: number, length: number): Value | undefined {
  switch (type) {
    case INTEGER:
    case TIME:
    case UNSIGNED:
      if (length !== 1 && length !== 2 && length !== 4 && length !== 8) return undefined;
      return readInteger(bytes, at, length, type === UNSIGNED);
    case FLOAT:
      return length === 4 || length === 8 ? readFloat(bytes, at, length) : undefined;
    case BOOLEAN:
      return length === 1 && bytes[at] < 2 ? bytes[at] === 1 : undefined;
    case OBJLNK:
      if (length !== 4) return undefined;
      return {
        objectId: bytes[at] * 256 + bytes[at + 1],
        objectInstanceId: bytes[at + 2] * 256 + bytes[at + 3],
      };
    case STRING:
    case CORELNK:
      return readUtf8(bytes, at, at + length);
    default:
      return bytes.subarray(at, at + length);
  }
}
