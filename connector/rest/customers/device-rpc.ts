/**
 * mDash's remote procedure calls as requests to a device, and what they come to as JSON.
 *
 *   Read {path}           GET       Write {path, value}   PUT       Execute {path, args}   POST
 *   Sys.GetInfo           GET /3/0, with names                Sys.Reboot   POST /3/0/4
 *   RPC.List              the functions of this device, without asking it
 *   Kegtron.ResetVolume   POST /Kegtron/ResetVolume, when the device has listed such a resource
 */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import { JSON_FORMAT, TLV } from "../../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import { DEVICE_REBOOT } from "../../../protocol/model/objects/device.ts";
import { GONE, NOT_ALLOWED, QUEUE_FULL, type ResponseEvent } from "../../contract.ts";
import {
  contentFormatOfLink,
  LISTED,
  linkAt,
  standingOf,
  UNLISTED,
} from "../../notifications/resources.ts";
import type { Registration } from "../../registry/registration.ts";
import type { Json } from "../../shadow/json.ts";
import { contentOf, jsonOfPayload, valuesIn } from "../../shadow/resource-values.ts";
import { LONGEST_PATH } from "../../shadow/state-tree.ts";
import type { RefusalStatus } from "../context.ts";
import type { Members } from "./answers.ts";
import { type Call, type CallOutcome, CROWDED, UNANSWERED } from "./device-calls.ts";

/** What a function comes to: something to ask of the device, or the answer at once. */
export type ResolvedCall =
  | { readonly call: Call; readonly answer: (event: ResponseEvent) => Json }
  | { readonly result: Json }
  | CallRefusal;

export interface CallRefusal {
  readonly status: RefusalStatus;
  readonly reason: string;
}

const DEVICE_PATH = "/3/0";
const REBOOT_PATH = `${DEVICE_PATH}/${DEVICE_REBOOT}`;
/** Names that tell more than a number, of the device's resources (LwM2M Core 1.1.1 §E.4). */
const DEVICE_NAMES: Readonly<Record<string, string>> = {
  "0": "manufacturer",
  "1": "model",
  "2": "serial_number",
  "3": "fw_version",
  "9": "battery_level",
  "10": "ram_free",
  "13": "time",
  "17": "device_type",
  "18": "hw_version",
  "19": "sw_version",
  "21": "ram_size",
};
const MOST_SEGMENTS = 16;

/** What a function with these parameters means to this device. */
export function resolveCall(
  registration: Registration,
  name: string,
  params: Members,
): ResolvedCall {
  switch (name) {
    case "Read":
      return onPath(registration, params, readCall);
    case "Write":
      return onPath(registration, params, (path) => writeCall(registration, path, params));
    case "Execute":
      return onPath(registration, params, (path) => executeCall(path, params["args"]));
    case "Sys.GetInfo":
      return lists(registration, DEVICE_PATH) ? infoCall() : unknown(name);
    case "Sys.Reboot":
      return lists(registration, DEVICE_PATH) ? executeCall(REBOOT_PATH, undefined) : unknown(name);
    case "RPC.List":
      return { result: functionsOf(registration) };
    default:
      return namedCall(registration, name, params);
  }
}

/** What a call that came to nothing is answered with. */
export function refusalOfCall(refused: Exclude<CallOutcome, ResponseEvent>): CallRefusal {
  switch (refused.refusal) {
    case NOT_ALLOWED:
      return { status: refused.status, reason: refused.reason };
    case GONE:
      return { status: 504, reason: "The device is not connected." };
    case QUEUE_FULL:
    case CROWDED:
      return { status: 429, reason: "Too many requests wait for this device." };
    case UNANSWERED:
      return { status: 504, reason: "The device did not answer; it may have done it." };
    default:
      return { status: 504, reason: "The device cannot be asked now." };
  }
}

/** The status of an answer that says no. What HTTP's caller cannot have caused is a gateway's. */
export function refusalOfAnswer({ status, error }: ResponseEvent): CallRefusal {
  const reason = error ?? `The device answered ${status}.`;
  switch (status) {
    case 400:
    case 403:
    case 404:
    case 405:
    case 412:
    case 413:
    case 415:
    case 422:
    case 429:
      return { status, reason };
    case 410:
      return { status: 504, reason };
    case 503:
    case 504:
      return { status, reason };
    default:
      return { status: 502, reason };
  }
}

