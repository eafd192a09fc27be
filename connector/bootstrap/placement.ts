/**
 * Finds places on a device for the instances of a configuration, by what the device shows in a Bootstrap-Discover (LwM2M Core 1.2.2
 * §6.1.7.3): beside its bootstrap account, which only a device can tell where it is, and beside what stays.
 *
 * The bootstrap account is the instance of Security without a Short Server ID. An instance of Security or Server that stays and has the
 * Short Server ID of one to be written is taken for it, so that nothing is there twice.
 */
import type { TreeLinks } from "../../protocol/lwm2m/tree-links.ts";
import type { Entry, ObjectLink } from "../../protocol/model/data-types.ts";
import {
  SECURITY_BOOTSTRAP_SERVER,
  SECURITY_SHORT_SERVER_ID,
} from "../../protocol/model/objects/security.ts";
import { SERVER_SHORT_SERVER_ID } from "../../protocol/model/objects/server.ts";
import { isWithin, type Path } from "../../protocol/model/path.ts";
import { comparePaths, valueAt } from "./configuration.ts";

const SECURITY = 0;
const SERVER = 1;
const ACCESS_CONTROL = 2;
const ACCESS_OBJECT = 0;
const ACCESS_OBJECT_INSTANCE = 1;
/** Of which each account has an instance that the bootstrap account may have too. */
const PLACED = [SECURITY, SERVER, 21, 23, 24];

/** The bootstrap account's instance of Security; undefined when the device shows none. */
export function bootstrapAccountIn(found: TreeLinks): number | undefined {
  return found.links.find(
    ({ path, shortServerId }) =>
      path.length === 2 && path[0] === SECURITY && shortServerId === undefined,
  )?.path[1];
}

/**
 * The same values where there is room for them, in tree order.
 *
 * @param deletes what will have been deleted by then; a bootstrap account stays
 */
export function placed(
  entries: readonly Entry[],
  deletes: readonly Path[],
  found: TreeLinks,
): Entry[] {
  const moves = new Map<string, number>();
  for (const objectId of PLACED) placeObject(objectId, entries, deletes, found, moves);
  return entries
    .map((entry) => moved(entry, entries, moves))
    .sort((one, other) => comparePaths(one.path, other.path));
}

function placeObject(
  objectId: number,
  entries: readonly Entry[],
  deletes: readonly Path[],
  found: TreeLinks,
  moves: Map<string, number>,
): void {
  const taken = new Set<number>();
  const byServer = new Map<number, number>();
  for (const { path, shortServerId } of found.links) {
    if (path.length !== 2 || path[0] !== objectId) continue;
    // Without a Short Server ID it is the bootstrap account's, which no Delete removes; that has no instance of Server.
    const isBootstrap = shortServerId === undefined && objectId !== SERVER;
    const stays = isBootstrap || !deletes.some((base) => isWithin(path, base));
    if (!stays) continue;
    taken.add(path[1]);
    if (shortServerId !== undefined) byServer.set(shortServerId, path[1]);
  }
  const unplaced: number[] = [];
  for (const instanceId of instanceIdsOf(objectId, entries)) {
    const at = [objectId, instanceId];
    const account = objectId === SECURITY ? bootstrapAccountIn(found) : undefined;
    const isBootstrap = valueAt(entries, [...at, SECURITY_BOOTSTRAP_SERVER]) === true;
    const own = shortServerIdOf(objectId, instanceId, entries);
    const known = own === undefined ? undefined : byServer.get(own);
    if (objectId === SECURITY && isBootstrap && account !== undefined) {
      moves.set(`${objectId}/${instanceId}`, account);
    } else if (known !== undefined) moves.set(`${objectId}/${instanceId}`, known);
    else unplaced.push(instanceId);
  }
  let next = 0;
  for (const instanceId of unplaced) {
    // Where it was written for, if that is free.
    let id = instanceId;
    if (taken.has(id)) {
      while (taken.has(next)) next++;
      id = next;
    }
    taken.add(id);
    moves.set(`${objectId}/${instanceId}`, id);
  }
}

function instanceIdsOf(objectId: number, entries: readonly Entry[]): Set<number> {
  return new Set(entries.filter(({ path }) => path[0] === objectId).map(({ path }) => path[1]));
}

function shortServerIdOf(
  objectId: number,
  instanceId: number,
  entries: readonly Entry[],
): number | undefined {
  if (objectId !== SECURITY && objectId !== SERVER) return undefined;
  const resourceId = objectId === SECURITY ? SECURITY_SHORT_SERVER_ID : SERVER_SHORT_SERVER_ID;
  const value = valueAt(entries, [objectId, instanceId, resourceId]);
  return typeof value === "number" ? value : undefined;
}

/** An entry in its new place, and a reference to something that has moved turned to where that is now. */
function moved(entry: Entry, entries: readonly Entry[], moves: ReadonlyMap<string, number>): Entry {
  const { path, value } = entry;
  if (path[0] === ACCESS_CONTROL && path[2] === ACCESS_OBJECT_INSTANCE) {
    const objectId = valueAt(entries, [ACCESS_CONTROL, path[1], ACCESS_OBJECT]);
    return { ...entry, value: moves.get(`${objectId}/${value}`) ?? value };
  }
  const instanceId = moves.get(`${path[0]}/${path[1]}`) ?? path[1];
  const link = linkIn(value);
  const linked = link && moves.get(`${link.objectId}/${link.objectInstanceId}`);
  return {
    ...entry,
    path: [path[0], instanceId, ...path.slice(2)],
    value: link && linked !== undefined ? { ...link, objectInstanceId: linked } : value,
  };
}

function linkIn(value: Entry["value"]): ObjectLink | undefined {
  const isLink = typeof value === "object" && value !== null && "objectId" in value;
  return isLink ? (value as ObjectLink) : undefined;
}
