/**
 * What an object consists of, as compact as a board needs it (LwM2M Core 1.1.1 Appendix D). Names
 * and units are for humans and live on the host (host/object-names.ts).
 */
import type { Path } from "./path.ts";

export interface ObjectDefinition {
  readonly id: number;
  /** `major.minor`. */
  readonly version: string;
  /** May have several instances. */
  readonly multiple: boolean;
  /** Every device has it. */
  readonly mandatory: boolean;
  /**
   * Flat pairs of resource id and flags (type | operations | MULTIPLE | MANDATORY), ids ascending.
   * The shipped definitions are Uint16Arrays: on a board they take a fifth of the room of an array.
   */
  readonly resources: ArrayLike<number>;
}

/** Finds an object's definition; undefined when the object is unknown. */
export type DefinitionOf = (objectId: number) => ObjectDefinition | undefined;

/** The flags of a resource; 0 when the object does not have it. */
export function resourceFlags(definition: ObjectDefinition, resourceId: number): number {
  const resources = definition.resources;
  for (let i = 0; i < resources.length; i += 2) {
    if (resources[i] === resourceId) return resources[i + 1];
  }
  return 0;
}

/**
 * The flags of the resource at or above a path; 0 when the path is above resources or nothing
 * defines it.
 */
export function flagsAt(definitionOf: DefinitionOf, path: Path): number {
  const definition = path.length < 3 ? undefined : definitionOf(path[0]);
  return definition === undefined ? 0 : resourceFlags(definition, path[2]);
}
