/**
 * What can be done with one device in mDash's way: its shadow, its functions, its history, and listening to it. The same for the holder of
 * its PUBLIC_KEY (`/api/v2/m/device`) and for the administrator of its domain (`/api/v2/devices/{id}`).
 */
import { sees } from "../../access/decision.ts";
import { refusal } from "../../access/domains.ts";
import type { DeviceRecord } from "../../access/model.ts";
import type { Json } from "../../shadow/json.ts";
import { MOST_WATCHED, type Shadow } from "../../shadow/shadow.ts";
import { segment } from "../administration/request.ts";
import type { RestContext, RestHost } from "../context.ts";
import {
  isOnline,
  type Members,
  objectMember,
  readMembers,
  refuseForNow,
  refuseInJson,
  refuseUnknown,
} from "./answers.ts";
import {
  type CallRefusal,
  refusalOfAnswer,
  refusalOfCall,
  resolveCall,
  resourcePathOf,
} from "./device-rpc.ts";
import { deviceJson, shadowJson } from "./shadow-json.ts";
import { historyRows } from "./shadow-queries.ts";

/** Finds the device that a request is about; undefined when there is none that whoever asks may know of. */
export type DeviceOf = (host: RestHost, c: RestContext) => DeviceRecord | undefined;

type DeviceHandler = (
  host: RestHost,
  c: RestContext,
  device: DeviceRecord,
) => Promise<Response> | Response;

/** A handler for the device that the PUBLIC_KEY is for. */
export function onKeyedDevice(handle: DeviceHandler) {
  return onDevice(handle, (host, c) => {
    const { scope } = c.get("principal");
    if (scope === "domain") return undefined;
    for (const endpointName of scope) return host.access.devices.named(endpointName);
    return undefined;
  });
}

/** A handler for the device that `/api/v2/devices/{id}` names. */
export function onNamedDevice(handle: DeviceHandler) {
  return onDevice(handle, (host, c) => {
    const device = host.access.devices.named(segment(c, 3));
    return device !== undefined && sees(c.get("principal"), device) ? device : undefined;
  });
}

function onDevice(handle: DeviceHandler, deviceOf: DeviceOf) {
  return (host: RestHost, c: RestContext): Promise<Response> | Response => {
    const device = deviceOf(host, c);
    return device === undefined ? refuseUnknown(c) : handle(host, c, device);
  };
}

/** The device and its shadow. */
export function showDevice(host: RestHost, c: RestContext, device: DeviceRecord): Response {
  const shadow = host.customerSide.shadows.begin(device);
  return c.json(deviceJson(device, shadow, isOnline(host, device)));
}

export function showShadow(host: RestHost, c: RestContext, device: DeviceRecord): Response {
  const shadow = host.customerSide.shadows.begin(device);
  return c.json(shadowJson(shadow, isOnline(host, device)));
}

/**
 * `{"shadow": {"state": {"desired": {...}}}}`: wants the device to be so. `{"tags": {"save": ["/3303/0/5700"]}}`: has the device tell of
 * these values as they change, so that the shadow shows them and the history has them.
 */
export async function changeDevice(
  host: RestHost,
  c: RestContext,
  device: DeviceRecord,
): Promise<Response> {
  const members = await readMembers(c);
  const tags = objectMember(members, "tags");
  const watched = tags?.["save"] === undefined ? undefined : watchedPaths(tags["save"]);
  const shadow = want(host, device, objectMember(members, "shadow"));
  if (watched !== undefined) {
    host.customerSide.shadows.watch(shadow, watched);
    host.customerSide.observeWatched(device.endpointName);
  }
  await host.commit();
  return showDevice(host, c, device);
}

/** `{"state": {"desired": {...}}}` */
export async function changeShadow(
  host: RestHost,
  c: RestContext,
  device: DeviceRecord,
): Promise<Response> {
  want(host, device, await readMembers(c));
  await host.commit();
  return showShadow(host, c, device);
}

/** Calls a function of a device and waits for what it says. */
export async function callDevice(
  host: RestHost,
  c: RestContext,
  device: DeviceRecord,
): Promise<Response> {
  const name = segment(c, c.get("path").split("/").length - 2);
  const params = c.req.method === "GET" ? paramsOfQuery(c) : await readMembers(c);
  const { endpointName } = device;
  const { customerSide, gateway } = host;
  const registration = gateway.registration(endpointName);
  if (registration === undefined) return refuseCall(c, refusalOfCall({ refusal: "gone" }));
  const resolved = resolveCall(registration, name, params);
  if ("status" in resolved) return refuseCall(c, resolved);
  if ("result" in resolved) return c.json(resolved.result);
  const wait = gateway.traffic.refusedFor(host.now(), device.domainId);
  if (wait > 0) return refuseForNow(c, wait);
  customerSide.listeners.tell(endpointName, `rpc.in.${name}`, () => params);
  const outcome = await customerSide.calls.call(device, resolved.call);
  if ("refusal" in outcome) return refuseCall(c, refusalOfCall(outcome));
  if (outcome.status >= 400) return refuseCall(c, refusalOfAnswer(outcome));
  return c.json(resolved.answer(outcome));
}

