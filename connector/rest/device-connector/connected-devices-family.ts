/**
 * `/v3/devices`: the devices as the successor of mbed Device Connector listed them, as far as the Connect calls of its client
 * `mbed-cloud-sdk` need it. A device's id there is its endpoint name, since that is what the routes under `/v2` take.
 *
 * Errors are JSON objects of the successor's form.
 */

import { sees } from "../../access/decision.ts";
import type { DeviceRecord } from "../../access/model.ts";
import {
  type RefusalStatus,
  type RestContext,
  type RestHost,
  visibleRegistration,
} from "../context.ts";
import type { Route, RouteFamily } from "../route.ts";
import { type DeviceFilter, isFilterRefusal, parseDeviceFilter } from "./device-filter.ts";

const VIEW_DEVICE = { verb: "view", object: "device" } as const;
const DEFAULT_LIMIT = 50;
const MOST_LISTED = 1000;

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "validation_error",
  401: "invalid_auth",
  403: "forbidden",
  404: "not_found",
  405: "method_not_supported",
  429: "quota_exceeded",
};

const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v3/devices",
    allows: VIEW_DEVICE,
    summary: "The devices on record, the oldest first.",
    query: {
      filter:
        "`state=registered&endpoint_type=Light`: id, name, endpoint_name, endpoint_type and state, also with __eq __neq __in __nin",
      limit: `1 to ${MOST_LISTED}; ${DEFAULT_LIMIT} when absent`,
      after: "the id of the device after which the list begins",
      order: "ASC or DESC",
      include: "total_count",
    },
    answers: { 200: "A list object with devices in `data`.", 400: "A parameter cannot be read." },
    handle: listDevices,
  },
  {
    method: "GET",
    path: "/v3/devices/:endpointName",
    allows: VIEW_DEVICE,
    summary: "One device on record.",
    answers: { 200: "A device object.", 404: "There is no such device." },
    handle: showDevice,
  },
];

export function connectedDevicesFamily(): RouteFamily {
  return {
    name: "connected-devices",
    title: "mbed Cloud device directory",
    routes: ROUTES,
    credentials: ["access-key", "token", "customer-key", "user-password"],
    versioned: false,
    takesQueryToken: false,
    needsChannel: false,
    challenge: "Bearer",
    owns: (path) => path === "/v3" || path.startsWith("/v3/"),
    refuse: refuseWithError,
  };
}

function listDevices(host: RestHost, c: RestContext): Response {
  const filter = parseDeviceFilter(c.req.query("filter") ?? "");
  if (isFilterRefusal(filter)) return refuseWithError(c, 400, filter.refusal);
  const limit = Number(c.req.query("limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED) {
    return refuseWithError(c, 400, `limit must be a whole number from 1 to ${MOST_LISTED}.`);
  }
  const order = (c.req.query("order") ?? "ASC").toUpperCase();
  if (order !== "ASC" && order !== "DESC") {
    return refuseWithError(c, 400, "order must be ASC or DESC.");
  }
  const after = c.req.query("after");
  const found = matchingDevices(host, c, filter);
  if (order === "DESC") found.reverse();
  const start =
    after === undefined ? 0 : found.findIndex((each) => each.endpointName === after) + 1;
  if (after !== undefined && start === 0) {
    return refuseWithError(c, 400, "after must be the id of a device in this list.");
  }
  const page = found.slice(start, start + limit);
  const wantsCount = (c.req.query("include") ?? "").split(",").includes("total_count");
  return c.json({
    object: "list",
    limit,
    after,
    order,
    has_more: start + page.length < found.length,
    total_count: wantsCount ? found.length : undefined,
    data: page.map((device) => deviceJson(host, c, device)),
  });
}

function showDevice(host: RestHost, c: RestContext): Response {
  const endpointName = nameIn(c);
  const device = host.access.devices.named(endpointName);
  return device === undefined || !sees(c.get("principal"), device)
    ? refuseWithError(c, 404, "There is no such device.")
    : c.json(deviceJson(host, c, device));
}

/** `/v3/devices/{id}`: one segment further than the other routes have their endpoint name. */
function nameIn(c: RestContext): string {
  try {
    return decodeURIComponent(c.get("path").split("/")[3] ?? "");
  } catch {
    return "";
  }
}

/** The devices that whoever asks can see and the filter lets pass, the oldest first. */
function matchingDevices(host: RestHost, c: RestContext, filter: DeviceFilter): DeviceRecord[] {
  const principal = c.get("principal");
  const found: DeviceRecord[] = [];
  for (const device of host.access.devices.all()) {
    if (!sees(principal, device)) continue;
    if (filter.matches(fieldsOf(host, c, device))) found.push(device);
  }
  return found.sort((one, other) => one.id - other.id);
}

function fieldsOf(host: RestHost, c: RestContext, device: DeviceRecord) {
  const { endpointName, endpointType } = device;
  const registration = visibleRegistration(host, c, endpointName);
  return {
    id: endpointName,
    name: endpointName,
    endpoint_name: endpointName,
    endpoint_type: registration?.endpointType ?? endpointType ?? "",
    state: registration === undefined ? "deregistered" : "registered",
  };
}

function deviceJson(host: RestHost, c: RestContext, device: DeviceRecord): object {
  return {
    object: "device",
    ...fieldsOf(host, c, device),
    account_id: device.domainId,
    description: "",
    custom_attributes: {},
    mechanism: "connector",
    created_at: new Date(device.createdAt).toISOString(),
    updated_at: new Date(device.updatedAt).toISOString(),
    etag: new Date(device.updatedAt).toISOString(),
  };
}

function refuseWithError(
  c: RestContext,
  status: RefusalStatus,
  reason: string,
  headers?: Record<string, string>,
): Response {
  const type = ERROR_TYPES[status] ?? "internal_server_error";
  return c.json(
    { object: "error", code: status, type, message: reason, fields: [] },
    status,
    headers,
  );
}
