/** The routes under /endpoints: which devices there are, what they have, and requests to their resources. */
import { DELETE, GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import { JSON_FORMAT, LINK_FORMAT, TEXT } from "../../../protocol/coap/content-formats.ts";
import { attributeOf, encodeLinks, type Link } from "../../../protocol/coap/link-format.ts";
import {
  type DownlinkRequest,
  GONE,
  NOT_ALLOWED,
  QUEUE_FULL,
  QUEUE_MODE,
  type Refused,
} from "../../contract.ts";
import { contentFormatOf, mediaTypeOf } from "../../notifications/media-types.ts";
import {
  contentFormatOfLink,
  isObservable,
  linkAt,
  mediaTypeOfLink,
} from "../../notifications/resources.ts";
import type { Registration } from "../../registry/registration.ts";
import {
  accept,
  isSet,
  type RestContext,
  type RestHost,
  readBody,
  refuse,
  refuseOverQuota,
  TOO_LONG,
  visibleRegistration,
  visibleRegistrations,
} from "../context.ts";
import { endpointNameIn, resourcePathIn } from "../request-path.ts";
import { ID_TAKEN } from "./gateway.ts";
import { BAD_EXPIRY, BAD_PRIORITY, expiryOf, priorityOf } from "./waiting.ts";

/** A resource's value may be this long, bytes. */
export const LONGEST_VALUE = 64 * 1024;
/** What curl's -d says when nobody says otherwise: no statement about the value. */
const FORM = "application/x-www-form-urlencoded";

/** GET /endpoints */
export function listEndpoints(host: RestHost, c: RestContext): Response {
  const type = c.req.query("type");
  const isLinkFormat = prefersLinkFormat(c);
  const endpoints: object[] = [];
  const links: Link[] = [];
  for (const registration of visibleRegistrations(host, c)) {
    const endpointType = registration.endpointType ?? "";
    if (type !== undefined && type !== endpointType) continue;
    if (isLinkFormat) links.push(endpointLink(registration));
    else {
      endpoints.push({
        name: registration.endpointName,
        type: endpointType,
        status: "ACTIVE",
        // Absent when false, as the original has it.
        q: registration.queueMode || undefined,
      });
    }
  }
  return isLinkFormat ? linkFormat(c, links) : c.json(endpoints);
}

/** GET /endpoints/{endpoint-name} */
export function listResources(host: RestHost, c: RestContext): Response {
  const registration = visibleRegistration(host, c, endpointNameOf(c));
  if (registration === undefined) return refuse(c, 404, "The endpoint is not registered.");
  if (prefersLinkFormat(c)) return linkFormat(c, registration.links);
  return c.json(
    registration.links.map((link) => ({
      uri: link.uri,
      rt: attributeOf(link, "rt") ?? "",
      obs: isObservable(registration, link),
      type: mediaTypeOfLink(link),
    })),
  );
}

/** GET /endpoints/{endpoint-name}/{resource-path} */
export function readResource(host: RestHost, c: RestContext): Promise<Response> | Response {
  const target = targetOf(host, c);
  if (target instanceof Response) return target;
  const { registration, path } = target;
  const waiting = waitingIn(host, c);
  if (waiting instanceof Response) return waiting;
  const wanted = acceptedFormat(c);
  const cached = host.gateway.cache.get(host.now(), registration.endpointName, path);
  if (cached !== undefined && (wanted === undefined || wanted === cached.contentFormat)) {
    return c.body(cached.payload as Uint8Array<ArrayBuffer>, 200, {
      "content-type": mediaTypeOf(cached.contentFormat),
    });
  }
  if (isSet(c, "cacheOnly")) return c.body(null, 205);
  if (!host.gateway.mayHave(registration, path)) return refuseUnlisted(c);
  return submit(host, c, registration, {
    ...requestTo(path, GET, waiting),
    accept: wanted,
  });
}

/** PUT /endpoints/{endpoint-name}/{resource-path}: the path need not exist, the device may create it. */
export async function writeResource(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c);
  if (target instanceof Response) return target;
  const waiting = waitingIn(host, c);
  if (waiting instanceof Response) return waiting;
  const value = await readValue(c, target.registration, target.path);
  if (value instanceof Response) return value;
  return submit(host, c, target.registration, {
    ...requestTo(target.path, PUT, waiting),
    ...value,
  });
}

