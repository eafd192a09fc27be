/**
 * What Bootstrap-Write and Bootstrap-Delete do to objects (LwM2M Core 1.2.2 §6.1.7.5, §6.1.7.6): whatever is there and whoever may
 * write it. The rules of values stay, and so does what a device cannot give away.
 *
 * Instances of the objects that make up accounts are replaced whole. Elsewhere the device's own values stay, as in a Write.
 */
import { BAD_REQUEST, CHANGED, DELETED } from "../../../protocol/coap/codes.ts";
import { isBindingOf } from "../../../protocol/lwm2m/versions.ts";
import type { Entry, Value } from "../../../protocol/model/data-types.ts";
import {
  EXECUTE,
  isValueOf,
  MANDATORY,
  MULTIPLE,
  TYPE_MASK,
  WRITE,
} from "../../../protocol/model/data-types.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import {
  SERVER_BINDING,
  SERVER_BOOTSTRAP_TRIGGER,
} from "../../../protocol/model/objects/server.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { RESERVED_ID } from "../../../protocol/model/path.ts";
import type { Held, Instance, LwM2mObject } from "../../objects/lwm2m-object.ts";
import { IdTable } from "../../objects/lwm2m-object.ts";
import { forgetServer } from "./account-removal.ts";
import type { ObjectSource } from "./accounts.ts";
import {
  DEVICE_OBJECT,
  idsOf,
  isConfiguration,
  isOfBootstrapAccount,
  linkedInstances,
  SECURITY_OBJECT,
  SERVER_OBJECT,
  shortServerIdOf,
} from "./accounts.ts";

/** Objects that change: an agent's own, or what is prepared for them. */
export interface ObjectTarget extends ObjectSource {
  /** Of LwM2M. */
  version(): string | undefined;
  objectIds(): readonly number[];
  /** The object, made if the device can have it. */
  toChange(objectId: number): LwM2mObject | undefined;
}

/**
 * Writes what a payload holds at or below a path of one to three ids: all or nothing. Unknown resources are ignored.
 *
 * @param isChecked true for what has been accepted before, whose order among other Writes is not to matter
 */
export function writeAt(
  target: ObjectTarget,
  path: Path,
  entries: readonly Entry[],
  isChecked: boolean,
): number {
  const object = target.toChange(path[0]);
  if (object === undefined || path.length < 1 || path.length > 3) return BAD_REQUEST;
  const instanceIds = instancesIn(object, path, entries);
  for (let i = 0; i < instanceIds.length; i++) {
    if (!canHold(object, instanceIds[i])) return BAD_REQUEST;
  }
  for (let i = 0; i < entries.length; i++) {
    if (!isChecked && !isFit(target, object, entries[i])) return BAD_REQUEST;
  }
  if (path.length === 3) return writeResource(target, object, path, entries);
  for (let i = 0; i < instanceIds.length; i++) {
    writeInstance(target, object, instanceIds[i], entries);
  }
  return CHANGED;
}

/** The object instances that are written. Of an object that has one, a payload need not name it. */
function instancesIn(object: LwM2mObject, path: Path, entries: readonly Entry[]): number[] {
  const ids: number[] = path.length > 1 ? [path[1]] : [];
  for (let i = 0; i < entries.length; i++) {
    const id = instanceOf(object, entries[i]);
    if (ids.indexOf(id) < 0) ids.push(id);
  }
  return ids;
}

function instanceOf(object: LwM2mObject, entry: Entry): number {
  const id = entry.path.length < 2 ? RESERVED_ID : entry.path[1];
  return id === RESERVED_ID && !object.definition.multiple ? 0 : id;
}

/** True when an instance is there or may be made. What servers cannot make is hardware, and no bootstrap makes it either. */
function canHold(object: LwM2mObject, instanceId: number): boolean {
  if (instanceId === RESERVED_ID || (!object.definition.multiple && instanceId !== 0)) return false;
  const isThere = object.instances.get(instanceId) !== undefined;
  return isThere || !object.isFixed || isConfiguration(object.definition.id);
}

function isFit(target: ObjectTarget, object: LwM2mObject, entry: Entry): boolean {
  const flags = entry.path.length < 3 ? 0 : resourceFlags(object.definition, entry.path[2]);
  if (flags === 0 || (flags & EXECUTE) !== 0) return true;
  const value = entry.value;
  const isMultiple = (flags & MULTIPLE) !== 0;
  if (value === undefined) return isMultiple;
  if (isMultiple !== (entry.path.length === 4)) return false;
  if (!isValueOf(flags & TYPE_MASK, value)) return false;
  if (object.definition.id === SERVER_OBJECT && entry.path[2] === SERVER_BINDING) {
    const version = target.version();
    return isBindingOf(version === undefined ? "1.1" : version, value as string);
  }
  const isAcceptable = object.onCheck;
  if (isAcceptable === undefined) return true;
  return isAcceptable(object, instanceOf(object, entry), entry.path[2], value) === true;
}

