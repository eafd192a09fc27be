/**
 * application/octet-stream (42): the bytes of one OPAQUE value as they are (LwM2M Core 1.1.1
 * §7.4.2).
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry } from "../model/data-types.ts";
import { MULTIPLE, OPAQUE, TYPE_MASK } from "../model/data-types.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import { flagsAt } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";
import type { ContentCodec } from "./content-codec.ts";

const SOURCE = "LwM2M Core 1.1.1 §7.4.2";

export const OPAQUE_CODEC: ContentCodec = { format: 42, encode: encode, decode: decode };

function encode(base: Path, entries: readonly Entry[]): Uint8Array | undefined {
  if (entries.length !== 1 || entries[0].path.length !== base.length) return undefined;
  if (entries[0].type !== OPAQUE || entries[0].value === undefined) return undefined;
  return new Uint8Array(entries[0].value as Uint8Array);
}

function decode(bytes: Uint8Array, base: Path, definitionOf: DefinitionOf): Entry[] | Malformed {
  const flags = flagsAt(definitionOf, base);
  if (base.length < 3 || (base.length === 3 && (flags & MULTIPLE) !== 0)) {
    return malformed("content/not-one-value", 0, SOURCE);
  }
  if (flags !== 0 && (flags & TYPE_MASK) !== OPAQUE) {
    return malformed("content/value-not-of-type", 0, SOURCE);
  }
  return [{ path: base, type: OPAQUE, value: bytes, time: undefined }];
}
