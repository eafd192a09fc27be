/**
 * What a device has, as the Leshan demo server shows it: nodes of kind root, obj, instance, singleResource, multiResource and
 * resourceInstance.
 *
 *   {"kind":"instance","id":0,"resources":[{"kind":"singleResource","id":9,"type":"INTEGER","value":"95"}]}
 *
 * Integers and floats are strings, since a JavaScript number cannot hold all of them; opaque values are hex, times milliseconds.
 */
import { encodeHex } from "../../../protocol/bytes/hex.ts";
import {
  BOOLEAN,
  CORELNK,
  type Entry,
  FLOAT,
  INTEGER,
  type Integer64,
  MULTIPLE,
  OBJLNK,
  OPAQUE,
  STRING,
  TIME,
  TYPE_MASK,
  UNSIGNED,
  type Value,
} from "../../../protocol/model/data-types.ts";
import { formatInteger } from "../../../protocol/model/decimal.ts";
import { type DefinitionOf, flagsAt } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Json } from "../../shadow/json.ts";

export interface NodeJson {
  readonly kind:
    | "root"
    | "obj"
    | "instance"
    | "singleResource"
    | "multiResource"
    | "resourceInstance";
  readonly [member: string]: Json;
}

/** Data type -> its name there. */
export const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [STRING, "STRING"],
  [INTEGER, "INTEGER"],
  [UNSIGNED, "UNSIGNED_INTEGER"],
  [FLOAT, "FLOAT"],
  [BOOLEAN, "BOOLEAN"],
  [OPAQUE, "OPAQUE"],
  [TIME, "TIME"],
  [OBJLNK, "OBJLNK"],
  [CORELNK, "CORELINK"],
]);

/**
 * The node at a path.
 *
 * @param path up to four ids; none is the whole tree, which has no id of its own
 * @param entries at or below it
 * @returns undefined when they hold no value where there must be one
 */
export function nodeJson(
  path: Path,
  entries: readonly Entry[],
  definitionOf: DefinitionOf,
): NodeJson | undefined {
  const id = path[path.length - 1];
  const below = () =>
    byNextId(path, entries).map(([next, group]) => nodeJson([...path, next], group, definitionOf));
  switch (path.length) {
    case 0:
      return { kind: "root", objects: present(below()) };
    case 1:
      return { kind: "obj", id, instances: present(below()) };
    case 2:
      return { kind: "instance", id, resources: present(below()) };
    case 3:
      return resourceJson(path, entries, definitionOf);
    default:
      return instanceJson(id, entries);
  }
}

function resourceJson(
  path: Path,
  entries: readonly Entry[],
  definitionOf: DefinitionOf,
): NodeJson | undefined {
  const flags = flagsAt(definitionOf, path);
  const isMultiple =
    (flags & MULTIPLE) !== 0 ||
    entries.some((entry) => entry.path.length === 4 || entry.value === undefined);
  const type = entries[0]?.type || flags & TYPE_MASK;
  const [, , id] = path;
  if (!isMultiple) {
    const value = lastValue(entries);
    if (value === undefined) return undefined;
    return { kind: "singleResource", id, type: nameOf(type), value: jsonOf(type, value) };
  }
  const values: Record<string, Json> = {};
  for (const { path: at, value } of entries) {
    if (at.length === 4 && value !== undefined) values[String(at[3])] = jsonOf(type, value);
  }
  return { kind: "multiResource", id, type: nameOf(type), values };
}

function instanceJson(id: number, entries: readonly Entry[]): NodeJson | undefined {
  const value = lastValue(entries);
  if (value === undefined) return undefined;
  const { type } = entries[entries.length - 1];
  return { kind: "resourceInstance", id, type: nameOf(type), value: jsonOf(type, value) };
}

/** Of values with times the last one is the latest. */
function lastValue(entries: readonly Entry[]): Value | undefined {
  return entries[entries.length - 1]?.value;
}

/** The entries below each id that follows; what is said of the path itself has none. */
function byNextId(path: Path, entries: readonly Entry[]): [id: number, entries: Entry[]][] {
  const groups = new Map<number, Entry[]>();
  for (const entry of entries) {
    const next = entry.path[path.length];
    if (next === undefined) continue;
    const group = groups.get(next);
    if (group === undefined) groups.set(next, [entry]);
    else group.push(entry);
  }
  return [...groups];
}

function present(nodes: readonly (NodeJson | undefined)[]): NodeJson[] {
  return nodes.filter((node) => node !== undefined);
}

function nameOf(type: number): string {
  return TYPE_NAMES.get(type) ?? "NONE";
}

function jsonOf(type: number, value: Value): Json {
  switch (type) {
    case INTEGER:
    case UNSIGNED:
      return formatInteger(value as number | Integer64, type === UNSIGNED);
    case FLOAT:
      return floatText(value as number);
    case TIME:
      return Number(formatInteger(value as number | Integer64, false)) * 1000;
    case OPAQUE:
      return encodeHex(value as Uint8Array);
    case OBJLNK: {
      const { objectId, objectInstanceId } = value as {
        objectId: number;
        objectInstanceId: number;
      };
      return { objectId, objectInstanceId };
    }
    default:
      return value as string | boolean;
  }
}

/** As Java writes a float: `22.0`, also where it has no fraction. */
function floatText(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
