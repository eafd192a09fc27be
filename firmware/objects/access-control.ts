/**
 * LwM2M Access Control (2): who may do what with which object instance, as data (LwM2M Core 1.2.2 Appendix E.3). What it says is
 * enforced by agent/access-control.ts.
 */

import { WRITE_COMPOSITE } from "../../protocol/lwm2m/composite-operations.ts";
import {
  CREATE,
  DELETE,
  DISCOVER,
  EXECUTE,
  WRITE_REPLACE,
  WRITE_UPDATE,
} from "../../protocol/lwm2m/operations.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../protocol/model/object-definition.ts";
import {
  ACCESS_CONTROL,
  ACCESS_CONTROL_ACL,
  ACCESS_CONTROL_OBJECT_ID,
  ACCESS_CONTROL_OBJECT_INSTANCE_ID,
  ACCESS_CONTROL_OWNER,
} from "../../protocol/model/objects/access-control.ts";
import { SERVER_SHORT_SERVER_ID } from "../../protocol/model/objects/server.ts";
import { IdTable, LwM2mObject } from "./lwm2m-object.ts";

export const ACCESS_CONTROL_ID = 2;

// The bits of an entry of the ACL.
export const READ_RIGHT = 1;
export const WRITE_RIGHT = 2;
export const EXECUTE_RIGHT = 4;
export const DELETE_RIGHT = 8;
export const CREATE_RIGHT = 16;
export const ALL_RIGHTS = 31;
export const NO_RIGHTS = 0;

/** The right that an operation needs (LwM2M Core 1.2.2 §8.2, Table 8.2-1); NO_RIGHTS for one that needs none. */
export function rightNeeded(operation: number): number {
  switch (operation) {
    case DISCOVER:
      return NO_RIGHTS;
    case WRITE_REPLACE:
    case WRITE_UPDATE:
    case WRITE_COMPOSITE:
      return WRITE_RIGHT;
    case EXECUTE:
      return EXECUTE_RIGHT;
    case DELETE:
      return DELETE_RIGHT;
    case CREATE:
      return CREATE_RIGHT;
    default:
      return READ_RIGHT;
  }
}

/**
 * Object 2 without instances; servers can neither create nor delete any.
 *
 * @param definition of version 1.0 unless it is another
 */
export function accessControlObject(definition: ObjectDefinition = ACCESS_CONTROL): LwM2mObject {
  const object = new LwM2mObject(definition);
  object.isFixed = true;
  object.onCheck = isAcceptable;
  return object;
}

/**
 * Adds an instance that says who may do what with an object instance. Throws `object/instance-exists` when all ids are taken.
 *
 * @param instanceId of the object; 65535 for the object as a whole, of which only Create counts
 * @param owner the Short Server ID of who manages this instance, and has all rights unless `entries` says otherwise; 65535 for
 * bootstrap alone
 * @param entries rights by Short Server ID, as sums of `READ_RIGHT` and the others; those under 0 are everybody else's
 */
export function grantAccess(
  object: LwM2mObject,
  objectId: number,
  instanceId: number,
  owner: number,
  entries: { readonly [shortServerId: number]: number } = {},
): void {
  const table = new IdTable<Value>();
  for (const shortServerId in entries) table.put(Number(shortServerId), entries[shortServerId]);
  let free = 0;
  while (object.instances.ids.indexOf(free) >= 0) free++;
  object.create(free, {
    [ACCESS_CONTROL_OBJECT_ID]: objectId,
    [ACCESS_CONTROL_OBJECT_INSTANCE_ID]: instanceId,
    [ACCESS_CONTROL_OWNER]: owner,
  });
  if (table.ids.length > 0) object.set(free, ACCESS_CONTROL_ACL, table);
}

/** Removes what is said about an object instance. */
export function revokeAccess(object: LwM2mObject, objectId: number, instanceId: number): void {
  const ids = object.instances.ids;
  for (let i = 0; i < ids.length; i++) {
    if (object.get(ids[i], ACCESS_CONTROL_OBJECT_ID) !== objectId) continue;
    if (object.get(ids[i], ACCESS_CONTROL_OBJECT_INSTANCE_ID) !== instanceId) continue;
    object.remove(ids[i]);
  }
}

/** Rights have five bits; an owner is a server that there is: another could never be replaced. */
function isAcceptable(
  object: LwM2mObject,
  _instanceId: number,
  resourceId: number,
  value: Value,
): boolean {
  if (resourceId === ACCESS_CONTROL_ACL)
    return (value as number) >= 0 && (value as number) <= ALL_RIGHTS;
  if (resourceId !== ACCESS_CONTROL_OWNER) return true;
  const servers = object.listener === undefined ? undefined : object.listener.servers;
  return servers === undefined || isServer(servers, value);
}

function isServer(servers: LwM2mObject, shortServerId: Value): boolean {
  const ids = servers.instances.ids;
  for (let i = 0; i < ids.length; i++) {
    if (servers.get(ids[i], SERVER_SHORT_SERVER_ID) === shortServerId) return true;
  }
  return false;
}
