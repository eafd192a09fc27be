/**
 * application/senml-etch+json (320) in its two uses: packs that change values, for Write-Composite,
 * and packs that name what is asked for, for Read- and Observe-Composite (RFC 8790 §3, LwM2M Core
 * 1.2.2 §7.5.6).
 */
import { encodeUtf8 } from "../bytes/utf8.ts";
import type { Malformed } from "../malformed.ts";
import type { Entry } from "../model/data-types.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";
import { formatPath } from "../model/path.ts";
import type { ContentCodec, PathsCodec } from "./content-codec.ts";
import { escapeText } from "./json-items.ts";
import { CHANGES, entriesOf, PATHS, pathsOf, SenmlPack } from "./senml.ts";
import { encodeSenmlJson, readSenmlJson } from "./senml-json.ts";

/** An entry of a resource instance without value stands for null: the instance is to be removed. */
export const SENML_ETCH_JSON_CODEC: ContentCodec = { format: 320, encode: encode, decode: decode };

/** Plain SenML (110) spells paths the same, and may be used as well. */
export const SENML_ETCH_JSON_PATHS: PathsCodec = {
  format: 320,
  encode: encodePaths,
  decode: decodePaths,
};

function encode(base: Path, entries: readonly Entry[], prefix?: string): Uint8Array | undefined {
  return encodeSenmlJson(base, entries, prefix, CHANGES);
}

function decode(
  bytes: Uint8Array,
  base: Path,
  definitionOf: DefinitionOf,
  prefix?: string,
): Entry[] | Malformed {
  const pack = readSenmlJson(bytes, CHANGES);
  return pack instanceof SenmlPack ? entriesOf(pack.records, base, definitionOf, prefix) : pack;
}

function encodePaths(paths: readonly Path[], prefix?: string): Uint8Array {
  let text = "";
  for (let i = 0; i < paths.length; i++) {
    const path = prefix && paths[i].length === 0 ? "" : formatPath(paths[i]);
    text += `${i === 0 ? "" : ","}{"n":"${escapeText(prefix || "")}${path}"}`;
  }
  return encodeUtf8(`[${text}]`);
}

function decodePaths(bytes: Uint8Array, prefix?: string): Path[] | Malformed {
  const pack = readSenmlJson(bytes, PATHS);
  return pack instanceof SenmlPack ? pathsOf(pack.records, prefix) : pack;
}
