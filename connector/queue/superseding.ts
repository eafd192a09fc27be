/**
 * Which waiting request a later one makes pointless.
 *
 * A Write that replaces a place whole, or a Write-Attributes that sets at least the same attributes, leaves nothing of an earlier one at
 * the same place. Whether the earlier may be left out is another question: nothing may be sent between the two that could show its
 * effect. That is every operation on an overlapping path, and what may depend on anything at all: Execute, composites, and changes of
 * accounts and rights.
 */
import { GET, POST, PUT } from "../../protocol/coap/codes.ts";
import { parsePath } from "../../protocol/model/path.ts";
import type { DownlinkRequest } from "../contract.ts";
import type { QueueEntry } from "./queue-entry.ts";

/** Security, Server, Access Control: what they hold decides what other operations do. */
const LAST_OBJECT_OF_RIGHTS = 2;

/**
 * The entry that `later` takes the place of; undefined when there is none.
 *
 * @param waiting the entries of the same class, in the order in which they are to be sent; `later` would be behind them
 */
export function supersededBy<E extends QueueEntry>(
  waiting: readonly E[],
  later: DownlinkRequest,
): E | undefined {
  if (later.method !== PUT) return undefined;
  for (let i = waiting.length - 1; i >= 0; i--) {
    const entry = waiting[i];
    const mayEnd = entry.request.mayBeSuperseded === true && !entry.wasSent;
    if (mayEnd && replaces(later, entry.request)) return entry;
    if (mayShow(entry.request, later.path)) return undefined;
  }
  return undefined;
}

/** True when nothing is left of `earlier` once `later` is done. */
function replaces(later: DownlinkRequest, earlier: DownlinkRequest): boolean {
  if (earlier.method !== PUT || earlier.path !== later.path) return false;
  const names = attributeNames(earlier);
  const laterNames = attributeNames(later);
  if (names === undefined || laterNames === undefined) return names === laterNames;
  return names.every((name) => laterNames.includes(name));
}

/** The attributes that a Write-Attributes sets or unsets; undefined for a Write. */
function attributeNames({ query = [], payload }: DownlinkRequest): string[] | undefined {
  if (query.length === 0 || payload.length > 0) return undefined;
  return query.map((parameter) => parameter.split("=", 1)[0]);
}

/** True when the effect of a request may show what was written to `path` before it. */
function mayShow({ method, path }: DownlinkRequest, written: string): boolean {
  if (overlaps(path, written)) return true;
  const [objectId, , resourceId] = parsePath(path) ?? [];
  const isExecute = method === POST && (objectId === undefined || resourceId !== undefined);
  const isOfRights = objectId !== undefined && objectId <= LAST_OBJECT_OF_RIGHTS && method !== GET;
  return isExecute || isOfRights;
}

/** True when one path is at or below the other; the root is above all. */
export function overlaps(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  return short === "/" || long === short || long.startsWith(`${short}/`);
}
