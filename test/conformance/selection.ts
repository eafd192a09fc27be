/** Which cases a run consists of. */

import type { ConformanceCase } from "./case.ts";
import { GROUPS, groupOf, isOfLevel, type Level } from "./cases/groups.ts";

export interface Selection {
  /** Ids, or beginnings or ends of ids with an asterisk; `int-101` and `101` stand for the ETS case. */
  readonly only?: readonly string[];
  /** Written as `only`: cases to leave out of what is left. */
  readonly except?: readonly string[];
  /** Names of groups. */
  readonly groups?: readonly string[];
  readonly level?: Level;
}

/**
 * The cases that a selection leaves, in their order.
 *
 * @throws Error that names what matches no case, and what there is
 */
export function selectCases<C extends Pick<ConformanceCase, "id" | "versions">>(
  cases: readonly C[],
  { only, except = [], groups, level }: Selection,
): C[] {
  for (const pattern of [...(only ?? []), ...except]) {
    if (!cases.some(({ id }) => matches(pattern, id))) {
      throw new Error(`No case is called "${pattern}"; dormouse conform list prints them all.`);
    }
  }
  for (const name of groups ?? []) {
    if (!GROUPS.some((group) => group.name === name)) {
      const names = GROUPS.map((group) => group.name).join(", ");
      throw new Error(`There is no group "${name}"; there are ${names}.`);
    }
  }
  return cases.filter(
    ({ id, versions }) =>
      (only === undefined || only.some((pattern) => matches(pattern, id))) &&
      !except.some((pattern) => matches(pattern, id)) &&
      (groups === undefined || groups.includes(groupOf(id).name)) &&
      (level === undefined || isOfLevel(id, versions, level)),
  );
}

function matches(pattern: string, id: string): boolean {
  if (pattern.endsWith("*")) return id.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith("*")) return id.endsWith(pattern.slice(1));
  return id === pattern || id.endsWith(`-int-${pattern}`) || id.endsWith(`-${pattern}`);
}
