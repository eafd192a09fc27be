/**
 * SenML packs whatever their spelling: base fields, resolution into records, records into entries
 * and back (RFC 8428 §4, LwM2M Core 1.1.1 §7.4.5). The spellings are senml-json.ts and
 * senml-cbor.ts.
 */
import { decodeBase64 } from "../bytes/base64.ts";
import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry, Value } from "../model/data-types.ts";
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  MULTIPLE,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TYPE_MASK,
  UNSIGNED,
} from "../model/data-types.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import { flagsAt } from "../model/object-definition.ts";
import { parseObjectLink } from "../model/object-link.ts";
import type { Path } from "../model/path.ts";
import { isWithin, parsePath, RESERVED_ID } from "../model/path.ts";
import { coerce } from "./coerce.ts";
import { MAX_ENTRIES } from "./content-codec.ts";

/** Labels are named by their CBOR numbers in both spellings (RFC 8428 §6 table 4). */
export const BVER = -1;
export const BN = -2;
export const BT = -3;
export const BU = -4;
export const BV = -5;
export const N = 0;
export const U = 1;
export const V = 2;
export const VS = 3;
export const VB = 4;
export const T = 6;
export const VD = 8;
/** LwM2M's object link, "vlo" in both spellings (LwM2M Core 1.1.1 §7.4.5); the number is ours. */
export const VLO = 9;
/** A label that nobody here knows, or none that matters (sums, update time). */
export const OTHER = 10;
/** One that nobody here knows and that ends in "_": to be known, or the pack is refused (RFC 8428 §4.4). */
export const MUST_KNOW = 11;

/** What a pack is for: to say values, */
export const VALUES = 0;
/** to change them, where null removes a resource instance (RFC 8790 §3.2), */
export const CHANGES = 1;
/** or to name what is asked for (RFC 8790 §3.1). */
export const PATHS = 2;

const VERSION = 10;

/** Labels as bits, from the lowest up. */
const LOWEST = BV;
const NUMBER = 1 << (V - LOWEST);
const NAME_OR_TIME = (1 << (N - LOWEST)) | (1 << (T - LOWEST));
/** All that may stand beside a name in a pack of paths. */
const NAMES_TIMES_UNITS =
  NAME_OR_TIME |
  (1 << (BN - LOWEST)) |
  (1 << (BT - LOWEST)) |
  (1 << (U - LOWEST)) |
  (1 << (BU - LOWEST));

const SOURCE = "LwM2M Core 1.1.1 §7.4.5";

/** A resolved record: its full name, its value as the pack shows it. */
export interface SenmlRecord {
  readonly name: string;
  readonly type: number;
  /** Undefined where the pack only names it, or wants it removed. */
  readonly value: Value | undefined;
  /**
   * Seconds since 1970, or below 2^28 relative to now; undefined when neither record nor base has a
   * time.
   */
  readonly time: number | undefined;
  /** Where the record starts in the payload. */
  readonly at: number;
}

/** Takes a pack's fields in order and resolves its records (RFC 8428 §4.6). */
export class SenmlPack {
  readonly records: SenmlRecord[] = [];
  private baseName = "";
  private baseTime: number | undefined = undefined;
  private baseValue = 0;
  /** The record under way: labels seen, as bits, and its own fields. */
  private seen = 0;
  private name = "";
  private time: number | undefined = undefined;
  private type = NONE;
  private value: Value | undefined = undefined;
  private removes = false;
  private readonly purpose: number;

  /** @param purpose VALUES, CHANGES or PATHS */
  constructor(purpose: number) {
    this.purpose = purpose;
  }

  /**
   * Takes one field of the record under way.
   *
   * @param type the data type that the payload shows for `value`; JSON's STRING stands for OPAQUE
   * and OBJLNK as well
   * @returns the fault, or undefined
   */
  field(label: number, type: number, value: Value): string | undefined {
    const bit = 1 << (label - LOWEST);
    if (this.purpose === PATHS && (bit & NAMES_TIMES_UNITS) === 0) return "content/senml-field";
    if (label === OTHER) return undefined;
    // Packs of changes have no such labels (RFC 8790 §5).
    if (label === MUST_KNOW) return this.purpose === CHANGES ? undefined : "content/senml-label";
    if ((this.seen & bit) !== 0) return "content/senml-label-twice";
    this.seen |= bit;
    switch (label) {
      case BVER:
        return typeof value === "number" && value <= VERSION ? undefined : "content/senml-version";
      case BN:
        if (type !== STRING) return "content/senml-name";
        this.baseName = value as string;
        return undefined;
      case N:
        if (type !== STRING) return "content/senml-name";
        this.name = value as string;
        return undefined;
      case BT:
        if (typeof value !== "number") return "content/senml-time";
        this.baseTime = value;
        return undefined;
      case T:
        if (typeof value !== "number") return "content/senml-time";
        this.time = value;
        return undefined;
      case BV:
        if (typeof value !== "number") return "content/senml-value";
        this.baseValue = value;
        return undefined;
      case U:
      case BU:
        return undefined;
      default:
        return this.valueField(label, type, value);
    }
  }

  /** Takes a null as the record's value; the fault, or undefined. */
  removal(): string | undefined {
    if (this.purpose !== CHANGES) return "content/senml-value";
    if (this.value !== undefined || this.removes) return "content/senml-two-values";
    this.removes = true;
    return undefined;
  }

