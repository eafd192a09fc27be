/** What a registration says about a device's resources, in the terms of the REST API. */
import { attributeOf, type Link } from "../../protocol/coap/link-format.ts";
import { type Path, parsePath } from "../../protocol/model/path.ts";
import type { Registration } from "../registry/registration.ts";
import { mediaTypeOf } from "./media-types.ts";

/** The part of a registration that applications see. */
export type RegisteredEndpoint = Pick<
  Registration,
  "endpointName" | "endpointType" | "queueMode" | "version" | "links"
>;

/**
 * Whether a listed resource can be subscribed to. A plain CoAP device marks it with `obs` (RFC 7641 §6); whatever an LwM2M device
 * lists is an object or an object instance, and those can always be observed (LwM2M Core 1.1.1 §6.4.1).
 */
export function isObservable(endpoint: RegisteredEndpoint, link: Link): boolean {
  const obs = attributeOf(link, "obs");
  if (obs !== undefined) return obs !== "0" && obs !== "false";
  return endpoint.version !== undefined && isLwM2mPath(link.uri);
}

/** The media type that a resource is listed with, "" when it names none. Of several (`ct="60 110"`) the first one. */
export function mediaTypeOfLink(link: Link): string {
  const listed = contentFormatOfLink(link);
  return listed === undefined ? "" : mediaTypeOf(listed);
}

/** The Content-Format that a resource is listed with. */
export function contentFormatOfLink(link: Link): number | undefined {
  const first = (attributeOf(link, "ct") ?? "").split(" ")[0];
  if (first === "") return undefined;
  const format = Number(first);
  return Number.isInteger(format) && format >= 0 && format <= 65535 ? format : undefined;
}

/** The listed link of exactly this path. */
export function linkAt(endpoint: RegisteredEndpoint, path: string): Link | undefined {
  for (const link of endpoint.links) if (link.uri === path) return link;
  return undefined;
}

/** What is known about a path before the device is asked. */
export const LISTED = "listed";
/** Below or above something listed, so that only the device knows. */
export const POSSIBLE = "possible";
export const UNLISTED = "unlisted";

/**
 * Whether a path can exist on a device, going by what it has registered. LwM2M devices list objects and object instances, never
 * resources; plain CoAP devices list each resource.
 */
export function standingOf(
  endpoint: RegisteredEndpoint,
  path: string,
): typeof LISTED | typeof POSSIBLE | typeof UNLISTED {
  if (linkAt(endpoint, path) !== undefined) return LISTED;
  const asked = parsePath(path);
  if (asked === undefined || asked.length === 0) return UNLISTED;
  if (endpoint.version !== undefined) {
    return listsObject(endpoint, asked[0]) ? POSSIBLE : UNLISTED;
  }
  const below = `${path}/`;
  for (const link of endpoint.links) if (link.uri.startsWith(below)) return POSSIBLE;
  return UNLISTED;
}

/** True for the numeric paths of LwM2M, "/3" to "/3/0/11/2". */
export function isLwM2mPath(path: string): boolean {
  const parsed: Path | undefined = parsePath(path);
  return parsed !== undefined && parsed.length > 0;
}

function listsObject(endpoint: RegisteredEndpoint, objectId: number): boolean {
  const object = `/${objectId}`;
  const instances = `${object}/`;
  for (const link of endpoint.links) {
    if (link.uri === object || link.uri.startsWith(instances)) return true;
  }
  return false;
}
