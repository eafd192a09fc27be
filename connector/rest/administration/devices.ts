/** Administration of the devices on record: whose they are, and their PUBLIC_KEYs. */
import { PUBLIC_KEY_RIGHTS } from "../../access/decision.ts";
import {
  createDevice,
  deviceFor,
  forgetDevice,
  moveDevice,
} from "../../access/device-administration.ts";
import { refusal } from "../../access/domains.ts";
import { domainFor, requireOperator, requireRights } from "../../access/escalation.ts";
import type { DeviceRecord, Domain } from "../../access/model.ts";
import type { RestContext, RestHost } from "../context.ts";
import type { Route } from "../route.ts";
import {
  afterNumber,
  changed,
  domainOf,
  noted,
  PAGED,
  pageOfSorted,
  readValid,
  segment,
} from "./request.ts";
import * as schemas from "./schemas.ts";
import { deviceView, mapPage, queuedView } from "./views.ts";

const NO_DEVICE = "There is no such device.";
const BEYOND = "The caller lacks what the key is good for.";
const BAD_BODY = "The body does not hold what is expected: the problem says where.";

export const DEVICE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/admin/devices",
    allows: { verb: "view", object: "device" },
    summary: "The devices on record in a domain, registered or not.",
    query: {
      ...PAGED,
      type: "only those of this endpoint type",
      registered: "true or false: only those that are, or are not, registered",
      name: "only those whose endpoint name begins so",
    },
    returns: schemas.DEVICES,
    answers: { 200: "A page of devices, in the order in which they came on record." },
    handle: listDevices,
  },
  {
    method: "POST",
    path: "/admin/devices",
    allows: { verb: "add", object: "device" },
    summary: "Puts a device on record before it registers, so that it belongs to this domain.",
    query: { domain: PAGED.domain },
    body: schemas.NEW_DEVICE,
    returns: schemas.DEVICE,
    answers: { 201: "The device.", 400: BAD_BODY, 409: "The endpoint name is taken." },
    handle: addDevice,
  },
  {
    method: "GET",
    path: "/admin/devices/:endpointName",
    allows: { verb: "view", object: "device" },
    summary: "Shows a device and who has claimed it, without its PUBLIC_KEY.",
    returns: schemas.DEVICE_WITH_CUSTOMERS,
    answers: { 200: "The device.", 404: NO_DEVICE },
    handle: showDevice,
  },
  {
    method: "PATCH",
    path: "/admin/devices/:endpointName",
    allows: { verb: "change", object: "device" },
    summary:
      "Moves a device to another domain. Its number, its claims, its notes, its shadow and its PUBLIC_KEY end; for superusers of the operator's domain.",
    body: schemas.DEVICE_MOVE,
    returns: schemas.DEVICE,
    answers: {
      200: "The device.",
      400: BAD_BODY,
      403: "Only the operator moves devices.",
      404: "There is no such device or domain.",
    },
    handle: patchDevice,
  },
  {
    method: "GET",
    path: "/admin/devices/:endpointName/public-key",
    allows: { verb: "change", object: "device" },
    summary: "Shows the PUBLIC_KEY. That it was shown is written down.",
    returns: schemas.PUBLIC_KEY,
    answers: { 200: "The key.", 403: BEYOND, 404: NO_DEVICE },
    handle: showPublicKey,
  },
  {
    method: "POST",
    path: "/admin/devices/:endpointName/public-key",
    allows: { verb: "change", object: "device" },
    summary: "Makes another PUBLIC_KEY; the former one is worthless at once.",
    returns: schemas.PUBLIC_KEY,
    answers: { 200: "The new key.", 403: BEYOND, 404: NO_DEVICE },
    handle: rotatePublicKey,
  },
  {
    method: "DELETE",
    path: "/admin/devices/:endpointName",
    allows: { verb: "delete", object: "device" },
    summary: "Forgets a device that is not registered, and its claims.",
    answers: { 204: "Forgotten.", 404: NO_DEVICE, 409: "It is registered." },
    handle: deleteDevice,
  },
  {
    method: "GET",
    path: "/admin/devices/:endpointName/queue",
    allows: { verb: "view", object: "resource" },
    summary: "The requests that wait for a device, whoever asked for them.",
    returns: schemas.QUEUE,
    answers: { 200: "The requests, without their payloads.", 404: NO_DEVICE },
    handle: showQueue,
  },
  {
    method: "DELETE",
    path: "/admin/devices/:endpointName/queue/:id",
    allows: { verb: "delete", object: "resource" },
    summary: "Takes back a request that has no outcome yet: whoever asked is told 410.",
    answers: { 204: "Taken back.", 404: "There is no such device or request." },
    handle: cancelQueued,
  },
];