/** POST /endpoints/{endpoint-name}/{resource-path} */
export async function executeResource(host: RestHost, c: RestContext): Promise<Response> {
  const target = targetOf(host, c);
  if (target instanceof Response) return target;
  if (!host.gateway.mayHave(target.registration, target.path)) return refuseUnlisted(c);
  const waiting = waitingIn(host, c);
  if (waiting instanceof Response) return waiting;
  const value = await readValue(c, target.registration, target.path);
  if (value instanceof Response) return value;
  return submit(host, c, target.registration, {
    ...requestTo(target.path, POST, waiting),
    payload: value.payload,
    contentFormat: value.payload.length === 0 ? undefined : value.contentFormat,
  });
}

/** DELETE /endpoints/{endpoint-name}/{resource-path} */
export function deleteResource(host: RestHost, c: RestContext): Promise<Response> | Response {
  const target = targetOf(host, c);
  if (target instanceof Response) return target;
  if (!host.gateway.mayHave(target.registration, target.path)) return refuseUnlisted(c);
  const waiting = waitingIn(host, c);
  if (waiting instanceof Response) return waiting;
  return submit(host, c, target.registration, requestTo(target.path, DELETE, waiting));
}

/**
 * DELETE /endpoints/{endpoint-name}: ends the registration. The device learns of it at its next Update, and registers anew.
 *
 * It is done when this is answered. Who has a channel gets an id all the same, as the original's clients expect.
 */
export async function deleteEndpoint(host: RestHost, c: RestContext): Promise<Response> {
  const registration = visibleRegistration(host, c, endpointNameOf(c));
  if (registration === undefined) return refuse(c, 404, "The endpoint is not registered.");
  const overQuota = refuseOverQuota(host, c);
  if (overQuota !== undefined) return overQuota;
  const { gateway } = host;
  const keyId = c.get("channelId");
  const isOpen = gateway.channels.of(keyId).isOpen();
  if (isOpen && !gateway.canAccept(keyId)) return refuseMoreResponses(c);
  const submission = gateway.deregister(host.now(), keyId, registration.endpointName);
  if ("refusal" in submission) return refuseSubmission(c, submission);
  if (isOpen) return accept(host, c, submission.id);
  await host.commit();
  return c.body(null, 200);
}

/** The endpoint name in the path of a request, decoded; a name that cannot be decoded is nobody's. */
export function endpointNameOf(c: RestContext): string {
  return endpointNameIn(c.get("path")) ?? "";
}

/** Answers what is not taken for a device. */
export function refuseSubmission(
  c: RestContext,
  refused: Refused | { readonly refusal: typeof ID_TAKEN },
): Response {
  switch (refused.refusal) {
    case NOT_ALLOWED:
      return refuse(c, refused.status, refused.reason);
    case GONE:
      return refuse(c, 410, "The endpoint is not registered.");
    case QUEUE_FULL:
      return refuse(c, 429, "Too many requests wait for this endpoint.");
    case QUEUE_MODE:
      return refuse(c, 409, "The endpoint is in queue mode: a request without response is lost.");
    case ID_TAKEN:
      return refuse(c, 409, "A response is still awaited under this async-id.");
  }
}

async function submit(
  host: RestHost,
  c: RestContext,
  registration: Registration,
  request: DownlinkRequest,
): Promise<Response> {
  const keyId = c.get("channelId");
  if (request.confirmable) {
    if (!host.gateway.channels.of(keyId).isOpen()) return refuseWithoutChannel(c);
    if (!host.gateway.canAccept(keyId)) return refuseMoreResponses(c);
  }
  const overQuota = refuseOverQuota(host, c);
  if (overQuota !== undefined) return overQuota;
  const submission = host.gateway.request(host.now(), keyId, registration.endpointName, request);
  if ("refusal" in submission) return refuseSubmission(c, submission);
  if (request.confirmable) return accept(host, c, submission.id);
  return c.body(null, 204);
}

/** Refuses a request whose response would be one too many. */
export function refuseMoreResponses(c: RestContext): Response {
  return refuse(c, 429, "Too many responses wait on your notification channel.");
}

