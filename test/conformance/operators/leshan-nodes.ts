/** How Leshan's REST API spells values: `{"kind":"singleResource","id":0,"type":"string","value":"Acme"}`. */
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  OBJLNK,
  type ObjectLink,
  OPAQUE,
  TIME,
  TYPE_MASK,
  UNSIGNED,
  type Value,
} from "../../../protocol/model/data-types.ts";
import { flagsAt } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { pathOfText } from "../configurations.ts";
import { definitionOf } from "../content.ts";
import type { PathValues } from "../server-under-test.ts";

/** Of kind root, obj, instance, singleResource, multiResource or resourceInstance. */
export interface Node {
  readonly kind: string;
  readonly id?: number | undefined;
  readonly type?: string;
  /** Integers are texts, opaque values hexadecimal texts, times in ms. */
  readonly value?: unknown;
  /** Of a multiResource, by id of the resource instance. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly objects?: readonly Node[];
  readonly instances?: readonly Node[];
  readonly resources?: readonly Node[];
}

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [INTEGER, "integer"],
  [UNSIGNED, "unsigned_integer"],
  [FLOAT, "float"],
  [BOOLEAN, "boolean"],
  [OPAQUE, "opaque"],
  [TIME, "time"],
  [OBJLNK, "objlnk"],
]);

// What is written.

/** A value at the path of a resource or of a resource instance. */
export function resourceNode(path: string, value: Value): Node {
  const ids = pathOfText(path);
  const type = typeName(ids);
  const kind = ids.length === 4 ? "resourceInstance" : "singleResource";
  return { kind, id: ids[ids.length - 1], type, value: spelled(type, value) };
}

/** An instance with these values, each by its path; without an id where the values name none. */
export function instanceNode(values: PathValues): Node {
  const singles: Node[] = [];
  const multiples = new Map<number, { type: string; values: Record<string, unknown> }>();
  let id: number | undefined;
  for (const [path, value] of Object.entries(values)) {
    const ids = pathOfText(path);
    id = ids[1];
    const type = typeName(ids);
    if (ids.length === 3) singles.push(resourceNode(path, value));
    else {
      const known = multiples.get(ids[2]) ?? { type, values: {} };
      known.values[String(ids[3])] = spelled(type, value);
      multiples.set(ids[2], known);
    }
  }
  const several = [...multiples].map(
    ([resourceId, rest]): Node => ({ kind: "multiResource", id: resourceId, ...rest }),
  );
  return { kind: "instance", id, resources: [...singles, ...several] };
}

/** Leshan's name of a data type; a text is what it does not know. */
function typeName(path: Path): string {
  return TYPE_NAMES.get(flagsAt(definitionOf, path) & TYPE_MASK) ?? "string";
}

function spelled(type: string, value: Value): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (type === "time") return Number(value) * SECOND;
  if (type === "integer" || type === "unsigned_integer") return String(value);
  return value;
}

// What is told.

/** The value of a single resource as text, as it would stand in text/plain; undefined for what is none. */
export function textOfNode(node: Node | undefined): string | undefined {
  if (node?.value === undefined || typeof node.value === "object") return undefined;
  const type = (node.type ?? "").toLowerCase();
  if (type === "boolean") return node.value === true ? "1" : "0";
  if (type === "time") return String(Number(node.value) / SECOND);
  if (type === "float") return String(Number(node.value));
  return String(node.value);
}

/** The values of a node at a path, each by its own. */
export function valuesOfNode(path: string, node: Node): Map<string, Value> {
  const values = new Map<string, Value>();
  collect(path, node, values);
  return values;
}

function collect(path: string, node: Node, into: Map<string, Value>): void {
  const { objects = [], instances = [], resources = [] } = node;
  const at = path === "/" ? "" : path;
  for (const below of [...objects, ...instances, ...resources]) {
    collect(`${at}/${below.id}`, below, into);
  }
  for (const [id, value] of Object.entries(node.values ?? {})) {
    into.set(`${path}/${id}`, valueIn(node.type, value));
  }
  if (node.value !== undefined && node.value !== null) {
    into.set(path, valueIn(node.type, node.value));
  }
}

function valueIn(typeName = "", value: unknown): Value {
  switch (typeName.toLowerCase()) {
    case "integer":
    case "unsigned_integer":
    case "float":
      return Number(value);
    case "time":
      return Number(value) / SECOND;
    case "opaque":
      return new Uint8Array(Buffer.from(String(value), "hex"));
    case "objlnk":
      return value as ObjectLink;
    case "boolean":
      return value === true;
    default:
      return String(value);
  }
}
