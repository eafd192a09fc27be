/**
 * Permissions under the names that Device42 (Django) gives them: `view_device`, `add_apiclient`. Ours read the same with a blank; only some
 * objects are called otherwise.
 */
import { OBJECTS, type ObjectKind, type Permission, VERBS } from "./model.ts";

const THEIR_NAMES: Partial<Record<ObjectKind, string>> = {
  "api-client": "apiclient",
  "access-key": "accesskey",
  customer: "enduser",
};

const BY_NAME = new Map<string, Permission>();
const NAME_OF = new Map<Permission, string>();
for (const verb of VERBS) {
  for (const object of OBJECTS) {
    const permission: Permission = `${verb} ${object}`;
    const name = `${verb}_${THEIR_NAMES[object] ?? object}`;
    BY_NAME.set(name, permission);
    BY_NAME.set(permission, permission);
    NAME_OF.set(permission, name);
  }
}

/**
 * The permission of a name: ours (`view device`), Django's codename (`view_device`), that with its application (`rowmgmt.view_device`), or the
 * words of its pages (`Can view device`). Undefined for one that there is not.
 */
export function permissionNamed(name: string): Permission | undefined {
  const lower = name.trim().toLowerCase();
  const words = lower.startsWith("can ") ? lower.slice(4) : lower;
  return BY_NAME.get(words.slice(words.lastIndexOf(".") + 1));
}

/** The names that Device42 has for permissions. */
export function permissionNames(permissions: readonly Permission[]): string[] {
  return permissions.map((permission) => NAME_OF.get(permission) ?? permission);
}
