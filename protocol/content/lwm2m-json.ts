/**
 * application/vnd.oma.lwm2m+json (11543), the JSON of LwM2M 1.0 (LwM2M Core 1.2.2 §7.5.6.1). A
 * server reads it whoever sends it; a client writes it for servers of 1.0 only.
 *
 *     {"bn":"/3/0/","e":[{"n":"0","sv":"Open Mobile Alliance"},{"n":"6/0","v":1}]}
 *
 * Read liberally: base name and names with or without a slash in front, base fields in any order,
 * names relative to what was asked for when there is no base name.
 */
import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry, Value } from "../model/data-types.ts";
import {
  BOOLEAN,
  CORELNK,
  FLOAT,
  INTEGER,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
  TYPE_MASK,
  UNSIGNED,
} from "../model/data-types.ts";
import { formatDecimal } from "../model/decimal.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import { flagsAt } from "../model/object-definition.ts";
import { parseObjectLink } from "../model/object-link.ts";
import type { Path } from "../model/path.ts";
import { formatPath, parsePath } from "../model/path.ts";
import type { ContentCodec } from "./content-codec.ts";
import { MAX_ENTRIES } from "./content-codec.ts";
import { escapeText, JsonReader, jsonText } from "./json-items.ts";
import type { SenmlRecord } from "./senml.ts";
import { entriesOf, lastWithValue, writeBaseName, writeName } from "./senml.ts";
import { firstClash } from "./tree-order.ts";

const SOURCE = "LwM2M Core 1.2.2 §7.5.6.1";

export const LWM2M_JSON_CODEC: ContentCodec = { format: 11543, encode: encode, decode: decode };

/** The number that it had before it was registered; some devices still use it. */
export const LWM2M_JSON_1543_CODEC: ContentCodec = { format: 1543, encode: encode, decode: decode };

function encode(base: Path, entries: readonly Entry[], prefix?: string): Uint8Array | undefined {
  let i = lastWithValue(entries, entries.length);
  writer.clear();
  writer.text("]}");
  let first = base;
  while (i >= 0) {
    const before = lastWithValue(entries, i);
    const entry = entries[i];
    writer.byte(125);
    if (entry.time !== undefined) writer.text(`,"t":${formatDecimal(entry.time)}`);
    if (!writeValue(entry.type, entry.value!)) return undefined;
    if (entry.path.length > base.length) {
      writer.text('",');
      writeName(entry.path, base.length);
      writer.text('"n":"');
    }
    writer.text(before < 0 ? "{" : ",{");
    first = entry.path;
    i = before;
  }
  writer.text('","e":[');
  writeBaseName(base, first);
  if (prefix) writer.text(escapeText(prefix));
  writer.text('{"bn":"');
  return writer.finish();
}

/** Writes `"v":1` or its like in front; false when JSON has no such value. */
function writeValue(type: number, value: Value): boolean {
  const text = type === OPAQUE ? `"${encodeBase64(value as Uint8Array)}"` : jsonText(type, value);
  if (text === undefined) return false;
  writer.text(text);
  if (type === OBJLNK) writer.text('"ov":');
  else if (type === BOOLEAN) writer.text('"bv":');
  else writer.text(type === STRING || type === CORELNK || type === OPAQUE ? '"sv":' : '"v":');
  return true;
}

function decode(
  bytes: Uint8Array,
  base: Path,
  definitionOf: DefinitionOf,
  prefix?: string,
): Entry[] | Malformed {
  if (bytes.length === 0) return [];
  const payload = new PayloadReader(bytes);
  const fault = payload.read();
  if (fault !== undefined) return malformed(fault, payload.json.at, SOURCE);
  const root = (prefix || "") + (base.length === 0 ? "" : formatPath(base));
  const records = resolved(payload, root, definitionOf, prefix || "");
  const entries = entriesOf(records, base, definitionOf, prefix);
  if (Array.isArray(entries) && !payload.hasTimes && firstClash(entries) >= 0) {
    return malformed("content/json-duplicate", 0, SOURCE);
  }
  return entries;
}

