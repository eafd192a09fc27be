/**
 * application/vnd.oma.lwm2m+cbor (11544): the tree as maps of maps (LwM2M Core 1.2.2 §7.5.4).
 *
 *     {[3, 0]: {0: "Open Mobile Alliance", 6: {0: 1, 1: 5}}, [1, 0, 1]: 86400}
 *
 * Keys are ids, or lists of ids that stand for as many levels; those of the outermost map begin
 * with the object. They are written down to where the tree first branches, one level per map below,
 * and read in every grouping, of definite and of indefinite length.
 */
import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry } from "../model/data-types.ts";
import { MULTIPLE, NONE, TYPE_MASK } from "../model/data-types.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import { flagsAt } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";
import { isWithin, RESERVED_ID } from "../model/path.ts";
import {
  ARRAY,
  CborReader,
  INDEFINITE,
  MAP,
  TEXT_STRING,
  UNSIGNED_INTEGER,
  writeHead,
  writeText,
  writeValue,
} from "./cbor-items.ts";
import { coerce } from "./coerce.ts";
import type { ContentCodec } from "./content-codec.ts";
import { MAX_ENTRIES } from "./content-codec.ts";
import { firstClash } from "./tree-order.ts";

const SOURCE = "LwM2M Core 1.2.2 §7.5.4";

const DEEPEST = 4;

/**
 * Its prefix can only be a gateway's, "/d01", the first element of a key; an alternate path has no
 * place in ids. What has a time cannot be expressed.
 */
export const LWM2M_CBOR_CODEC: ContentCodec = { format: 11544, encode: encode, decode: decode };

function encode(_base: Path, entries: readonly Entry[], prefix?: string): Uint8Array | undefined {
  let keys = 0;
  let end = entries.length;
  writer.clear();
  while (end > 0) {
    const last = entries[end - 1].path;
    let begin = end - 1;
    while (begin > 0 && entries[begin - 1].path[0] === last[0]) begin--;
    const first = entries[begin].path;
    let depth = 1;
    while (depth < last.length && first[depth] === last[depth]) depth++;
    if (!writeNode(entries, begin, end, depth)) return undefined;
    for (let i = depth - 1; i >= 0; i--) writeHead(UNSIGNED_INTEGER, last[i]);
    if (prefix) writeText(prefix.substring(1));
    if (prefix) writeHead(ARRAY, depth + 1);
    else if (depth > 1) writeHead(ARRAY, depth);
    keys++;
    end = begin;
  }
  writeHead(MAP, keys);
  return writer.finish();
}

/** Writes entries[from, to), which share their first `depth` ids; false when one has a time. */
function writeNode(entries: readonly Entry[], from: number, to: number, depth: number): boolean {
  const entry = entries[from];
  if (entry.time !== undefined) return false;
  if (entry.path.length === depth) {
    if (entry.value === undefined) writeHead(MAP, 0);
    else writeValue(entry.type, entry.value);
    return true;
  }
  let keys = 0;
  let end = to;
  while (end > from) {
    const id = entries[end - 1].path[depth];
    let begin = end - 1;
    while (begin > from && entries[begin - 1].path[depth] === id) begin--;
    if (!writeNode(entries, begin, end, depth + 1)) return false;
    writeHead(UNSIGNED_INTEGER, id);
    keys++;
    end = begin;
  }
  writeHead(MAP, keys);
  return true;
}

function decode(
  bytes: Uint8Array,
  base: Path,
  definitionOf: DefinitionOf,
  prefix?: string,
): Entry[] | Malformed {
  // As in SenML, some peers say nothing at all of an object without instances.
  if (bytes.length === 0) return [];
  const reader = new TreeReader(bytes, base, definitionOf, prefix);
  const fault = reader.map([], prefix !== undefined && prefix !== "");
  if (fault !== undefined) return malformed(fault, reader.cbor.at, SOURCE);
  if (reader.cbor.at < bytes.length) {
    return malformed("content/cbor-item", reader.cbor.at, SOURCE);
  }
  if (firstClash(reader.entries) >= 0) {
    return malformed("content/lwm2m-cbor-duplicate", 0, SOURCE);
  }
  return reader.entries;
}

/** Its methods return the fault, or undefined. */
class TreeReader {
  readonly entries: Entry[] = [];
  readonly cbor: CborReader;
  private readonly base: Path;
  private readonly definitionOf: DefinitionOf;
  private readonly prefix: string | undefined;
  /** The ids of the key that was read last, behind those of the maps around it. */
  private path: Path = [];

