/** Changing who there is: users, groups and customers, within what the one who changes it may give and take. */
import type { Access } from "./access.ts";
import { type Principal, rightsOf } from "./decision.ts";
import { refusal } from "./domains.ts";
import {
  isSuperuser,
  reaches,
  requireOperator,
  requireRights,
  requireRightsOf,
} from "./escalation.ts";
import { randomAlphanumerics } from "./key-crypto.ts";
import { DEFAULT_DOMAIN, type Domain, type Group, type Permission, type User } from "./model.ts";
import { ADMINISTRATOR } from "./users.ts";

/** What can be told of a user when it is made. */
export interface NewUser {
  readonly name: string;
  /** Absent for a user that nobody can log in as. */
  readonly passwordHash?: string | undefined;
  readonly active?: boolean | undefined;
  readonly staff?: boolean | undefined;
  readonly superuser?: boolean | undefined;
  readonly permissions?: readonly Permission[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** What can be changed of a user; what is absent stays. */
export type UserChange = Partial<Omit<NewUser, "passwordHash">>;

export interface GroupContents {
  readonly name: string;
  readonly permissions: readonly Permission[];
}

const ID_LENGTH = 16;
const LONGEST_GROUP_NAME = 100;

/** The user or customer of this id. @throws Error with code `access/not-found`, also for one of another domain */
export function userFor(
  access: Access,
  actor: Principal,
  id: string,
  role: User["role"] = "user",
): User {
  const user = access.users.get(id);
  if (user === undefined || user.role !== role || !reaches(actor, user.domainId)) {
    throw refusal("access/not-found", `There is no ${role} ${id}.`);
  }
  return user;
}

/** The group of this id. @throws Error with code `access/not-found`, also for one of another domain */
export function groupFor(access: Access, actor: Principal, id: string): Group {
  const group = access.users.group(id);
  if (group === undefined || !reaches(actor, group.domainId)) {
    throw refusal("access/not-found", `There is no group ${id}.`);
  }
  return group;
}

/**
 * Puts a user on record.
 *
 * @throws Error with code `access/not-allowed` for more rights than the actor has, and what `Users.put` throws
 */
export function createUser(access: Access, actor: Principal, domain: Domain, given: NewUser): User {
  const calendarNow = access.calendarNow();
  const user: User = {
    id: randomAlphanumerics(ID_LENGTH),
    domainId: domain.id,
    name: given.name,
    passwordHash: given.passwordHash,
    active: given.active ?? true,
    staff: given.staff ?? false,
    superuser: given.superuser ?? false,
    role: "user",
    permissions: unique(given.permissions ?? []),
    groups: unique(given.groups ?? []),
    keyVersion: 0,
    metadata: {},
    createdAt: calendarNow,
    updatedAt: calendarNow,
  };
  requireMayMake(access, actor, user);
  if (access.users.named(user.name) !== undefined) throw nameTaken(user.name);
  return access.users.put(user);
}

/**
 * Changes a user.
 *
 * @throws Error with code `access/not-allowed` for a user, or rights, beyond the actor's own; `access/conflict` when it would leave a domain
 *   without a superuser
 */
export function changeUser(access: Access, actor: Principal, user: User, change: UserChange): User {
  requireRightsOf(access, actor, user);
  const changed: User = {
    ...user,
    name: change.name ?? user.name,
    active: change.active ?? user.active,
    staff: change.staff ?? user.staff,
    superuser: change.superuser ?? user.superuser,
    permissions: change.permissions === undefined ? user.permissions : unique(change.permissions),
    groups: change.groups === undefined ? user.groups : unique(change.groups),
    updatedAt: access.calendarNow(),
  };
  requireMayMake(access, actor, changed, user);
  if (!changed.active || !changed.superuser) requireOtherSuperuser(access, actor, user);
  return access.users.put(changed);
}

/** Gives a user or a customer another password. @throws Error with code `access/not-allowed` for one who may do more than the actor */
export function setPassword(
  access: Access,
  actor: Principal,
  user: User,
  passwordHash: string,
): User {
  requireRightsOf(access, actor, user);
  return access.users.put({ ...user, passwordHash, updatedAt: access.calendarNow() });
}

/**
 * Takes a user off the record, and ends its access keys and API clients.
 *
 * @throws Error with code `access/not-allowed` or `access/conflict`, as for a change
 */
export function removeUser(access: Access, actor: Principal, user: User): void {
  requireRightsOf(access, actor, user);
  if (user.id === ADMINISTRATOR.id) {
    throw refusal("access/conflict", "The first user stays; it can be deactivated.");
  }
  requireOtherSuperuser(access, actor, user);
  for (const key of access.keys.all()) {
    if (key.ownerId === user.id) access.keys.revoke(key.id, access.calendarNow());
  }
  for (const client of [...access.clients.all()]) {
    if (client.ownerId !== user.id) continue;
    access.tokens.endAll(client.id);
    access.clients.remove(client.id);
  }
  access.users.remove(user.id);
}

/** @throws Error with code `access/not-allowed` for permissions that the actor has not */
export function createGroup(
  access: Access,
  actor: Principal,
  domain: Domain,
  given: GroupContents,
): Group {
  const group: Group = {
    id: randomAlphanumerics(ID_LENGTH),
    domainId: domain.id,
    name: groupName(access, domain.id, given.name),
    permissions: unique(given.permissions),
  };
  requireRights(actor, group.permissions);
  access.users.putGroup(group);
  return group;
}

/** @throws Error with code `access/not-allowed` when the group has, or would have, a permission that the actor has not */
export function changeGroup(
  access: Access,
  actor: Principal,
  group: Group,
  change: Partial<GroupContents>,
): Group {
  const changed: Group = {
    ...group,
    name:
      change.name === undefined
        ? group.name
        : groupName(access, group.domainId, change.name, group.id),
    permissions: change.permissions === undefined ? group.permissions : unique(change.permissions),
  };
  requireRights(actor, [...group.permissions, ...changed.permissions]);
  access.users.putGroup(changed);
  return changed;
}

/** Removes a group, also from its members. @throws Error with code `access/not-allowed` as for a change */
export function removeGroup(access: Access, actor: Principal, group: Group): void {
  requireRights(actor, group.permissions);
  for (const user of [...access.users.all()]) {
    if (!user.groups.includes(group.id)) continue;
    access.users.put({ ...user, groups: user.groups.filter((id) => id !== group.id) });
  }
  access.users.removeGroup(group.id);
}

/** Refuses a user as it would be, when the actor may not make such a one. */
function requireMayMake(access: Access, actor: Principal, user: User, before?: User): void {
  for (const id of user.groups) {
    if (access.users.group(id)?.domainId === user.domainId) continue;
    throw refusal("access/bad-value", `There is no group ${id}.`);
  }
  if (user.superuser && !isSuperuser(actor)) {
    throw refusal("access/not-allowed", "Only a superuser makes superusers.");
  }
  if (user.staff && before?.staff !== true && actor.user?.staff !== true && !isSuperuser(actor)) {
    throw refusal("access/not-allowed", "Only staff makes staff.");
  }
  // What a superuser is given beside would come into force when he is one no more.
  requireRights(
    actor,
    rightsOf({ ...user, superuser: false }, (id) => access.users.group(id)),
  );
}

/** Refuses to lose the last one who can put things right: the operator's at all, another domain's unless the operator does it. */
function requireOtherSuperuser(access: Access, actor: Principal, user: User): void {
  if (!user.superuser || !user.active) return;
  for (const other of access.users.all()) {
    const isAnother = other.id !== user.id && other.domainId === user.domainId;
    if (isAnother && other.role === "user" && other.superuser && other.active) return;
  }
  if (user.domainId !== DEFAULT_DOMAIN && actor.domain.id === DEFAULT_DOMAIN) {
    requireOperator(actor);
    return;
  }
  throw refusal("access/conflict", "This is the last active superuser; make another one first.");
}

function groupName(access: Access, domainId: string, name: string, ownId?: string): string {
  if (name === "" || name.length > LONGEST_GROUP_NAME) {
    throw refusal("access/bad-name", `A group's name has 1 to ${LONGEST_GROUP_NAME} characters.`);
  }
  for (const group of access.users.groups()) {
    if (group.domainId === domainId && group.name === name && group.id !== ownId) {
      throw refusal("access/name-taken", `There is a group ${name} already.`);
    }
  }
  return name;
}

function nameTaken(name: string): Error {
  return refusal("access/name-taken", `The name ${name} is taken.`);
}

function unique<T>(given: readonly T[]): T[] {
  return [...new Set(given)];
}
