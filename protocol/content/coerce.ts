/**
 * Values of self-describing formats, read as the definition says (LwM2M Core 1.1.1 Appendix C).
 * JSON knows one kind of number and no object links; what type a resource has is the definition's
 * word.
 */
import type { Integer64, Value } from "../model/data-types.ts";
import {
  CORELNK,
  FLOAT,
  INTEGER,
  MAX_SAFE,
  NONE,
  OBJLNK,
  STRING,
  TIME,
  UNSIGNED,
} from "../model/data-types.ts";
import { parseObjectLink } from "../model/object-link.ts";

/**
 * The value as one of type `type`, or undefined when it cannot be one without loss.
 *
 * @param shown the type that the format showed: INTEGER, UNSIGNED (only from 2^63 on), FLOAT,
 * STRING, BOOLEAN, OPAQUE, OBJLNK
 */
export function coerce(type: number, shown: number, value: Value): Value | undefined {
  if (type === shown || type === NONE) return value;
  switch (type) {
    case CORELNK:
      return shown === STRING ? value : undefined;
    case OBJLNK:
      return shown === STRING ? parseObjectLink(value as string) : undefined;
    case FLOAT:
      if (typeof value === "number") return value;
      return shown === INTEGER || shown === UNSIGNED
        ? nearest(value as Integer64, shown)
        : undefined;
    case INTEGER:
    case TIME:
    case UNSIGNED:
      if (typeof value === "number") {
        const isInteger = Math.floor(value) === value && value <= MAX_SAFE && value >= -MAX_SAFE;
        return isInteger && (type !== UNSIGNED || value >= 0) ? value : undefined;
      }
      // The eight bytes mean the same with and without sign only below 2^63.
      if (shown === INTEGER && (type === TIME || (value as Integer64)[0] < 128)) return value;
      return undefined;
    default:
      return undefined;
  }
}

/** The double next to a 64-bit integer: of the halves each is exact, so that only their sum is rounded. */
function nearest(bytes: Integer64, shown: number): number {
  let high = shown === INTEGER && bytes[0] > 127 ? -1 : 0;
  let low = 0;
  for (let i = 0; i < 4; i++) {
    high = high * 256 + bytes[i];
    low = low * 256 + bytes[i + 4];
  }
  return high * 4294967296 + low;
}
