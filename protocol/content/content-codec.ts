/**
 * A Content-Format as a pair of functions between bytes and entries. Codecs know the model, never
 * CoAP; which of them an agent or a server has is configuration.
 */
import type { Malformed } from "../malformed.ts";
import type { Entry } from "../model/data-types.ts";
import type { DefinitionOf } from "../model/object-definition.ts";
import type { Path } from "../model/path.ts";

/**
 * The most entries that one payload may hold. A decoder that must look at what it has read already
 * (duplicates) stays within a few milliseconds.
 */
export const MAX_ENTRIES = 4096;

export interface ContentCodec {
  /** The Content-Format number, for example 11542. */
  readonly format: number;
  /**
   * Writes entries at or below `base`, given in tree order with values that fit their types
   * (`isValueOf`).
   *
   * @param prefix where a device has its tree elsewhere than at the root, or stands behind a
   * gateway: what goes before paths in names, "/lwm2m" or "/d01". Formats without names ignore it.
   * @returns bytes of the caller's own; undefined when this format cannot express them, for example
   * two values as text
   */
  encode(base: Path, entries: readonly Entry[], prefix?: string): Uint8Array | undefined;
  /**
   * Reads a payload that was addressed to `base`. Total: no bytes make it throw, time and memory
   * are linear in them.
   *
   * A value is read as its definition says; a value that cannot be so is a fault, and so is an
   * entry outside `base`. Where nothing defines the resource, the entry has the type that the
   * format shows, and the reader decides (unknown resources in a Write are ignored, LwM2M Core
   * 1.1.1 §6.3.3).
   *
   * @param prefix as for `encode`; a name without it is a fault
   * @returns entries that are the caller's own; OPAQUE values may be views of `bytes`
   */
  decode(
    bytes: Uint8Array,
    base: Path,
    definitionOf: DefinitionOf,
    prefix?: string,
  ): Entry[] | Malformed;
}

/** A Content-Format for the paths that a Read-Composite or Observe-Composite names. */
export interface PathsCodec {
  /** The Content-Format number, for example 320. */
  readonly format: number;
  /** Writes paths of any depth; `[]` is the whole tree. */
  encode(paths: readonly Path[], prefix?: string): Uint8Array;
  /** Reads them; total, at most MAX_ENTRIES. */
  decode(bytes: Uint8Array, prefix?: string): Path[] | Malformed;
}
