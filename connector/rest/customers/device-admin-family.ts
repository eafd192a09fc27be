/** mDash's API for the administrator of an account: the devices of the domain, their shadows and functions, and access keys. */

import { rfc3339 } from "../../access/customers.ts";
import { may } from "../../access/decision.ts";
import { createDevice, forgetDevice } from "../../access/device-administration.ts";
import { refusal } from "../../access/domains.ts";
import { requireRightsOf } from "../../access/escalation.ts";
import type { AccessKey, DeviceRecord } from "../../access/model.ts";
import { changed, segment } from "../administration/request.ts";
import type { RestContext, RestHost } from "../context.ts";
import type { Allows, Route, RouteFamily } from "../route.ts";
import { isOnline, readMembers, refuseInJson, refuseUnknown, textMember } from "./answers.ts";
import {
  callDevice,
  changeDevice,
  changeShadow,
  listenToAll,
  onNamedDevice,
  queryHistory,
  showShadow,
} from "./devices.ts";
import { CALL_ANSWERS, CALL_BODY, CALL_SUMMARY, QUERY_RETURNS, QUERY_SUMMARY } from "./family.ts";
import { deviceJson } from "./shadow-json.ts";

const VIEW_DEVICE: Allows = { verb: "view", object: "device" };
const VIEW_RESOURCE: Allows = { verb: "view", object: "resource" };
const CHANGE_RESOURCE: Allows = { verb: "change", object: "resource" };
const DEVICE = "/api/v2/devices/:id";
const NO_DEVICE = "There is no such device.";
const LISTED_AT_ONCE = 10_000;

function routes(): Route[] {
  return [
    {
      method: "GET",
      path: "/api/v2/devices",
      allows: VIEW_DEVICE,
      summary: "The devices on record, in the order in which they came there.",
      query: {
        after: "only those after the device of this id",
        limit: `how many at most, ${LISTED_AT_ONCE} without it`,
      },
      answers: { 200: "An array of id, type, online, created." },
      handle: listDevices,
    },
    {
      method: "POST",
      path: "/api/v2/devices",
      allows: { verb: "add", object: "device" },
      summary: "Puts a device on record before it registers.",
      body: '`{"id": "..."}`: the endpoint name.',
      answers: { 200: "The device.", 400: "That cannot be an endpoint name.", 409: "It is taken." },
      handle: addDevice,
    },
    {
      method: "GET",
      path: DEVICE,
      allows: VIEW_DEVICE,
      summary: "A device and its shadow; with its public_key for who may change its resources.",
      answers: { 200: "The device.", 404: NO_DEVICE },
      handle: onNamedDevice(showDevice),
    },
    {
      method: "POST",
      path: DEVICE,
      allows: CHANGE_RESOURCE,
      summary: "Wants the device to be as desired says, in part.",
      body: '`{"shadow": {"state": {"desired": {...}}}, "tags": {"save": ["/3303/0/5700"]}}`, or one of them',
      answers: { 200: "Kept.", 400: "The state cannot be one.", 404: NO_DEVICE },
      handle: onNamedDevice(changeDevice),
    },
    {
      method: "DELETE",
      path: DEVICE,
      allows: { verb: "delete", object: "device" },
      summary: "Ends the registration and takes the device off the record, with its claims.",
      answers: { 200: "Gone.", 404: NO_DEVICE },
      handle: onNamedDevice(removeDevice),
    },
    {
      method: "GET",
      path: `${DEVICE}/shadow`,
      allows: VIEW_DEVICE,
      summary: "The shadow of a device.",
      answers: { 200: "state: reported, desired, delta.", 404: NO_DEVICE },
      handle: onNamedDevice(showShadow),
    },
    {
      method: "POST",
      path: `${DEVICE}/shadow`,
      allows: CHANGE_RESOURCE,
      summary: "Wants the device to be as desired says, in part.",
      body: '`{"state": {"desired": {...}}}`',
      answers: { 200: "Kept.", 400: "The state cannot be one.", 404: NO_DEVICE },
      handle: onNamedDevice(changeShadow),
    },
    ...(["GET", "POST"] as const).flatMap((method): Route[] => [
      {
        method,
        path: `${DEVICE}/rpc/:func`,
        allows: CHANGE_RESOURCE,
        summary: CALL_SUMMARY,
        body: CALL_BODY,
        answers: CALL_ANSWERS,
        handle: onNamedDevice(callDevice),
      },
      {
        method,
        path: `${DEVICE}/data/:query`,
        allows: VIEW_RESOURCE,
        summary: QUERY_SUMMARY,
        answers: { 200: "The rows.", 400: "The params are no times.", 404: NO_DEVICE },
        returns: QUERY_RETURNS,
        handle: onNamedDevice(queryHistory),
      },
    ]),
    {
      method: "POST",
      path: `${DEVICE}/ota`,
      allows: CHANGE_RESOURCE,
      summary: "Not there: firmware is not taken up by this API.",
      answers: { 404: NO_DEVICE, 501: "Always, for a device that is there." },
      handle: onNamedDevice((_, c) =>
        refuseInJson(c, 501, "This connector takes no firmware by this API."),
      ),
    },
    {
      method: "GET",
      path: "/api/v2/keys",
      allows: { verb: "view", object: "access-key" },
      summary: "The access keys of the domain, without the keys themselves.",
      answers: { 200: "An array of id, name, prefix, created_at." },
      handle: listKeys,
    },
    {
      method: "POST",
      path: "/api/v2/keys",
      allows: { verb: "add", object: "access-key" },
      summary: "Makes another access key with the same rights, shown this once.",
      body: '`{"name": "..."}`, or none',
      answers: { 200: "id, name, key.", 400: "The name is too long." },
      handle: addKey,
    },
    {
      method: "DELETE",
      path: "/api/v2/keys/:id",
      allows: { verb: "delete", object: "access-key" },
      summary: "Ends an access key for good, its channel and subscriptions with it.",
      answers: { 200: "Ended.", 403: "Its owner may do more.", 404: "There is no such key." },
      handle: removeKey,
    },
    {
      method: "GET",
      path: "/api/v2/notify",
      allows: VIEW_RESOURCE,
      summary: "A WebSocket that tells what all devices of the domain do, as it happens.",
      answers: { 101: "Listening.", 426: "It was not asked for as a WebSocket.", 429: "Too many." },
      handle: listenToAll,
    },
  ];
}

