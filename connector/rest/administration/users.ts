/** Administration of users and groups. */
import {
  changeGroup,
  changeUser,
  createGroup,
  createUser,
  groupFor,
  removeGroup,
  removeUser,
  setPassword,
  userFor,
} from "../../access/user-administration.ts";
import type { RestContext, RestHost } from "../context.ts";
import type { Route } from "../route.ts";
import { changed, domainOf, noted, PAGED, pageOf, readValid, segment } from "./request.ts";
import * as schemas from "./schemas.ts";
import { groupView, mapPage, userView } from "./views.ts";

const NO_USER = "There is no such user.";
const NO_GROUP = "There is no such group.";
const BAD_BODY = "The body does not hold what is expected: the problem says where.";
const BEYOND = "It would give or take what the caller has not.";
const LAST_SUPERUSER = "It is the last superuser of its domain.";

export const USER_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/admin/users",
    allows: { verb: "view", object: "user" },
    summary: "The users of a domain.",
    query: { ...PAGED, name: "only those whose name begins so" },
    returns: schemas.USERS,
    answers: { 200: "A page of users, sorted by name." },
    handle: listUsers,
  },
  {
    method: "POST",
    path: "/admin/users",
    allows: { verb: "add", object: "user" },
    summary: "Makes a user.",
    query: { domain: PAGED.domain },
    body: schemas.NEW_USER,
    returns: schemas.USER,
    answers: { 201: "The user.", 400: BAD_BODY, 403: BEYOND, 409: "The name is taken." },
    handle: addUser,
  },
  {
    method: "GET",
    path: "/admin/users/:userId",
    allows: { verb: "view", object: "user" },
    summary: "Shows a user.",
    returns: schemas.USER,
    answers: { 200: "The user.", 404: NO_USER },
    handle: (host, c) => c.json(userView(host.access, theUser(host, c))),
  },
  {
    method: "PATCH",
    path: "/admin/users/:userId",
    allows: { verb: "change", object: "user" },
    summary: "Changes what is given of a user. What it takes away ends at once, open polls too.",
    body: schemas.USER_CHANGE,
    returns: schemas.USER,
    answers: { 200: "The user.", 400: BAD_BODY, 403: BEYOND, 404: NO_USER, 409: LAST_SUPERUSER },
    handle: patchUser,
  },
  {
    method: "PUT",
    path: "/admin/users/:userId/password",
    allows: { verb: "change", object: "user" },
    summary: "Gives a user another password.",
    body: schemas.PASSWORD,
    answers: { 204: "Set.", 400: BAD_BODY, 403: BEYOND, 404: NO_USER },
    handle: putUserPassword,
  },
  {
    method: "DELETE",
    path: "/admin/users/:userId",
    allows: { verb: "delete", object: "user" },
    summary: "Removes a user, and ends its access keys.",
    answers: { 204: "Removed.", 403: BEYOND, 404: NO_USER, 409: LAST_SUPERUSER },
    handle: deleteUser,
  },
  {
    method: "GET",
    path: "/admin/groups",
    allows: { verb: "view", object: "user" },
    summary: "The groups of a domain, whose members have their permissions.",
    query: PAGED,
    returns: schemas.GROUPS,
    answers: { 200: "A page of groups, sorted by name." },
    handle: listGroups,
  },
  {
    method: "POST",
    path: "/admin/groups",
    allows: { verb: "add", object: "user" },
    summary: "Makes a group.",
    query: { domain: PAGED.domain },
    body: schemas.NEW_GROUP,
    returns: schemas.GROUP,
    answers: { 201: "The group.", 400: BAD_BODY, 403: BEYOND, 409: "The name is taken." },
    handle: addGroup,
  },
  {
    method: "GET",
    path: "/admin/groups/:groupId",
    allows: { verb: "view", object: "user" },
    summary: "Shows a group.",
    returns: schemas.GROUP,
    answers: { 200: "The group.", 404: NO_GROUP },
    handle: (host, c) => c.json(groupView(host.access, theGroup(host, c))),
  },
  {
    method: "PATCH",
    path: "/admin/groups/:groupId",
    allows: { verb: "change", object: "user" },
    summary: "Changes a group, and with it what its members may do.",
    body: schemas.GROUP_CHANGE,
    returns: schemas.GROUP,
    answers: {
      200: "The group.",
      400: BAD_BODY,
      403: BEYOND,
      404: NO_GROUP,
      409: "The name is taken.",
    },
    handle: patchGroup,
  },
  {
    method: "DELETE",
    path: "/admin/groups/:groupId",
    allows: { verb: "delete", object: "user" },
    summary: "Removes a group, also from its members.",
    answers: { 204: "Removed.", 403: BEYOND, 404: NO_GROUP },
    handle: deleteGroup,
  },
];

