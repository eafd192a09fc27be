/** A registration as the Leshan demo server shows it. */
import { parsePath } from "../../../protocol/model/path.ts";
import { transportAddress } from "../../peer-address.ts";
import { UNSAID_VERSION } from "../../registry/definitions.ts";
import type { Registration } from "../../registry/registration.ts";
import type { Json } from "../../shadow/json.ts";
import { linksJson } from "./answer-json.ts";

export interface ShownRegistration {
  /** Names this registration. The location that the device itself uses is a secret between it and the connector. */
  readonly registrationId: string;
  /** Milliseconds since 1970 at the connector's monotonic 0. */
  readonly epoch: number;
  /** Of a device in queue mode. */
  readonly isAwake: boolean;
}

export function registrationJson(
  registration: Registration,
  { registrationId, epoch, isAwake }: ShownRegistration,
): { readonly [member: string]: Json } {
  const { queueMode } = registration;
  return {
    endpoint: registration.endpointName,
    registrationId,
    registrationDate: Math.floor(epoch + registration.registeredAt),
    lastUpdate: Math.floor(epoch + registration.refreshedAt),
    address: transportAddress(registration.peer),
    lwM2mVersion: registration.version ?? UNSAID_VERSION,
    lifetime: registration.lifetime,
    bindingMode: registration.binding,
    rootPath: registration.rootPath === "" ? "/" : registration.rootPath,
    objectLinks: linksJson(registration.links),
    // No transport of devices is a secure one yet.
    secure: false,
    additionalRegistrationAttributes: {},
    queuemode: queueMode,
    availableInstances: instancesOf(registration),
    ...(queueMode && { sleeping: !isAwake }),
  };
}

/** What an Update has left of a registration. */
export function updateJson(
  registration: Registration,
  registrationId: string,
): { readonly [member: string]: Json } {
  return {
    registrationId,
    address: transportAddress(registration.peer),
    lifetime: registration.lifetime,
    objectLinks: linksJson(registration.links),
    secure: false,
    additionalAttributes: {},
  };
}

/** Object id -> ids of the instances that are listed. */
function instancesOf({ links }: Registration): { readonly [objectId: string]: Json } {
  const instances = new Map<number, Set<number>>();
  for (const { uri } of links) {
    const path = parsePath(uri);
    if (path?.length !== 2) continue;
    const [objectId, instanceId] = path;
    instances.set(objectId, (instances.get(objectId) ?? new Set()).add(instanceId));
  }
  const listed: Record<string, Json> = {};
  for (const [objectId, ids] of instances) {
    listed[String(objectId)] = [...ids].sort((one, other) => one - other);
  }
  return listed;
}
