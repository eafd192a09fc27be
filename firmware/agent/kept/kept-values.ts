/**
 * What observations hold as items of a record: attributes, what was told last, and the forms that are checked when they are read.
 */
import type { Attributes } from "../../../protocol/model/attributes.ts";
import { ATTRIBUTE_NAMES_1_2 } from "../../../protocol/model/attributes.ts";
import type { Entry, ObjectLink, Value } from "../../../protocol/model/data-types.ts";
import { OBJLNK } from "../../../protocol/model/data-types.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { RESERVED_ID } from "../../../protocol/model/path.ts";
import type { Reading } from "../reporting/notification.ts";
import type { Item } from "./kept-items.ts";

const MAX_ID = RESERVED_ID - 1;

// Attributes are the number of their name and their value, in turn.

export function itemOfAttributes(attributes: Attributes): Item {
  const items: Item[] = [];
  for (let i = 0; i < ATTRIBUTE_NAMES_1_2.length; i++) {
    const value = attributes[ATTRIBUTE_NAMES_1_2[i]];
    if (value !== undefined) items.push(i, value);
  }
  return items;
}

export function attributesOf(item: Item): Attributes | undefined {
  const attributes: { [name: string]: number } = {};
  if (!isList(item, -1) || item.length % 2 !== 0) return undefined;
  for (let i = 0; i < item.length; i += 2) {
    const place = item[i];
    const value = item[i + 1];
    if (!isCount(place, ATTRIBUTE_NAMES_1_2.length - 1) || typeof value !== "number") {
      return undefined;
    }
    attributes[ATTRIBUTE_NAMES_1_2[place]] = value;
  }
  return attributes;
}

// A reading is a value as [value] or [object, instance] of a link, or a list of [path, type, value].

export function itemOfReading(reading: Reading): Item {
  if (reading === undefined) return undefined;
  if (!Array.isArray(reading)) return itemOfValue(reading as Value);
  const items: Item[] = [];
  for (let i = 0; i < reading.length; i++) {
    const { path, type, value } = reading[i] as Entry;
    items.push([path, type, value === undefined ? undefined : itemOfValue(value)]);
  }
  return [items];
}

function itemOfValue(value: Value): Item {
  if (typeof value !== "object" || value instanceof Uint8Array) return [value];
  return [value.objectId, value.objectInstanceId];
}

/** What is not understood reads as nothing told: then whatever is there is news. */
export function readingOf(item: Item): Reading {
  if (!isList(item, 1) || !isList(item[0], -1)) return keptValue(item);
  const entries: Entry[] = [];
  for (let i = 0; i < item[0].length; i++) {
    const each = item[0][i];
    if (!isList(each, 3) || !isPath(each[0]) || !isCount(each[1], OBJLNK + 1)) return undefined;
    entries.push({ path: each[0], type: each[1], value: keptValue(each[2]) });
  }
  return entries;
}

function keptValue(item: Item): Value | undefined {
  if (isList(item, 2) && isCount(item[0], RESERVED_ID) && isCount(item[1], RESERVED_ID)) {
    const link: ObjectLink = { objectId: item[0], objectInstanceId: item[1] };
    return link;
  }
  return isList(item, 1) && !isList(item[0], -1) ? (item[0] as Value | undefined) : undefined;
}

// The form of a record.

/** @param length -1: any */
export function isList(item: Item, length: number): item is readonly Item[] {
  return Array.isArray(item) && (length < 0 || item.length === length);
}

export function isCount(item: Item, most: number): item is number {
  return typeof item === "number" && item >= 0 && item <= most && Math.floor(item) === item;
}

export function isPath(item: Item): item is Path {
  if (!isList(item, -1) || item.length === 0 || item.length > 4) return false;
  for (let i = 0; i < item.length; i++) if (!isCount(item[i], MAX_ID)) return false;
  return true;
}

export function isAge(item: Item): item is number {
  return typeof item === "number" && item >= 0 && item < Infinity;
}