  private valueField(label: number, type: number, value: Value): string | undefined {
    if (this.value !== undefined || this.removes) return "content/senml-two-values";
    const isText = type === STRING;
    let read: Value | undefined;
    this.type = type;
    if (label === V) {
      if (type === INTEGER || type === UNSIGNED || type === FLOAT) read = value;
    } else if (label === VS) {
      if (isText) read = value;
    } else if (label === VB) {
      if (type === BOOLEAN) read = value;
    } else if (label === VD) {
      this.type = OPAQUE;
      if (type === OPAQUE) read = value;
      else if (isText) read = decodeBase64(value as string);
    } else {
      this.type = OBJLNK;
      if (isText) read = parseObjectLink(value as string);
    }
    this.value = read;
    return read === undefined ? "content/senml-value" : undefined;
  }

  /** Resolves the record that ends here and started at `at`; the fault, or undefined. */
  endRecord(at: number): string | undefined {
    const seen = this.seen;
    let value = this.value;
    const name = this.baseName + this.name;
    const time = this.time === undefined ? this.baseTime : (this.baseTime || 0) + this.time;
    const isComplete = value !== undefined || this.removes || this.purpose === PATHS;
    let type = value === undefined ? NONE : this.type;
    this.seen = 0;
    this.name = "";
    this.time = undefined;
    this.value = undefined;
    this.removes = false;
    if (!isComplete) {
      // A record may do nothing but set bases (RFC 8428 §5.1.7).
      return (seen & NAME_OR_TIME) === 0 ? undefined : "content/senml-without-value";
    }
    if (name === "") return "content/senml-without-name";
    if (this.baseValue !== 0 && (seen & NUMBER) !== 0) {
      if (typeof value !== "number") return "content/senml-value";
      value += this.baseValue;
      if (Math.floor(value) !== value) type = FLOAT;
    }
    if (this.records.length === MAX_ENTRIES) return "content/too-many-entries";
    this.records.push({ name: name, type: type, value: value, time: time, at: at });
    return undefined;
  }
}

/** The path that a name spells behind `prefix`; undefined when it spells none. */
function pathOf(name: string, prefix: string | undefined): Path | undefined {
  if (!prefix) return parsePath(name);
  if (name.indexOf(prefix) !== 0) return undefined;
  return name.length === prefix.length ? [] : parsePath(name.substring(prefix.length));
}

/**
 * Reads records as paths of any depth, `[]` among them: what a pack of PATHS asks for. A trailing
 * slash is passed over, since a record may consist of a base name alone.
 */
export function pathsOf(
  records: readonly SenmlRecord[],
  prefix: string | undefined,
): Path[] | Malformed {
  const paths: Path[] = [];
  for (let i = 0; i < records.length; i++) {
    let name = records[i].name;
    const last = name.length - 1;
    if (last > 0 && name.charAt(last) === "/") name = name.substring(0, last);
    const path = pathOf(name, prefix);
    if (path === undefined) return malformed("content/senml-name", records[i].at, SOURCE);
    if (path.indexOf(RESERVED_ID) >= 0) {
      return malformed("content/id-reserved", records[i].at, SOURCE);
    }
    paths.push(path);
  }
  return paths;
}

/**
 * Reads records as entries at or below `base`.
 *
 * @param prefix what stands before the paths in names
 */
export function entriesOf(
  records: readonly SenmlRecord[],
  base: Path,
  definitionOf: DefinitionOf,
  prefix: string | undefined,
): Entry[] | Malformed {
  const entries: Entry[] = [];
  let resource: Path = [];
  let flags = 0;
  for (let i = 0; i < records.length; i++) {
    const record = records[i];
    const path = pathOf(record.name, prefix);
    if (path === undefined || path.length < 3) {
      return malformed("content/senml-name", record.at, SOURCE);
    }
    if (path.indexOf(RESERVED_ID) >= 0) return malformed("content/id-reserved", record.at, SOURCE);
    if (!isWithin(path, base)) return malformed("content/outside-base", record.at, SOURCE);
    // Records of one resource stand together as a rule.
    if (path[2] !== resource[2] || path[0] !== resource[0]) flags = flagsAt(definitionOf, path);
    resource = path;
    if (flags !== 0 && ((flags & MULTIPLE) !== 0) !== (path.length === 4)) {
      return malformed("content/senml-name", record.at, SOURCE);
    }
    const type = flags & TYPE_MASK;
    if (record.value === undefined) {
      // Only a resource instance can be removed by writing (LwM2M Core 1.2.2 §7.5.6).
      if (path.length < 4) return malformed("content/senml-value", record.at, SOURCE);
      entries.push({ path: path, type: type, value: undefined, time: undefined });
      continue;
    }
    const value = coerce(type, record.type, record.value);
    if (value === undefined) return malformed("content/value-not-of-type", record.at, SOURCE);
    entries.push({ path: path, type: type || record.type, value: value, time: record.time });
  }
  return entries;
}

/**
 * The index of the last entry before `end` that has a value, or -1: SenML cannot say that something
 * is empty.
 */
export function lastWithValue(entries: readonly Entry[], end: number): number {
  let i = end - 1;
  while (i >= 0 && entries[i].value === undefined) i--;
  return i;
}

/** Writes the ids path[from..] in front, as "6/0". */
export function writeName(path: Path, from: number): void {
  for (let i = path.length - 1; i >= from; i--) {
    let rest = path[i];
    do {
      const tens = (rest / 10) | 0;
      writer.byte(48 + rest - tens * 10);
      rest = tens;
    } while (rest > 0);
    if (i > from) writer.byte(47);
  }
}

/**
 * Writes the base name in front: "/3/0/" before names, "/3/0/1" when the one entry is the base
 * itself.
 */
export function writeBaseName(base: Path, first: Path): void {
  if (first.length > base.length) writer.byte(47);
  writeName(base, 0);
  if (base.length > 0) writer.byte(47);
}
