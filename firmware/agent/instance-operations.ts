/**
 * Create and Delete (LwM2M Core 1.1.1 §6.3.6, §6.3.7): a feature, since a device whose instances are its hardware needs neither.
 */
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  DELETED,
  isSuccess,
  METHOD_NOT_ALLOWED,
} from "../../protocol/coap/codes.ts";
import type { IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import { NO_BYTES, NO_OPTIONS } from "../../protocol/coap/message.ts";
import { LOCATION_PATH } from "../../protocol/coap/options.ts";
import { pathOptions } from "../../protocol/coap/uri.ts";
import { CREATE, DELETE } from "../../protocol/lwm2m/operations.ts";
import type { Entry } from "../../protocol/model/data-types.ts";
import { MANDATORY, WRITE } from "../../protocol/model/data-types.ts";
import { resourceFlags } from "../../protocol/model/object-definition.ts";
import type { Path } from "../../protocol/model/path.ts";
import { formatPath, RESERVED_ID } from "../../protocol/model/path.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import type { BasicAgent } from "./basic-agent.ts";
import { decodeContent, plain } from "./device-management.ts";
import { apply, blankValues, check, locate } from "./object-tree.ts";
import type { ServerLink } from "./server-link.ts";

export function instanceOperations(
  link: ServerLink,
  operation: number,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): Response | undefined {
  if (operation === CREATE) return createInstance(link.agent, object, path, request);
  if (operation !== DELETE) return undefined;
  const found = locate(object, path);
  return plain(isSuccess(found) ? remove(object, path) : found);
}

function createInstance(
  agent: BasicAgent,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): Response {
  const isEmpty = request.payload.length === 0;
  const entries = isEmpty ? [] : decodeContent(agent, object, path, request);
  if (typeof entries === "number") return plain(entries);
  const instanceId = create(object, entries);
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
function create(object: LwM2mObject, entries: readonly Entry[]): number {
  const taken = object.instances;
  if (object.isFixed || (!object.definition.multiple && taken.ids.length > 0)) {
    return -METHOD_NOT_ALLOWED;
  }
  let instanceId = entries.length === 0 ? RESERVED_ID : entries[0].path[1];
  for (let i = 0; i < entries.length; i++) {
    if (entries[i].path[1] !== instanceId) return -BAD_REQUEST;
    const code = check(object, instanceId, entries[i], false);
    if (code !== CHANGED) return -code;
  }
  if (instanceId === RESERVED_ID) {
    instanceId = 0;
    while (taken.ids.indexOf(instanceId) >= 0) instanceId++;
  } else if (taken.get(instanceId) !== undefined) return -BAD_REQUEST;
  if (!object.definition.multiple && instanceId !== 0) return -BAD_REQUEST;
  if (isIncomplete(object, entries)) return -BAD_REQUEST;
  object.create(instanceId, blankValues(object.definition));
  apply(object, instanceId, entries, true);
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

/** Deletes an object instance, or an instance of a multiple resource that may be written (§6.3.7). */
function remove(object: LwM2mObject, path: Path): number {
  if (path.length === 2) {
    if (object.isFixed) return METHOD_NOT_ALLOWED;
    object.remove(path[1]);
  } else {
    if ((resourceFlags(object.definition, path[2]) & WRITE) === 0) return METHOD_NOT_ALLOWED;
    object.setOne(path[1], path[2], path[3], undefined);
    if (object.onWrite !== undefined) object.onWrite(object, path[1], path[2]);
  }
  return DELETED;
}
