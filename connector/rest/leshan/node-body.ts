/**
 * What applications of the Leshan demo server write: a node as `node-json.ts` shows it, with the type of each value beside it. Where the
 * object is known, values become what its definition says; else they are of the type that the application names.
 */
import { decodeHex } from "../../../protocol/bytes/hex.ts";
import { coerce } from "../../../protocol/content/coerce.ts";
import { parseText } from "../../../protocol/content/text.ts";
import {
  BOOLEAN,
  CORELNK,
  type Entry,
  FLOAT,
  INTEGER,
  isValueOf,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  TYPE_MASK,
  UNSIGNED,
  type Value,
} from "../../../protocol/model/data-types.ts";
import { parseDecimal, parseInteger } from "../../../protocol/model/decimal.ts";
import { type DefinitionOf, flagsAt } from "../../../protocol/model/object-definition.ts";
import { formatPath, type Path, RESERVED_ID } from "../../../protocol/model/path.ts";
import { refusal } from "../../access/domains.ts";
import type { Json } from "../../shadow/json.ts";

type Node = { readonly [member: string]: Json | undefined };

const TYPES: ReadonlyMap<string, number> = new Map([
  ["STRING", STRING],
  ["INTEGER", INTEGER],
  ["UNSIGNED_INTEGER", UNSIGNED],
  ["FLOAT", FLOAT],
  ["BOOLEAN", BOOLEAN],
  ["OPAQUE", OPAQUE],
  ["TIME", TIME],
  ["OBJLNK", OBJLNK],
  ["CORELINK", CORELNK],
]);

/** What a JSON value must be for each type, for people. */
const FORMS: ReadonlyMap<number, string> = new Map([
  [STRING, "a string"],
  [INTEGER, "a string with an integer of 64 bits, or a number"],
  [UNSIGNED, "a string with an integer of 64 bits that is not negative, or a number"],
  [FLOAT, "a string with a decimal number, or a number"],
  [BOOLEAN, "true or false"],
  [OPAQUE, "a string of hex digits"],
  [TIME, "a number of milliseconds since 1970"],
  [OBJLNK, "an object with objectId and objectInstanceId"],
  [CORELNK, "a string of links"],
]);

/**
 * The values of a node that is written at a path, in tree order.
 *
 * @param path of an object instance, a resource or a resource instance; its id is what the node must have
 * @throws Error with code `access/bad-value`
 */
export function entriesOfNode(path: Path, value: unknown, definitionOf: DefinitionOf): Entry[] {
  const node = nodeOf(value);
  const id = idOf(node);
  const expected = path[path.length - 1];
  if (id !== undefined && id !== expected) {
    throw bad(`the node has id ${id}, and the path ${formatPath(path)} another.`);
  }
  const entries = readEntries(path, node, definitionOf);
  return entries.sort(compareEntries);
}

/** The instance that a Create asks for, RESERVED_ID where its id is left to the device. @throws as `entriesOfNode` */
export function createdInstance(value: unknown): number {
  const node = nodeOf(value);
  if (node["resources"] === undefined) throw bad("the body must be an object instance.");
  return idOf(node) ?? RESERVED_ID;
}

function readEntries(path: Path, node: Node, definitionOf: DefinitionOf): Entry[] {
  switch (path.length) {
    case 2:
      return resourcesIn(node).flatMap((resource) => {
        const id = idOf(resource);
        if (id === undefined) throw bad("a resource has no id.");
        return readEntries([...path, id], resource, definitionOf);
      });
    case 3:
      return node["values"] === undefined
        ? [readEntry(path, node["value"], node, definitionOf)]
        : valuesIn(path, node, definitionOf);
    default:
      return [readEntry(path, node["value"], node, definitionOf)];
  }
}

function resourcesIn(node: Node): Node[] {
  const resources = node["resources"];
  if (!Array.isArray(resources)) {
    throw bad('an object instance must be written as {"id", "resources": [...]}.');
  }
  return resources.map(nodeOf);
}