function writeInstance(
  target: ObjectTarget,
  object: LwM2mObject,
  instanceId: number,
  entries: readonly Entry[],
): void {
  const written: Instance = new IdTable();
  for (let i = 0; i < entries.length; i++) {
    if (instanceOf(object, entries[i]) === instanceId) hold(object, written, entries[i]);
  }
  const current = object.instances.get(instanceId);
  if (current === undefined || isConfiguration(object.definition.id)) {
    addExecutables(target, object, written);
    putInstance(object, instanceId, written);
    return;
  }
  for (let i = 0; i < current.ids.length; i++) {
    const flags = resourceFlags(object.definition, current.ids[i]);
    const isOptional = (flags & WRITE) !== 0 && (flags & MANDATORY) === 0;
    if (isOptional && written.get(current.ids[i]) === undefined) {
      object.unset(instanceId, current.ids[i]);
    }
  }
  for (let i = 0; i < written.ids.length; i++) {
    store(object, instanceId, written.ids[i], written.items[i]);
  }
}

function writeResource(
  target: ObjectTarget,
  object: LwM2mObject,
  path: Path,
  entries: readonly Entry[],
): number {
  const flags = resourceFlags(object.definition, path[2]);
  if ((flags & EXECUTE) !== 0) return BAD_REQUEST;
  const written: Instance = new IdTable();
  for (let i = 0; i < entries.length; i++) hold(object, written, entries[i]);
  const value = written.get(path[2]);
  if (object.instances.get(path[1]) === undefined) {
    const made: Instance = new IdTable();
    addExecutables(target, object, made);
    putInstance(object, path[1], made);
  }
  if (value !== undefined) store(object, path[1], path[2], value);
  return CHANGED;
}

/** Adds a value to an instance that is being made. */
function hold(object: LwM2mObject, instance: Instance, entry: Entry): void {
  const resourceId = entry.path[2];
  const flags = entry.path.length < 3 ? 0 : resourceFlags(object.definition, resourceId);
  if (flags === 0 || (flags & EXECUTE) !== 0) return;
  if ((flags & MULTIPLE) === 0) {
    instance.put(resourceId, entry.value as Value);
    return;
  }
  let table = instance.get(resourceId);
  if (!(table instanceof IdTable)) {
    table = new IdTable<Value>();
    instance.put(resourceId, table);
  }
  if (entry.value !== undefined) table.put(entry.path[3], entry.value);
}

/** What can be executed is there of itself: no payload can say it. */
function addExecutables(target: ObjectTarget, object: LwM2mObject, instance: Instance): void {
  const resources = object.definition.resources;
  const isServer = object.definition.id === SERVER_OBJECT;
  for (let i = 0; i < resources.length; i += 2) {
    if ((resources[i + 1] & EXECUTE) === 0) continue;
    // The trigger of bootstrap came with LwM2M 1.1.
    const isKnown = resources[i] !== SERVER_BOOTSTRAP_TRIGGER || target.version() !== "1.0";
    if ((isServer && isKnown) || (resources[i + 1] & MANDATORY) !== 0) {
      instance.put(resources[i], true);
    }
  }
}

function putInstance(object: LwM2mObject, instanceId: number, instance: Instance): void {
  const isNew = object.instances.get(instanceId) === undefined;
  object.instances = object.instances.own();
  object.instances.put(instanceId, instance);
  const listener = object.listener;
  if (listener === undefined) return;
  if (isNew) listener.handleInstances(object);
  for (let i = 0; !isNew && i < instance.ids.length; i++) {
    listener.handleValue(object, instanceId, instance.ids[i]);
  }
}

function store(object: LwM2mObject, instanceId: number, resourceId: number, held: Held): void {
  object.set(instanceId, resourceId, held);
  if (object.onWrite !== undefined) object.onWrite(object, instanceId, resourceId);
}

/**
 * Removes what is at a path of none to two ids. What is not there is removed already.
 *
 * @param cascades take along what belongs to a server account whose instance of object 0 goes (LwM2M Transport 1.2.2 §5.2.5)
 * @param ownAccount the instance of object 0 of the bootstrap server's account, which stays with what it links to
 */
export function deleteAt(
  target: ObjectTarget,
  path: Path,
  cascades: boolean,
  ownAccount: number,
): number {
  if (path.length > 2) return BAD_REQUEST;
  const objectIds = path.length === 0 ? target.objectIds() : [path[0]];
  for (let i = 0; i < objectIds.length; i++) {
    const instanceIds = path.length === 2 ? [path[1]] : idsOf(target, objectIds[i]);
    for (let k = 0; k < instanceIds.length; k++) {
      const isGone = removeInstance(target, objectIds[i], instanceIds[k], cascades, ownAccount);
      if (!isGone && path.length === 2) return BAD_REQUEST;
    }
  }
  return DELETED;
}

/** False when it has to stay. */
function removeInstance(
  target: ObjectTarget,
  objectId: number,
  instanceId: number,
  cascades: boolean,
  ownAccount: number,
): boolean {
  if (idsOf(target, objectId).indexOf(instanceId) < 0) return true;
  const object = target.toChange(objectId);
  if (object === undefined) return true;
  if (object.isFixed && !isConfiguration(objectId)) return false;
  if (objectId === DEVICE_OBJECT && instanceId === 0) return false;
  if (isOfBootstrapAccount(target, objectId, instanceId, ownAccount)) return false;
  if (objectId !== SECURITY_OBJECT || !cascades) {
    object.remove(instanceId);
    return true;
  }
  const shortServerId = shortServerIdOf(target, instanceId);
  const linked = linkedInstances(target, instanceId);
  object.remove(instanceId);
  for (let i = 0; i < linked.length; i++) {
    removeInstance(target, linked[i][0], linked[i][1], false, ownAccount);
  }
  if (shortServerId !== undefined) forgetServer(target, shortServerId);
  return true;
}
