/** The Web API of mbed Device Connector, as its clients know it. Errors are one line of plain text. */
import {
  type RestContext,
  type RestHost,
  readJson,
  refuse,
  visibleRegistrations,
} from "../context.ts";
import { REST_VERSIONS } from "../request-path.ts";
import { type Allows, ANYBODY, type Route, type RouteFamily } from "../route.ts";
import { DEVICE_REQUEST, requestDevice } from "./device-requests.ts";
import * as endpoints from "./endpoints.ts";
import * as channel from "./notification-channel.ts";
import * as subscriptions from "./subscriptions.ts";
import { shownQuota } from "./traffic-meter.ts";

const RESOURCE = ":endpointName/:resourcePath{.+}";

const VIEW_DEVICE: Allows = { verb: "view", object: "device" };
const VIEW_RESOURCE: Allows = { verb: "view", object: "resource" };
const CHANGE_RESOURCE: Allows = { verb: "change", object: "resource" };
const DELETE_RESOURCE: Allows = { verb: "delete", object: "resource" };

const ACCEPTED = "Accepted: the outcome comes on the notification channel under the id.";
const WITHOUT_RESPONSE = "Sent once, without an outcome (noResp).";
const NO_CHANNEL = "No notification channel is open.";
const NO_ENDPOINT = "The endpoint is not registered.";
const NO_RESOURCE = "The endpoint has no such resource.";
const TOO_MANY = "Too many requests or responses wait, or the quota is used up.";
const WAITING_QUERY = {
  "expiry-seconds": "how long it may wait for the device, 1 to 259200; a day when absent",
  priority: "high, normal or low: which of those that wait goes first; normal when absent",
};
const ASYNC_QUERY = { noResp: "true: send once and want no outcome", ...WAITING_QUERY };
const ASYNC_ANSWERS = {
  202: ACCEPTED,
  204: WITHOUT_RESPONSE,
  404: NO_RESOURCE,
  409: "noResp, and the device may be asleep.",
  410: NO_ENDPOINT,
  412: NO_CHANNEL,
  429: TOO_MANY,
};

