/**
 * The HTTP API of the Leshan demo server, so that tools and suites that were written for it run against this connector. What is as there
 * and what is not: docs/leshan.md.
 */
import type { RestContext, RestHost } from "../context.ts";
import { refuse } from "../context.ts";
import type { Allows, Route, RouteFamily } from "../route.ts";
import { listBootstrapConfigs, removeBootstrapConfig, writeBootstrapConfig } from "./bootstrap.ts";
import { listClients, showClient, streamEvents } from "./clients.ts";
import * as composites from "./composites.ts";
import { FORMAT_NAMES } from "./formats.ts";
import { showObjectSpecs } from "./object-specs.ts";
import { openPrincipal } from "./open-access.ts";
import * as requests from "./requests.ts";

const VIEW_DEVICE: Allows = { verb: "view", object: "device" };
const CHANGE_DEVICE: Allows = { verb: "change", object: "device" };
const VIEW_RESOURCE: Allows = { verb: "view", object: "resource" };
const CHANGE_RESOURCE: Allows = { verb: "change", object: "resource" };
const DELETE_RESOURCE: Allows = { verb: "delete", object: "resource" };

const CLIENTS = "/api/clients";
const CLIENT = `${CLIENTS}/:endpointName`;
const COMPOSITE = `${CLIENT}/composite`;
const OBSERVED_COMPOSITE = `${COMPOSITE}/observe`;
const PLACE = `${CLIENT}/:path{.+}`;
const OBSERVED_PLACE = `${CLIENT}/:path{.+/observe}`;
const DISCOVERED_PLACE = `${CLIENT}/:path{.+/discover}`;
const ATTRIBUTES_OF_PLACE = `${CLIENT}/:path{.+/attributes}`;
const SECURITY = "/api/security/clients";
const BOOTSTRAP = "/api/bootstrap";
const BOOTSTRAP_CONFIG = `${BOOTSTRAP}/:endpointName`;

const NOT_REGISTERED = "No such device is registered, or the request cannot be one.";
const OUTCOME = {
  200: "What the device answered, its code in `status`; `delayed` for one that sleeps: the outcome comes as an event then.",
  400: NOT_REGISTERED,
  429: "Too many requests wait for this device, or the quota is used up.",
  502: "The exchange with the device failed, or its answer cannot be read.",
  504: "The device did not answer in time.",
};
const ANSWER =
  '`{"status": "CONTENT(205)", "valid": true, "success": true, "failure": false}`, and';
const TIMEOUT = { timeout: "seconds to wait for the device, at most 120; 5 when absent" };
const FORMAT = { format: `${FORMAT_NAMES}; what the device has for sure when absent` };
const NODE = "A node: an instance with `resources`, or a resource with `value` or `values`.";
const NOT_YET = "Not there yet.";

function clientRoutes(): Route[] {
  return [
    {
      method: "GET",
      path: CLIENTS,
      allows: VIEW_DEVICE,
      summary: "The registered devices.",
      answers: { 200: "An array of registrations." },
      handle: listClients,
    },
    {
      method: "GET",
      path: CLIENT,
      allows: VIEW_DEVICE,
      summary: "One registered device.",
      answers: { 200: "The registration.", 400: "No such device is registered." },
      handle: showClient,
    },
    {
      method: "GET",
      path: "/api/objectspecs/:endpointName",
      allows: VIEW_DEVICE,
      summary: "The objects that a device lists, in the versions that it has.",
      answers: { 200: "An array of objects.", 400: "No such device is registered." },
      handle: showObjectSpecs,
    },
    {
      method: "GET",
      path: "/api/event",
      allows: VIEW_DEVICE,
      summary:
        "What happens, as server-sent events: REGISTRATION, UPDATED, DEREGISTRATION, AWAKE, SLEEPING, NOTIFICATION, SEND, REQUEST_RESPONSE.",
      query: { ep: "only what concerns this device" },
      answers: {
        200: "The stream, which ends when the right to hear it does.",
        429: "Too many listen.",
      },
      handle: streamEvents,
    },
  ];
}

