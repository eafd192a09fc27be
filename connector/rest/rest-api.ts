/**
 * The REST API of the Device Connector: the mbed Device Connector Web API as its clients know it, versioned (`/v2/...`) and not.
 *
 * One table of routes; what is not in it is 404, and a method that a route has not is 405. Every route but `/` wants an access key.
 * Errors are one line of plain text.
 */
import { Hono } from "hono";
import {
  type RestApp,
  type RestContext,
  type RestEnv,
  type RestHost,
  readJson,
  refuse,
} from "./context.ts";
import * as endpoints from "./endpoints.ts";
import * as channel from "./notification-channel.ts";
import { REST_VERSIONS, routePath } from "./request-path.ts";
import * as subscriptions from "./subscriptions.ts";

type Route = (host: RestHost, c: RestContext) => Promise<Response> | Response;
type Method = "GET" | "PUT" | "POST" | "DELETE";

const RESOURCE = ":endpointName/:resourcePath{.+}";

function routeTable(): Record<string, Partial<Record<Method, Route>>> {
  return {
    "/": { GET: showProduct },
    "/rest-versions": { GET: (_, c) => c.json(REST_VERSIONS) },
    "/limits": { GET: showLimits },
    "/endpoints": { GET: endpoints.listEndpoints },
    "/endpoints/:endpointName": { GET: endpoints.listResources },
    [`/endpoints/${RESOURCE}`]: {
      GET: endpoints.readResource,
      PUT: endpoints.writeResource,
      POST: endpoints.executeResource,
      DELETE: endpoints.deleteResource,
    },
    "/notification/pull": { GET: channel.pull, DELETE: channel.deletePull },
    "/notification/callback": {
      GET: channel.showCallback,
      PUT: channel.callbackRegistration(),
      DELETE: channel.deleteCallback,
    },
    "/subscriptions": {
      GET: subscriptions.showRules,
      PUT: subscriptions.putRules,
      DELETE: subscriptions.unsubscribeAll,
    },
    "/subscriptions/:endpointName": {
      GET: subscriptions.listSubscriptions,
      DELETE: subscriptions.unsubscribeEndpoint,
    },
    [`/subscriptions/${RESOURCE}`]: {
      GET: subscriptions.showSubscription,
      PUT: subscriptions.subscribe,
      DELETE: subscriptions.unsubscribe,
    },
    "/api/api_tokens": { POST: createAccessKey },
  };
}

/** Builds the API over its host. */
export function createRestApi(host: RestHost): RestApp {
  const app = new Hono<RestEnv>({ getPath: (request) => routePath(request.url) });

  app.use((c, next) => {
    // Any page may call: what admits is the key, which a browser never adds by itself. (Not hono/cors: it makes each answer twice.)
    c.header("access-control-allow-origin", "*");
    if (c.req.method === "OPTIONS") return Promise.resolve(preflight(c));
    const path = routePath(c.req.url);
    c.set("path", path);
    if (path === "/") return next();
    c.header("cache-control", "no-store");
    const accessKey = host.keys.authenticate(c.req.header("authorization"));
    if (accessKey === undefined) {
      c.header("www-authenticate", "Bearer");
      return Promise.resolve(refuse(c, 401, "A valid access key is needed."));
    }
    c.set("accessKey", accessKey);
    // Hono answers HEAD by running GET, which would take events off a channel or send a request to a device.
    if (c.req.raw.method === "HEAD") return Promise.resolve(c.body(null, 405));
    return next();
  });

  for (const [path, methods] of Object.entries(routeTable())) {
    for (const [method, route] of Object.entries(methods)) {
      app.on(method, path, (c) => route(host, c));
    }
    const allowed = Object.keys(methods).join(", ");
    app.all(path, (c) => refuse(c, 405, "The method is not allowed here.", { allow: allowed }));
  }

  app.notFound((c) => refuse(c, 404, "There is nothing at this path."));
  app.onError((error, c) => {
    // The message only: a stack or a request could hold what is nobody's business.
    host.log(`REST: ${c.req.method} failed: ${error.message}`);
    return refuse(c, 500, "The request failed inside the connector.");
  });
  return app;
}

/** What a browser asks before it lets a page call (Fetch standard, CORS-preflight request). */
function preflight(c: RestContext): Response {
  c.header("access-control-allow-methods", "GET, PUT, POST, DELETE");
  c.header("access-control-allow-headers", c.req.header("access-control-request-headers"));
  c.header("access-control-max-age", "600");
  return c.body(null, 204);
}

function showProduct(host: RestHost, c: RestContext): Response {
  return c.text(`${host.product}\nREST version = ${REST_VERSIONS[REST_VERSIONS.length - 1]}\n`);
}

function showLimits(host: RestHost, c: RestContext): Response {
  const { traffic } = host.gateway;
  let endpointCount = 0;
  for (const _ of host.gateway.registrations()) endpointCount++;
  return c.json({
    "transaction-quota": traffic.quotas.transactions,
    "transaction-count": traffic.transactions(host.now()),
    "endpoint-quota": traffic.quotas.endpoints,
    "endpoint-count": endpointCount,
  });
}

async function createAccessKey(host: RestHost, c: RestContext): Promise<Response> {
  const body = await readJson(c);
  if (body instanceof Response) return body;
  // No body at all is fine, and the name is the only member.
  const { name } = (body.value ?? {}) as { name?: unknown };
  const isObject = body.value === undefined || Object(body.value) === body.value;
  if (!isObject || (name !== undefined && typeof name !== "string")) {
    return refuse(c, 400, "The body must be a JSON object with a name.");
  }
  const created = host.keys.create(name, host.calendarNow());
  if (created === undefined)
    return refuse(c, 400, "The name is too long, or there are too many keys.");
  await host.commit();
  return c.json({ access_key: created.key, name: created.name }, 201);
}
