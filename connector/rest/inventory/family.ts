/** The inventory as Device42's API gave it: devices, buildings, tags and API clients. */

import { BUILDING_FIELDS } from "../../inventory/buildings.ts";
import { DEVICE_FIELDS } from "../../inventory/device-fields.ts";
import { FILTER_MEANINGS } from "../../inventory/device-filters.ts";
import type { Allows, Handler, Method, Route, RouteFamily } from "../route.ts";
import * as buildings from "./buildings.ts";
import * as clients from "./clients.ts";
import * as devices from "./devices.ts";
import * as people from "./people.ts";
import { PAGED, refuseAsInventory } from "./request.ts";

const BAD = "A parameter or a field cannot be taken: msg says which, and what it must be.";
const NO_DEVICE = "There is no such device, or none that whoever asks can see.";
const NO_BUILDING = "There is no such building.";
const NO_CLIENT = "There is no such API client.";
const TOO_LONG = "The body is too long.";
const DONE = '`{"msg":["what was done",id,"name",changed,new],"code":0}`';
const DELETED = '`{"deleted":"true","id":"4"}`';

const RECORD_QUERY = {
  include_cols: "columns, parted by commas: only these",
  blankasnull: 'yes: null, and not "", for what is not known',
};
const LIST_QUERY = { ...PAGED, ...RECORD_QUERY, ...FILTER_MEANINGS };
const DEVICE_BODY = `A form, or JSON: name, building or building_id, tags_remove, aliases_remove, and ${DEVICE_FIELDS.flatMap(
  ({ name, sentAs }) => sentAs?.[0] ?? name,
).join(", ")}.`;
const BUILDING_BODY = `A form, or JSON: name, new_name, ${BUILDING_FIELDS.join(", ")}, tags, tags_remove.`;
const CUSTOM_BODY =
  "A form, or JSON: key, value, notes, clear_value, bulk_fields, and the name or id of what has it.";

const VIEW_DEVICE: Allows = { verb: "view", object: "device" };
const CHANGE_DEVICE: Allows = { verb: "change", object: "device" };
/** To put by name; where there is one already, the permission to change is asked for too. */
const ADD_DEVICE: Allows = { verb: "add", object: "device" };
const DELETE_DEVICE: Allows = { verb: "delete", object: "device" };
const VIEW_BUILDING: Allows = { verb: "view", object: "building" };
const ADD_BUILDING: Allows = { verb: "add", object: "building" };
const CHANGE_BUILDING: Allows = { verb: "change", object: "building" };
const DELETE_BUILDING: Allows = { verb: "delete", object: "building" };
const VIEW_CLIENT: Allows = { verb: "view", object: "api-client" };
const ADD_CLIENT: Allows = { verb: "add", object: "api-client" };
const CHANGE_CLIENT: Allows = { verb: "change", object: "api-client" };
const DELETE_CLIENT: Allows = { verb: "delete", object: "api-client" };

function list(path: string, allows: Allows, summary: string, handle: Handler): Route {
  return {
    method: "GET",
    path,
    allows,
    summary,
    query: LIST_QUERY,
    answers: { 200: "total_count, Devices, limit and offset.", 400: BAD },
    returns: "Records in the order of their ids, those that whoever asks can see.",
    handle,
  };
}

function show(path: string, handle: Handler): Route {
  return {
    method: "GET",
    path,
    allows: VIEW_DEVICE,
    summary: "One device.",
    query: RECORD_QUERY,
    answers: { 200: "The record.", 404: NO_DEVICE },
    returns: "The record itself, without a list around it.",
    handle,
  };
}

function put(
  method: Method,
  path: string,
  allows: Allows,
  summary: string,
  body: string,
  handle: Handler,
): Route {
  const answers = {
    200: "Done.",
    400: BAD,
    404: "There is none.",
    409: "The name is taken.",
    413: TOO_LONG,
  };
  return { method, path, allows, summary, body, answers, returns: DONE, handle };
}

function remove(
  path: string,
  allows: Allows,
  summary: string,
  none: string,
  handle: Handler,
): Route {
  const answers = { 200: "Deleted.", 404: none };
  return { method: "DELETE", path, allows, summary, answers, returns: DELETED, handle };
}