function compositeRoutes(): Route[] {
  const paths = {
    paths: "1 to 64 of one device, `/3/0/9,/3303/0`; `/` is all that it has",
    ...TIMEOUT,
  };
  const nodeformat = "SENML_JSON, SENML_CBOR or LWM2M_CBOR; what the device has when absent";
  const formats = { ...paths, nodeformat, pathformat: "taken, and left to the connector" };
  const returns = `${ANSWER} \`content\`: an object of paths and nodes, without what is not there.`;
  return [
    {
      method: "GET",
      path: COMPOSITE,
      allows: VIEW_RESOURCE,
      summary: "Reads several places at once: Read-Composite.",
      query: formats,
      answers: OUTCOME,
      returns,
      handle: composites.readComposite,
    },
    {
      method: "PUT",
      path: COMPOSITE,
      allows: CHANGE_RESOURCE,
      summary: "Writes several resources or resource instances at once: Write-Composite.",
      query: { ...TIMEOUT, nodeformat },
      body: "An object of paths and nodes; null removes a resource instance.",
      answers: OUTCOME,
      handle: composites.writeComposite,
    },
    {
      method: "POST",
      path: OBSERVED_COMPOSITE,
      allows: VIEW_RESOURCE,
      summary:
        "Observes several places as one: their values come as NOTIFICATION events, until it is cancelled.",
      query: formats,
      answers: OUTCOME,
      returns,
      handle: composites.observeComposite,
    },
    {
      method: "DELETE",
      path: OBSERVED_COMPOSITE,
      allows: VIEW_RESOURCE,
      summary: "Ends the caller's observation of these places, in this order.",
      query: { ...paths, active: "whatever its value: answers with what is there" },
      answers: { ...OUTCOME, 404: "`active`, and nothing was observed." },
      handle: composites.cancelComposite,
    },
  ];
}

function requestRoutes(): Route[] {
  return [
    {
      method: "POST",
      path: OBSERVED_PLACE,
      allows: VIEW_RESOURCE,
      summary: "Observes a place: its values come as NOTIFICATION events, until it is cancelled.",
      query: { ...TIMEOUT, format: "taken, and left to the connector" },
      answers: OUTCOME,
      returns: `${ANSWER} \`content\`.`,
      handle: requests.observe,
    },
    {
      method: "DELETE",
      path: OBSERVED_PLACE,
      allows: VIEW_RESOURCE,
      summary: "Ends the caller's observation of a place.",
      query: { ...TIMEOUT, active: "whatever its value: answers with what is there" },
      answers: { ...OUTCOME, 404: "`active`, and nothing was observed." },
      handle: requests.cancelObservation,
    },
    {
      method: "GET",
      path: DISCOVERED_PLACE,
      allows: VIEW_RESOURCE,
      summary: "What there is below a place, with its attributes.",
      query: TIMEOUT,
      answers: OUTCOME,
      returns: `${ANSWER} \`objectLinks\`: an array of {url, attributes}.`,
      handle: requests.discover,
    },
    {
      method: "PUT",
      path: ATTRIBUTES_OF_PLACE,
      allows: CHANGE_RESOURCE,
      summary: "Sets attributes of a place; one without a value is unset.",
      query: { ...TIMEOUT, pmin: "and pmax, gt, lt, st, epmin, epmax, edge, con, hqmax" },
      answers: OUTCOME,
      handle: requests.writeAttributes,
    },
    {
      method: "GET",
      path: PLACE,
      allows: VIEW_RESOURCE,
      summary: "Reads an object, an instance, a resource or an instance of one.",
      query: { ...TIMEOUT, ...FORMAT },
      answers: OUTCOME,
      returns: `${ANSWER} \`content\`: a node of kind obj, instance, singleResource, multiResource or resourceInstance.`,
      handle: requests.read,
    },
    {
      method: "PUT",
      path: PLACE,
      allows: CHANGE_RESOURCE,
      summary: "Writes an instance, a resource or an instance of one.",
      query: { ...TIMEOUT, ...FORMAT, replace: "false: writes what is named, and leaves the rest" },
      body: `${NODE} text/plain writes a resource.`,
      answers: OUTCOME,
      handle: requests.write,
    },
    {
      method: "POST",
      path: PLACE,
      allows: CHANGE_RESOURCE,
      summary: "Creates an instance of an object, or executes a resource.",
      query: { ...TIMEOUT, ...FORMAT },
      body: "The instance, its id left out where the device is to choose; or the arguments.",
      answers: OUTCOME,
      returns: `${ANSWER} of what was created the \`location\`.`,
      handle: requests.createOrExecute,
    },
    {
      method: "DELETE",
      path: PLACE,
      allows: DELETE_RESOURCE,
      summary: "Deletes an object instance or a resource instance.",
      query: TIMEOUT,
      answers: OUTCOME,
      handle: requests.remove,
    },
  ];
}

