/** Administration of access keys. A key is shown once, when it is made; who makes one for somebody else must have his rights too. */
import { refusal } from "../../access/domains.ts";
import { reaches, requireRightsOf } from "../../access/escalation.ts";
import type { AccessKey, User } from "../../access/model.ts";
import { userFor } from "../../access/user-administration.ts";
import type { RestContext, RestHost } from "../context.ts";
import type { Route } from "../route.ts";
import { changed, domainOf, noted, PAGED, pageOf, readValid, segment } from "./request.ts";
import * as schemas from "./schemas.ts";
import { accessKeyView, mapPage } from "./views.ts";

const NO_KEY = "There is no such key.";
const BEYOND = "Its owner may do more than the caller.";

export const ACCESS_KEY_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/admin/access-keys",
    allows: { verb: "view", object: "access-key" },
    summary: "The access keys of a domain, without the keys themselves.",
    query: {
      ...PAGED,
      prefix: "only those that begin so",
      owner: "only those of the user with this id",
    },
    returns: schemas.ACCESS_KEYS,
    answers: { 200: "A page of keys, sorted by id." },
    handle: listKeys,
  },
  {
    method: "POST",
    path: "/admin/access-keys",
    allows: { verb: "add", object: "access-key" },
    summary: "Makes an access key with the rights of its owner, shown this once.",
    body: schemas.NEW_ACCESS_KEY,
    returns: schemas.CREATED_ACCESS_KEY,
    answers: {
      201: "The key.",
      400: "The body does not hold what is expected: the problem says where.",
      403: BEYOND,
      404: "There is no such owner.",
    },
    handle: addKey,
  },
  {
    method: "GET",
    path: "/admin/access-keys/:keyId",
    allows: { verb: "view", object: "access-key" },
    summary: "Shows an access key, without the key itself.",
    returns: schemas.ACCESS_KEY,
    answers: { 200: "The key.", 404: NO_KEY },
    handle: (host, c) => c.json(accessKeyView(host.access, theKey(host, c))),
  },
  {
    method: "DELETE",
    path: "/admin/access-keys/:keyId",
    allows: { verb: "delete", object: "access-key" },
    summary:
      "Revokes an access key for good, its channel and subscriptions with it. It stays on record.",
    answers: { 204: "Revoked, or it was before.", 403: BEYOND, 404: NO_KEY },
    handle: revokeKey,
  },
];

function listKeys(host: RestHost, c: RestContext): Response {
  const domain = domainOf(host, c);
  const owner = c.req.query("owner");
  const prefix = c.req.query("prefix") ?? "";
  const keys = [...host.access.keys.all()].filter(
    (key) =>
      key.domainId === domain.id &&
      key.prefix.startsWith(prefix) &&
      (owner === undefined || key.ownerId === owner),
  );
  const page = pageOf(c, keys, (key) => key.id);
  return c.json(mapPage(page, (key) => accessKeyView(host.access, key)));
}

async function addKey(host: RestHost, c: RestContext): Promise<Response> {
  const { access } = host;
  const { name, owner, expiresAt } = await readValid(c, schemas.NEW_ACCESS_KEY);
  const principal = c.get("principal");
  const user = owner === undefined ? ownUser(c) : userFor(access, principal, owner);
  requireRightsOf(access, principal, user);
  const end = expiresAt === undefined ? undefined : Date.parse(expiresAt);
  if (end !== undefined && !(end > access.calendarNow())) {
    throw refusal("access/bad-value", "expiresAt: expected a time to come.");
  }
  const keyOwner = { domainId: user.domainId, ownerId: user.id };
  const created = access.keys.create(keyOwner, name, access.calendarNow(), end);
  await noted(host, c, "access-key.created", created.id);
  const row = access.keys.get(created.id) as AccessKey;
  return c.json({ ...accessKeyView(access, row), accessKey: created.key }, 201);
}

async function revokeKey(host: RestHost, c: RestContext): Promise<Response> {
  const { access } = host;
  const key = theKey(host, c);
  const owner = access.users.get(key.ownerId);
  if (owner !== undefined) requireRightsOf(access, c.get("principal"), owner);
  access.keys.revoke(key.id, access.calendarNow());
  await changed(host, c, "access-key.revoked", key.id);
  return c.body(null, 204);
}

function ownUser(c: RestContext): User {
  const { user } = c.get("principal");
  if (user !== undefined) return user;
  throw refusal("access/not-allowed", "A device has no access keys.");
}

function theKey(host: RestHost, c: RestContext): AccessKey {
  const id = segment(c, 2);
  const key = host.access.keys.get(id);
  if (key === undefined || !reaches(c.get("principal"), key.domainId)) {
    throw refusal("access/not-found", `There is no access key ${id}.`);
  }
  return key;
}
