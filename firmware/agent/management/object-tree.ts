/**
 * Reading and changing an object by path, with the answer codes of LwM2M Transport 1.1.1 §6.4.5 (LwM2M Core 1.1.1 §6.3). Knows the
 * model's rules, neither formats nor servers.
 *
 * Functions that can be refused return a response code.
 */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
} from "../../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import type { Entry, Value } from "../../../protocol/model/data-types.ts";
import {
  BOOLEAN,
  EXECUTE,
  isValueOf,
  MANDATORY,
  MULTIPLE,
  OBJLNK,
  OPAQUE,
  READ,
  TYPE_MASK,
  WRITE,
} from "../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../protocol/model/object-definition.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { RESERVED_ID } from "../../../protocol/model/path.ts";
import type { Held, Instance, LwM2mObject, ResourceValues } from "../../objects/lwm2m-object.ts";
import { IdTable } from "../../objects/lwm2m-object.ts";
import type { Reading } from "../reporting/notification.ts";

/** True for Security (0), OSCORE (21) and COSE (23): no server may touch them, and no list names them (§6.2.1, §8.2.2). */
export function isHidden(objectId: number): boolean {
  return objectId === 0 || objectId === 21 || objectId === 23;
}

/** CONTENT when something is there, else NOT_FOUND, or METHOD_NOT_ALLOWED for a path that breaks a rule (§7.1). */
export function locate(object: LwM2mObject, path: Path): number {
  if (path.indexOf(RESERVED_ID) >= 0) return METHOD_NOT_ALLOWED;
  if (path.length === 1) return CONTENT;
  const instance = object.instances.get(path[1]);
  if (instance === undefined) return NOT_FOUND;
  if (path.length === 2) return CONTENT;
  const held = instance.get(path[2]);
  if (path.length === 4) {
    const flags = resourceFlags(object.definition, path[2]);
    if (flags !== 0 && (flags & MULTIPLE) === 0) return METHOD_NOT_ALLOWED;
    return held instanceof IdTable && held.get(path[3]) !== undefined ? CONTENT : NOT_FOUND;
  }
  return held === undefined ? NOT_FOUND : CONTENT;
}

/** Appends what is readable at and below a path that is there. METHOD_NOT_ALLOWED when the path itself names what is not. */
export function read(object: LwM2mObject, path: Path, entries: Entry[]): number {
  const instances = object.instances;
  if (path.length === 1) {
    for (let i = 0; i < instances.ids.length; i++) {
      const before = entries.length;
      readInstance(object, instances.ids[i], instances.items[i], entries);
      if (entries.length === before) {
        const empty = [path[0], instances.ids[i]];
        entries.push({ path: empty, type: OPAQUE, value: undefined });
      }
    }
    return CONTENT;
  }
  const instance = instances.get(path[1]);
  if (instance === undefined) return NOT_FOUND;
  if (path.length === 2) {
    readInstance(object, path[1], instance, entries);
    return CONTENT;
  }
  const flags = resourceFlags(object.definition, path[2]);
  const held = instance.get(path[2]);
  if (held === undefined) return NOT_FOUND;
  if ((flags & READ) === 0) return METHOD_NOT_ALLOWED;
  if (path.length === 3) readResource(object, path, flags, held, entries);
  else {
    const value = held instanceof IdTable ? held.get(path[3]) : undefined;
    if (value === undefined) return NOT_FOUND;
    entries.push({ path: path, type: flags & TYPE_MASK, value: value });
  }
  return CONTENT;
}

/** What is at a path now. */
export function readingAt(object: LwM2mObject, path: Path): Reading {
  const entries: Entry[] = [];
  read(object, path, entries);
  return readingOf(path, entries);
}

/** What the entries at a path come to. */
export function readingOf(path: Path, entries: readonly Entry[]): Reading {
  if (path.length < 3) return undefined;
  return entries.length === 1 ? entries[0].value : entries;
}

function readInstance(
  object: LwM2mObject,
  instanceId: number,
  instance: Instance,
  entries: Entry[],
): void {
  for (let i = 0; i < instance.ids.length; i++) {
    const flags = resourceFlags(object.definition, instance.ids[i]);
    if ((flags & READ) === 0) continue;
    const path = [object.definition.id, instanceId, instance.ids[i]];
    readResource(object, path, flags, instance.items[i], entries);
  }
}

function readResource(
  object: LwM2mObject,
  path: Path,
  flags: number,
  held: Held,
  entries: Entry[],
): void {
  const type = flags & TYPE_MASK;
  if (held instanceof IdTable) {
    if (held.ids.length === 0) entries.push({ path: path, type: type, value: undefined });
    for (let i = 0; i < held.ids.length; i++) {
      const one = [path[0], path[1], path[2], held.ids[i]];
      entries.push({ path: one, type: type, value: held.items[i] });
    }
    return;
  }
  const supplied =
    object.onRead === undefined ? undefined : object.onRead(object, path[1], path[2]);
  entries.push({ path: path, type: type, value: supplied === undefined ? held : supplied });
}

