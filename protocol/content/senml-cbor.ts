/**
 * application/senml+cbor (112): SenML packs in CBOR (RFC 8428 §6, LwM2M Core 1.1.1 §7.4.6).
 */
import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry } from "../model/data-types.ts";
import {
  BOOLEAN,
  CORELNK,
  FLOAT,
  INTEGER,
  NONE,
  OBJLNK,
  OPAQUE,
  STRING,
} from "../model/data-types.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";
import {
  ARRAY,
  CborReader,
  MAP,
  NULL,
  TEXT_STRING,
  writeHead,
  writeInteger,
  writeText,
  writeValue,
} from "./cbor-items.ts";
import type { ContentCodec } from "./content-codec.ts";
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

const SOURCE = "RFC 8428 §6";

export const SENML_CBOR_CODEC: ContentCodec = { format: 112, encode: encode, decode: decode };

function encode(base: Path, entries: readonly Entry[], prefix?: string): Uint8Array {
  return encodeSenmlCbor(base, entries, prefix, VALUES);
}

/**
 * Writes a pack.
 *
 * @param prefix what stands before the paths in names
 * @param purpose VALUES, which leaves out what is empty, or CHANGES, which writes it as null
 */
export function encodeSenmlCbor(
  base: Path,
  entries: readonly Entry[],
  prefix: string | undefined,
  purpose: number,
): Uint8Array {
  let records = 0;
  let i = purpose === CHANGES ? entries.length - 1 : lastWithValue(entries, entries.length);
  writer.clear();
  while (i >= 0) {
    const before = purpose === CHANGES ? i - 1 : lastWithValue(entries, i);
    const entry = entries[i];
    let fields = 1;
    if (entry.value === undefined) {
      writer.byte(NULL);
      writeInteger(V, false);
    } else {
      writeValue(entry.type, entry.value);
      writeValueLabel(entry.type);
    }
    if (entry.path.length > base.length) {
      const mark = writer.size();
      writeName(entry.path, base.length);
      writeHead(TEXT_STRING, writer.size() - mark);
      writeInteger(N, false);
      fields++;
    }
    // A base time lasts until the next one.
    if (entry.time !== (before < 0 ? undefined : entries[before].time)) {
      const time = entry.time || 0;
      writeValue(Math.floor(time) === time ? INTEGER : FLOAT, time);
      writeInteger(BT, false);
      fields++;
    }
    if (before < 0) {
      const mark = writer.size();
      writeBaseName(base, entry.path);
      if (prefix) writer.text(prefix);
      writeHead(TEXT_STRING, writer.size() - mark);
      writeInteger(BN, false);
      fields++;
    }
    writeHead(MAP, fields);
    records++;
    i = before;
  }
  writeHead(ARRAY, records);
  return writer.finish();
}

function writeValueLabel(type: number): void {
  if (type === OBJLNK) writeText("vlo");
  else if (type === STRING || type === CORELNK) writeInteger(VS, false);
  else if (type === BOOLEAN) writeInteger(VB, false);
  else writeInteger(type === OPAQUE ? VD : V, false);
}

function decode(
  bytes: Uint8Array,
  base: Path,
  definitionOf: DefinitionOf,
  prefix?: string,
): Entry[] | Malformed {
  const pack = readSenmlCbor(bytes, VALUES);
  return pack instanceof SenmlPack ? entriesOf(pack.records, base, definitionOf, prefix) : pack;
}

/**
 * Reads a pack; no bytes at all are an empty one, as some peers answer for an object without
 * instances.
 *
 * @param purpose VALUES, CHANGES or PATHS
 */
export function readSenmlCbor(bytes: Uint8Array, purpose: number): SenmlPack | Malformed {
  const pack = new SenmlPack(purpose);
  if (bytes.length === 0) return pack;
  const reader = new CborReader(bytes);
  if (!reader.head() || reader.major !== ARRAY) return malformed("content/senml-pack", 0, SOURCE);
  let records = reader.argument;
  while (reader.more(records)) {
    const at = reader.at;
    const fault = readRecord(reader, pack) || pack.endRecord(at);
    if (fault !== undefined) return malformed(fault, reader.at, SOURCE);
    if (records > 0) records--;
  }
  if (reader.at < bytes.length) return malformed("content/cbor-item", reader.at, SOURCE);
  return pack;
}

/** Reads one map into the pack; the fault, or undefined. */
function readRecord(reader: CborReader, pack: SenmlPack): string | undefined {
  if (!reader.head() || reader.major !== MAP) return "content/senml-record";
  let fields = reader.argument;
  while (reader.more(fields)) {
    if (!reader.scalar()) return "content/cbor-item";
    const label = labelOf(reader);
    if (label >= OTHER) {
      if (!reader.skip(0)) return "content/cbor-item";
      const fault = pack.field(label, NONE, 0);
      if (fault !== undefined) return fault;
    } else if (label === V && reader.takesNull()) {
      const fault = pack.removal();
      if (fault !== undefined) return fault;
    } else {
      if (!reader.scalar()) return "content/cbor-item";
      const fault = pack.field(label, reader.type, reader.value);
      if (fault !== undefined) return fault;
    }
    if (fields > 0) fields--;
  }
  return undefined;
}

/** The label that was just read; MUST_KNOW or OTHER when it is not known. */
function labelOf(reader: CborReader): number {
  const label = reader.value;
  if (reader.type === STRING) {
    const text = label as string;
    if (text === "vlo") return VLO;
    return text.charAt(text.length - 1) === "_" ? MUST_KNOW : OTHER;
  }
  switch (label) {
    case BVER:
    case BN:
    case BT:
    case BV:
    case N:
    case V:
    case VS:
    case VB:
    case T:
    case VD:
    case U:
    case BU:
      return label;
    default:
      return OTHER;
  }
}
