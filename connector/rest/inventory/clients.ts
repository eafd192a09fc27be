/**
 * API clients and their keys as resources (Device42, "API Clients", "API Client Keys"): how programs make programs' credentials.
 *
 * Nobody makes a client that can do more than he can himself: its owner must have no right that whoever asks has not.
 */
import { type ApiClient, type ClientKeys, drawKeys } from "../../access/api-clients.ts";
import { refusal } from "../../access/domains.ts";
import { requireRightsOf } from "../../access/escalation.ts";
import type { User } from "../../access/model.ts";
import { flagOf, shown, timeText } from "../../inventory/values.ts";
import type { RestContext, RestHost } from "../context.ts";
import {
  answerDeleted,
  type Fields,
  idOf,
  readFields,
  requireChange,
  settle,
  taken,
  windowOf,
} from "./request.ts";

const PUT = "API client added or updated";
const NO_CLIENT = "There is no such API client.";

export function listClients(host: RestHost, c: RestContext): Response {
  const window = windowOf(c);
  const { total, page } = taken(clientsOf(host, c), window);
  const api_client = page.map((client) => recordOf(host, client));
  return c.json({ total_count: total, api_client, limit: window.limit, offset: window.offset });
}

export function showClient(host: RestHost, c: RestContext): Response {
  return c.json(recordOf(host, theClient(host, c)));
}

/** A fresh pair of keys for a client to be made, or to be given another secret. Nothing is kept of them until then. */
export function drawClientKeys(_: RestHost, c: RestContext): Response {
  const { clientKey, secretKey } = drawKeys();
  return c.json({ apiclient_key: clientKey, apiclient_secret_key: secretKey });
}

/**
 * Makes a client, or changes the one with this client key. Without keys they are drawn here, and shown in this answer only; with
 * `?download=yes` it is a file of them.
 */
export async function putClient(host: RestHost, c: RestContext): Promise<Response> {
  const fields = await readFields(c);
  const key = fields.get("client_key");
  const known = key === undefined ? undefined : host.access.clients.withKey(key);
  if (known === undefined) return createClient(host, c, fields);
  if (known.domainId !== c.get("principal").domain.id) {
    throw refusal("access/name-taken", "There is an API client with this client key.");
  }
  requireChange(c, "api-client");
  return change(host, c, known, fields);
}

/** PUT with an id. */
export async function changeClient(host: RestHost, c: RestContext): Promise<Response> {
  const client = theClient(host, c);
  return change(host, c, client, await readFields(c));
}

/** Another secret key, drawn here and shown in this answer only; the former one stays good for a day. */
export async function changeClientSecret(host: RestHost, c: RestContext): Promise<Response> {
  const client = theClient(host, c);
  requireRightsOfOwners(host, c, client);
  const fields = await readFields(c);
  const overlap = flagOf(fields.get("end_former") ?? "") === true ? 0 : undefined;
  const { clients } = host.access;
  const now = host.access.calendarNow();
  const { secretKey } = clients.changeSecret(client.id, now, undefined, overlap);
  await settle(host, c, "api-client.secret-changed", client.clientKey);
  return answerKeys(c, client, secretKey, false);
}

export async function deleteClient(host: RestHost, c: RestContext): Promise<Response> {
  const client = theClient(host, c);
  requireRightsOfOwners(host, c, client);
  host.access.clients.remove(client.id);
  host.access.tokens.endAll(client.id);
  await settle(host, c, "api-client.removed", client.clientKey);
  return answerDeleted(c, client.number);
}

async function createClient(host: RestHost, c: RestContext, fields: Fields): Promise<Response> {
  const { access } = host;
  const principal = c.get("principal");
  const owner = ownerNamed(host, c, fields) ?? principal.user;
  if (owner === undefined) throw refusal("access/bad-value", "resource_owner is required.");
  requireRightsOf(access, principal, owner);
  const { client, secretKey } = access.clients.create(
    { ownerId: owner.id, ttl: ttlIn(fields), enabled: enabledIn(fields) },
    access.calendarNow(),
    keysIn(fields),
  );
  await settle(host, c, "api-client.created", client.clientKey);
  if (fields.has("client_secret_key")) return answer(c, client, { isChanged: true, isNew: true });
  return answerKeys(c, client, secretKey, true);
}

