/**
 * application/senml+json (110): SenML packs in JSON (RFC 8428 §5, LwM2M Core 1.1.1 §7.4.5).
 */
import { encodeBase64Url } from "../bytes/base64.ts";
import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry, Value } from "../model/data-types.ts";
import { BOOLEAN, CORELNK, NONE, OBJLNK, OPAQUE, STRING } from "../model/data-types.ts";
import { formatDecimal } from "../model/decimal.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";
import type { ContentCodec } from "./content-codec.ts";
import { escapeText, JsonReader, jsonText } from "./json-items.ts";
import {
  BN,
  BT,
  BU,
  BV,
  BVER,
  CHANGES,
  entriesOf,
  lastWithValue,
  MUST_KNOW,
  N,
  OTHER,
  SenmlPack,
  T,
  U,
  V,
  VALUES,
  VB,
  VD,
  VLO,
  VS,
  writeBaseName,
  writeName,
} from "./senml.ts";

const SOURCE = "RFC 8428 §5";

const QUOTE = 34;

export const SENML_JSON_CODEC: ContentCodec = { format: 110, encode: encode, decode: decode };

function encode(base: Path, entries: readonly Entry[], prefix?: string): Uint8Array | undefined {
  return encodeSenmlJson(base, entries, prefix, VALUES);
}

/**
 * Writes a pack.
 *
 * @param prefix what stands before the paths in names
 * @param purpose VALUES, which leaves out what is empty, or CHANGES, which writes it as null
 */
export function encodeSenmlJson(
  base: Path,
  entries: readonly Entry[],
  prefix: string | undefined,
  purpose: number,
): Uint8Array | undefined {
  let i = purpose === CHANGES ? entries.length - 1 : lastWithValue(entries, entries.length);
  writer.clear();
  writer.byte(93);
  while (i >= 0) {
    const before = purpose === CHANGES ? i - 1 : lastWithValue(entries, i);
    const entry = entries[i];
    writer.byte(125);
    if (!writeValue(entry.type, entry.value)) return undefined;
    if (entry.path.length > base.length) {
      writer.text('",');
      writeName(entry.path, base.length);
      writer.text('"n":"');
    }
    // A base time lasts until the next one.
    if (entry.time !== (before < 0 ? undefined : entries[before].time)) {
      writer.text(`"bt":${formatDecimal(entry.time || 0)},`);
    }
    if (before < 0) {
      writer.text('",');
      writeBaseName(base, entry.path);
      if (prefix) writer.text(escapeText(prefix));
      writer.text('"bn":"');
    }
    writer.text(before < 0 ? "{" : ",{");
    i = before;
  }
  writer.byte(91);
  return writer.finish();
}

/** Writes `"v":1` or its like in front; false when JSON has no such value. */
function writeValue(type: number, value: Value | undefined): boolean {
  if (value === undefined) {
    writer.text('"v":null');
    return true;
  }
  const text =
    type === OPAQUE ? `"${encodeBase64Url(value as Uint8Array)}"` : jsonText(type, value);
  if (text === undefined) return false;
  writer.text(text);
  if (type === OBJLNK) writer.text('"vlo":');
  else if (type === STRING || type === CORELNK) writer.text('"vs":');
  else if (type === BOOLEAN) writer.text('"vb":');
  else writer.text(type === OPAQUE ? '"vd":' : '"v":');
  return true;
}

function decode(
  bytes: Uint8Array,
  base: Path,
  definitionOf: DefinitionOf,
  prefix?: string,
): Entry[] | Malformed {
  const pack = readSenmlJson(bytes, VALUES);
  return pack instanceof SenmlPack ? entriesOf(pack.records, base, definitionOf, prefix) : pack;
}

/**
 * Reads a pack; no bytes at all are an empty one, as some peers answer for an object without
 * instances.
 *
 * @param purpose VALUES, CHANGES or PATHS
 */
export function readSenmlJson(bytes: Uint8Array, purpose: number): SenmlPack | Malformed {
  const pack = new SenmlPack(purpose);
  if (bytes.length === 0) return pack;
  const reader = new JsonReader(bytes);
  if (!reader.takes(91)) return malformed("content/senml-pack", reader.at, SOURCE);
  if (!reader.takes(93)) {
    do {
      const at = reader.at;
      const fault = readRecord(reader, pack) || pack.endRecord(at);
      if (fault !== undefined) return malformed(fault, reader.at, SOURCE);
    } while (reader.takes(44));
    if (!reader.takes(93)) return malformed("content/json", reader.at, SOURCE);
  }
  if (reader.next() >= 0) return malformed("content/json", reader.at, SOURCE);
  return pack;
}

/** Reads one object into the pack; the fault, or undefined. */
function readRecord(reader: JsonReader, pack: SenmlPack): string | undefined {
  if (!reader.takes(123)) return "content/senml-record";
  if (reader.takes(125)) return undefined;
  do {
    if (reader.next() !== QUOTE || !reader.scalar()) return "content/json";
    const label = labelOf(reader.value as string);
    if (!reader.takes(58)) return "content/json";
    if (label >= OTHER) {
      if (!reader.skip(0)) return "content/json";
      const fault = pack.field(label, NONE, 0);
      if (fault !== undefined) return fault;
    } else {
      if (!reader.scalar()) return "content/json";
      const isNull = label === V && reader.type === NONE;
      const fault = isNull ? pack.removal() : pack.field(label, reader.type, reader.value);
      if (fault !== undefined) return fault;
    }
  } while (reader.takes(44));
  return reader.takes(125) ? undefined : "content/json";
}

/** A label's number; MUST_KNOW or OTHER for one that is not known. */
function labelOf(text: string): number {
  switch (text) {
    case "n":
      return N;
    case "u":
      return U;
    case "bu":
      return BU;
    case "v":
      return V;
    case "vs":
      return VS;
    case "vb":
      return VB;
    case "vd":
      return VD;
    case "vlo":
      return VLO;
    case "t":
      return T;
    case "bn":
      return BN;
    case "bt":
      return BT;
    case "bv":
      return BV;
    case "bver":
      return BVER;
    default:
      return text.charAt(text.length - 1) === "_" ? MUST_KNOW : OTHER;
  }
}
