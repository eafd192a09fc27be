/** The services of mDash as its customers and their apps know them: `/customer`, `/invite`, and the device API by PUBLIC_KEY. */

import { type Allows, ANYBODY, type Route, type RouteFamily } from "../route.ts";
import { refuseInJson } from "./answers.ts";
import { changeCustomer, createAnonymous, registerCustomer, showCustomer } from "./customers.ts";
import {
  callDevice,
  changeDevice,
  listenToDevice,
  onKeyedDevice,
  queryHistory,
  showDevice,
} from "./devices.ts";
import { acceptInvitation, invite, showInvitation } from "./invitations.ts";

const VIEW_CUSTOMER: Allows = { verb: "view", object: "customer" };
const CHANGE_CUSTOMER: Allows = { verb: "change", object: "customer" };
const VIEW_DEVICE: Allows = { verb: "view", object: "device" };
const VIEW_RESOURCE: Allows = { verb: "view", object: "resource" };
const CHANGE_RESOURCE: Allows = { verb: "change", object: "resource" };

const CUSTOMER =
  "id, app_id, email, token (the CUSTOMER_KEY), pubkeys (an object whose names are the PUBLIC_KEYs), created_at, updated_at, and what was put as cconfig and meta.";
const DEVICE = "id and shadow.state: reported (with online and ota), desired, delta.";
const TOO_OFTEN = "Asked too often; Retry-After says when again.";
const NOT_OPEN = "Customers cannot register themselves here.";
const APP_QUERY = { app_id: "the domain, by id or name; the operator's without it" };

/** What the calls of a device are answered with, wherever they stand. */
export const CALL_ANSWERS = {
  200: "What the function says; true when it says nothing.",
  400: "The parameters are not what the function takes.",
  404: "The device has no such function or resource.",
  429: "Too many requests wait for this device, or the quota is used up.",
  502: "The device failed.",
  504: "The device is not connected, or did not answer in time.",
};
export const CALL_SUMMARY =
  "Calls a function of the device and waits 10 s: Read {path}, Write {path, value}, Execute {path, args}, Sys.GetInfo, Sys.Reboot, RPC.List, or a resource by name (Kegtron.ResetVolume for /Kegtron/ResetVolume).";
export const CALL_BODY =
  "The parameters as a JSON object, or none. GET takes them as query parameters.";
export const QUERY_SUMMARY =
  "Values that the device had: `all`, `latest`, or those at and below a path written with dots (3303.0.5700).";
export const QUERY_RETURNS =
  "rows: arrays of time (RFC 3339), device, path, and the value as JSON text.";

function customerRoutes(): Route[] {
  return [
    {
      method: "GET",
      path: "/customer",
      allows: VIEW_CUSTOMER,
      summary: "The customer, with its keys.",
      answers: { 200: "The customer; the same for each way to identify it." },
      returns: CUSTOMER,
      handle: showCustomer,
    },
    {
      method: "POST",
      path: "/customer",
      allows: CHANGE_CUSTOMER,
      summary:
        "Changes the customer, all or nothing: pubkeys claims the devices of keys that are new in it and releases those that are missing, password changes it, cconfig and meta are kept. All else is ignored.",
      body: "The customer as it was read, changed; or some of it. old_password and rotate_token (true: another CUSTOMER_KEY) go with password.",
      answers: {
        200: "The customer as it is now.",
        400: "Something is not of the form it must have.",
        403: "old_password is not right, or is needed.",
        404: "There is no device with such a public key.",
        409: "Another customer has the device, or this one has changed since it was read.",
        413: "It is longer than it may be.",
        429: TOO_OFTEN,
      },
      returns: CUSTOMER,
      handle: changeCustomer,
    },
    {
      method: "GET",
      path: "/newcustomer",
      allows: ANYBODY,
      summary: "Makes an anonymous customer, where registration is open.",
      query: APP_QUERY,
      answers: { 200: "Made.", 403: NOT_OPEN, 429: TOO_OFTEN },
      returns: "token: the CUSTOMER_KEY.",
      handle: createAnonymous,
    },
    {
      method: "POST",
      path: "/newcustomer",
      allows: ANYBODY,
      summary:
        "Makes a customer with an e-mail address and a password, where registration is open.",
      body: '`{"email": "...", "password": "...", "app_id": "..."}`',
      answers: {
        200: "Made.",
        400: "The address or the password cannot be one.",
        403: NOT_OPEN,
        409: "There is an account with this address.",
        429: TOO_OFTEN,
      },
      returns: "token: the CUSTOMER_KEY.",
      handle: registerCustomer,
    },
    {
      method: "POST",
      path: "/invite",
      allows: ANYBODY,
      summary:
        "Mails a link to choose a password with. Whether the address has an account does not show; text, from and url are ignored.",
      body: '`{"email": "...", "app_id": "...", "redir": "..."}`',
      answers: { 200: "Heard.", 400: "That is no e-mail address.", 429: TOO_OFTEN },
      returns: "An empty object.",
      handle: invite,
    },
    {
      method: "GET",
      path: "/invite/:token",
      allows: ANYBODY,
      summary: "The page that the link opens; opening it spends nothing.",
      answers: { 200: "The page, whatever the token." },
      handle: showInvitation,
    },
    {
      method: "POST",
      path: "/invite/:token",
      allows: ANYBODY,
      summary:
        "Sets the password and spends the link; the CUSTOMER_KEY of an account that was is replaced.",
      body: '`{"password": "..."}`, or the form of the page.',
      answers: {
        200: "Set.",
        400: "The password cannot be one.",
        404: "The link is not good, or no more.",
        429: TOO_OFTEN,
      },
      returns: CUSTOMER,
      handle: acceptInvitation,
    },
  ];
}

