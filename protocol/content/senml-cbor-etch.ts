/**
 * application/senml-etch+cbor (322) in its two uses: packs that change values, for Write-Composite,
 * and packs that name what is asked for, for Read- and Observe-Composite (RFC 8790 §3, LwM2M Core
 * 1.2.2 §7.5.6).
 */
import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import type { Entry } from "../model/data-types.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";
import { formatPath } from "../model/path.ts";
import { ARRAY, MAP, writeHead, writeInteger, writeText } from "./cbor-items.ts";
import type { ContentCodec, PathsCodec } from "./content-codec.ts";
import { CHANGES, entriesOf, N, PATHS, pathsOf, SenmlPack } from "./senml.ts";
import { encodeSenmlCbor, readSenmlCbor } from "./senml-cbor.ts";

/** An entry of a resource instance without value stands for null: the instance is to be removed. */
export const SENML_ETCH_CBOR_CODEC: ContentCodec = { format: 322, encode: encode, decode: decode };

/** Plain SenML (112) spells paths the same, and may be used as well. */
export const SENML_ETCH_CBOR_PATHS: PathsCodec = {
  format: 322,
  encode: encodePaths,
  decode: decodePaths,
};

function encode(base: Path, entries: readonly Entry[], prefix?: string): Uint8Array {
  return encodeSenmlCbor(base, entries, prefix, CHANGES);
}

function decode(
  bytes: Uint8Array,
  base: Path,
  definitionOf: DefinitionOf,
  prefix?: string,
): Entry[] | Malformed {
  const pack = readSenmlCbor(bytes, CHANGES);
  return pack instanceof SenmlPack ? entriesOf(pack.records, base, definitionOf, prefix) : pack;
}

function encodePaths(paths: readonly Path[], prefix?: string): Uint8Array {
  writer.clear();
  for (let i = paths.length - 1; i >= 0; i--) {
    const path = prefix && paths[i].length === 0 ? "" : formatPath(paths[i]);
    writeText((prefix || "") + path);
    writeInteger(N, false);
    writeHead(MAP, 1);
  }
  writeHead(ARRAY, paths.length);
  return writer.finish();
}

function decodePaths(bytes: Uint8Array, prefix?: string): Path[] | Malformed {
  const pack = readSenmlCbor(bytes, PATHS);
  return pack instanceof SenmlPack ? pathsOf(pack.records, prefix) : pack;
}
