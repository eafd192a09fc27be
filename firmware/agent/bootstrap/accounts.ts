/**
 * Accounts, as objects 0 and 1 hold them (LwM2M Core 1.2.2 §6.1.2): a server account is an instance of 0 and one of 1 with the same
 * Short Server ID; the bootstrap server's is an instance of 0 that says so. What else secures or carries an account is linked to it
 * from object 0.
 *
 * All of it is read from the objects each time; nothing is remembered beside them.
 */
import type { ObjectLink, Value } from "../../../protocol/model/data-types.ts";
import {
  SECURITY_BOOTSTRAP_SERVER,
  SECURITY_MODE,
  SECURITY_OSCORE_SECURITY_MODE,
  SECURITY_SERVER_URI,
  SECURITY_SHORT_SERVER_ID,
} from "../../../protocol/model/objects/security.ts";
import {
  SECURITY_COSE_SECURITY,
  SECURITY_MQTT_SERVER,
} from "../../../protocol/model/objects/security-1-2.ts";
import {
  SERVER_BINDING,
  SERVER_LIFETIME,
  SERVER_SHORT_SERVER_ID,
} from "../../../protocol/model/objects/server.ts";
import { RESERVED_ID } from "../../../protocol/model/path.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { IdTable } from "../../objects/lwm2m-object.ts";
import { NO_SECURITY } from "../../objects/security.ts";
import type { ServerAddress } from "../server-address.ts";
import { parseAddress } from "../stream-address.ts";

export const SECURITY_OBJECT = 0;
export const SERVER_OBJECT = 1;
export const ACCESS_CONTROL_OBJECT = 2;
export const DEVICE_OBJECT = 3;
export const OSCORE_OBJECT = 21;
export const COSE_OBJECT = 23;
export const MQTT_SERVER_OBJECT = 24;

/** No instance has this id. */
export const NO_INSTANCE = -1;

/** Whatever has objects: an agent, or what a bootstrap server has prepared for it. */
export interface ObjectSource {
  object(objectId: number): LwM2mObject | undefined;
}

/** True for the objects that make up accounts and access: what bootstrap is for. */
export function isConfiguration(objectId: number): boolean {
  return (
    objectId <= ACCESS_CONTROL_OBJECT ||
    objectId === OSCORE_OBJECT ||
    objectId === COSE_OBJECT ||
    objectId === MQTT_SERVER_OBJECT
  );
}

/** Instances of object 0, ids ascending. */
export function securityIds(source: ObjectSource): readonly number[] {
  return idsOf(source, SECURITY_OBJECT);
}

export function idsOf(source: ObjectSource, objectId: number): readonly number[] {
  const object = source.object(objectId);
  return object === undefined ? [] : object.instances.ids;
}

export function resourceOf(
  source: ObjectSource,
  objectId: number,
  instanceId: number,
  resourceId: number,
): Value | undefined {
  const object = source.object(objectId);
  return object === undefined ? undefined : object.get(instanceId, resourceId);
}

export function isBootstrapAccount(source: ObjectSource, securityId: number): boolean {
  return resourceOf(source, SECURITY_OBJECT, securityId, SECURITY_BOOTSTRAP_SERVER) === true;
}

/** The instance of object 0 that is the bootstrap server's. @param except none, or one that does not count */
export function bootstrapAccount(source: ObjectSource, except: number): number {
  const ids = securityIds(source);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] !== except && isBootstrapAccount(source, ids[i])) return ids[i];
  }
  return NO_INSTANCE;
}

/** Of an account of a server; undefined for the bootstrap server's, and when it is missing. */
export function shortServerIdOf(source: ObjectSource, securityId: number): number | undefined {
  if (isBootstrapAccount(source, securityId)) return undefined;
  const id = resourceOf(source, SECURITY_OBJECT, securityId, SECURITY_SHORT_SERVER_ID);
  return typeof id === "number" ? id : undefined;
}