function deviceRoutes(): Route[] {
  return [
    {
      method: "GET",
      path: "/api/v2/m/device",
      allows: VIEW_DEVICE,
      summary: "The device and its shadow.",
      answers: { 200: "The device." },
      returns: DEVICE,
      handle: onKeyedDevice(showDevice),
    },
    {
      method: "POST",
      path: "/api/v2/m/device",
      allows: CHANGE_RESOURCE,
      summary:
        "Wants the device to be as desired says, in part; null removes. It is written to the device when that can be reached. Values of the paths in tags.save are observed from then on.",
      body: '`{"shadow": {"state": {"desired": {...}}}, "tags": {"save": ["/3303/0/5700"]}}`, or one of them',
      answers: { 200: "Kept.", 400: "The state cannot be one: the message says why." },
      returns: DEVICE,
      handle: onKeyedDevice(changeDevice),
    },
    ...(["GET", "POST"] as const).flatMap((method): Route[] => [
      {
        method,
        path: "/api/v2/m/device/rpc/:func",
        allows: CHANGE_RESOURCE,
        summary: CALL_SUMMARY,
        body: CALL_BODY,
        answers: CALL_ANSWERS,
        handle: onKeyedDevice(callDevice),
      },
      {
        method,
        path: "/api/v2/m/device/data/:query",
        allows: VIEW_RESOURCE,
        summary: QUERY_SUMMARY,
        body: '`{"params": [since, until]}`, or none; with GET as ?params=[...].',
        answers: { 200: "The rows.", 400: "The params are no times." },
        returns: QUERY_RETURNS,
        handle: onKeyedDevice(queryHistory),
      },
    ]),
    {
      method: "GET",
      path: "/api/v2/m/device/notify",
      allows: VIEW_RESOURCE,
      summary:
        "A WebSocket that tells what the device does, as it happens: frames {name, id, data?} with name online, offline, updated, rpc.in.*, rpc.out.Notify.",
      answers: { 101: "Listening.", 426: "It was not asked for as a WebSocket.", 429: TOO_OFTEN },
      handle: onKeyedDevice(listenToDevice),
    },
  ];
}

export function customersFamily(): RouteFamily {
  return {
    name: "customers",
    title: "mDash customers",
    routes: customerRoutes(),
    credentials: ["customer-key", "customer-password"],
    versioned: false,
    takesQueryToken: true,
    needsChannel: false,
    // No challenge: a browser would ask the person for a password, over the app's own page.
    owns: () => false,
    refuse: refuseInJson,
  };
}

export function customerDevicesFamily(): RouteFamily {
  return {
    name: "customer-devices",
    title: "mDash devices, by PUBLIC_KEY",
    routes: deviceRoutes(),
    credentials: ["public-key"],
    versioned: false,
    takesQueryToken: true,
    needsChannel: false,
    owns: () => false,
    refuse: refuseInJson,
  };
}
