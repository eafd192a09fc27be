/**
 * text/plain (0): one value as readable text (LwM2M Core 1.1.1 §7.4.1, Appendix C).
 */
import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { encodeUtf8, readUtf8 } from "../bytes/utf8.ts";
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import type { Entry, Integer64, ObjectLink, Value } from "../model/data-types.ts";
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  MULTIPLE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  TYPE_MASK,
  UNSIGNED,
} from "../model/data-types.ts";
import { formatDecimal, formatInteger, parseDecimal, parseInteger } from "../model/decimal.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import { flagsAt } from "../model/object-definition.ts";
import { formatObjectLink, parseObjectLink } from "../model/object-link.ts";
import type { Path } from "../model/path.ts";
import type { ContentCodec } from "./content-codec.ts";

const SOURCE = "LwM2M Core 1.1.1 §7.4.1";

export const TEXT_CODEC: ContentCodec = { format: 0, encode: encode, decode: decode };

function encode(base: Path, entries: readonly Entry[]): Uint8Array | undefined {
  if (entries.length !== 1 || entries[0].path.length !== base.length) return undefined;
  const value = entries[0].value;
  const text = value === undefined ? undefined : formatText(entries[0].type, value);
  return text === undefined ? undefined : encodeUtf8(text);
}

function decode(bytes: Uint8Array, base: Path, definitionOf: DefinitionOf): Entry[] | Malformed {
  const flags = flagsAt(definitionOf, base);
  if (base.length < 3 || (base.length === 3 && (flags & MULTIPLE) !== 0)) {
    return malformed("content/not-one-value", 0, SOURCE);
  }
  const text = readUtf8(bytes, 0, bytes.length);
  if (text === undefined) return malformed("content/not-utf8", 0, SOURCE);
  const type = flags & TYPE_MASK || STRING;
  const value = parseText(type, text);
  if (value === undefined) return malformed("content/value-not-of-type", 0, SOURCE);
  return [{ path: base, type: type, value: value, time: undefined }];
}

/**
 * Writes a value as text; undefined for a float that is not finite. Attributes and command lines
 * use it too.
 */
export function formatText(type: number, value: Value): string | undefined {
  switch (type) {
    case INTEGER:
    case TIME:
    case UNSIGNED:
      return formatInteger(value as number | Integer64, type === UNSIGNED);
    case FLOAT:
      return (value as number) - (value as number) === 0
        ? formatDecimal(value as number)
        : undefined;
    case BOOLEAN:
      return value ? "1" : "0";
    case OPAQUE:
      return encodeBase64(value as Uint8Array);
    case OBJLNK:
      return formatObjectLink(value as ObjectLink);
    default:
      return value as string;
  }
}

/** Reads a value of a type; undefined when the text is not one. */
export function parseText(type: number, text: string): Value | undefined {
  switch (type) {
    case INTEGER:
    case TIME:
    case UNSIGNED:
      return parseInteger(text, type === UNSIGNED);
    case FLOAT:
      return parseDecimal(text);
    case BOOLEAN:
      return text === "1" ? true : text === "0" ? false : undefined;
    case OPAQUE:
      return decodeBase64(text);
    case OBJLNK:
      return parseObjectLink(text);
    default:
      return text;
  }
}
