/**
 * Notification attributes: when a server wants to hear of a value (LwM2M Core 1.1.1 §5.1.2).
 * Written as queries, "pmin=10" to set and "pmin" to unset; reported in Discover.
 *
 * What is decided here is which sets are valid. What they do to notifications is the agent's.
 */
import type { Malformed } from "../malformed.ts";
import { malformed } from "../malformed.ts";
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
}

export type AttributeName = "pmin" | "pmax" | "gt" | "lt" | "st";

/** In the order in which Discover lists them. */
export const ATTRIBUTE_NAMES: readonly AttributeName[] = ["pmin", "pmax", "gt", "lt", "st"];

export const NO_ATTRIBUTES: Attributes = {};

const SOURCE = "LwM2M Core 1.1.1 §5.1.2";

/**
 * The set that a Write-Attributes makes of `current`: all of its queries or, when one is wrong or
 * the outcome contradicts itself, a fault.
 *
 * gt, lt and st take a sign and an exponent, which the grammar lacks and peers send.
 *
 * @param isNumeric whether the target is a numeric resource or an instance of one; gt, lt and st
 * are for these only
 */
export function changeAttributes(
  current: Attributes,
  queries: readonly string[],
  isNumeric: boolean,
): Attributes | Malformed {
  const written = {
    pmin: current.pmin,
    pmax: current.pmax,
    gt: current.gt,
    lt: current.lt,
    st: current.st,
  };
  for (let i = 0; i < queries.length; i++) {
    const query = queries[i];
    const equals = query.indexOf("=");
    const name = (equals < 0 ? query : query.slice(0, equals)) as AttributeName;
    const isPeriod = name === "pmin" || name === "pmax";
    if (ATTRIBUTE_NAMES.indexOf(name) < 0 || (!isPeriod && !isNumeric)) {
      return malformed("model/attribute-unknown", i, SOURCE);
    }
    if (equals < 0) {
      written[name] = undefined;
      continue;
    }
    const text = query.slice(equals + 1);
    const value = isPeriod ? parseInteger(text, true) : parseDecimal(text);
    if (typeof value !== "number" || (name === "st" && value < 0)) {
      return malformed("model/attribute-value", i, SOURCE);
    }
    written[name] = value;
  }
  // lt < gt, and with a step lt + 2 st < gt.
  if (written.gt !== undefined && written.lt !== undefined) {
    if (written.lt + 2 * (written.st || 0) >= written.gt) {
      return malformed("model/attributes-inconsistent", 0, SOURCE);
    }
  }
  return written;
}

/** Writes the attributes that are set as queries. */
export function attributeQueries(attributes: Attributes): string[] {
  const queries: string[] = [];
  for (let i = 0; i < ATTRIBUTE_NAMES.length; i++) {
    const value = attributes[ATTRIBUTE_NAMES[i]];
    if (value !== undefined) queries.push(`${ATTRIBUTE_NAMES[i]}=${formatDecimal(value)}`);
  }
  return queries;
}
