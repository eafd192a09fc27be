/**
 * BinaryAppDataContainer (19): bytes that an application and its device send each other (OMA registry, 1.0).
 *
 *     const data = binaryAppDataObject((instanceId, bytes) => handle(bytes));
 *     addContainer(data, 0, { [BINARY_APP_DATA_PRIORITY]: PRIORITY_IMMEDIATE });
 *     putAppData(data, 0, [bytes], calendar.seconds());
 */
import type { Value } from "../../protocol/model/data-types.ts";
import {
  BINARY_APP_DATA,
  BINARY_APP_DATA_CONTAINER,
  BINARY_APP_DATA_CREATION_TIME,
  BINARY_APP_DATA_DESCRIPTION,
  BINARY_APP_DATA_FORMAT,
  BINARY_APP_DATA_PRIORITY,
} from "../../protocol/model/objects/binary-app-data.ts";
import type { ResourceValues } from "./lwm2m-object.ts";
import { IdTable, LwM2mObject } from "./lwm2m-object.ts";

// /19/x/1.

export const PRIORITY_IMMEDIATE = 0;
export const PRIORITY_BEST_EFFORT = 1;
export const PRIORITY_LATEST = 2;
const HIGHEST_PRIORITY = 255;
const LONGEST_TEXT = 32;

/** A server wrote data into a container: what its resource instances hold, ids ascending. */
export type AppDataHandler = (instanceId: number, data: readonly Uint8Array[]) => void;

/** Object 19 without instances; servers may create some. */
export function binaryAppDataObject(handle?: AppDataHandler): LwM2mObject {
  const object = new LwM2mObject(BINARY_APP_DATA_CONTAINER);
  object.onCheck = isAcceptable;
  object.onWrite = function (own, instanceId, resourceId) {
    if (resourceId === BINARY_APP_DATA && handle !== undefined) {
      handle(instanceId, appDataOf(own, instanceId));
    }
  };
  return object;
}

/** Adds a container that is empty. @param values its priority, description, format, application */
export function addContainer(
  object: LwM2mObject,
  instanceId: number,
  values: ResourceValues,
): void {
  const all: { [resourceId: number]: ResourceValues[number] } = { [BINARY_APP_DATA]: [] };
  for (const resourceId in values) all[resourceId] = values[resourceId];
  object.create(instanceId, all);
}

/** Data for servers, made at a time in seconds since 1970: observers of the container hear of both together. */
export function putAppData(
  object: LwM2mObject,
  instanceId: number,
  data: readonly Uint8Array[],
  seconds: number,
): void {
  object.set(instanceId, BINARY_APP_DATA_CREATION_TIME, Math.floor(seconds));
  object.set(instanceId, BINARY_APP_DATA, data);
}

/** What a container holds. */
export function appDataOf(object: LwM2mObject, instanceId: number): readonly Uint8Array[] {
  const instance = object.instances.get(instanceId);
  const held = instance === undefined ? undefined : instance.get(BINARY_APP_DATA);
  return held instanceof IdTable ? (held.items.slice(0) as Uint8Array[]) : [];
}

function isAcceptable(
  _object: LwM2mObject,
  _instanceId: number,
  resourceId: number,
  value: Value,
): boolean {
  switch (resourceId) {
    case BINARY_APP_DATA_PRIORITY:
      return (value as number) >= 0 && (value as number) <= HIGHEST_PRIORITY;
    case BINARY_APP_DATA_DESCRIPTION:
    case BINARY_APP_DATA_FORMAT:
      return (value as string).length <= LONGEST_TEXT;
    default:
      return true;
  }
}