function valuesIn(path: Path, node: Node, definitionOf: DefinitionOf): Entry[] {
  const values = nodeOf(node["values"]);
  const entries = Object.entries(values).map(([name, value]) => {
    const id = idFrom(name);
    if (id === undefined) throw bad(`${quoted(name)} is not the id of a resource instance.`);
    return readEntry([...path, id], value, node, definitionOf);
  });
  if (entries.length > 0) return entries;
  return [{ path, type: flagsAt(definitionOf, path) & TYPE_MASK, value: undefined }];
}

function readEntry(
  path: Path,
  json: Json | undefined,
  node: Node,
  definitionOf: DefinitionOf,
): Entry {
  const at = formatPath(path);
  if (json === undefined) throw bad(`${at} has no value.`);
  const defined = flagsAt(definitionOf, path) & TYPE_MASK;
  const said = typeOf(node, at) ?? defined;
  if (said === 0) throw bad(`${at} has no type.`);
  const value = valueFrom(said, json);
  if (value === undefined || !isValueOf(said, value)) {
    throw bad(`the value of ${at} must be ${FORMS.get(said)}.`);
  }
  if (defined === 0 || defined === said) return { path, type: said, value };
  const converted = convert(defined, said, value);
  if (converted === undefined) throw bad(`the value of ${at} must be ${FORMS.get(defined)}.`);
  return { path, type: defined, value: converted };
}

function typeOf(node: Node, at: string): number | undefined {
  const name = node["type"];
  if (name === undefined || name === null) return undefined;
  const type = typeof name === "string" ? TYPES.get(name.toUpperCase()) : undefined;
  if (type === undefined) {
    const known = [...TYPES.keys()].join(", ").toLowerCase();
    throw bad(`the type of ${at} must be one of ${known}.`);
  }
  return type;
}

function valueFrom(type: number, json: Json): Value | undefined {
  switch (type) {
    case INTEGER:
    case UNSIGNED:
      if (typeof json === "string") return parseInteger(json, type === UNSIGNED);
      return typeof json === "number" ? json : undefined;
    case FLOAT:
      if (typeof json === "string") return parseDecimal(json);
      return typeof json === "number" ? json : undefined;
    case TIME:
      return typeof json === "number" ? Math.floor(json / 1000) : undefined;
    case OPAQUE:
      return typeof json === "string" ? decodeHex(json) : undefined;
    case OBJLNK: {
      if (!isNode(json)) return undefined;
      const { objectId, objectInstanceId } = json;
      if (typeof objectId !== "number" || typeof objectInstanceId !== "number") return undefined;
      return { objectId, objectInstanceId };
    }
    default:
      return typeof json === "object" || typeof json === "number" ? undefined : json;
  }
}

/** A value of another type than the definition has, as one of that: `"60"` for an integer, 60 for a float or a time. */
function convert(type: number, shown: number, value: Value): Value | undefined {
  const coerced = coerce(type, shown, value);
  if (coerced !== undefined || typeof value !== "string" || type === OPAQUE) return coerced;
  return parseText(type, value);
}

function nodeOf(value: unknown): Node {
  if (!isNode(value)) throw bad("a node must be a JSON object.");
  return value;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Of a node; some clients write it as a string. */
function idOf(node: Node): number | undefined {
  const id = node["id"];
  if (id === undefined || id === null) return undefined;
  const found = typeof id === "string" || typeof id === "number" ? idFrom(String(id)) : undefined;
  if (found === undefined) throw bad('"id" must be a whole number from 0 to 65534.');
  return found;
}

function idFrom(text: string): number | undefined {
  const id = /^\d{1,5}$/.test(text) ? Number(text) : RESERVED_ID;
  return id < RESERVED_ID ? id : undefined;
}

/** Tree order. */
export function compareEntries(one: Entry, other: Entry): number {
  return compare(one.path, other.path);
}

function compare(one: Path, other: Path): number {
  for (let i = 0; i < one.length && i < other.length; i++) {
    if (one[i] !== other[i]) return one[i] - other[i];
  }
  return one.length - other.length;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

/** In Leshan's words. */
export function bad(reason: string): Error {
  return refusal("access/bad-value", `Invalid request: ${reason}`);
}