/** The instance of object 0 of a server's account, or NO_INSTANCE. */
export function securityOf(source: ObjectSource, shortServerId: number): number {
  const ids = securityIds(source);
  for (let i = 0; i < ids.length; i++) {
    if (shortServerIdOf(source, ids[i]) === shortServerId) return ids[i];
  }
  return NO_INSTANCE;
}

/** The instance of object 1 of a server's account, or NO_INSTANCE. */
export function serverOf(source: ObjectSource, shortServerId: number): number {
  const ids = idsOf(source, SERVER_OBJECT);
  for (let i = 0; i < ids.length; i++) {
    if (resourceOf(source, SERVER_OBJECT, ids[i], SERVER_SHORT_SERVER_ID) === shortServerId)
      return ids[i];
  }
  return NO_INSTANCE;
}

/**
 * Where the server of an instance of object 0 is; undefined when it cannot be reached from here: another scheme than `coap` and
 * `coap+tcp`, or security that is asked for and is not there. Never is a server reached with less than its account says.
 */
export function addressOf(source: ObjectSource, securityId: number): ServerAddress | undefined {
  const uri = resourceOf(source, SECURITY_OBJECT, securityId, SECURITY_SERVER_URI);
  const mode = resourceOf(source, SECURITY_OBJECT, securityId, SECURITY_MODE);
  const oscore = resourceOf(source, SECURITY_OBJECT, securityId, SECURITY_OSCORE_SECURITY_MODE);
  if (typeof uri !== "string" || mode !== NO_SECURITY || isLink(oscore)) return undefined;
  try {
    return parseAddress(uri);
  } catch (_unreachable) {
    return undefined;
  }
}

/** A resource of object 0 that leads to an instance of another, and that object. */
const LINKS: readonly number[] = [
  SECURITY_OSCORE_SECURITY_MODE,
  OSCORE_OBJECT,
  SECURITY_MQTT_SERVER,
  MQTT_SERVER_OBJECT,
  SECURITY_COSE_SECURITY,
  COSE_OBJECT,
];

/** Instances of other objects that belong to an instance of object 0, as paths. */
export function linkedInstances(source: ObjectSource, securityId: number): (readonly number[])[] {
  const linked: (readonly number[])[] = [];
  const object = source.object(SECURITY_OBJECT);
  const instance = object === undefined ? undefined : object.instances.get(securityId);
  for (let i = 0; instance !== undefined && i < LINKS.length; i += 2) {
    const held = instance.get(LINKS[i]);
    const values = held instanceof IdTable ? held.items : [held];
    for (let k = 0; k < values.length; k++) {
      const link = values[k];
      if (isLink(link)) linked.push([link.objectId, link.objectInstanceId]);
    }
  }
  return linked;
}

/** True for a link that leads somewhere. */
function isLink(value: unknown): value is ObjectLink {
  const link = value as ObjectLink | undefined;
  return link !== undefined && link.objectId !== undefined && link.objectId !== RESERVED_ID;
}

/** The Short Server ID that an instance of a core object belongs to; undefined for none and the bootstrap server's (§6.1.7.3). */
export function ownerOf(
  source: ObjectSource,
  objectId: number,
  instanceId: number,
): number | undefined {
  if (objectId === SECURITY_OBJECT) return shortServerIdOf(source, instanceId);
  if (objectId === SERVER_OBJECT) {
    const id = resourceOf(source, SERVER_OBJECT, instanceId, SERVER_SHORT_SERVER_ID);
    return typeof id === "number" ? id : undefined;
  }
  const ids = securityIds(source);
  for (let i = 0; i < ids.length; i++) {
    const linked = linkedInstances(source, ids[i]);
    for (let k = 0; k < linked.length; k++) {
      if (linked[k][0] === objectId && linked[k][1] === instanceId)
        return shortServerIdOf(source, ids[i]);
    }
  }
  return undefined;
}

