/**
 * Attributes of a path as Write-Attributes sets them and Discover shows them (LwM2M Core 1.1.1 §5.1.2, §6.3.5).
 */
import { parseDecimal } from "../../protocol/model/decimal.ts";

/** pmin and pmax in whole seconds; gt, lt and st in the resource's unit. Absent: not set. */
export interface Attributes {
  readonly pmin?: number | undefined;
  readonly pmax?: number | undefined;
  readonly gt?: number | undefined;
  readonly lt?: number | undefined;
  readonly st?: number | undefined;
}

export const NO_ATTRIBUTES: Attributes = {};

/** In the order in which Discover shows them. */
export const ATTRIBUTE_NAMES: readonly (keyof Attributes)[] = ["pmin", "pmax", "gt", "lt", "st"];

/**
 * Applies queries such as `pmin=10`, or `pmin` to unset it.
 *
 * @param isNumeric whether gt, lt and st mean something there
 * @returns all attributes afterwards; undefined when a query is no attribute or the set would be inconsistent
 */
export function changeAttributes(
  current: Attributes,
  queries: readonly string[],
  isNumeric: boolean,
): Attributes | undefined {
  const changed: { [name: string]: number | undefined } = {};
  for (let i = 0; i < ATTRIBUTE_NAMES.length; i++) {
    changed[ATTRIBUTE_NAMES[i]] = current[ATTRIBUTE_NAMES[i]];
  }
  for (let i = 0; i < queries.length; i++) {
    const equals = queries[i].indexOf("=");
    const name = equals < 0 ? queries[i] : queries[i].substring(0, equals);
    const at = ATTRIBUTE_NAMES.indexOf(name as keyof Attributes);
    if (at < 0 || (at > 1 && !isNumeric)) return undefined;
    const value = equals < 0 ? undefined : parseDecimal(queries[i].substring(equals + 1));
    if (equals >= 0 && value === undefined) return undefined;
    if (value !== undefined && at < 2 && (value < 0 || Math.floor(value) !== value)) {
      return undefined;
    }
    changed[name] = value;
  }
  return isConsistent(changed) ? changed : undefined;
}

/** `upper` where it says something, else `lower`. */
export function override(lower: Attributes, upper: Attributes): Attributes {
  const result: { [name: string]: number | undefined } = {};
  if (upper === NO_ATTRIBUTES) return lower;
  for (let i = 0; i < ATTRIBUTE_NAMES.length; i++) {
    const name = ATTRIBUTE_NAMES[i];
    result[name] = upper[name] === undefined ? lower[name] : upper[name];
  }
  return result;
}

/** lt < gt, and both st away from each other: lt + 2 st < gt. */
function isConsistent(attributes: Attributes): boolean {
  const gt = attributes.gt;
  const lt = attributes.lt;
  const st = attributes.st;
  if (st !== undefined && st < 0) return false;
  if (gt === undefined || lt === undefined) return true;
  return lt + 2 * (st === undefined ? 0 : st) < gt;
}
