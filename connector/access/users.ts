/** The users and customers of all domains, and the groups of users. Passwords are checked elsewhere: here are only their hashes. */
import type { Journal, Table } from "../store/store.ts";
import { refusal } from "./domains.ts";
import { DEFAULT_DOMAIN, type Group, type User } from "./model.ts";

const MOST_USERS = 100_000;
const MOST_GROUPS = 1000;
const LONGEST_NAME = 254;

/** The user that is there from the start: owns the first access key, and cannot log in until it is given a password. */
export const ADMINISTRATOR: User = {
  id: "admin",
  domainId: DEFAULT_DOMAIN,
  name: "admin",
  passwordHash: undefined,
  active: true,
  staff: true,
  superuser: true,
  role: "user",
  permissions: [],
  groups: [],
  keyVersion: 0,
  metadata: {},
  createdAt: 0,
  updatedAt: 0,
};

export class Users {
  private readonly table: Table<User>;
  private readonly groupTable: Table<Group>;
  private readonly byId = new Map<string, User>();
  private readonly byName = new Map<string, User>();
  private readonly groupsById = new Map<string, Group>();

  constructor(store: Journal) {
    this.table = store.table("users");
    this.groupTable = store.table("groups");
    this.file(ADMINISTRATOR);
    for (const [, user] of this.table.entries()) this.file(user);
    for (const [id, group] of this.groupTable.entries()) this.groupsById.set(id, group);
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: string): User | undefined {
    return this.byId.get(id);
  }

  /** Whoever logs in with this name, in whatever case it is typed. */
  named(name: string): User | undefined {
    return this.byName.get(canonical(name));
  }

  all(): Iterable<User> {
    return this.byId.values();
  }

  /**
   * Puts a user on record, or what is changed of one. The name is kept in lower case.
   *
   * @throws Error with code `access/bad-name`, `access/name-taken` or `access/too-many`
   */
  put(given: User): User {
    const user = { ...given, name: canonical(given.name) };
    if (!isLoginName(user.name)) throw refusal("access/bad-name", loginNameRule);
    const holder = this.byName.get(user.name);
    if (holder !== undefined && holder.id !== user.id) {
      throw refusal("access/name-taken", `The name ${user.name} is taken.`);
    }
    if (!this.byId.has(user.id) && this.byId.size >= MOST_USERS) {
      throw refusal("access/too-many", `There are ${MOST_USERS} users, which is the most.`);
    }
    this.file(user);
    this.table.put(user.id, user);
    return user;
  }

  remove(id: string): void {
    const user = this.byId.get(id);
    if (user === undefined) return;
    this.byId.delete(id);
    this.byName.delete(user.name);
    this.table.remove(id);
  }

  group(id: string): Group | undefined {
    return this.groupsById.get(id);
  }

  groups(): Iterable<Group> {
    return this.groupsById.values();
  }

  putGroup(group: Group): void {
    if (!this.groupsById.has(group.id) && this.groupsById.size >= MOST_GROUPS) {
      throw refusal("access/too-many", `There are ${MOST_GROUPS} groups, which is the most.`);
    }
    this.groupsById.set(group.id, group);
    this.groupTable.put(group.id, group);
  }

  removeGroup(id: string): void {
    if (this.groupsById.delete(id)) this.groupTable.remove(id);
  }

  private file(user: User): void {
    const former = this.byId.get(user.id);
    if (former !== undefined) this.byName.delete(former.name);
    this.byId.set(user.id, user);
    this.byName.set(user.name, user);
  }
}

const loginNameRule = `A name has 1 to ${LONGEST_NAME} characters, without blanks, colons and slashes.`;

/** A colon ends the name in Basic, a slash ends the domain in mbed's legacy logins. */
function isLoginName(name: string): boolean {
  if (name === "" || name.length > LONGEST_NAME) return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code <= 32 || code === 127 || code === 58 || code === 47) return false;
  }
  return true;
}

function canonical(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