  constructor(
    bytes: Uint8Array,
    base: Path,
    definitionOf: DefinitionOf,
    prefix: string | undefined,
  ) {
    this.cbor = new CborReader(bytes);
    this.base = base;
    this.definitionOf = definitionOf;
    this.prefix = prefix;
  }

  /**
   * Reads a map at `path`; each map is at least one level deeper than the one around it.
   *
   * @param wantsPrefix whether its keys begin with the gateway's prefix
   */
  map(path: Path, wantsPrefix: boolean): string | undefined {
    const cbor = this.cbor;
    if (!cbor.head() || cbor.major !== MAP) return "content/lwm2m-cbor-map";
    let remaining = cbor.argument;
    let count = 0;
    while (cbor.more(remaining)) {
      if (!this.key(path, wantsPrefix)) return "content/lwm2m-cbor-key";
      const fault = this.node(this.path);
      if (fault !== undefined) return fault;
      if (this.entries.length > MAX_ENTRIES) return "content/too-many-entries";
      if (remaining !== INDEFINITE) remaining--;
      count++;
    }
    return count > 0 || path.length === 0 ? undefined : this.empty(path);
  }

  /** Reads a key below `parent` into `path`: an id, ids, or a prefix with or without ids. */
  private key(parent: Path, wantsPrefix: boolean): boolean {
    const cbor = this.cbor;
    const path = parent.slice();
    const start = cbor.at;
    let remaining = 1;
    if (!cbor.head()) return false;
    if (cbor.major === ARRAY) remaining = cbor.argument;
    else cbor.at = start;
    let isPrefixNext = wantsPrefix;
    while (cbor.more(remaining)) {
      if (isPrefixNext) {
        if (!cbor.scalar() || cbor.major !== TEXT_STRING) return false;
        if (`/${cbor.value}` !== this.prefix) return false;
        isPrefixNext = false;
      } else {
        if (!cbor.head() || cbor.major !== UNSIGNED_INTEGER) return false;
        if (cbor.argument > RESERVED_ID || path.length === DEEPEST) return false;
        path.push(cbor.argument);
      }
      if (remaining !== INDEFINITE) remaining--;
    }
    this.path = path;
    // A bare prefix leads to a map of the device's own keys.
    return path.length > parent.length || (wantsPrefix && !isPrefixNext);
  }

  /** Reads what a key leads to. */
  private node(path: Path): string | undefined {
    const cbor = this.cbor;
    if (cbor.isMapNext()) {
      return path.length === DEEPEST ? "content/lwm2m-cbor-level" : this.map(path, false);
    }
    if (path.length < 3) return "content/lwm2m-cbor-level";
    const flags = flagsAt(this.definitionOf, path);
    const type = flags & TYPE_MASK;
    // What can only be executed holds nothing, and null says so.
    if (cbor.takesNull()) return type === NONE ? undefined : "content/value-not-of-type";
    if (!cbor.scalar()) return "content/cbor-item";
    if (flags !== 0 && ((flags & MULTIPLE) !== 0) !== (path.length === DEEPEST)) {
      return "content/lwm2m-cbor-level";
    }
    const value = coerce(type, cbor.type, cbor.value);
    if (value === undefined) return "content/value-not-of-type";
    return this.push({ path: path, type: type || cbor.type, value: value, time: undefined });
  }

  /** Takes an empty map at `path`: an object, an instance, or a multiple resource without any. */
  private empty(path: Path): string | undefined {
    const flags = flagsAt(this.definitionOf, path);
    if (path.length === 3 && flags !== 0 && (flags & MULTIPLE) === 0) {
      return "content/lwm2m-cbor-level";
    }
    if (path.length === 1) return isWithin(path, this.base) ? undefined : "content/outside-base";
    return this.push({ path: path, type: flags & TYPE_MASK, value: undefined, time: undefined });
  }

  private push(entry: Entry): string | undefined {
    const path = entry.path;
    if (!isWithin(path, this.base)) return "content/outside-base";
    // Only a Create may leave the instance's id to the client (LwM2M Core 1.2.2 §6.3.6).
    const mayBeReserved = this.base.length === 1 ? 1 : -1;
    for (let i = 0; i < path.length; i++) {
      if (path[i] === RESERVED_ID && i !== mayBeReserved) return "content/id-reserved";
    }
    this.entries.push(entry);
    return undefined;
  }
}