/** The original's own words: its clients look for them. */
export function refuseWithoutChannel(c: RestContext): Response {
  return refuse(c, 412, "No notification channel found.");
}

function refuseUnlisted(c: RestContext): Response {
  return refuse(c, 404, "The endpoint has no such resource.");
}

function targetOf(
  host: RestHost,
  c: RestContext,
): { registration: Registration; path: string } | Response {
  const registration = visibleRegistration(host, c, endpointNameOf(c));
  if (registration === undefined) return refuseSubmission(c, { refusal: GONE });
  const path = resourcePathIn(c.get("path"));
  return path === undefined
    ? refuse(c, 404, "The resource path is not valid.")
    : { registration, path };
}

/** How a request is to wait for its device. */
type Waiting = Pick<DownlinkRequest, "confirmable" | "expiresIn" | "priority">;

function requestTo(path: string, method: number, waiting: Waiting): DownlinkRequest {
  return { method, path, payload: NOTHING, ...waiting };
}

/** What `noResp`, `priority` and `expiry-seconds` say. */
function waitingIn(host: RestHost, c: RestContext): Waiting | Response {
  const expiresIn = expiryOf(host, c);
  if (expiresIn === undefined) return refuse(c, 400, BAD_EXPIRY);
  const priority = priorityOf(c);
  if (priority === BAD_PRIORITY) return refuse(c, 400, BAD_PRIORITY);
  return { confirmable: !isSet(c, "noResp"), expiresIn, priority };
}

const NOTHING = new Uint8Array(0);

/** Reads a value and its format; without a statement about it, the format that the device has listed the resource with. */
async function readValue(
  c: RestContext,
  registration: Registration,
  path: string,
): Promise<{ payload: Uint8Array; contentFormat: number | undefined } | Response> {
  const mediaType = c.req.header("content-type") ?? "";
  const link = linkAt(registration, path);
  const listed = link === undefined ? undefined : contentFormatOfLink(link);
  const isUnstated = mediaType === "" || mediaType.toLowerCase().startsWith(FORM);
  const contentFormat = isUnstated ? listed : contentFormatOf(mediaType);
  if (!isUnstated && contentFormat === undefined) {
    return refuse(c, 415, "The media type is not one that devices know.");
  }
  const payload = await readBody(c, LONGEST_VALUE);
  if (payload === TOO_LONG)
    return refuse(c, 413, `The value is longer than ${LONGEST_VALUE} bytes.`);
  if (contentFormat === JSON_FORMAT && listed !== JSON_FORMAT) {
    const text = scalarOf(payload);
    if (text !== undefined) return { payload: text, contentFormat: TEXT };
  }
  return { payload, contentFormat };
}

/**
 * The text of a JSON string, number or boolean. The original's Python client sends each value as JSON, quotes included, to
 * resources that are plain text.
 */
function scalarOf(payload: Uint8Array): Uint8Array | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString());
  } catch {
    return undefined;
  }
  if (typeof value === "object") return undefined;
  return new Uint8Array(Buffer.from(String(value)));
}

/** The format that a request asks for in so many words. application/json is none: it is the format of the 202. */
function acceptedFormat(c: RestContext): number | undefined {
  for (const mediaType of (c.req.header("accept") ?? "").split(",")) {
    const format = contentFormatOf(mediaType);
    if (format !== undefined && format !== JSON_FORMAT) return format;
  }
  return undefined;
}

function prefersLinkFormat(c: RestContext): boolean {
  for (const mediaType of (c.req.header("accept") ?? "").split(",")) {
    const format = contentFormatOf(mediaType);
    if (format === LINK_FORMAT) return true;
    if (format === JSON_FORMAT) return false;
  }
  return false;
}

function endpointLink(registration: Registration): Link {
  const attributes = [{ name: "ep", value: registration.endpointName }];
  if (registration.endpointType !== undefined) {
    attributes.push({ name: "et", value: registration.endpointType });
  }
  return { uri: `/endpoints/${encodeURIComponent(registration.endpointName)}`, attributes };
}

function linkFormat(c: RestContext, links: readonly Link[]): Response {
  return c.body(encodeLinks(links), 200, { "content-type": "application/link-format" });
}