/**
 * Writes entries to an instance, resource or resource instance that may be written: all or nothing (§6.3.3).
 *
 * @param replaces true for a Write that replaces: optional writable resources of the instance that are not among the entries
 * are removed, multiple resources get these resource instances and no others
 */
export function write(
  object: LwM2mObject,
  path: Path,
  entries: readonly Entry[],
  replaces: boolean,
): number {
  for (let i = 0; i < entries.length; i++) {
    const code = check(object, path[1], entries[i], true);
    if (code !== CHANGED) return code;
  }
  if (replaces && path.length === 2) removeUnmentioned(object, path[1], entries);
  apply(object, path[1], entries, replaces && path.length < 4);
  return CHANGED;
}

/** CHANGED when this entry may be stored. Unknown resources are ignored, so they pass. */
export function check(
  object: LwM2mObject,
  instanceId: number,
  entry: Entry,
  refusesReadOnly: boolean,
): number {
  if (entry.path.length < 3) return CHANGED;
  const flags = resourceFlags(object.definition, entry.path[2]);
  if (flags === 0) return CHANGED;
  if ((flags & WRITE) === 0) return refusesReadOnly ? METHOD_NOT_ALLOWED : CHANGED;
  const value = entry.value;
  const isMultiple = (flags & MULTIPLE) !== 0;
  if (value === undefined) return isMultiple ? CHANGED : BAD_REQUEST;
  if (isMultiple !== (entry.path.length === 4)) return BAD_REQUEST;
  if (!isValueOf(flags & TYPE_MASK, value)) return BAD_REQUEST;
  const verdict =
    object.onCheck === undefined || object.onCheck(object, instanceId, entry.path[2], value);
  return verdict === true ? CHANGED : verdict || BAD_REQUEST;
}

function removeUnmentioned(
  object: LwM2mObject,
  instanceId: number,
  entries: readonly Entry[],
): void {
  const instance = object.instances.get(instanceId);
  const ids = instance === undefined ? [] : instance.ids;
  for (let i = 0; i < ids.length; i++) {
    const flags = resourceFlags(object.definition, ids[i]);
    if ((flags & WRITE) === 0 || (flags & MANDATORY) !== 0) continue;
    let isMentioned = false;
    for (let k = 0; k < entries.length && !isMentioned; k++) {
      isMentioned = entries[k].path[2] === ids[i];
    }
    if (!isMentioned) object.unset(instanceId, ids[i]);
  }
}

/** Stores checked entries; skips those that are not writable. */
export function apply(
  object: LwM2mObject,
  instanceId: number,
  entries: readonly Entry[],
  replacesTables: boolean,
): void {
  const tables = new IdTable<IdTable<Value>>();
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    const resourceId = entry.path[2];
    const flags = entry.path.length < 3 ? 0 : resourceFlags(object.definition, resourceId);
    if ((flags & WRITE) === 0) continue;
    const value = entry.value;
    if ((flags & MULTIPLE) !== 0 && (replacesTables || value === undefined)) {
      let table = tables.get(resourceId);
      if (table === undefined) table = new IdTable();
      tables.put(resourceId, table);
      if (value !== undefined) table.put(entry.path[3], value);
      continue;
    }
    if (value === undefined) continue;
    if (entry.path.length === 4) object.setOne(instanceId, resourceId, entry.path[3], value);
    else object.set(instanceId, resourceId, value);
    if (object.onWrite !== undefined) object.onWrite(object, instanceId, resourceId);
  }
  for (let i = 0; i < tables.ids.length; i++) {
    // A partial Write can say that a resource is empty only where there is none yet.
    const isThere = locate(object, [object.definition.id, instanceId, tables.ids[i]]) === CONTENT;
    if (isThere && !replacesTables) continue;
    object.set(instanceId, tables.ids[i], tables.items[i]);
    if (object.onWrite !== undefined) object.onWrite(object, instanceId, tables.ids[i]);
  }
}

/** Ids of the instances that a resource has. */
export function instancesOf(object: LwM2mObject, path: Path): readonly number[] {
  const instance = object.instances.get(path[1]);
  const held = instance === undefined ? undefined : instance.get(path[2]);
  return held instanceof IdTable ? held.ids : [];
}

/** An empty value for each mandatory resource: "", 0, false, no bytes, no instances, no link. */
export function blankValues(definition: ObjectDefinition): ResourceValues {
  const values: { [resourceId: number]: Value | Value[] } = {};
  const resources = definition.resources;
  for (let i = 0; i < resources.length; i += 2) {
    const flags = resources[i + 1];
    if ((flags & MANDATORY) === 0 || (flags & EXECUTE) !== 0) continue;
    values[resources[i]] = emptyValue(flags);
  }
  return values;
}

function emptyValue(flags: number): Value | Value[] {
  const type = flags & TYPE_MASK;
  if ((flags & MULTIPLE) !== 0) return [];
  if (type === BOOLEAN) return false;
  if (type === OPAQUE) return NO_BYTES;
  if (type === OBJLNK) return { objectId: RESERVED_ID, objectInstanceId: RESERVED_ID };
  return isValueOf(type, "") ? "" : 0;
}
