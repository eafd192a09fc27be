/** What can be asked of a device under `/api/clients/{endpoint}/{path}`: each handler is one LwM2M operation. */
import { encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { DELETE, GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import { parseText } from "../../../protocol/content/text.ts";
import {
  CREATE,
  DELETE as DELETE_OPERATION,
  DISCOVER,
  EXECUTE,
  READ,
  START_OBSERVE,
  WRITE_ATTRIBUTES,
  WRITE_REPLACE,
  WRITE_UPDATE,
} from "../../../protocol/lwm2m/operations.ts";
import {
  ATTRIBUTE_NAMES_1_2,
  type AttributeName,
  readAttribute,
} from "../../../protocol/model/attributes.ts";
import { type Entry, MULTIPLE, STRING, TYPE_MASK } from "../../../protocol/model/data-types.ts";
import { flagsAt } from "../../../protocol/model/object-definition.ts";
import { RESERVED_ID } from "../../../protocol/model/path.ts";
import { type RestContext, type RestHost, refuse } from "../context.ts";
import { readMembers, readText } from "../customers/answers.ts";
import { ask, askBy } from "./asking.ts";
import { formatNamed, payloadOf } from "./formats.ts";
import { bad, createdInstance, entriesOfNode } from "./node-body.ts";
import { type Target, targetOf } from "./target.ts";

const ANYWHERE = [1, 2, 3, 4];
/** Parameters of the request itself, that no device is to see. */
const OWN_PARAMETERS = new Set(["timeout", "format", "access_token"]);

/** GET /api/clients/{endpoint}/{path} */
export function read(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c, ANYWHERE);
  const accept = formatNamed(c.req.query("format")) ?? usualFormat(target);
  return ask(host, c, { target, operation: READ }, { method: GET, payload: NO_BYTES, accept });
}

/** PUT /api/clients/{endpoint}/{path}?replace= */
export async function write(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c, [2, 3, 4]);
  const { path, prefix } = target;
  const isReplacing = (c.req.query("replace") ?? "true").toLowerCase() === "true";
  if (!isReplacing && path.length === 4) {
    throw bad("a resource instance can only be replaced.");
  }
  const entries = await writtenEntries(c, target);
  let format = formatNamed(c.req.query("format"));
  if (!isReplacing && path.length === 3) {
    // A POST of text on a resource is Execute.
    if (format === TEXT) throw bad("text cannot update a resource in part.");
    format ??= TLV;
  }
  const content = payloadOf(path, entries, format, prefix);
  const operation = isReplacing ? WRITE_REPLACE : WRITE_UPDATE;
  return ask(host, c, { target, operation }, { method: isReplacing ? PUT : POST, ...content });
}

/** POST /api/clients/{endpoint}/{path}: Create on an object, Execute on a resource. */
export function createOrExecute(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c, [1, 3]);
  return target.path.length === 1 ? create(host, c, target) : execute(host, c, target);
}

async function create(host: RestHost, c: RestContext, target: Target): Promise<Response> {
  const { path, prefix, definitionOf } = target;
  const body = await readMembers(c);
  const instanceId = createdInstance(body);
  const instance = [...path, instanceId];
  const entries = entriesOfNode(instance, body, definitionOf);
  const isNamed = instanceId !== RESERVED_ID;
  if (isNamed && entries.length === 0) entries.push({ path: instance, type: 0, value: undefined });
  const format = formatNamed(c.req.query("format")) ?? TLV;
  const content = payloadOf(isNamed ? path : instance, entries, format, prefix);
  return ask(host, c, { target, operation: CREATE }, { method: POST, ...content });
}

async function execute(host: RestHost, c: RestContext, target: Target): Promise<Response> {
  const payload = encodeUtf8(await readText(c));
  const call = { method: POST, payload, contentFormat: TEXT };
  return ask(host, c, { target, operation: EXECUTE }, call);
}

/** DELETE /api/clients/{endpoint}/{path} */
export function remove(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c, [2, 4]);
  const call = { method: DELETE, payload: NO_BYTES };
  return ask(host, c, { target, operation: DELETE_OPERATION }, call);
}

