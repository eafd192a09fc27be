/**
 * The HTTP side's front: one table of routes, made of the families, and the one way in.
 *
 *   path and method -> route -> who is it (access.identify) -> may they (decision.ts) -> handler
 *
 * A path that no route has is 404 before anybody is asked who they are, a method that a path has not is 405. Who is not known is 401, with
 * the same words whatever the cause; who is known and may not is 403.
 */
import { type Context, Hono } from "hono";
import {
  BAD_CREDENTIAL,
  type Credential,
  NO_CREDENTIAL,
  readCredential,
} from "../access/credentials.ts";
import { may, type Principal } from "../access/decision.ts";
import { BUSY } from "../access/passwords.ts";
import { administrationFamily } from "./administration/family.ts";
import { certificatesFamily } from "./certificates.ts";
import type { RestApp, RestContext, RestEnv, RestHost } from "./context.ts";
import { deviceAdminFamily } from "./customers/device-admin-family.ts";
import { customerDevicesFamily, customersFamily } from "./customers/family.ts";
import { connectedDevicesFamily } from "./device-connector/connected-devices-family.ts";
import { deviceConnectorFamily } from "./device-connector/family.ts";
import { inventoryFamily } from "./inventory/family.ts";
import { tauthFamily } from "./inventory/tauth-family.ts";
import { leshanFamily } from "./leshan/family.ts";
import { pathAndVersion } from "./request-path.ts";
import { ANYBODY, METHODS, type Route, type RouteFamily } from "./route.ts";

/** All routes there are. */
export function routeFamilies(): RouteFamily[] {
  return [
    deviceConnectorFamily(),
    connectedDevicesFamily(),
    certificatesFamily(),
    customersFamily(),
    customerDevicesFamily(),
    deviceAdminFamily(),
    tauthFamily(),
    inventoryFamily(),
    administrationFamily(),
    leshanFamily(),
  ];
}

/** Builds the API over its host. */
export function createRestApi(host: RestHost, families = routeFamilies()): RestApp {
  const app = new Hono<RestEnv>({ getPath: (request) => pathAndVersion(request.url).path });

  app.use((c, next) => {
    // Any page may call: what admits is the key, which a browser never adds by itself. (Not hono/cors: it makes each answer twice.)
    c.header("access-control-allow-origin", "*");
    if (c.req.method === "OPTIONS") return Promise.resolve(preflight(c));
    const { path, isVersioned } = pathAndVersion(c.req.url);
    c.set("path", path);
    c.set("isVersioned", isVersioned);
    c.header("cache-control", "no-store");
    // An access token in a query must not travel on to whatever a page links to.
    c.header("referrer-policy", "no-referrer");
    return next();
  });

  for (const family of families) addFamily(app, host, family);

  app.notFound((c) => refuseUnknownPath(c, families));
  app.onError((error, c) => failed(host, families, error, c));
  return app;
}

function addFamily(app: RestApp, host: RestHost, family: RouteFamily): void {
  const methodsOf = new Map<string, string[]>();
  for (const route of family.routes) {
    const methods = methodsOf.get(route.path) ?? [];
    methods.push(route.method);
    methodsOf.set(route.path, methods);
    app.on(route.method, route.path, (c, next) => {
      // Hono answers HEAD by running GET, which would take events off a channel or send a request to a device.
      if (c.req.raw.method === "HEAD" || isOfOtherVersion(family, c)) return next();
      return serve(host, family, route, c);
    });
  }
  for (const [path, methods] of methodsOf) {
    app.all(path, (c, next) => {
      if (isOfOtherVersion(family, c)) return next();
      const allow = methods.join(", ");
      if (c.req.raw.method === "HEAD") return Promise.resolve(c.body(null, 405, { allow }));
      return Promise.resolve(family.refuse(c, 405, "The method is not allowed here.", { allow }));
    });
  }
}

/** `/v2/customer` is not `/customer`. */
function isOfOtherVersion(family: RouteFamily, c: RestContext): boolean {
  return c.get("isVersioned") && !family.versioned;
}

async function serve(
  host: RestHost,
  family: RouteFamily,
  route: Route,
  c: RestContext,
): Promise<Response> {
  const addressWait = host.rates?.handleAddress(host.now(), c.env.address) ?? 0;
  if (addressWait > 0) return refuseForNow(family, c, addressWait);
  if (route.allows === ANYBODY) return route.handle(host, c);
  const principal = await identify(host, family, route, c);
  if (principal instanceof Response) return principal;
  const { channelId, credentialId } = principal;
  // By the channel first: a client that renews its token is still the same client.
  const wait = host.rates?.handleCredential(host.now(), channelId ?? credentialId) ?? 0;
  if (wait > 0) return refuseForNow(family, c, wait);
  if (family.needsChannel) {
    if (principal.channelId === undefined) return refuseUnidentified(family, c);
    c.set("channelId", principal.channelId);
  }
  c.set("principal", principal);
  const { verb, object } = route.allows;
  if (!may(principal, verb, object)) {
    host.access.record(principal, c.env.address, "permission.refused", `${verb} ${object}`);
    return family.refuse(c, 403, "You don't have permissions to access this resource.");
  }
  const response = await route.handle(host, c);
  // What was changed may end somebody's poll, or send an event.
  if (route.method !== "GET") host.driver.wake();
  return response;
}

