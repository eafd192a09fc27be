/**
 * Create and Delete (LwM2M Core 1.1.1 §6.3.6, §6.3.7): a feature, since a device whose instances are its hardware needs neither.
 */
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  DELETED,
  INTERNAL_SERVER_ERROR,
  METHOD_NOT_ALLOWED,
} from "../../../protocol/coap/codes.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/exchange.ts";
import { NO_BYTES, NO_OPTIONS } from "../../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOptions } from "../../../protocol/coap/uri.ts";
import { CREATE, DELETE } from "../../../protocol/lwm2m/operations.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import { MANDATORY, WRITE } from "../../../protocol/model/data-types.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { formatPath, RESERVED_ID } from "../../../protocol/model/path.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { ServerLink } from "../server-link.ts";
import { decodeContent, plain } from "./device-management.ts";
import { hasLooseLink } from "./object-links.ts";
import { apply, blankValues, check, instancesOf } from "./object-tree.ts";

/** Instances that servers may bring an object to, unless it says otherwise. */
const MOST_INSTANCES = 256;

export function instanceOperations(
  link: ServerLink,
  operation: number,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): Response | undefined {
  if (operation === CREATE) return createInstance(link, object, path, request);
  return operation === DELETE ? plain(remove(link, object, path)) : undefined;
}

function createInstance(
  link: ServerLink,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): Response {
  const isEmpty = request.payload.length === 0;
  const entries = isEmpty ? [] : decodeContent(link.formats(), object, path, request);
  if (typeof entries === "number") return plain(entries);
  const instanceId = create(link, object, entries);
  if (instanceId < 0) return plain(-instanceId);
  const isGivenByServer = entries.length > 0 && entries[0].path[1] === instanceId;
  const options = isGivenByServer
    ? NO_OPTIONS
    : pathOptions(LOCATION_PATH, formatPath([path[0], instanceId]));
  return { code: CREATED, options: options, payload: NO_BYTES };
}

/**
 * Creates an instance from the entries of a Create (§6.3.6). Read-only values in it are ignored; mandatory read-only resources get
 * an empty value until the device knows better.
 *
 * @returns the new instance's id, or minus the response code that refuses it
 */
function create(link: ServerLink, object: LwM2mObject, entries: readonly Entry[]): number {
  const taken = object.instances;
  if (object.isFixed || (!object.definition.multiple && taken.ids.length > 0)) {
    return -METHOD_NOT_ALLOWED;
  }
  const asked = entries.length === 0 ? RESERVED_ID : entries[0].path[1];
  for (let i = 0; i < entries.length; i++) {
    if (entries[i].path[1] !== asked) return -BAD_REQUEST;
    const code = check(object, asked, entries[i], false);
    if (code !== CHANGED) return -code;
  }
  if (hasLooseLink(link.agent, entries) || isIncomplete(object, entries)) return -BAD_REQUEST;
  const instanceId = asked === RESERVED_ID ? freeId(object) : asked;
  if (taken.get(instanceId) !== undefined) return -BAD_REQUEST;
  if (!object.definition.multiple && instanceId !== 0) return -BAD_REQUEST;
  const most = object.mostInstances === undefined ? MOST_INSTANCES : object.mostInstances;
  // No 4.xx means that there is no more room (LwM2M Transport 1.2.2 §6.7).
  if (taken.ids.length >= most) return -INTERNAL_SERVER_ERROR;
  return put(link, object, instanceId, entries);
}

function freeId(object: LwM2mObject): number {
  let id = 0;
  while (object.instances.ids.indexOf(id) >= 0) id++;
  return id;
}

/** Puts the instance in its place, and asks the application whether it may stay. Returns as `create`. */
function put(
  link: ServerLink,
  object: LwM2mObject,
  instanceId: number,
  entries: readonly Entry[],
): number {
  object.create(instanceId, blankValues(object.definition));
  apply(object, instanceId, entries, true);
  const refusal = object.onCreate === undefined ? undefined : object.onCreate(object, instanceId);
  if (refusal !== undefined) {
    object.remove(instanceId);
    return -refusal;
  }
  const access = link.agent.features.access;
  if (access !== undefined) access.handleCreated(link, object.definition.id, instanceId);
  return instanceId;
}

/** True when the entries lack a mandatory resource that only a server can give. */
function isIncomplete(object: LwM2mObject, entries: readonly Entry[]): boolean {
  const resources = object.definition.resources;
  for (let i = 0; i < resources.length; i += 2) {
    if ((resources[i + 1] & MANDATORY) === 0 || (resources[i + 1] & WRITE) === 0) continue;
    let isGiven = false;
    for (let k = 0; k < entries.length && !isGiven; k++) {
      isGiven = entries[k].path[2] === resources[i];
    }
    if (!isGiven) return true;
  }
  return false;
}

/** Deletes an object instance, or an instance of a multiple resource that may be written (LwM2M Core 1.2.2 §6.3.7); what is mandatory keeps its last. */
function remove(link: ServerLink, object: LwM2mObject, path: Path): number {
  if (path.length === 4) return removeOne(object, path);
  const isLast = object.definition.mandatory && object.instances.ids.length === 1;
  if (object.isFixed || isLast) return METHOD_NOT_ALLOWED;
  const refusal = object.onDelete === undefined ? undefined : object.onDelete(object, path[1]);
  if (refusal !== undefined) return refusal;
  object.remove(path[1]);
  const access = link.agent.features.access;
  if (access !== undefined) access.handleDeleted(link, path[0], path[1]);
  return DELETED;
}

function removeOne(object: LwM2mObject, path: Path): number {
  const flags = resourceFlags(object.definition, path[2]);
  const isLast = (flags & MANDATORY) !== 0 && instancesOf(object, path).length === 1;
  if ((flags & WRITE) === 0 || isLast) return METHOD_NOT_ALLOWED;
  object.setOne(path[1], path[2], path[3], undefined);
  if (object.onWrite !== undefined) object.onWrite(object, path[1], path[2]);
  return DELETED;
}