/** The functions that a device has: those of every device, and its listed resources that could be some. */
function functionsOf(registration: Registration): Json {
  const names = ["RPC.List", "Read", "Write", "Execute"];
  if (lists(registration, DEVICE_PATH)) names.push("Sys.GetInfo", "Sys.Reboot");
  for (const { uri } of registration.links) {
    const name = uri.slice(1).replaceAll("/", ".");
    if (/^[A-Za-z]/.test(name) && resourcePathOf(name) === uri) names.push(name);
  }
  return names;
}

function onPath(
  registration: Registration,
  params: Members,
  make: (path: string) => ResolvedCall,
): ResolvedCall {
  const path = params["path"];
  if (typeof path !== "string" || !isPath(path)) {
    return { status: 400, reason: '"path" must be the path of a resource, like "/3303/0/5700".' };
  }
  if (standingOf(registration, path) === UNLISTED) {
    return { status: 404, reason: "The device has no such resource." };
  }
  return make(path);
}

function readCall(path: string): ResolvedCall {
  return { call: { method: GET, path, payload: NO_BYTES }, answer: readingOf };
}

function writeCall(registration: Registration, path: string, params: Members): ResolvedCall {
  const value = params["value"];
  const link = linkAt(registration, path);
  const content =
    value === undefined ? undefined : contentOf(path, value, link && contentFormatOfLink(link));
  if (content === undefined) {
    return { status: 400, reason: '"value" must be text, a number or a boolean.' };
  }
  return { call: { method: PUT, path, ...content }, answer: resultOf };
}

function executeCall(path: string, args: Json | undefined): ResolvedCall {
  if (args === undefined || args === null) {
    return { call: { method: POST, path, payload: NO_BYTES }, answer: resultOf };
  }
  const content = contentOf(path, args, undefined);
  if (content === undefined) {
    return { status: 400, reason: '"args" must be text, like "0=\'x\',1".' };
  }
  return { call: { method: POST, path, ...content }, answer: resultOf };
}

function infoCall(): ResolvedCall {
  const call = { method: GET, path: DEVICE_PATH, payload: NO_BYTES, accept: TLV };
  return { call, answer: infoOf };
}

function namedCall(registration: Registration, name: string, params: Members): ResolvedCall {
  const path = resourcePathOf(name);
  if (path === undefined || standingOf(registration, path) !== LISTED) return unknown(name);
  if (Object.keys(params).length === 0) return executeCall(path, undefined);
  const payload = encodeUtf8(JSON.stringify(params));
  const call = { method: POST, path, payload, contentFormat: JSON_FORMAT };
  return { call, answer: resultOf };
}

/** The path that a name with dots means, or that it is: `Kegtron.ResetVolume` and `/Kegtron/ResetVolume`; undefined when it cannot be one. */
export function resourcePathOf(name: string): string | undefined {
  const path = name.startsWith("/") ? name : `/${name.replaceAll(".", "/")}`;
  return isPath(path) ? path : undefined;
}

function isPath(path: string): boolean {
  if (!path.startsWith("/") || path.length > LONGEST_PATH) return false;
  const segments = path.slice(1).split("/");
  return segments.length <= MOST_SEGMENTS && !segments.includes("");
}

function lists(registration: Registration, path: string): boolean {
  return registration.version !== undefined && standingOf(registration, path) !== UNLISTED;
}

/** In the words of Mongoose OS, whose devices answered so. */
function unknown(name: string): CallRefusal {
  return { status: 404, reason: `No handler for ${name.slice(0, 100)}` };
}

function readingOf({ path, payload, contentFormat }: ResponseEvent): Json {
  return jsonOfPayload(path, payload, contentFormat);
}

/** What a function says, or true when it says nothing. */
function resultOf({ path, payload, contentFormat }: ResponseEvent): Json {
  return payload.length === 0 ? true : jsonOfPayload(path, payload, contentFormat);
}

function infoOf({ path, payload, contentFormat }: ResponseEvent): Json {
  const named: Record<string, Json> = {};
  for (const [at, value] of valuesIn(path, payload, contentFormat)) {
    const name = DEVICE_NAMES[at.slice(DEVICE_PATH.length + 1)];
    if (name !== undefined) named[name] = value;
  }
  return named;
}