function deviceRoutes(): Route[] {
  const all = "The devices on record, registered now or not.";
  const named = "The device of the name, made if there is none.";
  const noted = "Writes down something about a device.";
  const custom = "Sets a custom field of a device; a blank value removes it.";
  const gone = "Takes a device off the record, and ends its registration.";
  return [
    list("/api/2.0/devices", VIEW_DEVICE, all, devices.listDevices),
    list("/api/1.0/devices", VIEW_DEVICE, all, devices.listDevices),
    list("/api/1.0/devices/all", VIEW_DEVICE, all, devices.listDevices),
    show("/api/1.0/devices/id/:id", devices.showDeviceByLongId),
    show("/api/1.0/devices/name/:name", devices.showDeviceByName),
    show("/api/1.0/devices/serial/:serial", devices.showDeviceBySerial),
    show("/api/1.0/devices/:id", devices.showDeviceById),
    show("/api/2.0/devices/:id", devices.showDeviceById),
    put("POST", "/api/2.0/devices", ADD_DEVICE, named, DEVICE_BODY, devices.putDevice),
    put("POST", "/api/1.0/devices", ADD_DEVICE, named, DEVICE_BODY, devices.putDevice),
    put("POST", "/api/1.0/device", ADD_DEVICE, named, DEVICE_BODY, devices.putDevice),
    put("PUT", "/api/1.0/device", CHANGE_DEVICE, noted, DEVICE_BODY, devices.changeNamedDevice),
    put("PUT", "/api/2.0/devices/:id", CHANGE_DEVICE, noted, DEVICE_BODY, devices.changeDevice),
    put("PUT", "/api/1.0/devices/:id", CHANGE_DEVICE, noted, DEVICE_BODY, devices.changeDevice),
    put(
      "PUT",
      "/api/1.0/device/custom_field",
      CHANGE_DEVICE,
      custom,
      CUSTOM_BODY,
      devices.putCustomField,
    ),
    put(
      "PUT",
      "/api/1.0/custom_fields/device",
      CHANGE_DEVICE,
      custom,
      CUSTOM_BODY,
      devices.putCustomField,
    ),
    remove("/api/1.0/devices/:id", DELETE_DEVICE, gone, NO_DEVICE, devices.deleteDevice),
    remove("/api/2.0/devices/:id", DELETE_DEVICE, gone, NO_DEVICE, devices.deleteDevice),
    ...["/api/1.0/ips", "/api/2.0/ips"].map(
      (path): Route => ({
        method: "GET",
        path,
        allows: VIEW_DEVICE,
        summary: "The addresses that devices are reached at now.",
        query: { ...PAGED, ip: "only this address", device: "only that of this device" },
        answers: { 200: "total_count, ips, limit and offset.", 400: BAD },
        returns: "ips: ip, label, available and devices, each with device_id and name.",
        handle: devices.listAddresses,
      }),
    ),
  ];
}

function buildingRoutes(): Route[] {
  return [
    {
      method: "GET",
      path: "/api/1.0/buildings",
      allows: VIEW_BUILDING,
      summary: "The buildings.",
      query: { ...PAGED, ...RECORD_QUERY, name: "only the one of this name" },
      answers: { 200: "total_count, buildings, limit and offset.", 400: BAD },
      returns: "Records in the order of their ids.",
      handle: buildings.listBuildings,
    },
    {
      method: "GET",
      path: "/api/1.0/buildings/:id",
      allows: VIEW_BUILDING,
      summary: "One building.",
      query: RECORD_QUERY,
      answers: { 200: "The record.", 404: NO_BUILDING },
      returns: "The record itself.",
      handle: buildings.showBuilding,
    },
    put(
      "POST",
      "/api/1.0/buildings",
      ADD_BUILDING,
      "The building of the name, made if there is none; clients take its id from msg[1].",
      BUILDING_BODY,
      buildings.putBuilding,
    ),
    put(
      "PUT",
      "/api/1.0/buildings/:id",
      CHANGE_BUILDING,
      "Changes a building.",
      BUILDING_BODY,
      buildings.changeBuilding,
    ),
    put(
      "PUT",
      "/api/1.0/custom_fields/building",
      CHANGE_BUILDING,
      "Sets a custom field of a building; a blank value removes it.",
      CUSTOM_BODY,
      buildings.putBuildingField,
    ),
    remove(
      "/api/1.0/buildings/:id",
      DELETE_BUILDING,
      "Deletes a building. Devices in it are in none from then on.",
      NO_BUILDING,
      buildings.deleteBuilding,
    ),
    {
      method: "GET",
      path: "/api/1.0/tags",
      allows: { verb: "view", object: "tag" },
      summary: "The tags that devices and buildings have.",
      query: { ...PAGED, name: "only this one" },
      answers: { 200: "total_count, tags, limit and offset.", 400: BAD },
      returns: "tags: an array of `{name}`.",
      handle: buildings.listTags,
    },
  ];
}