function listUsers(host: RestHost, c: RestContext): Response {
  const domain = domainOf(host, c);
  const name = (c.req.query("name") ?? "").toLowerCase();
  const users = [...host.access.users.all()].filter(
    (user) => user.domainId === domain.id && user.role === "user" && user.name.startsWith(name),
  );
  const page = pageOf(c, users, (user) => user.name);
  return c.json(mapPage(page, (user) => userView(host.access, user)));
}

async function addUser(host: RestHost, c: RestContext): Promise<Response> {
  const { password, ...given } = await readValid(c, schemas.NEW_USER);
  const domain = domainOf(host, c);
  const passwordHash =
    password === undefined ? undefined : await host.access.passwords.hash(password);
  const user = createUser(host.access, c.get("principal"), domain, { ...given, passwordHash });
  await noted(host, c, "user.created", user.id);
  return c.json(userView(host.access, user), 201);
}

async function patchUser(host: RestHost, c: RestContext): Promise<Response> {
  const change = await readValid(c, schemas.USER_CHANGE);
  const user = changeUser(host.access, c.get("principal"), theUser(host, c), change);
  await changed(host, c, "user.changed", `${user.id} ${Object.keys(change).join(",")}`);
  return c.json(userView(host.access, user));
}

async function putUserPassword(host: RestHost, c: RestContext): Promise<Response> {
  const { password } = await readValid(c, schemas.PASSWORD);
  theUser(host, c);
  const passwordHash = await host.access.passwords.hash(password);
  // Looked up again: the hash took its time.
  const user = theUser(host, c);
  setPassword(host.access, c.get("principal"), user, passwordHash);
  await noted(host, c, "user.password-set", user.id);
  return c.body(null, 204);
}

async function deleteUser(host: RestHost, c: RestContext): Promise<Response> {
  const user = theUser(host, c);
  removeUser(host.access, c.get("principal"), user);
  await changed(host, c, "user.removed", user.id);
  return c.body(null, 204);
}

function listGroups(host: RestHost, c: RestContext): Response {
  const domain = domainOf(host, c);
  const groups = [...host.access.users.groups()].filter((group) => group.domainId === domain.id);
  const page = pageOf(c, groups, (group) => group.name);
  return c.json(mapPage(page, (group) => groupView(host.access, group)));
}

async function addGroup(host: RestHost, c: RestContext): Promise<Response> {
  const given = await readValid(c, schemas.NEW_GROUP);
  const group = createGroup(host.access, c.get("principal"), domainOf(host, c), given);
  await noted(host, c, "group.created", group.id);
  return c.json(groupView(host.access, group), 201);
}

async function patchGroup(host: RestHost, c: RestContext): Promise<Response> {
  const change = await readValid(c, schemas.GROUP_CHANGE);
  const group = changeGroup(host.access, c.get("principal"), theGroup(host, c), change);
  await changed(host, c, "group.changed", group.id);
  return c.json(groupView(host.access, group));
}

async function deleteGroup(host: RestHost, c: RestContext): Promise<Response> {
  const group = theGroup(host, c);
  removeGroup(host.access, c.get("principal"), group);
  await changed(host, c, "group.removed", group.id);
  return c.body(null, 204);
}

function theUser(host: RestHost, c: RestContext) {
  return userFor(host.access, c.get("principal"), segment(c, 2));
}

function theGroup(host: RestHost, c: RestContext) {
  return groupFor(host.access, c.get("principal"), segment(c, 2));
}
