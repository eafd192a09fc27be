/**
 * Which server may do what (LwM2M Core 1.2.2 §8, Appendix E.3): the rights that the instances of Access Control (2) grant. A feature,
 * in force where the device has object 2 and more than one server account; a device with one server lets it do everything.
 *
 * An instance of object 2 is about one object instance, or about an object as a whole, as whose instance it names 65535. A server's
 * rights are, in this order: all when it is the owner and has no entry of its own; those of its entry; those of entry 0, the default;
 * none. Where the standard is silent: docs/decisions/0021-device-management.md.
 */
import { START_OBSERVE } from "../../../protocol/lwm2m/operations.ts";
import {
  ACCESS_CONTROL_ACL,
  ACCESS_CONTROL_OBJECT_ID,
  ACCESS_CONTROL_OBJECT_INSTANCE_ID,
  ACCESS_CONTROL_OWNER,
} from "../../../protocol/model/objects/access-control.ts";
import { SERVER_SHORT_SERVER_ID } from "../../../protocol/model/objects/server.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { RESERVED_ID } from "../../../protocol/model/path.ts";
import {
  ACCESS_CONTROL_ID,
  ALL_RIGHTS,
  CREATE_RIGHT,
  DELETE_RIGHT,
  grantAccess,
  NO_RIGHTS,
  READ_RIGHT,
  revokeAccess,
  rightNeeded,
  WRITE_RIGHT,
} from "../../objects/access-control.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import { IdTable } from "../../objects/lwm2m-object.ts";
import type { BasicAgent } from "../basic-agent.ts";
import type { AccessRules } from "../features.ts";
import type { ReportingObservation } from "../reporting/reporting-observation.ts";
import { ReportingObservers } from "../reporting/reporting-observers.ts";
import type { ServerLink } from "../server-link.ts";
import { observesPlaces } from "./composites.ts";

export const ACCESS_RULES: AccessRules = {
  allows: allows,
  handleCreated: handleCreated,
  handleDeleted: handleDeleted,
  handleRights: handleRights,
};

/** Object 2, where there is more than one server to tell apart; else undefined. */
function enforced(agent: BasicAgent): LwM2mObject | undefined {
  return agent.servers.instances.ids.length > 1 ? agent.object(ACCESS_CONTROL_ID) : undefined;
}

function serverOf(link: ServerLink): number {
  return link.agent.servers.get(link.instanceId, SERVER_SHORT_SERVER_ID) as number;
}

function allows(link: ServerLink, operation: number, path: Path): boolean {
  const right = rightNeeded(operation);
  const [objectId, instanceId] = path;
  if (objectId === ACCESS_CONTROL_ID) return allowsManaging(link, right, path);
  const control = enforced(link.agent);
  if (control === undefined || right === NO_RIGHTS) return true;
  if (instanceId !== undefined) {
    return (rightsOf(control, serverOf(link), objectId, instanceId) & right) !== 0;
  }
  // Of an object as a whole Create alone needs a right; what is read there is chosen instance by instance (§8.2.3).
  if (right !== CREATE_RIGHT) return true;
  return (rightsOf(control, serverOf(link), objectId, RESERVED_ID) & right) !== 0;
}

/**
 * Object 2 itself, about which there are no entries: all may read it, the owner alone may write, and instances come and go with what
 * they are about. What bootstrap owns no server changes, be it the only one.
 */
function allowsManaging(link: ServerLink, right: number, path: Path): boolean {
  if (right === NO_RIGHTS || right === READ_RIGHT) return true;
  const control = link.agent.object(ACCESS_CONTROL_ID);
  // To remove an entry is to write the ACL.
  const writes = right === WRITE_RIGHT || (right === DELETE_RIGHT && path.length === 4);
  if (!writes || control === undefined) return false;
  const owner = control.get(path[1], ACCESS_CONTROL_OWNER);
  return enforced(link.agent) === undefined ? owner !== RESERVED_ID : owner === serverOf(link);
}

/** The rights of a server on an object instance, as bits. */
export function rightsOf(
  control: LwM2mObject,
  shortServerId: number,
  objectId: number,
  instanceId: number,
): number {
  const { ids, items } = control.instances;
  for (let i = 0; i < ids.length; i++) {
    if (items[i].get(ACCESS_CONTROL_OBJECT_ID) !== objectId) continue;
    if (items[i].get(ACCESS_CONTROL_OBJECT_INSTANCE_ID) !== instanceId) continue;
    const entries = items[i].get(ACCESS_CONTROL_ACL);
    const own = entries instanceof IdTable ? entries.get(shortServerId) : undefined;
    if (own !== undefined) return own as number;
    if (items[i].get(ACCESS_CONTROL_OWNER) === shortServerId) return ALL_RIGHTS;
    const usual = entries instanceof IdTable ? entries.get(0) : undefined;
    return usual === undefined ? NO_RIGHTS : (usual as number);
  }
  return NO_RIGHTS;
}

/** A server has made an instance: it owns it (§8.1.2.2). */
function handleCreated(link: ServerLink, objectId: number, instanceId: number): void {
  const control = enforced(link.agent);
  if (control === undefined) return;
  // What may be left of an earlier instance with this id.
  revokeAccess(control, objectId, instanceId);
  grantAccess(control, objectId, instanceId, serverOf(link));
}

/** A server has deleted an instance: nothing is left to have rights on. */
function handleDeleted(link: ServerLink, objectId: number, instanceId: number): void {
  const control = link.agent.object(ACCESS_CONTROL_ID);
  if (control !== undefined) revokeAccess(control, objectId, instanceId);
}

/** Rights have changed. Whoever observes what it may read no longer is told so, once; what it may read in part reads differently. */
function handleRights(agent: BasicAgent): void {
  for (let i = 0; i < agent.links.length; i++) {
    const link = agent.links[i];
    const observers = link.observers;
    const observations = observers === undefined ? [] : observers.observations;
    for (let k = 0; k < observations.length; k++) {
      const observation = observations[k];
      const path = observation.path;
      const isPart = path.length === 1 || observesPlaces(observation);
      const isClosed = path.length > 0 && !allows(link, START_OBSERVE, path);
      // What is kept for it was read with the rights of then.
      if ((isPart || isClosed) && observers instanceof ReportingObservers) {
        observers.withhold(observation as ReportingObservation);
      }
      if (isClosed) observation.expire();
      else if (isPart) observation.handleChange(undefined, undefined);
    }
  }
}
