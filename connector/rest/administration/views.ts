/** What administration shows of what is on record: rows without digests, hashes and keys. */

import type { z } from "zod";
import { DELETE, FETCH, GET, IPATCH, POST, PUT } from "../../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import type { Access } from "../../access/access.ts";
import { isGood } from "../../access/access-keys.ts";
import type { ApiClient } from "../../access/api-clients.ts";
import type { AuditEntry } from "../../access/audit.ts";
import type { AccessKey, DeviceRecord, Domain, Group, User } from "../../access/model.ts";
import type { IssuedCertificate } from "../../certificates/ledger.ts";
import type { QueuedRequest } from "../../contract.ts";
import type { Registration } from "../../registry/registration.ts";
import type { Page } from "./request.ts";
import type {
  ACCESS_KEY,
  API_CLIENT,
  AUDIT_ENTRY,
  CERTIFICATE,
  CUSTOMER,
  DEVICE,
  DOMAIN,
  GROUP,
  USER,
} from "./schemas.ts";

export function mapPage<T, U>(page: Page<T>, view: (item: T) => U): Page<U> {
  return { ...page, items: page.items.map(view) };
}

export function userView(access: Access, user: User): z.output<typeof USER> {
  return {
    id: user.id,
    name: user.name,
    domain: nameOfDomain(access, user.domainId),
    active: user.active,
    staff: user.staff,
    superuser: user.superuser,
    permissions: [...user.permissions],
    groups: [...user.groups],
    hasPassword: user.passwordHash !== undefined,
    createdAt: timeText(user.createdAt),
    updatedAt: timeText(user.updatedAt),
  };
}

export function groupView(access: Access, group: Group): z.output<typeof GROUP> {
  const { id, name: groupName } = group;
  const domain = nameOfDomain(access, group.domainId);
  return { id, name: groupName, domain, permissions: [...group.permissions] };
}

export function customerView(access: Access, customer: User): z.output<typeof CUSTOMER> {
  return {
    id: customer.id,
    email: customer.name,
    domain: nameOfDomain(access, customer.domainId),
    active: customer.active,
    hasPassword: customer.passwordHash !== undefined,
    deviceCount: [...access.bindings.devicesOf(customer.id)].length,
    createdAt: timeText(customer.createdAt),
    updatedAt: timeText(customer.updatedAt),
  };
}

export function deviceView(
  access: Access,
  device: DeviceRecord,
  registration: Registration | undefined,
): z.output<typeof DEVICE> {
  return {
    id: device.id,
    endpointName: device.endpointName,
    endpointType: registration?.endpointType ?? device.endpointType ?? null,
    domain: nameOfDomain(access, device.domainId),
    registered: registration !== undefined,
    queueMode: registration?.queueMode ?? null,
    createdAt: timeText(device.createdAt),
    updatedAt: timeText(device.updatedAt),
  };
}

export function accessKeyView(access: Access, key: AccessKey): z.output<typeof ACCESS_KEY> {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    domain: nameOfDomain(access, key.domainId),
    owner: key.ownerId,
    state: stateOf(key, access.calendarNow()),
    createdAt: timeText(key.createdAt),
    expiresAt: key.expiresAt === undefined ? null : timeText(key.expiresAt),
    revokedAt: key.revokedAt === undefined ? null : timeText(key.revokedAt),
  };
}

export function apiClientView(access: Access, client: ApiClient): z.output<typeof API_CLIENT> {
  return {
    clientKey: client.clientKey,
    domain: nameOfDomain(access, client.domainId),
    owner: client.ownerId,
    ttl: client.ttl,
    enabled: client.enabled,
    createdAt: timeText(client.createdAt),
    lastUsedAt: client.lastUsedAt === undefined ? null : timeText(client.lastUsedAt),
    lastUsedFrom: client.lastUsedFrom ?? null,
  };
}

export function certificateView(
  access: Access,
  row: IssuedCertificate,
): z.output<typeof CERTIFICATE> {
  return {
    serial: row.serial,
    endpointName: row.endpointName,
    domain: nameOfDomain(access, row.domainId),
    issuedBy: row.issuedBy,
    issuedAt: timeText(row.issuedAt),
    notAfter: timeText(row.notAfter),
    revokedAt: row.revokedAt === undefined ? null : timeText(row.revokedAt),
  };
}

export function domainView(domain: Domain): z.output<typeof DOMAIN> {
  const { id, name: shownName, registration, sharing, customersUseRest } = domain;
  const createdAt = timeText(domain.createdAt);
  return { id, name: shownName, registration, sharing, customersUseRest, createdAt };
}

export function auditView(entry: AuditEntry): z.output<typeof AUDIT_ENTRY> {
  const { sequence, actor, address, action, object } = entry;
  return { sequence, at: timeText(entry.at), actor, address, action, object };
}

function stateOf(key: AccessKey, calendarNow: number): "good" | "expired" | "revoked" {
  if (key.revokedAt !== undefined) return "revoked";
  return isGood(key, calendarNow) ? "good" : "expired";
}

/** The name of a domain, for people. */
export function nameOfDomain(access: Access, domainId: string): string {
  return access.domains.get(domainId)?.name ?? domainId;
}

/** RFC 3339 in UTC. */
export function timeText(calendarTime: number): string {
  return new Date(calendarTime).toISOString();
}

/** A request that waits, without what it carries. */
export function queuedView(request: QueuedRequest, now: Milliseconds) {
  const { id, method, path, paths = null, query = [], priority, bytes, state } = request;
  const expiresIn = Math.max(0, Math.ceil((request.expiresAt - now) / 1000));
  return {
    id,
    method: METHOD_NAMES[method],
    path,
    paths,
    query,
    priority,
    bytes,
    state,
    expiresIn,
  };
}

/** By CoAP's codes. */
const METHOD_NAMES: { readonly [code: number]: string } = {
  [GET]: "GET",
  [POST]: "POST",
  [PUT]: "PUT",
  [DELETE]: "DELETE",
  [FETCH]: "FETCH",
  [IPATCH]: "IPATCH",
};
