/**
 * What an object consists of, as compact as a board needs it (LwM2M Core 1.1.1 §7.1, Appendix D). Names and units are for
 * humans and live on the host (host/object-names.ts).
 */

/**
 * Flat pairs of resource id and flags (type | operations | MULTIPLE | MANDATORY), ids ascending. The shipped definitions are
 * Uint16Arrays, which take a fifth of an array's room on a board.
 */
export interface ResourceTable {
  readonly length: number;
  readonly [index: number]: number;
}

export interface ObjectDefinition {
  readonly id: number;
  /** `major.minor`. */
  readonly version: string;
  /** May have several instances. */
  readonly multiple: boolean;
  /** Every device has it. */
  readonly mandatory: boolean;
  readonly resources: ResourceTable;
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
