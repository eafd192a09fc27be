/**
 * application/cbor (60): one value as one CBOR item (LwM2M Core 1.1.1 §7.4.3). TIME carries tag 1,
 * without which Leshan takes it for no time; object links are text.
 */

import { writer } from "../bytes/writer.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry } from "../model/data-types.ts";
import { MULTIPLE, TIME, TYPE_MASK } from "../model/data-types.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import { flagsAt } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";
import { CborReader, TAG, writeHead, writeValue } from "./cbor-items.ts";
import { coerce } from "./coerce.ts";
import type { ContentCodec } from "./content-codec.ts";

const SOURCE = "LwM2M Core 1.1.1 §7.4.3";
const EPOCH_TIME = 1;

export const CBOR_CODEC: ContentCodec = { format: 60, encode: encode, decode: decode };

function encode(base: Path, entries: readonly Entry[]): Uint8Array | undefined {
  if (entries.length !== 1 || entries[0].path.length !== base.length) return undefined;
  const entry = entries[0];
  if (entry.value === undefined) return undefined;
  writer.clear();
  writeValue(entry.type, entry.value);
  if (entry.type === TIME) writeHead(TAG, EPOCH_TIME);
  return writer.finish();
}

function decode(bytes: Uint8Array, base: Path, definitionOf: DefinitionOf): Entry[] | Malformed {
  const flags = flagsAt(definitionOf, base);
  if (base.length < 3 || (base.length === 3 && (flags & MULTIPLE) !== 0)) {
    return malformed("content/not-one-value", 0, SOURCE);
  }
  const reader = new CborReader(bytes);
  if (!reader.scalar() || reader.at < bytes.length) {
    return malformed("content/cbor-item", reader.at, SOURCE);
  }
  const type = flags & TYPE_MASK;
  const value = coerce(type, reader.type, reader.value);
  if (value === undefined) return malformed("content/value-not-of-type", 0, SOURCE);
  return [{ path: base, type: type || reader.type, value: value, time: undefined }];
}