async function change(
  host: RestHost,
  c: RestContext,
  client: ApiClient,
  fields: Fields,
): Promise<Response> {
  const { access } = host;
  const secretKey = fields.get("client_secret_key");
  const terms = {
    ownerId: ownerNamed(host, c, fields)?.id,
    ttl: ttlIn(fields),
    enabled: enabledIn(fields),
  };
  requireRightsOfOwners(host, c, client, terms.ownerId);
  const now = access.calendarNow();
  const changed = access.clients.change(client.id, terms, now, secretKey);
  if (!changed.enabled) access.tokens.endAll(client.id);
  await settle(host, c, "api-client.changed", client.clientKey);
  return answer(c, changed, { isChanged: true, isNew: false });
}

/** @throws Error with code `access/not-allowed` when the owner, or the one to be, may do more than whoever asks */
function requireRightsOfOwners(
  host: RestHost,
  c: RestContext,
  client: ApiClient,
  nextOwnerId?: string,
): void {
  for (const id of [client.ownerId, nextOwnerId]) {
    const owner = id === undefined ? undefined : host.access.users.get(id);
    if (owner !== undefined) requireRightsOf(host.access, c.get("principal"), owner);
  }
}

/** The credentials, for the only time. */
function answerKeys(
  c: RestContext,
  client: ApiClient,
  secretKey: string,
  isNew: boolean,
): Response {
  const keys = { client_key: client.clientKey, secret_key: secretKey };
  if (flagOf(c.req.query("download") ?? "") === true) {
    c.header("content-disposition", `attachment; filename="api-client-${client.number}.json"`);
    return c.json({ ...keys, ttl: client.ttl });
  }
  return answer(c, client, { isChanged: true, isNew }, keys);
}

function answer(
  c: RestContext,
  client: ApiClient,
  { isChanged, isNew }: { readonly isChanged: boolean; readonly isNew: boolean },
  more: Readonly<Record<string, unknown>> = {},
): Response {
  const msg = [PUT, client.number, client.clientKey, isChanged, isNew];
  return c.json({ msg, code: 0, ...more });
}

function recordOf(host: RestHost, client: ApiClient): Record<string, unknown> {
  return {
    id: client.number,
    client_key: client.clientKey,
    resource_owner: host.access.users.get(client.ownerId)?.name ?? "",
    token_ttl: client.ttl,
    active: client.enabled,
    secrets: client.secrets.length,
    created: timeText(client.createdAt),
    last_updated: timeText(client.updatedAt),
    last_used: client.lastUsedAt === undefined ? "" : timeText(client.lastUsedAt),
    last_used_from: client.lastUsedFrom ?? "",
  };
}

function* clientsOf(host: RestHost, c: RestContext): Iterable<ApiClient> {
  for (const client of host.access.clients.all()) {
    if (client.domainId === c.get("principal").domain.id) yield client;
  }
}

/** @throws Error with code `access/not-found`, also for one of another domain */
function theClient(host: RestHost, c: RestContext): ApiClient {
  const client = host.access.clients.numbered(idOf(c, 3));
  if (client?.domainId === c.get("principal").domain.id) return client;
  throw refusal("access/not-found", NO_CLIENT);
}

function ownerNamed(host: RestHost, c: RestContext, fields: Fields): User | undefined {
  const name = fields.get("resource_owner") ?? "";
  if (name === "") return undefined;
  const user = host.access.users.named(name);
  if (user?.domainId === c.get("principal").domain.id && user.role === "user") return user;
  throw refusal("access/bad-value", `There is no user ${shown(name)}.`);
}

function keysIn(fields: Fields): ClientKeys | undefined {
  const clientKey = fields.get("client_key");
  const secretKey = fields.get("client_secret_key");
  if (clientKey === undefined && secretKey === undefined) return undefined;
  if (clientKey !== undefined && secretKey !== undefined) return { clientKey, secretKey };
  throw refusal("access/bad-value", "client_key and client_secret_key come together, or neither.");
}

function ttlIn(fields: Fields): number | undefined {
  const text = fields.get("token_ttl");
  return text === undefined || text === "" ? undefined : Number(text);
}

function enabledIn(fields: Fields): boolean | undefined {
  const text = fields.get("active");
  if (text === undefined || text === "") return undefined;
  const enabled = flagOf(text);
  if (enabled === undefined) throw refusal("access/bad-value", "active must be yes or no.");
  return enabled;
}
