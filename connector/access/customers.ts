/**
 * Customers and what they do for themselves: register, claim devices and let them go, change their password, keep something with us
 * (mDash's `/customer`).
 */
import type { Access } from "./access.ts";
import { bindDevice } from "./device-administration.ts";
import { refusal } from "./domains.ts";
import { randomAlphanumerics } from "./key-crypto.ts";
import { isMailAddress } from "./mail.ts";
import type { DeviceRecord, Domain, User } from "./model.ts";
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from "./passwords.ts";

/** Members of a customer that applications may set, and that they get back as they were. */
export const METADATA_MEMBERS = ["cconfig", "meta"] as const;
export type Metadata = { readonly [name in (typeof METADATA_MEMBERS)[number]]?: unknown };

/** A customer's own view of itself: what `GET /customer` answers. */
export interface CustomerJson {
  readonly id: string;
  /** The domain. */
  readonly app_id: string;
  /** "" for a customer who has none. */
  readonly email: string;
  /** The CUSTOMER_KEY. */
  readonly token: string;
  /** PUBLIC_KEY of each device that is claimed. */
  readonly pubkeys: Readonly<Record<string, object>>;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What changed of the claims of a customer. */
export interface ClaimChange {
  readonly claimed: readonly DeviceRecord[];
  readonly released: readonly DeviceRecord[];
}

const ID_LENGTH = 16;
/** Of a name that nobody can log in with, and that no e-mail address is. */
const ANONYMOUS = "anonymous-";
/** Bytes of JSON. */
const MOST_METADATA = 16 * 1024;

/**
 * Puts a customer on record.
 *
 * @param email undefined for one who has nothing but its key
 * @param passwordHash undefined for one who cannot log in
 * @throws Error with code `access/bad-name`, `access/name-taken` or `access/too-many`
 */
export function createCustomer(
  access: Access,
  domain: Domain,
  email: string | undefined,
  passwordHash: string | undefined,
): User {
  if (email !== undefined) requireMailAddress(email);
  const id = randomAlphanumerics(ID_LENGTH);
  const calendarNow = access.calendarNow();
  return access.users.put({
    id,
    domainId: domain.id,
    name: email ?? ANONYMOUS + id,
    passwordHash,
    active: true,
    staff: false,
    superuser: false,
    role: "customer",
    permissions: [],
    groups: [],
    keyVersion: 0,
    metadata: {},
    createdAt: calendarNow,
    updatedAt: calendarNow,
  });
}

/** The customer as it sees itself. The same whatever it has identified itself with. */
export function customerJson(access: Access, customer: User): CustomerJson {
  const pubkeys: Record<string, object> = {};
  for (const device of devicesOf(access, customer))
    pubkeys[access.devices.publicKeyOf(device)] = {};
  return {
    ...customer.metadata,
    id: customer.id,
    app_id: customer.domainId,
    email: emailOf(customer) ?? "",
    token: access.customerKeyOf(customer),
    pubkeys,
    created_at: rfc3339(customer.createdAt),
    updated_at: rfc3339(customer.updatedAt),
  };
}

/** Where mail to a customer goes; undefined for an anonymous one. */
export function emailOf(customer: User): string | undefined {
  return isMailAddress(customer.name) ? customer.name : undefined;
}

/**
 * Makes the devices of these PUBLIC_KEYs the customer's, and no others. All or nothing. A device that is let go gets another key, since
 * the one that was has been seen by who has no business with it any more.
 *
 * @throws Error with code `access/not-found` for a key of no device, `access/conflict` for a device that another customer has
 *   exclusively, `access/too-many`
 */
export function setClaims(access: Access, customer: User, keys: readonly string[]): ClaimChange {
  const wanted = new Set<DeviceRecord>();
  for (const key of keys) {
    const device = access.devices.withPublicKey(key);
    if (device === undefined || device.domainId !== customer.domainId) {
      throw refusal("access/not-found", "There is no device with this public key.");
    }
    wanted.add(device);
  }
  const held = new Set(devicesOf(access, customer));
  const claimed = [...wanted].filter((device) => !held.has(device));
  const released = [...held].filter((device) => !wanted.has(device));
  const bound: DeviceRecord[] = [];
  try {
    for (const device of claimed) {
      bindDevice(access, customer, device);
      bound.push(device);
    }
  } catch (error) {
    for (const device of bound) access.bindings.unbind(customer.id, device.id);
    throw error;
  }
  for (const device of released) {
    access.bindings.unbind(customer.id, device.id);
    access.devices.rotatePublicKey(device, access.calendarNow());
  }
  if (claimed.length + released.length > 0) touch(access, customer);
  return { claimed, released };
}

/** The devices that a customer has claimed, in the order in which it did. */
export function devicesOf(access: Access, customer: User): DeviceRecord[] {
  const devices: DeviceRecord[] = [];
  for (const id of access.bindings.devicesOf(customer.id)) {
    const device = access.devices.get(id);
    if (device !== undefined) devices.push(device);
  }
  return devices;
}

/**
 * Gives a customer another password.
 *
 * @param rotatesKey makes the CUSTOMER_KEY worthless and another one valid
 */
export function setCustomerPassword(
  access: Access,
  customer: User,
  passwordHash: string,
  rotatesKey: boolean,
): User {
  const keyVersion = customer.keyVersion + (rotatesKey ? 1 : 0);
  return touch(access, { ...customer, passwordHash, keyVersion });
}

/**
 * What is kept with a customer when an application wants this: a member replaces the one there was, null removes it.
 *
 * @throws Error with code `access/too-long` when all of it is longer than 16 KB of JSON
 */
export function mergedMetadata(customer: User, metadata: Metadata): User["metadata"] {
  const kept: Record<string, unknown> = { ...customer.metadata };
  for (const name of METADATA_MEMBERS) {
    const member = metadata[name];
    if (member === undefined) continue;
    if (member === null) delete kept[name];
    else kept[name] = member;
  }
  if (Buffer.byteLength(JSON.stringify(kept)) > MOST_METADATA) {
    throw refusal(
      "access/too-long",
      `What is kept with a customer is ${MOST_METADATA} bytes at most.`,
    );
  }
  return kept;
}

export function setMetadata(access: Access, customer: User, metadata: User["metadata"]): User {
  return touch(access, { ...customer, metadata });
}

/** @throws Error with code `access/bad-name` */
export function requireMailAddress(email: string): void {
  if (!isMailAddress(email)) {
    throw refusal("access/bad-name", "The e-mail address is not one that mail can be sent to.");
  }
}

/** @throws Error with code `access/bad-value` */
export function requirePassword(password: string): void {
  if (password.length < SHORTEST_PASSWORD || password.length > LONGEST_PASSWORD) {
    const range = `${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD}`;
    throw refusal("access/bad-value", `A password has ${range} characters.`);
  }
  for (let i = 0; i < password.length; i++) {
    const code = password.charCodeAt(i);
    // RFC 7617 §2: none could be sent in Basic.
    if (code < 32 || code === 127) {
      throw refusal("access/bad-value", "A password has no control characters.");
    }
  }
}

/** Writes a customer down as changed: later than before, also within one millisecond. */
function touch(access: Access, customer: User): User {
  const updatedAt = Math.max(access.calendarNow(), customer.updatedAt + 1);
  return access.users.put({ ...customer, updatedAt });
}

/** Calendar milliseconds as mDash writes them, with nanoseconds (RFC 3339 §5.6). */
export function rfc3339(at: number): string {
  return `${new Date(at).toISOString().slice(0, -1)}000000Z`;
}
