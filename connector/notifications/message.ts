/**
 * The notification message: what an application receives by long poll or callback (mbed Device Connector, "Notification data
 * structure").
 *
 * One JSON object whose members are arrays, present only when they are not empty. Two points differ from the printed text, as
 * all clients of that service do: flags are booleans and not strings, and the two lists of removed endpoints hold plain strings.
 * A resource type is written as `rf`, as printed, and as `rt`, as the service's successor has it.
 */
import { attributeOf, type Link } from "../../protocol/coap/link-format.ts";
import { type Gap, gapJson } from "./gap.ts";
import { isObservable, mediaTypeOfLink, type RegisteredEndpoint } from "./resources.ts";

/** The members of a message, in the order in which they are written. */
export const EVENT_KINDS = [
  "notifications",
  "registrations",
  "reg-updates",
  "de-registrations",
  "registrations-expired",
  "async-responses",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** The outcome of an asynchronous request. */
export interface AsyncResponse {
  readonly id: string;
  /** Like an HTTP status: 200 for success. */
  readonly status: number;
  /** A reason, exactly when `status` is 400 or more: clients take its mere presence for a failure. */
  readonly error: string | undefined;
  readonly payload: Uint8Array;
  readonly mediaType: string;
  readonly maxAgeSeconds: number;
}

/** The lists written last: most updates of a device repeat what was told before. */
const writtenLists = new WeakMap<readonly Link[], { isLwM2m: boolean; json: string }>();

/** Writes one element of `async-responses`. */
export function asyncResponseJson(response: AsyncResponse): string {
  return JSON.stringify({
    id: response.id,
    status: response.status,
    // JSON.stringify leaves an undefined member out.
    error: response.error,
    ct: response.mediaType,
    "max-age": response.maxAgeSeconds,
    payload: base64(response.payload),
  });
}

/** Writes one element of `notifications`: a new value of an observed resource. */
export function notificationJson(
  endpointName: string,
  path: string,
  payload: Uint8Array,
  mediaType: string,
  maxAgeSeconds: number,
): string {
  return JSON.stringify({
    ep: endpointName,
    path,
    ct: mediaType,
    payload: base64(payload),
    "max-age": maxAgeSeconds,
  });
}

/** Writes one element of `registrations` or `reg-updates`. */
export function registrationJson(registration: RegisteredEndpoint): string {
  const endpointName = JSON.stringify(registration.endpointName);
  const endpointType = JSON.stringify(registration.endpointType ?? "");
  const { queueMode } = registration;
  const resources = resourcesJson(registration);
  return `{"ep":${endpointName},"ept":${endpointType},"q":${queueMode},"resources":${resources}}`;
}

/** Writes one element of `de-registrations` or `registrations-expired`. */
export function removalJson(endpointName: string): string {
  return JSON.stringify(endpointName);
}

/**
 * Joins elements into a message.
 *
 * @param gap what the application was not told before this
 */
export function messageJson(
  elements: ReadonlyMap<EventKind, readonly string[]>,
  gap?: Gap | undefined,
): string {
  const members: string[] = [];
  for (const kind of EVENT_KINDS) {
    const list = elements.get(kind);
    if (list !== undefined && list.length > 0) members.push(`"${kind}":[${list.join(",")}]`);
  }
  if (gap !== undefined) members.push(`"gaps":[${gapJson(gap)}]`);
  return `{${members.join(",")}}`;
}

function resourcesJson(registration: RegisteredEndpoint): string {
  const { links } = registration;
  const isLwM2m = registration.version !== undefined;
  const written = writtenLists.get(links);
  if (written?.isLwM2m === isLwM2m) return written.json;
  const json = JSON.stringify(links.map((link) => resourceMember(registration, link)));
  writtenLists.set(links, { isLwM2m, json });
  return json;
}

function resourceMember(registration: RegisteredEndpoint, link: Link): object {
  const resourceType = attributeOf(link, "rt") ?? "";
  return {
    path: link.uri,
    if: attributeOf(link, "if") ?? "",
    rf: resourceType,
    rt: resourceType,
    ct: mediaTypeOfLink(link),
    obs: isObservable(registration, link),
  };
}

/** A payload is always a string, "" when empty: a missing one ends the process of the original's Node client. */
function base64(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("base64");
}