/** True when an instance belongs to the bootstrap server's account (§6.1.2): itself, or linked from it. */
export function isOfBootstrapAccount(
  source: ObjectSource,
  objectId: number,
  instanceId: number,
  securityId: number,
): boolean {
  if (!isBootstrapAccount(source, securityId)) return false;
  if (objectId === SECURITY_OBJECT) return instanceId === securityId;
  const linked = linkedInstances(source, securityId);
  for (let i = 0; i < linked.length; i++) {
    if (linked[i][0] === objectId && linked[i][1] === instanceId) return true;
  }
  return false;
}

/**
 * Why accounts do not make up a configuration that a device can register with, in words; undefined when they do (§6.1.6, §E.1): each
 * has both its instances, its own Short Server ID, and what it links to, and at least one server can be reached.
 *
 * @param former the bootstrap account that is about to be replaced by another, if there is another
 */
export function inconsistencyOf(source: ObjectSource, former: number): string | undefined {
  const ids = securityIds(source);
  const servers: number[] = [];
  let bootstrapServers = 0;
  let isReachable = false;
  for (let i = 0; i < ids.length; i++) {
    const at = `/0/${ids[i]}`;
    const lost = lostLink(source, ids[i]);
    if (lost !== undefined) return `${at} links to ${lost}, which is not there`;
    if (isBootstrapAccount(source, ids[i])) {
      if (ids[i] === former) continue;
      bootstrapServers++;
      if (addressOf(source, ids[i]) === undefined) return `the server of ${at} cannot be reached`;
      continue;
    }
    const shortServerId = shortServerIdOf(source, ids[i]);
    if (shortServerId === undefined) return `${at}/10 is missing`;
    if (shortServerId < 1 || shortServerId >= RESERVED_ID) return `${at}/10 is not 1 to 65534`;
    if (servers.indexOf(shortServerId) >= 0)
      return `two instances of /0 are of server ${shortServerId}`;
    servers.push(shortServerId);
    const fault = faultOfServer(source, shortServerId);
    if (fault !== undefined) return fault;
    isReachable = isReachable || addressOf(source, ids[i]) !== undefined;
  }
  if (bootstrapServers > 1) return "two instances of /0 are of a bootstrap server";
  const unpaired = unpairedServer(source, servers);
  if (unpaired !== undefined) return unpaired;
  if (servers.length === 0) return "there is no server account";
  return isReachable
    ? undefined
    : "no server can be reached: neither coap nor coap+tcp, or with security";
}

/** The first link of an account that leads nowhere. */
function lostLink(source: ObjectSource, securityId: number): string | undefined {
  const linked = linkedInstances(source, securityId);
  for (let i = 0; i < linked.length; i++) {
    if (idsOf(source, linked[i][0]).indexOf(linked[i][1]) < 0) return `/${linked[i].join("/")}`;
  }
  return undefined;
}

/** What object 1 lacks of an account; undefined when a link can be made of it. */
export function faultOfServer(source: ObjectSource, shortServerId: number): string | undefined {
  const instanceId = serverOf(source, shortServerId);
  if (instanceId === NO_INSTANCE) return `/1 has no instance of server ${shortServerId}`;
  for (let i = 0; i < NEEDED.length; i++) {
    if (resourceOf(source, SERVER_OBJECT, instanceId, NEEDED[i]) === undefined) {
      return `/1/${instanceId}/${NEEDED[i]} is missing`;
    }
  }
  return undefined;
}

/** Of object 1: what registration cannot do without. */
const NEEDED: readonly number[] = [SERVER_LIFETIME, SERVER_BINDING];

/** An instance of object 1 whose server has none of object 0, or more than one of object 1. */
function unpairedServer(source: ObjectSource, servers: readonly number[]): string | undefined {
  const ids = idsOf(source, SERVER_OBJECT);
  const seen: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const id = ownerOf(source, SERVER_OBJECT, ids[i]);
    if (id === undefined) return `/1/${ids[i]}/0 is missing`;
    if (servers.indexOf(id) < 0) return `/0 has no instance of server ${id}`;
    if (seen.indexOf(id) >= 0) return `two instances of /1 are of server ${id}`;
    seen.push(id);
  }
  return undefined;
}
