/** The one place where it is decided who may do what. Everything that identifies somebody ends in a `Principal`. */
import type { Domain, Group, ObjectKind, Permission, User, Verb } from "./model.ts";

/** By what somebody was identified. A route names the kinds that it accepts. */
export type CredentialKind =
  /** Bearer, 100 letters and digits (mbed Device Connector). */
  | "access-key"
  /** Bearer or `?access_token=` (mDash). */
  | "customer-key"
  /** Basic name:password of a customer (mDash). */
  | "customer-password"
  /** Basic name:password of a user (Device42); mbed's legacy clients say `domain/name`. */
  | "user-password"
  /** Bearer or `?access_token=`: the capability for one device (mDash). */
  | "public-key"
  /** Basic client_key:secret_key (Device42). */
  | "client-secret"
  /** Bearer, a JWT made from a client's secret (Device42). */
  | "token";

/** The devices that somebody can see: all of the domain, or these endpoint names. */
export type Scope = "domain" | ReadonlySet<string>;

/** Everything, or these. */
export type Rights = "all" | readonly Permission[];

/** Somebody who was identified, as of this moment: made anew for each request, so that what is revoked is revoked at once. */
export interface Principal {
  readonly kind: CredentialKind;
  readonly domain: Domain;
  /** On whose behalf; undefined for a device's PUBLIC_KEY. */
  readonly user: User | undefined;
  /** Names the credential in the audit: an id, never a secret. */
  readonly credentialId: string;
  /** Whose notification channel, subscriptions and requests these are; undefined for who has none. */
  readonly channelId: string | undefined;
  readonly scope: Scope;
  readonly rights: Rights;
}

/** What is decided about, where it is a device. */
export interface OwnedDevice {
  readonly domainId: string;
  readonly endpointName: string;
}

/** What a customer may do, with the devices bound to it. */
export const CUSTOMER_RIGHTS: readonly Permission[] = [
  "view device",
  "view resource",
  "change resource",
  "view customer",
  "change customer",
];

/** What a PUBLIC_KEY is good for. */
export const PUBLIC_KEY_RIGHTS: readonly Permission[] = [
  "view device",
  "view resource",
  "change resource",
];

/** What an API client's keys are good for: a token. All else is done with that. */
export const CLIENT_SECRET_RIGHTS: readonly Permission[] = ["add token"];

/** What a token is good for, beside what its client's owner may do. */
export const TOKEN_RIGHTS: readonly Permission[] = ["change token", "delete token"];

/** Whether somebody may do something, if it concerns a device: to that device. */
export function may(
  principal: Principal,
  verb: Verb,
  object: ObjectKind,
  device?: OwnedDevice,
): boolean {
  if (device !== undefined && !sees(principal, device)) return false;
  return principal.rights === "all" || principal.rights.includes(`${verb} ${object}`);
}

/** Whether somebody can know that a device exists. Who cannot is answered as if it did not. */
export function sees(principal: Principal, device: OwnedDevice): boolean {
  if (device.domainId !== principal.domain.id) return false;
  return principal.scope === "domain" || principal.scope.has(device.endpointName);
}

/** A user's own permissions and those of its groups. */
export function rightsOf(user: User, groupOf: (id: string) => Group | undefined): Rights {
  if (user.role === "customer") return CUSTOMER_RIGHTS;
  if (user.superuser) return "all";
  if (user.groups.length === 0) return user.permissions;
  const rights = [...user.permissions];
  for (const id of user.groups) rights.push(...(groupOf(id)?.permissions ?? []));
  return rights;
}
