/**
 * What the access model consists of: tenants, the people and programs in them, what they may do, and the devices that they may do it to.
 *
 * One model for three kinds of customers: those of mbed Device Connector (access keys), of mDash (customers with their keys, devices
 * with public keys) and of Device42 (users, API clients, tokens). Rows of the store: plain, and replaced rather than changed.
 */

/** What somebody wants to do. */
export const VERBS = ["view", "add", "change", "delete"] as const;
export type Verb = (typeof VERBS)[number];

/** What somebody wants to do it to. A route names exactly one of them. */
export const OBJECTS = [
  /** A device as such: its name, its inventory record, its registration. */
  "device",
  /** What a device offers: read is view; write and execute are change; delete is delete. Channels and subscriptions view it. */
  "resource",
  "access-key",
  "api-client",
  /** What an API client makes of its keys: each its own only. */
  "token",
  "certificate",
  /** Users, groups and what they may do. */
  "user",
  "customer",
  "building",
  "tag",
  "audit",
  /** What devices are given in bootstrap, and that they are bootstrapped now. */
  "bootstrap",
  /** Tenants, quotas, and the store as a whole: the operator's business. */
  "domain",
] as const;
export type ObjectKind = (typeof OBJECTS)[number];

/** `change resource` */
export type Permission = `${Verb} ${ObjectKind}`;

/** A tenant: owns everything below, and sees nothing of another. */
export interface Domain {
  readonly id: string;
  /** Unique; letters, digits, `.-_`. What mbed devices call `d=`. */
  readonly name: string;
  /** Calendar milliseconds, as all times here. */
  readonly createdAt: number;
  /** How customers come to be: by themselves, by an invitation, or by an administrator only. */
  readonly registration: "open" | "invite" | "closed";
  /** Whether a device may be claimed by several customers. */
  readonly sharing: "shared" | "exclusive";
  /** Whether CUSTOMER_KEYs are good for the Device Connector routes (`/v2`), for the customer's own devices. */
  readonly customersUseRest: boolean;
}

/** A person, or the owner of programs. */
export interface User {
  readonly id: string;
  readonly domainId: string;
  /** What is typed at a login: an email address or a user name; lower case, unique among all domains. */
  readonly name: string;
  /** `scrypt$...`; undefined when nobody can log in with a password. */
  readonly passwordHash: string | undefined;
  readonly active: boolean;
  /** May administrate by people's pages and the command line; may not own API clients (Device42). */
  readonly staff: boolean;
  /** Has every permission in its domain; in the operator's domain also over the domains. */
  readonly superuser: boolean;
  /** A customer sees the devices bound to it, and has a CUSTOMER_KEY; a user sees the domain. */
  readonly role: "user" | "customer";
  readonly permissions: readonly Permission[];
  /** Ids of groups, whose permissions it has too. */
  readonly groups: readonly string[];
  /** Version of the CUSTOMER_KEY: the next one makes the last one worthless. */
  readonly keyVersion: number;
  /** What applications keep with a customer; bounded when it is taken. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Group {
  readonly id: string;
  readonly domainId: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
}

/** The key of an application (mbed Device Connector). Owns a notification channel, subscriptions and requests. */
export interface AccessKey {
  readonly id: string;
  /** Shown to people. */
  readonly name: string;
  /** SHA-256 of the key, hex. */
  readonly digest: string;
  /** The first letters of the key, to tell keys apart. */
  readonly prefix: string;
  readonly domainId: string;
  /** The user whose permissions it has. */
  readonly ownerId: string;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  readonly revokedAt?: number | undefined;
}

/** A device that has registered once, or was put on record by hand. The number is its id for Device42's clients. */
export interface DeviceRecord {
  readonly id: number;
  readonly domainId: string;
  readonly endpointName: string;
  /** mbed's `et`, as of the first registration. */
  readonly endpointType: string | undefined;
  /** Version of the PUBLIC_KEY: the next one makes the last one worthless. */
  readonly keyVersion: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** What people have written down about it (tags, notes, custom fields ...); absent for most. */
  readonly inventory?: Readonly<Record<string, unknown>> | undefined;
}

/** A customer's claim of a device. */
export interface Binding {
  readonly customerId: string;
  readonly deviceId: number;
  readonly createdAt: number;
}

/** The domain that is there from the start: the operator's. */
export const DEFAULT_DOMAIN = "default";
