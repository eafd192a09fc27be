/** How Leshan's REST API spells values: `{"kind":"singleResource","id":0,"type":"string","value":"Acme"}`. */
import {
  BOOLEAN,
  FLOAT,
  INTEGER,
  OBJLNK,
  OPAQUE,
  TIME,
  UNSIGNED,
  type Value,
} from "../../../protocol/model/data-types.ts";
import { SECOND } from "../../../protocol/time/duration.ts";

export interface Node {
  readonly kind: string;
  readonly id?: number;
  readonly type?: string;
  /** Integers are texts, opaque values hexadecimal texts, times in ms. */
  readonly value?: unknown;
  /** Of a multiResource, by id of the resource instance. */
  readonly values?: Readonly<Record<string, unknown>>;
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

/** Leshan's name of a data type; a text is what it does not know. */
export function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? "string";
}

export function nodeOf(id: number, type: string, value: Value): Node {
  return { kind: "singleResource", id, type, value: spelled(type, value) };
}

function spelled(type: string, value: Value): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (type === "time") return Number(value) * SECOND;
  if (type === "integer" || type === "unsigned_integer") return String(value);
  return value;
}

/** The value of a single resource as text, as it would stand in text/plain; undefined for what is none. */
export function textOfNode(node: Node | undefined): string | undefined {
  if (node?.value === undefined || typeof node.value === "object") return undefined;
  if (node.type === "boolean") return node.value === true ? "1" : "0";
  if (node.type === "time") return String(Number(node.value) / SECOND);
  return String(node.value);
}