/** What of the demo server is about credentials: devices have none here yet. */
function securityRoutes(): Route[] {
  const rows = [
    ["PUT", SECURITY],
    ["DELETE", `${SECURITY}/:endpointName`],
  ] as const;
  return [
    {
      method: "GET",
      path: SECURITY,
      allows: VIEW_DEVICE,
      summary: "The devices with credentials of their own for their transport: none yet.",
      answers: { 200: "An empty array." },
      handle: (_, c) => c.json([]),
    },
    ...rows.map(
      ([method, path]): Route => ({
        method,
        path,
        allows: CHANGE_DEVICE,
        summary: "Credentials of devices.",
        answers: { 501: NOT_YET },
        handle: refuseSecurity,
      }),
    ),
  ];
}

function refuseSecurity(_: RestHost, c: RestContext): Response {
  return refuse(c, 501, "Credentials of devices are not there yet.");
}

/** What the demo's Bootstrap-Server has. */
function bootstrapRoutes(): Route[] {
  const body =
    '`{"servers": {"0": {"shortId": 123, "lifetime": 300}}, "security": {"1": {"uri": "coap://...", "securityMode": "NO_SEC", "serverId": 123}}, "toDelete": ["/0", "/1"]}`, with acls, oscore, autoIdForSecurityObject and contentFormat as there.';
  return [
    {
      method: "GET",
      path: BOOTSTRAP,
      allows: { verb: "view", object: "bootstrap" },
      summary: "The bootstrap configurations of single devices, their secrets as empty arrays.",
      answers: { 200: "An object of endpoint names and configurations." },
      handle: listBootstrapConfigs,
    },
    ...(["POST", "PUT"] as const).map(
      (method): Route => ({
        method,
        path: BOOTSTRAP_CONFIG,
        allows: { verb: "change", object: "bootstrap" },
        summary: "Writes the bootstrap configuration of a device.",
        body,
        answers: {
          200: "Written.",
          400: "It cannot be used: the answer says where, and what was expected.",
          404: "There is no such device.",
        },
        handle: writeBootstrapConfig,
      }),
    ),
    {
      method: "DELETE",
      path: BOOTSTRAP_CONFIG,
      allows: { verb: "delete", object: "bootstrap" },
      summary: "Removes the bootstrap configuration of a device.",
      answers: { 204: "Removed.", 404: "There is none." },
      handle: removeBootstrapConfig,
    },
  ];
}

/** Paths that are Leshan's although this server has no such route. */
const OWN_PATH = /^\/api\/(clients|event|objectspecs|security|bootstrap|server)(\/|$)/;

export function leshanFamily(): RouteFamily {
  return {
    name: "leshan",
    title: "Leshan demo server",
    routes: [
      ...clientRoutes(),
      ...compositeRoutes(),
      ...requestRoutes(),
      ...securityRoutes(),
      ...bootstrapRoutes(),
    ],
    credentials: ["access-key", "token", "customer-key", "user-password"],
    versioned: false,
    takesQueryToken: true,
    needsChannel: true,
    challenge: "Bearer",
    stranger: openPrincipal,
    owns: (path) => OWN_PATH.test(path),
    refuse,
  };
}