/** Finds out who asks; a Response is the refusal. */
async function identify(
  host: RestHost,
  family: RouteFamily,
  route: Route,
  c: RestContext,
): Promise<Principal | Response> {
  const credential = credentialOf(family, c);
  if (credential === NO_CREDENTIAL) {
    return family.stranger?.(host, c) ?? refuseUnidentified(family, c);
  }
  if (credential === BAD_CREDENTIAL) return refuseUnidentified(family, c);
  const accepts = (route.allows !== ANYBODY && route.allows.by) || family.credentials;
  if (credential.scheme === "bearer") {
    const found = host.access.identify(host.now(), credential, accepts);
    const principal = found instanceof Promise ? await found : found;
    if (principal === undefined || principal === BUSY) return refuseUnidentified(family, c);
    return principal;
  }
  return logIn(host, family, credential, accepts, c);
}

/** Identifies by name and password, slowing down who guesses. */
async function logIn(
  host: RestHost,
  family: RouteFamily,
  credential: Extract<Credential, { scheme: "basic" }>,
  accepts: RouteFamily["credentials"],
  c: RestContext,
): Promise<Principal | Response> {
  const { access } = host;
  const { address } = c.env;
  const waitOf = () => access.backoff.refusedFor(host.now(), credential.name, address);
  const wait = waitOf();
  if (wait > 0) return refuseForNow(family, c, wait);
  const principal = await access.identify(host.now(), credential, accepts, () => waitOf() === 0);
  if (principal === BUSY) return refuseForNow(family, c, 1000);
  if (principal === undefined) {
    access.backoff.handleFailure(host.now(), credential.name, address);
    access.recordRefusedLogin(address, credential.name);
    return refuseUnidentified(family, c);
  }
  access.backoff.handleSuccess(credential.name, address);
  access.recordLogin(principal, address);
  return principal;
}

function credentialOf(family: RouteFamily, c: RestContext): ReturnType<typeof readCredential> {
  let accessToken: string | undefined;
  if (family.takesQueryToken) {
    const given = c.req.queries("access_token") ?? [];
    if (given.length > 1) return BAD_CREDENTIAL;
    accessToken = given[0];
  }
  return readCredential(c.req.header("authorization"), accessToken);
}

function refuseUnidentified(family: RouteFamily, c: RestContext): Response {
  const challenge = family.challenge;
  const headers = challenge === undefined ? undefined : { "www-authenticate": challenge };
  return family.refuse(c, 401, "A valid access key is needed.", headers);
}

function refuseForNow(family: RouteFamily, c: RestContext, wait: number): Response {
  const seconds = String(Math.ceil(wait / 1000));
  return family.refuse(c, 429, "Too many requests; try again later.", { "retry-after": seconds });
}

function refuseUnknownPath(c: RestContext, families: readonly RouteFamily[]): Response {
  const path = c.get("path");
  const owner = families.find((family) => family.owns(path) && !isOfOtherVersion(family, c));
  if (owner !== undefined) return owner.refuse(c, 404, "There is nothing at this path.");
  return c.json({ message: "Not Found" }, 404);
}

/** What a handler threw: a fault of the caller, of the disk, or a bug. */
function failed(
  host: RestHost,
  families: readonly RouteFamily[],
  error: Error,
  c: Context<RestEnv>,
): Response {
  const path = c.get("path");
  const family = familyOf(families, c.req.routePath) ?? families.find((each) => each.owns(path));
  const refuse = family?.refuse ?? families[0].refuse;
  const { code } = error as { code?: string };
  switch (code) {
    case "access/bad-name":
    case "access/bad-value":
    case "access/too-many":
      return refuse(c, 400, error.message);
    case "access/too-long":
      return refuse(c, 413, error.message);
    case "access/wrong-type":
      return refuse(c, 415, error.message);
    case "access/name-taken":
    case "access/conflict":
      return refuse(c, 409, error.message);
    case "access/not-found":
      return refuse(c, 404, error.message);
    case "access/not-allowed":
      host.access.record(c.get("principal"), c.env.address, "permission.refused", c.req.routePath);
      return refuse(c, 403, error.message);
    case "access/busy":
      return refuse(c, 503, error.message, { "retry-after": "1" });
    case "store/full":
      return refuse(c, 507, "The connector's disk is full.");
    case "store/read-only":
    case "store/write-failed":
      return refuse(c, 503, "The connector cannot write to its disk.", { "retry-after": "5" });
  }
  // The message only: a stack or a request could hold what is nobody's business.
  host.log(`REST: ${c.req.method} ${c.req.routePath} failed: ${error.message}`);
  return refuse(c, 500, "The request failed inside the connector.");
}

function familyOf(families: readonly RouteFamily[], path: string): RouteFamily | undefined {
  return families.find((family) => family.routes.some((route) => route.path === path));
}

/** What a browser asks before it lets a page call (Fetch standard, CORS-preflight request). */
function preflight(c: RestContext): Response {
  c.header("access-control-allow-methods", METHODS.join(", "));
  c.header("access-control-allow-headers", c.req.header("access-control-request-headers"));
  c.header("access-control-max-age", "600");
  return c.body(null, 204);
}