export function deviceAdminFamily(): RouteFamily {
  return {
    name: "device-admin",
    title: "mDash devices, by access key",
    routes: routes(),
    credentials: ["access-key", "token"],
    versioned: false,
    takesQueryToken: true,
    needsChannel: false,
    owns: () => false,
    refuse: refuseInJson,
  };
}

function listDevices(host: RestHost, c: RestContext): Response {
  const { devices } = host.access;
  const domainId = c.get("principal").domain.id;
  const after = c.req.query("after");
  const last = after === undefined ? undefined : devices.named(after);
  if (after !== undefined && last?.domainId !== domainId) {
    throw refusal("access/bad-value", `"after" is the id of no device.`);
  }
  const limit = Number(c.req.query("limit") ?? LISTED_AT_ONCE);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= LISTED_AT_ONCE)) {
    throw refusal("access/bad-value", `"limit" must be a number from 1 to ${LISTED_AT_ONCE}.`);
  }
  const listed: object[] = [];
  for (const device of devices.after(last?.id ?? 0)) {
    if (listed.length >= limit) break;
    if (device.domainId === domainId) listed.push(listedDevice(host, device));
  }
  return c.json(listed);
}

function listedDevice(host: RestHost, device: DeviceRecord) {
  return {
    id: device.endpointName,
    type: device.endpointType ?? "",
    online: isOnline(host, device),
    created: rfc3339(device.createdAt),
  };
}

async function addDevice(host: RestHost, c: RestContext): Promise<Response> {
  const id = textMember(await readMembers(c), "id");
  if (id === undefined) throw refusal("access/bad-value", 'An "id" is needed: the endpoint name.');
  const device = createDevice(host.access, c.get("principal").domain, id, undefined);
  host.access.record(c.get("principal"), c.env.address, "device.created", id);
  await host.commit();
  return showDevice(host, c, device);
}

function showDevice(host: RestHost, c: RestContext, device: DeviceRecord): Response {
  const shadow = host.customerSide.shadows.begin(device);
  const shown = {
    ...deviceJson(device, shadow, isOnline(host, device)),
    type: device.endpointType,
  };
  // The PUBLIC_KEY is leave to change resources: nobody gets that here who has it not.
  if (!may(c.get("principal"), "change", "resource", device)) return c.json(shown);
  return c.json({ ...shown, public_key: host.access.devices.publicKeyOf(device) });
}

async function removeDevice(
  host: RestHost,
  c: RestContext,
  device: DeviceRecord,
): Promise<Response> {
  host.customerSide.deregister(device);
  forgetDevice(host.access, device);
  await changed(host, c, "device.forgotten", device.endpointName);
  return c.json(true);
}

function listKeys(host: RestHost, c: RestContext): Response {
  const domainId = c.get("principal").domain.id;
  const listed: object[] = [];
  for (const { id, name, prefix, createdAt, revokedAt, domainId: of } of host.access.keys.all()) {
    if (of !== domainId || revokedAt !== undefined) continue;
    listed.push({ id, name, prefix, created_at: rfc3339(createdAt) });
  }
  return c.json(listed);
}

async function addKey(host: RestHost, c: RestContext): Promise<Response> {
  const name = textMember(await readMembers(c), "name");
  const { user, domain } = c.get("principal");
  if (user === undefined) throw refusal("access/not-allowed", "A device has no access keys.");
  const owner = { domainId: domain.id, ownerId: user.id };
  const { access } = host;
  const created = access.keys.create(owner, name, access.calendarNow());
  access.record(c.get("principal"), c.env.address, "access-key.created", created.id);
  await host.commit();
  return c.json({ id: created.id, name: created.name, key: created.key });
}

async function removeKey(host: RestHost, c: RestContext): Promise<Response> {
  const { access } = host;
  const key: AccessKey | undefined = access.keys.get(segment(c, 3));
  if (key?.domainId !== c.get("principal").domain.id) return refuseUnknown(c);
  const owner = access.users.get(key.ownerId);
  if (owner !== undefined) requireRightsOf(access, c.get("principal"), owner);
  access.keys.revoke(key.id, access.calendarNow());
  await changed(host, c, "access-key.revoked", key.id);
  return c.json(true);
}
