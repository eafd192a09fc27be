/**
 * Notification attributes: when a server wants to hear of a value (LwM2M Core 1.2.2 §7.3.2).
 * Written as queries, "pmin=10" to set and "pmin" to unset; reported in Discover; from 1.2 on also
 * parameters of one observation.
 *
 * What is decided here is which sets are valid, where, and how those of several levels add up. What
 * they do to notifications is the agent's.
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
import { BOOLEAN, FLOAT, INTEGER, TIME, TYPE_MASK, UNSIGNED } from "./data-types.ts";
import { formatDecimal, parseDecimal, parseInteger } from "./decimal.ts";

export interface Attributes {
  /** Seconds that at least pass between notifications. */
  readonly pmin?: number | undefined;
  /** Seconds that at most pass; 0, or less than pmin, is no limit. */
  readonly pmax?: number | undefined;
  /** Crossing this value, upwards or downwards, notifies. */
  readonly gt?: number | undefined;
  /** As gt, and below it. */
  readonly lt?: number | undefined;
  /** A change by this much since the last notification notifies. */
  readonly st?: number | undefined;
  /** Seconds that at least pass between evaluations of the value (since LwM2M 1.1). */
  readonly epmin?: number | undefined;
  /** Seconds that at most pass between evaluations, more than epmin (since LwM2M 1.1). */
  readonly epmax?: number | undefined;
  /** 0: becoming false notifies; 1: becoming true (since LwM2M 1.2). */
  readonly edge?: number | undefined;
  /** 1: notifications are confirmable (since LwM2M 1.2). */
  readonly con?: number | undefined;
  /** How many values are kept while they cannot be sent (since LwM2M 1.2). */
  readonly hqmax?: number | undefined;
}

export type AttributeName = keyof Attributes;

/** Those of LwM2M 1.0, in the order in which Discover lists them. */
export const ATTRIBUTE_NAMES: readonly AttributeName[] = ["pmin", "pmax", "gt", "lt", "st"];

/** Those of LwM2M 1.1. */
export const ATTRIBUTE_NAMES_1_1: readonly AttributeName[] = [
  "pmin",
  "pmax",
  "gt",
  "lt",
  "st",
  "epmin",
  "epmax",
];

/** Those of LwM2M 1.2. */
export const ATTRIBUTE_NAMES_1_2: readonly AttributeName[] = [
  "pmin",
  "pmax",
  "gt",
  "lt",
  "st",
  "epmin",
  "epmax",
  "edge",
  "con",
  "hqmax",
];

/** What an Observe-Composite takes as parameters (LwM2M Core 1.2.2 §6.4.4). */
export const COMPOSITE_ATTRIBUTE_NAMES: readonly AttributeName[] = [
  "pmin",
  "pmax",
  "epmin",
  "epmax",
  "con",
];

/** For objects, object instances, and whatever else is no value. */
export const NO_VALUE = 0;
/** For numeric resources and their instances: gt, lt, st as well. */
export const NUMERIC_VALUE = 1;
/** For boolean resources and their instances: edge as well. */
export const BOOLEAN_VALUE = 2;

export const NO_ATTRIBUTES: Attributes = {};

const SOURCE = "LwM2M Core 1.2.2 §7.3.2";

/** Which attributes a target takes: NO_VALUE, NUMERIC_VALUE or BOOLEAN_VALUE. */
export function attributeTarget(flags: number): number {
  switch (flags & TYPE_MASK) {
    case INTEGER:
    case UNSIGNED:
    case FLOAT:
    case TIME:
      return NUMERIC_VALUE;
    case BOOLEAN:
      return BOOLEAN_VALUE;
    default:
      return NO_VALUE;
  }
}

/**
 * The set that a Write-Attributes makes of `current`: all of its queries or, when one is wrong or
 * the outcome contradicts itself, a fault. Of an Observe's parameters it makes one of
 * NO_ATTRIBUTES.
 *
 * gt, lt and st take a sign and an exponent, which the grammar lacks and peers send.
 *
 * @param names what may be written, for example ATTRIBUTE_NAMES_1_2
 * @param target NO_VALUE, NUMERIC_VALUE or BOOLEAN_VALUE
 */