function clientRoutes(): Route[] {
  const body = "A form, or JSON: client_key, client_secret_key, resource_owner, token_ttl, active.";
  const escalation = "The owner may do something that whoever asks may not.";
  const putClient = put(
    "POST",
    "/api/2.0/api_clients",
    ADD_CLIENT,
    "Makes an API client, or changes that of the client_key. Keys that are not sent are drawn, and shown this once.",
    body,
    clients.putClient,
  );
  const changeClient = put(
    "PUT",
    "/api/2.0/api_clients/:id",
    CHANGE_CLIENT,
    "Changes an API client.",
    body,
    clients.changeClient,
  );
  const changeSecret = put(
    "POST",
    "/api/2.0/api_clients/:id/secret",
    CHANGE_CLIENT,
    "Draws another secret key, shown this once. The former one stays good for a day, or ends with end_former=yes.",
    "A form, or JSON: end_former; or none.",
    clients.changeClientSecret,
  );
  const download = { download: "yes: a file of the keys alone" };
  return [
    {
      method: "GET",
      path: "/api/2.0/api_clients",
      allows: VIEW_CLIENT,
      summary: "The API clients, without their secrets.",
      query: PAGED,
      answers: { 200: "total_count, api_client, limit and offset.", 400: BAD },
      returns: "api_client: id, client_key, resource_owner, token_ttl, active, last_used ...",
      handle: clients.listClients,
    },
    {
      method: "GET",
      path: "/api/2.0/api_clients/:id",
      allows: VIEW_CLIENT,
      summary: "One API client, without its secrets.",
      answers: { 200: "The record.", 404: NO_CLIENT },
      returns: "The record itself.",
      handle: clients.showClient,
    },
    {
      method: "GET",
      path: "/api/2.0/api_client_keys",
      allows: ADD_CLIENT,
      summary:
        "A fresh pair of keys, to be sent with POST /api/2.0/api_clients. It is kept nowhere.",
      answers: { 200: "apiclient_key and apiclient_secret_key." },
      returns: "32 hex digits, and two times 32 with an underscore between.",
      handle: clients.drawClientKeys,
    },
    { ...putClient, query: download, answers: { ...putClient.answers, 403: escalation } },
    { ...changeClient, answers: { ...changeClient.answers, 403: escalation } },
    { ...changeSecret, query: download, answers: { ...changeSecret.answers, 403: escalation } },
    remove(
      "/api/2.0/api_clients/:id",
      DELETE_CLIENT,
      "Removes an API client, and ends its tokens.",
      NO_CLIENT,
      clients.deleteClient,
    ),
  ];
}

function peopleRoutes(): Route[] {
  return [
    {
      method: "GET",
      path: "/api/1.0/endusers",
      allows: { verb: "view", object: "customer" },
      summary: "The customers of the domain.",
      query: PAGED,
      answers: { 200: "values, with total_count, limit and offset.", 400: BAD },
      returns: "values: id, name, email ...",
      handle: people.listEndUsers,
    },
    {
      method: "GET",
      path: "/api/1.0/adminusers",
      allows: { verb: "view", object: "user" },
      summary: "The users of the domain, with their permissions under Device42's names.",
      query: PAGED,
      answers: { 200: "total_count, adminusers, limit and offset.", 400: BAD },
      returns: "adminusers: username, active, staff, superuser, groups and permissions.",
      handle: people.listUsers,
    },
  ];
}

const OWN_PATH = /^\/api\/[12]\.0(\/|$)/;

export function inventoryFamily(): RouteFamily {
  return {
    name: "inventory",
    title: "Inventory (Device42)",
    routes: [...deviceRoutes(), ...buildingRoutes(), ...clientRoutes(), ...peopleRoutes()],
    credentials: ["token", "user-password"],
    versioned: false,
    takesQueryToken: false,
    needsChannel: false,
    // Clients that ask without a credential first send it when they are told which (RFC 7617 §2).
    challenge: 'Basic realm="Dormouse", Bearer',
    owns: (path) => OWN_PATH.test(path),
    refuse: refuseAsInventory,
  };
}
