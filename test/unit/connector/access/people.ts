/** Users for the tests of the access model. */
import type { Access } from "../../../../connector/access/access.ts";
import { DEFAULT_DOMAIN, type User } from "../../../../connector/access/model.ts";

/** Puts a user on record: active, not staff, of the operator's domain, with no permissions, unless told otherwise. */
export function givenUser(access: Access, name: string, more: Partial<User> = {}): User {
  return access.users.put({
    id: `id-of-${name}`,
    domainId: DEFAULT_DOMAIN,
    name,
    passwordHash: undefined,
    active: true,
    staff: false,
    superuser: false,
    role: "user",
    permissions: [],
    groups: [],
    keyVersion: 0,
    metadata: {},
    createdAt: 0,
    updatedAt: 0,
    ...more,
  });
}