export function writeAttributes(
  current: Attributes,
  queries: readonly string[],
  names: readonly AttributeName[],
  target: number,
): Attributes | Malformed {
  const written = merged(NO_ATTRIBUTES, current);
  for (let i = 0; i < queries.length; i++) {
    const query = queries[i];
    const equals = query.indexOf("=");
    const name = (equals < 0 ? query : query.slice(0, equals)) as AttributeName;
    if (names.indexOf(name) < 0 || !isFor(name, target)) {
      return malformed("model/attribute-unknown", i, SOURCE);
    }
    const value = equals < 0 ? undefined : readAttribute(name, query.slice(equals + 1));
    if (value === undefined && equals >= 0) return malformed("model/attribute-value", i, SOURCE);
    written[name] = value;
  }
  return areConsistent(written) ? written : malformed("model/attributes-inconsistent", 0, SOURCE);
}

/** `writeAttributes` with those of LwM2M 1.0. */
export function changeAttributes(
  current: Attributes,
  queries: readonly string[],
  isNumeric: boolean,
): Attributes | Malformed {
  return writeAttributes(current, queries, ATTRIBUTE_NAMES, isNumeric ? NUMERIC_VALUE : NO_VALUE);
}

type WritableAttributes = { -readonly [name in AttributeName]?: Attributes[name] };

/** `upper` with what `lower` has over it; only what is set has a place in it, which boards pay for. */
function merged(upper: Attributes, lower: Attributes): WritableAttributes {
  const attributes: WritableAttributes = {};
  for (let i = 0; i < ATTRIBUTE_NAMES_1_2.length; i++) {
    const name = ATTRIBUTE_NAMES_1_2[i];
    const value = lower[name] === undefined ? upper[name] : lower[name];
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}

function isFor(name: AttributeName, target: number): boolean {
  if (name === "gt" || name === "lt" || name === "st") return target === NUMERIC_VALUE;
  return name !== "edge" || target === BOOLEAN_VALUE;
}

/** The value that a query's text gives; undefined when it is none for this attribute. */
export function readAttribute(name: AttributeName, text: string): number | undefined {
  if (name === "gt" || name === "lt" || name === "st") {
    const decimal = parseDecimal(text);
    return decimal !== undefined && name === "st" && decimal < 0 ? undefined : decimal;
  }
  const count = parseInteger(text, true);
  if (typeof count !== "number") return undefined;
  return (name === "edge" || name === "con") && count > 1 ? undefined : count;
}

/**
 * True when a set does not contradict itself: lt < gt and, with a step, lt + 2 st < gt; epmin <
 * epmax. A pmax below pmin is only ignored.
 */
export function areConsistent(attributes: Attributes): boolean {
  const gt = attributes.gt;
  const lt = attributes.lt;
  const epmin = attributes.epmin;
  const epmax = attributes.epmax;
  if (gt !== undefined && lt !== undefined && lt + 2 * (attributes.st || 0) >= gt) return false;
  return epmin === undefined || epmax === undefined || epmin < epmax;
}

/**
 * What holds for a level that has `lower` when `upper` holds above it: lower levels win (LwM2M Core
 * 1.2.2 §7.3.2). The outermost level is the server's default pmin and pmax.
 */
export function inheritAttributes(upper: Attributes, lower: Attributes): Attributes {
  return merged(upper, lower);
}

/**
 * The longest that may pass between notifications, in seconds, or undefined: a pmax of 0 or below
 * pmin says nothing.
 */
export function effectivePmax(attributes: Attributes): number | undefined {
  const pmax = attributes.pmax;
  return pmax === undefined || pmax === 0 || pmax < (attributes.pmin || 0) ? undefined : pmax;
}

/** Writes the attributes that are set as queries. */
export function attributeQueries(attributes: Attributes): string[] {
  const queries: string[] = [];
  for (let i = 0; i < ATTRIBUTE_NAMES_1_2.length; i++) {
    const value = attributes[ATTRIBUTE_NAMES_1_2[i]];
    if (value !== undefined) queries.push(`${ATTRIBUTE_NAMES_1_2[i]}=${formatDecimal(value)}`);
  }
  return queries;
}
