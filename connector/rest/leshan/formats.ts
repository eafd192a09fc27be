/** Content-Formats by the names that the Leshan demo server has for them, and payloads in them. */
import {
  CBOR,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import type { DefinitionOf } from "../../../protocol/model/object-definition.ts";
import { type Path, RESERVED_ID } from "../../../protocol/model/path.ts";
import { CODECS } from "../../codecs.ts";
import { bad } from "./node-body.ts";

const FORMATS: ReadonlyMap<string, number> = new Map([
  ["TLV", TLV],
  ["JSON", LWM2M_JSON],
  ["SENML_JSON", SENML_JSON],
  ["SENML_CBOR", SENML_CBOR],
  ["TEXT", TEXT],
  ["OPAQUE", OCTET_STREAM],
  ["CBOR", CBOR],
  ["LWM2M_CBOR", LWM2M_CBOR],
]);

/** What programs write that have no format to name. */
const NO_NAMES = new Set(["", "NONE", "NULL"]);

/** For people. */
export const FORMAT_NAMES = [...FORMATS.keys()].join(", ");

/** The format of that name; undefined where none is named. @throws Error with code `access/bad-value` */
export function formatNamed(name: string | undefined): number | undefined {
  const upper = (name ?? "").toUpperCase();
  if (NO_NAMES.has(upper)) return undefined;
  const format = FORMATS.get(upper);
  if (format === undefined) throw bad(`format must be one of ${FORMAT_NAMES}.`);
  return format;
}

/**
 * Values as a payload.
 *
 * @param format undefined takes text for one value and TLV for several
 * @param prefix where the device has its tree, "" at the root
 * @throws Error with code `access/bad-value` when the format has no such values
 */
export function payloadOf(
  path: Path,
  entries: readonly Entry[],
  format: number | undefined,
  prefix: string,
): { readonly payload: Uint8Array; readonly contentFormat: number } {
  const isOneValue = path.length > 2 && entries[0]?.path.length === path.length;
  const contentFormat = format ?? (isOneValue ? TEXT : TLV);
  // Only TLV can leave the id of an instance out.
  const isNameable = contentFormat === TLV || !path.includes(RESERVED_ID);
  const codec = CODECS.get(contentFormat);
  const payload = isNameable ? codec?.encode(path, entries, prefix) : undefined;
  if (payload === undefined) throw bad("the format cannot hold this content.");
  return { payload, contentFormat };
}

/** The values in a payload for a path; undefined when they cannot be read. */
export function entriesIn(
  path: Path,
  payload: Uint8Array,
  contentFormat: number | undefined,
  definitionOf: DefinitionOf,
  prefix: string,
): Entry[] | undefined {
  const codec = CODECS.get(contentFormat ?? (path.length > 2 ? TEXT : TLV));
  const entries = codec?.decode(payload, path, definitionOf, prefix);
  if (entries === undefined || !isMalformed(entries)) return entries;
  // Some devices leave out of names what stands before their tree.
  const plain = prefix === "" ? entries : codec?.decode(payload, path, definitionOf);
  return plain === undefined || isMalformed(plain) ? undefined : plain;
}
