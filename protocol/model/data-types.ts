/**
 * What a resource may hold and what may be asked of it (LwM2M Core 1.1.1 Appendix C).
 *
 * A resource's flags are one number: its data type in the low four bits, then the operations, then
 * how often it occurs. On a board a number costs one variable where an object costs seven.
 */
import type { Path } from "./path.ts";

/** Executable resources hold nothing. */
export const NONE = 0;
/** UTF-8 text. */
export const STRING = 1;
/** Signed, up to 64 bits. */
export const INTEGER = 2;
/** Unsigned, up to 64 bits (since LwM2M 1.1). */
export const UNSIGNED = 3;
/** IEEE 754 single or double. */
export const FLOAT = 4;
export const BOOLEAN = 5;
export const OPAQUE = 6;
/** Seconds since 1970-01-01 UTC, as INTEGER. */
export const TIME = 7;
/** A reference to an object instance. */
export const OBJLNK = 8;
/** Link format text, as STRING (since LwM2M 1.1). */
export const CORELNK = 9;

export const TYPE_MASK = 15;
export const READ = 16;
export const WRITE = 32;
export const EXECUTE = 64;
/** May have several resource instances. */
export const MULTIPLE = 128;
/** Every instance of its object has it. */
export const MANDATORY = 256;

/** 2^53 - 1: above it a plain number may not be the integer that was meant. */
export const MAX_SAFE = 9007199254740991;

/** An object link; 65535:65535 links to nothing (LwM2M Core 1.1.1 Appendix C). */
export interface ObjectLink {
  readonly objectId: number;
  readonly objectInstanceId: number;
}

/**
 * An integer beyond +-(2^53 - 1): its 8 big-endian bytes, two's complement, or unsigned when the
 * type is UNSIGNED. Smaller integers are always plain numbers. The type of the entry tells it from
 * OPAQUE.
 */
export type Integer64 = Uint8Array;

/**
 * STRING and CORELNK: string. INTEGER, UNSIGNED, TIME: number or Integer64. FLOAT: number. OPAQUE:
 * bytes.
 */
export type Value = string | number | boolean | Uint8Array | ObjectLink | Integer64;

/** One value at its place in the tree: what content formats carry. */
export interface Entry {
  /**
   * A resource or resource instance; or with an undefined value an object instance or a multiple
   * resource that is empty.
   */
  readonly path: Path;
  /** A data type; where no definition told, the type that the format itself shows. */
  readonly type: number;
  readonly value: Value | undefined;
  /**
   * Seconds since 1970, or below 2^28 relative to now; undefined is now (SenML RFC 8428 §4.5.3).
   */
  readonly time?: number | undefined;
}

/**
 * True when an application's value fits a data type, ranges included. Codecs rely on it and do not
 * ask again.
 */
export function isValueOf(type: number, value: unknown): value is Value {
  switch (type) {
    case STRING:
    case CORELNK:
      return typeof value === "string";
    case INTEGER:
    case TIME:
    case UNSIGNED:
      if (typeof value !== "number") return value instanceof Uint8Array && value.length === 8;
      return (
        Math.floor(value) === value &&
        value <= MAX_SAFE &&
        value >= (type === UNSIGNED ? 0 : -MAX_SAFE)
      );
    case FLOAT:
      return typeof value === "number";
    case BOOLEAN:
      return typeof value === "boolean";
    case OPAQUE:
      return value instanceof Uint8Array;
    case OBJLNK:
      return (
        typeof value === "object" &&
        value !== null &&
        isId((value as ObjectLink).objectId) &&
        isId((value as ObjectLink).objectInstanceId)
      );
    default:
      return false;
  }
}

function isId(id: number): boolean {
  return id >= 0 && id <= 65535 && Math.floor(id) === id;
}