/** The history of a device's values: see shadow-queries.ts. */
export async function queryHistory(
  host: RestHost,
  c: RestContext,
  device: DeviceRecord,
): Promise<Response> {
  const query = segment(c, c.get("path").split("/").length - 2);
  const params = c.req.method === "GET" ? queryParams(c) : (await readMembers(c))["params"];
  const { history, shadows } = host.customerSide;
  const shadow = shadows.begin(device);
  return c.json({ rows: historyRows(device, shadow, history.of(device.id), query, params) });
}

/** A WebSocket that hears of this device for as long as its key is this one. */
export function listenToDevice(host: RestHost, c: RestContext, device: DeviceRecord): Response {
  const { endpointName, id, keyVersion, domainId } = device;
  const { devices } = host.access;
  host.customerSide.shadows.begin(device);
  return listen(host, c, {
    owner: `device-${id}`,
    endpointName,
    isEntitled: () => {
      const now = devices.get(id);
      return now?.keyVersion === keyVersion && now.domainId === domainId;
    },
    hears: (name) => name === endpointName,
  });
}

/** A WebSocket that hears of all devices that its key's owner may know of. */
export function listenToAll(host: RestHost, c: RestContext): Response {
  const { access } = host;
  const { channelId } = c.get("principal");
  if (channelId === undefined) return refuseInJson(c, 403, "This key cannot listen.");
  return listen(host, c, {
    owner: channelId,
    endpointName: undefined,
    isEntitled: () => access.isEntitled(channelId),
    hears: (name) => access.sees(channelId, name),
  });
}

function listen(
  host: RestHost,
  c: RestContext,
  listener: Parameters<NonNullable<RestContext["env"]["upgrade"]>>[0],
): Response {
  const { upgrade } = c.env;
  if (upgrade === undefined) {
    return c.json({ message: "This is a WebSocket." }, 426, { upgrade: "websocket" });
  }
  if (!host.customerSide.listeners.hasRoomFor(listener.owner)) {
    return refuseInJson(c, 429, "Too many listen.", { "retry-after": "60" });
  }
  upgrade(listener);
  return c.body(null, 204);
}

/** Wants what a shadow's members say, if they say anything. @throws Error with code `access/bad-value` or `access/too-many` */
function want(host: RestHost, device: DeviceRecord, members: Members | undefined): Shadow {
  const { shadows } = host.customerSide;
  const shadow = shadows.begin(device);
  if (shadow === undefined) throw refusal("access/too-many", "There are too many shadows.");
  const desired = members && objectMember(members, "state")?.["desired"];
  // Nothing else is taken: what is reported is the device's to say.
  if (desired === undefined) return shadow;
  const refused = shadows.change(host.now(), shadow, desired);
  if (refused !== undefined) throw refusal("access/bad-value", refused.refusal);
  host.customerSide.tellUpdate(shadow);
  return shadow;
}

/** Paths as they are, or with dots: /3303/0/5700, 3303.0.5700. @throws Error with code `access/bad-value` */
function watchedPaths(save: Json): readonly string[] {
  const complaint = `"tags.save" must be an array of ${MOST_WATCHED} paths of resources at most.`;
  if (!Array.isArray(save) || save.length > MOST_WATCHED) {
    throw refusal("access/bad-value", complaint);
  }
  const paths = new Set<string>();
  for (const name of save as readonly Json[]) {
    const path = typeof name === "string" ? resourcePathOf(name) : undefined;
    if (path === undefined) throw refusal("access/bad-value", complaint);
    paths.add(path);
  }
  return [...paths];
}

function refuseCall(c: RestContext, { status, reason }: CallRefusal): Response {
  return refuseInJson(c, status, reason);
}

/** Parameters of a call as a query. */
function paramsOfQuery(c: RestContext): Members {
  const { access_token: _, ...params } = c.req.query();
  return params;
}

/** `?params=["2026-05-01"]` */
function queryParams(c: RestContext): unknown {
  const text = c.req.query("params");
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw refusal("access/bad-value", '"params" must be a JSON array.');
  }
}