function listDevices(host: RestHost, c: RestContext): Response {
  const domain = domainOf(host, c);
  const page = pageOfSorted(c, wantedDevices(host, c, domain), (device) => `${device.id}`);
  return c.json(mapPage(page, (device) => viewOf(host, device)));
}

function* wantedDevices(host: RestHost, c: RestContext, domain: Domain): Iterable<DeviceRecord> {
  const type = c.req.query("type");
  const registered = c.req.query("registered");
  const name = c.req.query("name") ?? "";
  if (registered !== undefined && registered !== "true" && registered !== "false") {
    throw refusal("access/bad-value", "registered: expected true or false.");
  }
  for (const device of host.access.devices.after(afterNumber(c))) {
    if (device.domainId !== domain.id || !device.endpointName.startsWith(name)) continue;
    const registration = host.gateway.registration(device.endpointName);
    if (registered !== undefined && registered !== `${registration !== undefined}`) continue;
    if (type !== undefined && (registration ?? device).endpointType !== type) continue;
    yield device;
  }
}

async function addDevice(host: RestHost, c: RestContext): Promise<Response> {
  const { endpointName, endpointType } = await readValid(c, schemas.NEW_DEVICE);
  const device = createDevice(host.access, domainOf(host, c), endpointName, endpointType);
  await changed(host, c, "device.created", endpointName);
  return c.json(viewOf(host, device), 201);
}

function showDevice(host: RestHost, c: RestContext): Response {
  const device = theDevice(host, c);
  const customers = [...host.access.bindings.customersOf(device.id)];
  return c.json({ ...viewOf(host, device), customers });
}

async function patchDevice(host: RestHost, c: RestContext): Promise<Response> {
  const { domain } = await readValid(c, schemas.DEVICE_MOVE);
  const principal = c.get("principal");
  const device = theDevice(host, c);
  requireOperator(principal);
  const moved = moveDevice(host.access, device, domainFor(host.access, principal, domain));
  if (moved !== device) {
    forgetWhatIsKnown(host, device);
    host.bootstrap.handleMove(device.endpointName);
  }
  await changed(host, c, "device.moved", `${moved.endpointName} ${domain}`);
  return c.json(viewOf(host, moved));
}

async function showPublicKey(host: RestHost, c: RestContext): Promise<Response> {
  const device = theDevice(host, c);
  requireRights(c.get("principal"), PUBLIC_KEY_RIGHTS);
  await noted(host, c, "public-key.shown", device.endpointName);
  return keyAnswer(host, c, device);
}

async function rotatePublicKey(host: RestHost, c: RestContext): Promise<Response> {
  const { access } = host;
  const former = theDevice(host, c);
  requireRights(c.get("principal"), PUBLIC_KEY_RIGHTS);
  const device = access.devices.rotatePublicKey(former, access.calendarNow());
  await changed(host, c, "public-key.rotated", device.endpointName);
  return keyAnswer(host, c, device);
}

async function deleteDevice(host: RestHost, c: RestContext): Promise<Response> {
  const device = theDevice(host, c);
  if (host.gateway.registration(device.endpointName) !== undefined) {
    throw refusal(
      "access/conflict",
      "The device is registered: end that first (DELETE /v2/endpoints/NAME), or wait for it to go.",
    );
  }
  forgetDevice(host.access, device);
  forgetWhatIsKnown(host, device);
  await changed(host, c, "device.forgotten", device.endpointName);
  return c.body(null, 204);
}

function showQueue(host: RestHost, c: RestContext): Response {
  const { endpointName } = theDevice(host, c);
  const now = host.now();
  return c.json({ items: host.gateway.queued(endpointName).map((each) => queuedView(each, now)) });
}

async function cancelQueued(host: RestHost, c: RestContext): Promise<Response> {
  const { endpointName } = theDevice(host, c);
  const id = segment(c, 4);
  if (!host.gateway.cancel(endpointName, id)) {
    throw refusal("access/not-found", "There is no such request, or it has its outcome.");
  }
  await noted(host, c, "request.cancelled", `${endpointName} ${id}`);
  return c.body(null, 204);
}

/** A record has gone: what was learned of its device was for its domain. */
function forgetWhatIsKnown(host: RestHost, device: DeviceRecord): void {
  host.gateway.cache.forgetEndpoint(device.endpointName);
  host.inventory.identities.forget(device);
}

function keyAnswer(host: RestHost, c: RestContext, device: DeviceRecord): Response {
  const { endpointName } = device;
  return c.json({ endpointName, publicKey: host.access.devices.publicKeyOf(device) });
}

function theDevice(host: RestHost, c: RestContext): DeviceRecord {
  return deviceFor(host.access, c.get("principal"), segment(c, 2));
}

function viewOf(host: RestHost, device: DeviceRecord) {
  return deviceView(host.access, device, host.gateway.registration(device.endpointName));
}
