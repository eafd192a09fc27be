/**
 * A shadow's state between its two forms: the nested JSON that applications exchange, and values by path that a device has.
 *
 *   { "config": { "port0": { "userName": "King Cobra" } } }  <->  /config/port0/userName
 *   { "3303": { "0": { "5601": 3 } } }                       <->  /3303/0/5601
 *   { "/actuator/0/speed": 5 }                                ->  /actuator/0/speed
 *
 * Names with slashes are paths from where they stand. What is no object is a value, arrays included. null says that there is to be none.
 */
import type { Json } from "./json.ts";

export const LONGEST_PATH = 255;

/** Why a state was not taken, as a sentence for its sender. */
export interface StateRefusal {
  readonly refusal: string;
}

/** The values in a nested state, in the order in which they were written; a later one of the same path replaces. */
export function flatten(state: Json, most: number): Map<string, Json> | StateRefusal {
  const values = new Map<string, Json>();
  const refusal = collect("", state, values, most);
  return refusal === undefined ? values : { refusal };
}

/** Nested again. Where a path holds a value and others lie below it, those below it are shown. */
export function nest(values: Iterable<readonly [path: string, value: Json]>): Json {
  const root = emptyObject();
  const sorted = [...values].sort(([one], [other]) => depthOf(other) - depthOf(one));
  for (const [path, value] of sorted) {
    const names = path.slice(1).split("/");
    const last = names.pop() as string;
    let at = root;
    for (const name of names) {
      const next = at[name];
      // Deeper ones are in already, so that what is there is an object or nothing.
      at = isObject(next) ? (next as Tree) : (at[name] = emptyObject());
    }
    if (at[last] === undefined) at[last] = value;
  }
  return root;
}

/** Whether a path lies below another one. */
export function isBelow(path: string, base: string): boolean {
  return path.startsWith(`${base}/`);
}

interface Tree {
  [name: string]: Json;
}

function collect(
  base: string,
  state: Json,
  values: Map<string, Json>,
  most: number,
): string | undefined {
  if (!isObject(state)) {
    if (base === "") return "The state must be a JSON object.";
    values.set(base, state);
    return values.size > most ? `The state holds more than ${most} values.` : undefined;
  }
  for (const [name, member] of Object.entries(state)) {
    const path = pathBelow(base, name);
    if (path === undefined) return `"${name.slice(0, 40)}" cannot be a part of a resource's path.`;
    const refusal = collect(path, member, values, most);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function pathBelow(base: string, name: string): string | undefined {
  const path = `${base}${name.startsWith("/") ? "" : "/"}${name}`;
  if (path.length > LONGEST_PATH || path.endsWith("/") || path.includes("//")) return undefined;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 32 || code === 127) return undefined;
  }
  return path;
}

/** Without a prototype: a path of a device may name anything. */
function emptyObject(): Tree {
  return Object.create(null) as Tree;
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function depthOf(path: string): number {
  return path.split("/").length;
}
