/** Where in a device a request leads: into its LwM2M tree, into that of a device behind it, or to a plain CoAP resource. */
import { FETCH, IPATCH } from "../../protocol/coap/codes.ts";
import type { Link } from "../../protocol/coap/link-format.ts";
import { type Path, parsePath, RESERVED_ID } from "../../protocol/model/path.ts";
import type { GatewayDevice } from "../contract.ts";
import type { Registration } from "../registry/registration.ts";

/** A place in a tree; `[]` is the root, where composites are asked for. */
export interface Target {
  readonly path: Path;
  /** What stands before it on the wire: "", an alternate path `/lwm2m`, or the prefix of a device behind a gateway, `/d01`. */
  readonly prefix: string;
}

/** The path begins with a prefix that no device behind the gateway has. */
export const UNKNOWN_PREFIX = "unknown-prefix";
export type TargetFault = typeof UNKNOWN_PREFIX;

/** What is asked for, as far as it says where. */
export interface Placed {
  readonly method: number;
  readonly path: string;
}

/**
 * The place in the tree that a request is for; undefined when it is plain CoAP.
 *
 * @param devices those behind it, if it is a gateway
 */
export function targetOf(
  registration: Registration,
  { method, path }: Placed,
  devices: readonly GatewayDevice[],
): Target | TargetFault | undefined {
  if (registration.version === undefined) return undefined;
  const isComposite = path === "/" && (method === FETCH || method === IPATCH);
  if (isComposite) return { path: [], prefix: registration.rootPath };
  return placeOf(registration, path, devices);
}

/** The place that a path names; undefined for a plain CoAP resource. */
export function placeOf(
  registration: Registration,
  path: string,
  devices: readonly GatewayDevice[],
): Target | TargetFault | undefined {
  const own = parsePath(path);
  if (own !== undefined && own.length > 0) return { path: own, prefix: registration.rootPath };
  if (!registration.isGateway) return undefined;
  const end = path.indexOf("/", 1);
  const behind = end < 0 ? undefined : parsePath(path.slice(end));
  // What the gateway lists itself, is its own.
  if (behind === undefined || registration.links.some(({ uri }: Link) => uri === path)) {
    return undefined;
  }
  const prefix = path.slice(1, end);
  const isKnown = devices.some((device) => device.prefix === prefix);
  return isKnown ? { path: behind, prefix: `/${prefix}` } : UNKNOWN_PREFIX;
}

/** The place that a path of a composite names: as `placeOf`, and `/` for the whole of the device's own tree. */
export function compositePlaceOf(
  registration: Registration,
  path: string,
  devices: readonly GatewayDevice[],
): Target | TargetFault | undefined {
  if (path === "/") return { path: [], prefix: registration.rootPath };
  return placeOf(registration, path, devices);
}

/** True when no path on any device has an id like this (LwM2M Core 1.1.1 §7.3). */
export function hasReservedId({ path }: Target): boolean {
  return path.includes(RESERVED_ID);
}