function routes(): Route[] {
  return [
    {
      method: "GET",
      path: "/",
      allows: ANYBODY,
      summary: "Name and version, as text.",
      answers: { 200: "Name and version." },
      handle: showProduct,
    },
    {
      method: "GET",
      path: "/rest-versions",
      allows: VIEW_DEVICE,
      summary: "The versions of this API; the last one is the newest.",
      answers: { 200: 'The array `["v1","v2"]`.' },
      handle: (_, c) => c.json(REST_VERSIONS),
    },
    {
      method: "GET",
      path: "/limits",
      allows: VIEW_DEVICE,
      summary: "Transactions of the last 24 hours and endpoints, with their quotas.",
      answers: { 200: "Four numbers." },
      handle: showLimits,
    },
    {
      method: "GET",
      path: "/endpoints",
      allows: VIEW_DEVICE,
      summary: "The registered devices.",
      query: { type: "only those of this endpoint type" },
      answers: { 200: "An array, or application/link-format where that is preferred." },
      handle: endpoints.listEndpoints,
    },
    {
      method: "GET",
      path: "/endpoints/:endpointName",
      allows: VIEW_DEVICE,
      summary: "What a device has listed; it is not woken for that.",
      answers: { 200: "An array, or application/link-format.", 404: NO_ENDPOINT },
      handle: endpoints.listResources,
    },
    {
      method: "DELETE",
      path: "/endpoints/:endpointName",
      allows: { verb: "delete", object: "device" },
      summary: "Ends a registration; the device registers anew at its next Update.",
      answers: {
        200: "Ended, and no notification channel is open to say so.",
        202: ACCEPTED,
        404: NO_ENDPOINT,
        429: TOO_MANY,
      },
      handle: endpoints.deleteEndpoint,
    },
    {
      method: "GET",
      path: `/endpoints/${RESOURCE}`,
      allows: VIEW_RESOURCE,
      summary: "Reads a resource.",
      query: { ...ASYNC_QUERY, cacheOnly: "true: do not ask the device" },
      answers: {
        200: "The value, fresh from the cache.",
        205: "Nothing is cached.",
        ...ASYNC_ANSWERS,
      },
      handle: endpoints.readResource,
    },
    {
      method: "PUT",
      path: `/endpoints/${RESOURCE}`,
      allows: CHANGE_RESOURCE,
      summary: "Writes a resource; the device may create what is not there.",
      query: ASYNC_QUERY,
      body: "The value as the device takes it.",
      answers: {
        ...ASYNC_ANSWERS,
        413: "The value is longer than 64 KiB.",
        415: "The media type is not one that devices know.",
      },
      handle: endpoints.writeResource,
    },
    {
      method: "POST",
      path: `/endpoints/${RESOURCE}`,
      allows: CHANGE_RESOURCE,
      summary: "Executes a resource; the body goes to the device as it is.",
      query: ASYNC_QUERY,
      body: "What the function is given; may be absent.",
      answers: {
        ...ASYNC_ANSWERS,
        413: "The value is longer than 64 KiB.",
        415: "The media type is not one that devices know.",
      },
      handle: endpoints.executeResource,
    },
    {
      method: "DELETE",
      path: `/endpoints/${RESOURCE}`,
      allows: DELETE_RESOURCE,
      summary: "Deletes a resource; it leaves the list when the device has confirmed.",
      query: ASYNC_QUERY,
      answers: ASYNC_ANSWERS,
      handle: endpoints.deleteResource,
    },
    {
      method: "POST",
      path: "/device-requests/:endpointName",
      allows: VIEW_RESOURCE,
      summary: "Any request to a device, under an id that the application chooses.",
      query: {
        "async-id": "the id of the async-response, 1 to 128 visible ASCII characters",
        "expiry-seconds": "how long it may wait for the device, 1 to 259200",
        retry: "0 to 10; taken, and without effect: requests are repeated as CoAP says",
      },
      body: DEVICE_REQUEST,
      answers: {
        202: "Accepted; the body is empty.",
        400: "The id or the body cannot be read: the text says why.",
        404: NO_RESOURCE,
        409: "A response is still awaited under this id.",
        410: NO_ENDPOINT,
        413: "The value is longer than 64 KiB.",
        415: "The media type is not one that devices know.",
        429: TOO_MANY,
      },
      handle: requestDevice,
    },
    {
      method: "GET",
      path: "/notification/pull",
      allows: VIEW_RESOURCE,
      summary: "Waits for what happens, 30 s at most.",
      query: { noWait: "true: answer at once" },
      answers: {
        200: "A notification message.",
        204: "Nothing has happened.",
        409: "A callback is set.",
      },
      handle: channel.pull,
    },
    {
      method: "DELETE",
      path: "/notification/pull",
      allows: VIEW_RESOURCE,
      summary: "Closes the polled channel and drops what waits.",
      answers: { 204: "Closed.", 404: "There is no polled channel." },
      handle: channel.deletePull,
    },
    {
      method: "GET",
      path: "/notification/callback",
      allows: VIEW_RESOURCE,
      summary: "The callback that is set, with its headers.",
      answers: { 200: "url and headers.", 404: "None is set." },
      handle: channel.showCallback,
    },
    {
      method: "PUT",
      path: "/notification/callback",
      allows: VIEW_RESOURCE,
      summary: "Sets the callback, after a test message to it.",
      body: '`{"url": "...", "headers": {...}}`',
      answers: {
        204: "Set.",
        400: "The callback cannot be used: the text says why.",
        429: "Too many in a minute.",
      },
      handle: channel.callbackRegistration(),
    },
    {
      method: "DELETE",
      path: "/notification/callback",
      allows: VIEW_RESOURCE,
      summary: "Removes the callback, and the subscriptions with it.",
      answers: { 204: "Removed.", 404: "None is set." },
      handle: channel.deleteCallback,
    },
    {
      method: "GET",
      path: "/subscriptions",
      allows: VIEW_RESOURCE,
      summary: "The pre-subscription rules.",
      answers: { 200: "The array as it was put." },
      handle: subscriptions.showRules,
    },
    {
      method: "PUT",
      path: "/subscriptions",
      allows: VIEW_RESOURCE,
      summary: "Replaces the pre-subscription rules, and ends all subscriptions made before.",
      body: "An array of rules.",
      answers: { 204: "Set.", 400: "A rule cannot be read: the text says which." },
      handle: subscriptions.putRules,
    },
    {
      method: "DELETE",
      path: "/subscriptions",
      allows: VIEW_RESOURCE,
      summary: "Ends all subscriptions; the rules stay.",
      answers: { 204: "Ended." },
      handle: subscriptions.unsubscribeAll,
    },
    {
      method: "GET",
      path: "/subscriptions/:endpointName",
      allows: VIEW_RESOURCE,
      summary: "The subscriptions to one device.",
      answers: { 200: "text/uri-list.", 404: "There are none." },
      handle: subscriptions.listSubscriptions,
    },
    {
      method: "DELETE",
      path: "/subscriptions/:endpointName",
      allows: VIEW_RESOURCE,
      summary: "Ends the subscriptions to one device.",
      answers: { 204: "Ended.", 404: NO_ENDPOINT },
      handle: subscriptions.unsubscribeEndpoint,
    },
    {
      method: "GET",
      path: `/subscriptions/${RESOURCE}`,
      allows: VIEW_RESOURCE,
      summary: "Whether a resource is subscribed.",
      answers: { 200: "text/uri-list, one line.", 404: "It is not." },
      handle: subscriptions.showSubscription,
    },
    {
      method: "PUT",
      path: `/subscriptions/${RESOURCE}`,
      allows: VIEW_RESOURCE,
      summary: "Subscribes to a resource.",
      answers: {
        202: ACCEPTED,
        404: NO_RESOURCE,
        410: NO_ENDPOINT,
        412: "It is not observable, or no notification channel is open.",
        429: TOO_MANY,
      },
      handle: subscriptions.subscribe,
    },
    {
      method: "DELETE",
      path: `/subscriptions/${RESOURCE}`,
      allows: VIEW_RESOURCE,
      summary: "Ends the subscription to a resource.",
      answers: { 204: "Ended.", 404: "It is not subscribed." },
      handle: subscriptions.unsubscribe,
    },
    {
      method: "POST",
      path: "/api/api_tokens",
      allows: { verb: "add", object: "access-key" },
      summary: "Makes another access key with the same rights, shown this once.",
      body: '`{"name": "..."}`, or none',
      answers: {
        201: "access_key and name.",
        400: "The body cannot be read, or the name is too long.",
      },
      handle: createAccessKey,
    },
  ];
}

