/** Administration of API clients, whose keys make tokens. The secret key is shown once; who makes a client must have its owner's rights. */
import type { ApiClient } from "../../access/api-clients.ts";
import { refusal } from "../../access/domains.ts";
import { reaches, requireOperator, requireRightsOf } from "../../access/escalation.ts";
import { userFor } from "../../access/user-administration.ts";
import type { RestContext, RestHost } from "../context.ts";
import type { Route } from "../route.ts";
import { changed, domainOf, noted, PAGED, pageOf, readValid, segment } from "./request.ts";
import * as schemas from "./schemas.ts";
import { apiClientView, mapPage } from "./views.ts";

const NO_CLIENT = "There is no such API client.";
const BAD_BODY = "The body does not hold what is expected: the problem says where.";
const BEYOND = "Its owner may do more than the caller.";

export const API_CLIENT_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/admin/api-clients",
    allows: { verb: "view", object: "api-client" },
    summary: "The API clients of a domain, without their secrets.",
    query: PAGED,
    returns: schemas.API_CLIENTS,
    answers: { 200: "A page of clients, sorted by client key." },
    handle: listClients,
  },
  {
    method: "POST",
    path: "/admin/api-clients",
    allows: { verb: "add", object: "api-client" },
    summary:
      "Makes an API client for a user who is active and not staff. Its secret is shown this once.",
    body: schemas.NEW_API_CLIENT,
    returns: schemas.API_CLIENT_WITH_SECRET,
    answers: { 201: "The client.", 400: BAD_BODY, 403: BEYOND, 404: "There is no such owner." },
    handle: addClient,
  },
  {
    method: "GET",
    path: "/admin/api-clients/:clientKey",
    allows: { verb: "view", object: "api-client" },
    summary: "Shows an API client, without its secret.",
    returns: schemas.API_CLIENT,
    answers: { 200: "The client.", 404: NO_CLIENT },
    handle: (host, c) => c.json(apiClientView(host.access, theClient(host, c))),
  },
  {
    method: "PATCH",
    path: "/admin/api-clients/:clientKey",
    allows: { verb: "change", object: "api-client" },
    summary:
      "Disables an API client, which ends its tokens at once, enables it, or changes their time.",
    body: schemas.API_CLIENT_CHANGE,
    returns: schemas.API_CLIENT,
    answers: { 200: "The client.", 400: BAD_BODY, 403: BEYOND, 404: NO_CLIENT },
    handle: patchClient,
  },
  {
    method: "POST",
    path: "/admin/api-clients/:clientKey/secret",
    allows: { verb: "change", object: "api-client" },
    summary: "Makes another secret, shown this once; the former one stays good for a day.",
    returns: schemas.API_CLIENT_WITH_SECRET,
    answers: { 200: "The client.", 403: BEYOND, 404: NO_CLIENT },
    handle: rotateSecret,
  },
  {
    method: "DELETE",
    path: "/admin/api-clients/:clientKey/tokens",
    allows: { verb: "change", object: "api-client" },
    summary: "Ends all tokens of an API client at once.",
    answers: { 204: "Ended.", 403: BEYOND, 404: NO_CLIENT },
    handle: endTokens,
  },
  {
    method: "DELETE",
    path: "/admin/api-clients/:clientKey",
    allows: { verb: "delete", object: "api-client" },
    summary: "Removes an API client; its tokens end at once.",
    answers: { 204: "Removed.", 403: BEYOND, 404: NO_CLIENT },
    handle: deleteClient,
  },
  {
    method: "POST",
    path: "/admin/token-keys",
    allows: { verb: "change", object: "domain" },
    summary:
      "Makes another key pair that signs tokens, which happens of its own each day. Tokens of the former one stay good until they expire.",
    answers: { 204: "It signs from now on.", 403: "Only the operator may." },
    handle: rotateTokenKeys,
  },
];

function listClients(host: RestHost, c: RestContext): Response {
  const domain = domainOf(host, c);
  const clients = [...host.access.clients.all()].filter(({ domainId }) => domainId === domain.id);
  const page = pageOf(c, clients, ({ clientKey }) => clientKey);
  return c.json(mapPage(page, (client) => apiClientView(host.access, client)));
}

async function addClient(host: RestHost, c: RestContext): Promise<Response> {
  const { access } = host;
  const { owner, ttl, enabled } = await readValid(c, schemas.NEW_API_CLIENT);
  const user = userFor(access, c.get("principal"), owner);
  requireRightsOf(access, c.get("principal"), user);
  const made = access.clients.create({ ownerId: user.id, ttl, enabled }, access.calendarNow());
  await noted(host, c, "api-client.created", made.client.clientKey);
  return c.json({ ...apiClientView(access, made.client), secretKey: made.secretKey }, 201);
}

async function patchClient(host: RestHost, c: RestContext): Promise<Response> {
  const { access } = host;
  const change = await readValid(c, schemas.API_CLIENT_CHANGE);
  const client = access.clients.change(ownedClient(host, c).id, change, access.calendarNow());
  if (!client.enabled) access.tokens.endAll(client.id);
  const fields = Object.keys(change).join(",");
  await changed(host, c, "api-client.changed", `${client.clientKey} ${fields}`);
  return c.json(apiClientView(access, client));
}

async function rotateSecret(host: RestHost, c: RestContext): Promise<Response> {
  const { access } = host;
  const { id } = ownedClient(host, c);
  const { client, secretKey } = access.clients.changeSecret(id, access.calendarNow());
  await noted(host, c, "api-client.secret-rotated", client.clientKey);
  return c.json({ ...apiClientView(access, client), secretKey });
}

async function endTokens(host: RestHost, c: RestContext): Promise<Response> {
  const client = ownedClient(host, c);
  host.access.tokens.endAll(client.id);
  await changed(host, c, "api-client.tokens-ended", client.clientKey);
  return c.body(null, 204);
}

async function deleteClient(host: RestHost, c: RestContext): Promise<Response> {
  const client = ownedClient(host, c);
  host.access.clients.remove(client.id);
  host.access.tokens.endAll(client.id);
  await changed(host, c, "api-client.removed", client.clientKey);
  return c.body(null, 204);
}

async function rotateTokenKeys(host: RestHost, c: RestContext): Promise<Response> {
  requireOperator(c.get("principal"));
  await host.access.tokenKeys.rotate(host.access.calendarNow());
  await changed(host, c, "token-keys.rotated", "");
  return c.body(null, 204);
}

/** The client of the path, for somebody who could do himself what it does. */
function ownedClient(host: RestHost, c: RestContext): ApiClient {
  const client = theClient(host, c);
  const owner = host.access.users.get(client.ownerId);
  if (owner !== undefined) requireRightsOf(host.access, c.get("principal"), owner);
  return client;
}

function theClient(host: RestHost, c: RestContext): ApiClient {
  const key = segment(c, 2);
  const client = host.access.clients.withKey(key);
  if (client === undefined || !reaches(c.get("principal"), client.domainId)) {
    throw refusal("access/not-found", `There is no API client ${key}.`);
  }
  return client;
}