/** The records with names whole, times added up, and base64 undone where bytes are expected. */
function resolved(
  payload: PayloadReader,
  root: string,
  definitionOf: DefinitionOf,
  prefix: string,
): SenmlRecord[] {
  const records: SenmlRecord[] = [];
  for (let i = 0; i < payload.records.length; i++) {
    const record = payload.records[i];
    let name = (payload.baseName || "") + record.name;
    if (name.charAt(0) !== "/") name = payload.baseName ? `/${name}` : `${root}/${name}`;
    const last = name.length - 1;
    if (last > 0 && name.charAt(last) === "/") name = name.substring(0, last);
    let type = record.type;
    let value = record.value;
    if (type === STRING) {
      const path = parsePath(name.substring(prefix.length));
      const wanted = path === undefined ? NONE : flagsAt(definitionOf, path) & TYPE_MASK;
      const decoded = wanted === OPAQUE ? decodeBase64(value as string) : undefined;
      // What is not base64 stays text, which is then refused as no value of its type.
      if (decoded !== undefined) {
        type = OPAQUE;
        value = decoded;
      }
    }
    const time =
      record.time === undefined
        ? payload.baseTime
        : record.time + (payload.baseTime === undefined ? 0 : payload.baseTime);
    records.push({ name: name, type: type, value: value, time: time, at: record.at });
  }
  return records;
}

/** Reads the payload's parts as they stand; its methods return the fault, or undefined. */
class PayloadReader {
  readonly json: JsonReader;
  readonly records: SenmlRecord[] = [];
  baseName: string | undefined = undefined;
  baseTime: number | undefined = undefined;
  hasTimes = false;
  private hasEntries = false;

  constructor(bytes: Uint8Array) {
    this.json = new JsonReader(bytes);
  }

  read(): string | undefined {
    const json = this.json;
    if (!json.takes(123)) return "content/json";
    if (!json.takes(125)) {
      do {
        const label = this.label();
        const fault = label === undefined ? "content/json" : this.member(label);
        if (fault !== undefined) return fault;
      } while (json.takes(44));
      if (!json.takes(125)) return "content/json";
    }
    if (json.next() >= 0) return "content/json";
    return this.hasEntries ? undefined : "content/json-without-entries";
  }

  /** Passes a label and its colon. */
  private label(): string | undefined {
    const json = this.json;
    if (json.next() !== 34 || !json.scalar()) return undefined;
    const label = json.value as string;
    return json.takes(58) ? label : undefined;
  }

  private member(label: string): string | undefined {
    const json = this.json;
    if (label === "e") return this.list();
    if (label !== "bn" && label !== "bt") return json.skip(0) ? undefined : "content/json";
    if (!json.scalar()) return "content/json";
    if (label === "bn") {
      if (json.type !== STRING) return "content/json-name";
      this.baseName = json.value as string;
      return undefined;
    }
    if (typeof json.value !== "number" || json.type === NONE) return "content/json-time";
    this.baseTime = json.value;
    this.hasTimes = true;
    return undefined;
  }

  private list(): string | undefined {
    const json = this.json;
    if (this.hasEntries || !json.takes(91)) return "content/json";
    this.hasEntries = true;
    if (json.takes(93)) return undefined;
    do {
      const fault = this.record();
      if (fault !== undefined) return fault;
    } while (json.takes(44));
    return json.takes(93) ? undefined : "content/json";
  }

  private record(): string | undefined {
    const json = this.json;
    const at = json.at;
    let name = "";
    let type = NONE;
    let value: Value | undefined;
    let time: number | undefined;
    if (!json.takes(123)) return "content/json";
    do {
      const label = this.label();
      if (label === undefined) return "content/json";
      const isValue = label === "v" || label === "bv" || label === "sv" || label === "ov";
      if (!isValue && label !== "n" && label !== "t") {
        if (!json.skip(0)) return "content/json";
        continue;
      }
      if (!json.scalar()) return "content/json";
      if (label === "n") {
        if (json.type !== STRING) return "content/json-name";
        name = json.value as string;
      } else if (label === "t") {
        if (typeof json.value !== "number" || json.type === NONE) return "content/json-time";
        time = json.value;
        this.hasTimes = true;
      } else {
        if (value !== undefined) return "content/json-two-values";
        value = readValue(label, json.type, json.value);
        type = label === "ov" ? OBJLNK : json.type;
        if (value === undefined) return "content/json-value";
      }
    } while (json.takes(44));
    if (!json.takes(125)) return "content/json";
    if (value === undefined) return "content/json-without-value";
    if (this.records.length === MAX_ENTRIES) return "content/too-many-entries";
    this.records.push({ name: name, type: type, value: value, time: time, at: at });
    return undefined;
  }
}

/** What a value field says; undefined when its JSON type is not the field's. */
function readValue(label: string, type: number, value: Value): Value | undefined {
  switch (label) {
    case "v":
      return type === INTEGER || type === UNSIGNED || type === FLOAT ? value : undefined;
    case "bv":
      return type === BOOLEAN ? value : undefined;
    case "sv":
      return type === STRING ? value : undefined;
    default:
      return type === STRING ? parseObjectLink(value as string) : undefined;
  }
}