/** Paths that are mbed's although this server has no such route: a plain-text 404 is what its clients read. */
const OWN_PATH =
  /^\/(rest-versions|limits|endpoints|notification|subscriptions|device-requests)(\/|$)/;

export function deviceConnectorFamily(): RouteFamily {
  return {
    name: "device-connector",
    title: "mbed Device Connector",
    routes: routes(),
    credentials: ["access-key", "token", "customer-key", "user-password"],
    versioned: true,
    takesQueryToken: false,
    needsChannel: true,
    challenge: "Bearer",
    owns: (path) => OWN_PATH.test(path),
    refuse,
  };
}

function showProduct(host: RestHost, c: RestContext): Response {
  return c.text(`${host.product}\nREST version = ${REST_VERSIONS[REST_VERSIONS.length - 1]}\n`);
}

function showLimits(host: RestHost, c: RestContext): Response {
  const { traffic } = host.gateway;
  let endpointCount = 0;
  for (const _ of visibleRegistrations(host, c)) endpointCount++;
  return c.json({
    "transaction-quota": shownQuota(traffic.quotas.transactions),
    "transaction-count": traffic.transactions(host.now(), c.get("principal").domain.id),
    "endpoint-quota": shownQuota(traffic.quotas.endpoints),
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
  const principal = c.get("principal");
  if (principal.user === undefined) return refuse(c, 403, "A device has no access keys.");
  const owner = { domainId: principal.domain.id, ownerId: principal.user.id };
  const created = host.access.keys.create(owner, name, host.access.calendarNow());
  host.access.record(principal, c.env.address, "access-key.created", created.id);
  await host.commit();
  return c.json({ access_key: created.key, name: created.name }, 201);
}
