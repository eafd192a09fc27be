/**
 * What goes with a server whose account is removed (LwM2M Transport 1.2.2 §5.2.5, since LwM2M 1.1): its instance of object 1, its
 * entries in access control lists, and what nobody else may touch. What it owned gets the owner with the largest rights.
 */
import type { Value } from "../../../protocol/model/data-types.ts";
import {
  ACCESS_CONTROL_ACL,
  ACCESS_CONTROL_OBJECT_ID,
  ACCESS_CONTROL_OBJECT_INSTANCE_ID,
  ACCESS_CONTROL_OWNER,
} from "../../../protocol/model/objects/access-control.ts";
import { RESERVED_ID } from "../../../protocol/model/path.ts";
import { DELETE_RIGHT, WRITE_RIGHT } from "../../objects/access-control.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { IdTable } from "../../objects/lwm2m-object.ts";
import {
  ACCESS_CONTROL_OBJECT,
  isConfiguration,
  NO_INSTANCE,
  SERVER_OBJECT,
  securityIds,
  securityOf,
  serverOf,
  shortServerIdOf,
} from "./accounts.ts";
import type { ObjectTarget } from "./bootstrap-changes.ts";

/** The entry of a list that is for every server without one of its own. */
const DEFAULT_ENTRY = 0;
/** /2/x/3: the bootstrap server's. */
const OWNED_BY_BOOTSTRAP = RESERVED_ID;
const NOBODY = 0;

/** Removes all that belongs to a server that has no account any more; nothing when it has one still. */
export function forgetServer(target: ObjectTarget, shortServerId: number): void {
  if (securityOf(target, shortServerId) !== NO_INSTANCE) return;
  const instanceId = serverOf(target, shortServerId);
  const servers = instanceId === NO_INSTANCE ? undefined : target.toChange(SERVER_OBJECT);
  if (servers !== undefined) servers.remove(instanceId);
  if (target.object(ACCESS_CONTROL_OBJECT) === undefined) return;
  const control = target.toChange(ACCESS_CONTROL_OBJECT);
  if (control === undefined) return;
  const ids = control.instances.ids;
  for (let i = 0; i < ids.length; i++) forgetRights(target, control, ids[i], shortServerId);
}

function forgetRights(
  target: ObjectTarget,
  control: LwM2mObject,
  controlId: number,
  shortServerId: number,
): void {
  const owner = control.get(controlId, ACCESS_CONTROL_OWNER);
  const hadEntry = control.get(controlId, ACCESS_CONTROL_ACL, shortServerId) !== undefined;
  const wasOwner = owner === shortServerId;
  if (!hadEntry && !wasOwner) return;
  if (hadEntry) control.setOne(controlId, ACCESS_CONTROL_ACL, shortServerId, undefined);
  const heir = heirOf(target, control, controlId);
  if (wasOwner && heir !== NOBODY) control.set(controlId, ACCESS_CONTROL_OWNER, heir);
  else if (heir === NOBODY && (wasOwner || owner === OWNED_BY_BOOTSTRAP)) {
    removeControlled(target, control, controlId);
  }
}

/** The server with the largest sum of Write and Delete; of several the one with the lowest id. NOBODY when none has any right. */
function heirOf(target: ObjectTarget, control: LwM2mObject, controlId: number): number {
  const ids = securityIds(target);
  let heir = NOBODY;
  let most = -1;
  for (let i = 0; i < ids.length; i++) {
    const candidate = shortServerIdOf(target, ids[i]);
    const rights = candidate === undefined ? 0 : rightsOf(control, controlId, candidate);
    if (candidate === undefined || rights === 0) continue;
    const sum = (rights & WRITE_RIGHT ? 1 : 0) + (rights & DELETE_RIGHT ? 1 : 0);
    if (sum > most || (sum === most && candidate < heir)) {
      heir = candidate;
      most = sum;
    }
  }
  return heir;
}

function rightsOf(control: LwM2mObject, controlId: number, shortServerId: number): number {
  const instance = control.instances.get(controlId);
  const list = instance === undefined ? undefined : instance.get(ACCESS_CONTROL_ACL);
  if (!(list instanceof IdTable)) return 0;
  const own: Value | undefined = list.get(shortServerId);
  const rights = own === undefined ? list.get(DEFAULT_ENTRY) : own;
  return typeof rights === "number" ? rights : 0;
}

/** Nobody can touch it any more: the instance goes, unless it is the device's own, and so does its access control. */
function removeControlled(target: ObjectTarget, control: LwM2mObject, controlId: number): void {
  const objectId = control.get(controlId, ACCESS_CONTROL_OBJECT_ID);
  const instanceId = control.get(controlId, ACCESS_CONTROL_OBJECT_INSTANCE_ID);
  control.remove(controlId);
  if (typeof objectId !== "number" || typeof instanceId !== "number") return;
  if (isConfiguration(objectId) || target.object(objectId) === undefined) return;
  const object = target.toChange(objectId);
  if (object !== undefined && !object.isFixed) object.remove(instanceId);
}