/** GET /api/clients/{endpoint}/{path}/discover */
export function discover(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c, [1, 2, 3], "discover");
  const call = { method: GET, payload: NO_BYTES, accept: LINK_FORMAT };
  return ask(host, c, { target, operation: DISCOVER }, call);
}

/** PUT /api/clients/{endpoint}/{path}/attributes?pmin=10&pmax=60 */
export function writeAttributes(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c, ANYWHERE, "attributes");
  const call = { method: PUT, payload: NO_BYTES, query: attributesIn(c) };
  return ask(host, c, { target, operation: WRITE_ATTRIBUTES }, call);
}

/** POST /api/clients/{endpoint}/{path}/observe: a subscription of whoever asks, which is none where the device has not begun it. */
export async function observe(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c, ANYWHERE, "observe");
  formatNamed(c.req.query("format"));
  const { endpointName, at } = target;
  const { subscriptions } = host.gateway;
  const channelId = c.get("channelId");
  const wasThere = subscriptions.isSubscribed(channelId, endpointName, at);
  const submit = () => subscriptions.subscribe(channelId, endpointName, at);
  const response = await askBy(host, c, { target, operation: START_OBSERVE }, submit, () => {
    if (!wasThere) subscriptions.unsubscribe(channelId, endpointName, at);
  });
  await host.commit();
  return response;
}

/** DELETE /api/clients/{endpoint}/{path}/observe?active */
export async function cancelObservation(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c, ANYWHERE, "observe");
  const { endpointName, at } = target;
  const { subscriptions } = host.gateway;
  const wasThere = subscriptions.unsubscribe(c.get("channelId"), endpointName, at);
  await host.commit();
  if (c.req.query("active") === undefined) return c.body(null, 200);
  if (!wasThere) {
    return refuse(c, 404, `no observation for path ${at} for client '${endpointName}'`);
  }
  // What a device answers to the end of an observation is the value; the core has told it already.
  const call = { method: GET, payload: NO_BYTES, accept: usualFormat(target) };
  return ask(host, c, { target, operation: READ }, call);
}

async function writtenEntries(c: RestContext, target: Target): Promise<Entry[]> {
  const { path, at, definitionOf } = target;
  const contentType = (c.req.header("content-type") ?? "application/json").split(";")[0].trim();
  if (contentType === "application/json") {
    return entriesOfNode(path, await readMembers(c), definitionOf);
  }
  if (contentType !== "text/plain") throw bad(`content type ${contentType} not supported`);
  if (path.length < 3) throw bad("text can only be written to a resource.");
  const type = flagsAt(definitionOf, path) & TYPE_MASK || STRING;
  const value = parseText(type, await readText(c));
  if (value === undefined) throw bad(`the text is no value of ${at}.`);
  return [{ path, type, value }];
}

/** Resources with several instances are not text; everything else the core knows. */
function usualFormat({ definitionOf, path }: Target): number | undefined {
  const isMultiple = (flagsAt(definitionOf, path) & MULTIPLE) !== 0;
  return path.length === 3 && isMultiple ? TLV : undefined;
}

/** `["pmin=10", "gt"]`. @throws Error with code `access/bad-value` */
function attributesIn(c: RestContext): string[] {
  const attributes: string[] = [];
  for (const [name, value] of new URL(c.req.url).searchParams) {
    if (OWN_PARAMETERS.has(name)) continue;
    if (!isAttribute(name) || (value !== "" && readAttribute(name, value) === undefined)) {
      throw refusedAttribute(name);
    }
    attributes.push(value === "" ? name : `${name}=${value}`);
  }
  if (attributes.length === 0) throw refusedAttribute("");
  return attributes;
}

function isAttribute(name: string): name is AttributeName {
  return (ATTRIBUTE_NAMES_1_2 as readonly string[]).includes(name);
}

function refusedAttribute(name: string): Error {
  const known = ATTRIBUTE_NAMES_1_2.join(", ");
  return Object.assign(bad(""), {
    message: `Invalid attributes: ${JSON.stringify(name.slice(0, 40))} with its value is none of ${known}.`,
  });
}
