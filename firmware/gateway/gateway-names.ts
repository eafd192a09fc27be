/**
 * The prefix of a device behind a gateway in the names that payloads carry (LwM2M Gateway 1.1.1 §9): put before them on the way to servers,
 * taken away on the way to devices. Formats without names pass as they are.
 */
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
} from "../../protocol/coap/content-formats.ts";
import type { ContentCodec, PathsCodec } from "../../protocol/content/content-codec.ts";
import { LWM2M_CBOR_CODEC } from "../../protocol/content/lwm2m-cbor.ts";
import { SENML_CBOR_CODEC } from "../../protocol/content/senml-cbor.ts";
import {
  SENML_ETCH_CBOR_CODEC,
  SENML_ETCH_CBOR_PATHS,
} from "../../protocol/content/senml-cbor-etch.ts";
import { SENML_JSON_CODEC } from "../../protocol/content/senml-json.ts";
import {
  SENML_ETCH_JSON_CODEC,
  SENML_ETCH_JSON_PATHS,
} from "../../protocol/content/senml-json-etch.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import type { DefinitionOf } from "../../protocol/model/object-definition.ts";
import type { Path } from "../../protocol/model/path.ts";

const CODECS: readonly ContentCodec[] = [
  SENML_JSON_CODEC,
  SENML_CBOR_CODEC,
  SENML_ETCH_JSON_CODEC,
  SENML_ETCH_CBOR_CODEC,
  LWM2M_CBOR_CODEC,
];

/** How a payload changes on its way through. */
export interface Renaming {
  /** Before its names now: "/d01", or "" where the tree is at the root. */
  readonly from: string;
  /** Before them afterwards. */
  readonly to: string;
}

/**
 * Values with other names.
 *
 * @param format the payload's Content-Format; -1 for none
 * @param base what the payload is of; `[]` for a composite
 * @returns the payload itself where its format has no names; undefined when it is not what its format says, or has other names
 */
export function renamed(
  payload: Uint8Array,
  format: number,
  base: Path,
  definitionOf: DefinitionOf,
  { from, to }: Renaming,
): Uint8Array | undefined {
  const codec = CODECS.find((each) => each.format === format);
  if (codec === undefined || payload.length === 0 || from === to) return payload;
  const entries = codec.decode(payload, base, definitionOf, from);
  return isMalformed(entries) ? undefined : codec.encode(base, entries, to);
}

/** The body of a FETCH with other names; undefined when one of them does not begin with `from`. */
export function renamedPaths(
  payload: Uint8Array,
  format: number,
  { from, to }: Renaming,
): Uint8Array | undefined {
  const codec = pathsCodec(format);
  const paths = codec?.decode(payload, from);
  return paths === undefined || isMalformed(paths) ? undefined : codec?.encode(paths, to);
}

/** SenML that names places is as SenML-ETCH that does. */
function pathsCodec(format: number): PathsCodec | undefined {
  if (format === SENML_JSON || format === SENML_ETCH_JSON) return SENML_ETCH_JSON_PATHS;
  if (format === SENML_CBOR || format === SENML_ETCH_CBOR) return SENML_ETCH_CBOR_PATHS;
  return undefined;
}

/** True for a format whose names carry the prefix. */
export function hasNames(format: number): boolean {
  return format === LWM2M_CBOR || pathsCodec(format) !== undefined;
}
