/**
 * Write-Attributes and what attributes mean (LwM2M Core 1.1.1 §5.1.2, §6.4.2): pmin, pmax, gt, lt and st.
 *
 * Precedence: the Observe's own query, then resource instance, resource, object instance, object, then for pmin
 * and pmax /1/x/2 and /1/x/3. What is set below the observed path does not count for that observation.
 *
 * With gt, lt or st a numeric value has to be reported only when it has crossed gt or lt in either direction, or moved by st or
 * more, since the value reported last. Any one of the three suffices. A value equal to gt is not above it, one equal to lt not below it.
 */
import { BAD_REQUEST, CHANGED, INTERNAL_SERVER_ERROR } from "../../../protocol/coap/codes.ts";
import type { IncomingRequest } from "../../../protocol/coap/exchange.ts";
import { linkAttribute } from "../../../protocol/coap/link-format.ts";
import { textsOf, URI_QUERY } from "../../../protocol/coap/options.ts";
import type { Malformed } from "../../../protocol/malformed.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Attributes } from "../../../protocol/model/attributes.ts";
import {
  ATTRIBUTE_NAMES,
  changeAttributes,
  NO_ATTRIBUTES,
} from "../../../protocol/model/attributes.ts";
import { FLOAT, INTEGER, TIME, TYPE_MASK, UNSIGNED } from "../../../protocol/model/data-types.ts";
import { formatDecimal } from "../../../protocol/model/decimal.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { isWithin } from "../../../protocol/model/path.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { AttributeRules } from "../features.ts";
import type { ServerLink } from "../server-link.ts";
import type { Observation, Reading } from "./notification.ts";
import type { Observers } from "./observers.ts";

/** Paths with attributes per server. */
const MAX_ATTRIBUTE_SETS = 64;

export const NOTIFICATION_ATTRIBUTES: AttributeRules = {
  write: write,
  ofObserve: ofObserve,
  holding: holding,
  isNotable: isNotable,
  describe: describe,
};

function write(
  link: ServerLink,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): number {
  const queries = textsOf(request.options, URI_QUERY);
  if (queries.length === 0) return BAD_REQUEST;
  const observers = link.observed();
  const current = attributesAt(observers, path);
  const attributes = changeAttributes(current, queries, isNumeric(object, path));
  if (isMalformed(attributes)) return BAD_REQUEST;
  return setAttributes(observers, path, attributes) ? CHANGED : INTERNAL_SERVER_ERROR;
}

function ofObserve(
  _link: ServerLink,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): Attributes | Malformed {
  const queries = textsOf(request.options, URI_QUERY);
  return changeAttributes(NO_ATTRIBUTES, queries, isNumeric(object, path));
}

/** True where gt, lt and st mean something. */
function isNumeric(object: LwM2mObject, path: Path): boolean {
  const flags = path.length < 3 ? 0 : resourceFlags(object.definition, path[2]);
  const type = flags & TYPE_MASK;
  return type === INTEGER || type === UNSIGNED || type === FLOAT || type === TIME;
}

/** What this server has set for exactly this path. */
export function attributesAt(observers: Observers, path: Path): Attributes {
  const sets = observers.attributeSets;
  for (let i = 0; i < sets.length; i++) {
    if (isSame(sets[i].path, path)) return sets[i].attributes;
  }
  return NO_ATTRIBUTES;
}

/** Replaces what this server has set for this path. False when it has set attributes on too many paths. */
export function setAttributes(observers: Observers, path: Path, attributes: Attributes): boolean {
  const sets = observers.attributeSets;
  let at = 0;
  while (at < sets.length && !isSame(sets[at].path, path)) at++;
  if (at === MAX_ATTRIBUTE_SETS) return false;
  if (at < sets.length) sets[at].attributes = attributes;
  else observers.attributeSets = sets.concat({ path: path, attributes: attributes });
  observers.handleAttributes();
  return true;
}

function holding(observers: Observers, observation: Observation, defaults: Attributes): Attributes {
  return overridden(attributesFor(observers, observation.path, defaults), observation.own);
}

/** What holds for a path: of each attribute the one that is set closest to it. */
export function attributesFor(observers: Observers, path: Path, defaults: Attributes): Attributes {
  let attributes = defaults;
  for (let depth = 1; depth <= path.length; depth++) {
    attributes = overridden(attributes, attributesAt(observers, path.slice(0, depth)));
  }
  return attributes;
}

export function isNotable(attributes: Attributes, last: Reading, reading: Reading): boolean {
  const gt = attributes.gt;
  const lt = attributes.lt;
  const st = attributes.st;
  if (typeof reading !== "number" || typeof last !== "number") return true;
  if (gt === undefined && lt === undefined && st === undefined) return true;
  if (gt !== undefined && last > gt !== reading > gt) return true;
  if (lt !== undefined && last < lt !== reading < lt) return true;
  return st !== undefined && (reading - last >= st || last - reading >= st);
}

function describe(observers: Observers, path: Path, inherits: boolean): string {
  const attributes = inherits
    ? attributesFor(observers, path, NO_ATTRIBUTES)
    : attributesAt(observers, path);
  let text = "";
  for (let i = 0; i < ATTRIBUTE_NAMES.length; i++) {
    const value = attributes[ATTRIBUTE_NAMES[i]];
    if (value !== undefined) text += linkAttribute(ATTRIBUTE_NAMES[i], formatDecimal(value));
  }
  return text;
}

/** `upper` where it says something, else `lower`. */
export function overridden(lower: Attributes, upper: Attributes): Attributes {
  if (upper === NO_ATTRIBUTES) return lower;
  return {
    pmin: upper.pmin === undefined ? lower.pmin : upper.pmin,
    pmax: upper.pmax === undefined ? lower.pmax : upper.pmax,
    gt: upper.gt === undefined ? lower.gt : upper.gt,
    lt: upper.lt === undefined ? lower.lt : upper.lt,
    st: upper.st === undefined ? lower.st : upper.st,
  };
}

export function isSame(a: Path, b: Path): boolean {
  return a.length === b.length && isWithin(a, b);
}
