/**
 * Every notification attribute there is, by the version of LwM2M that a server is registered with (LwM2M Core 1.2.2 §7.3.2): pmin,
 * pmax, gt, lt, st; since 1.1 epmin, epmax; since 1.2 edge, con, hqmax, and attributes as parameters of an Observe.
 *
 * Where an observation has parameters, what is attached to its path does not count for it (§6.4.1); the server's defaults do, for what
 * no parameter says. Otherwise the closest level wins, attribute by attribute. What is attached below the observed level sets no
 * condition, but a part with con makes the notification Confirmable, and one with hqmax is kept. Levels that contradict each other
 * leave no condition: gt, lt and st are ignored, and an epmin that is not less than epmax.
 *
 * `NOTIFICATION_ATTRIBUTES` is the small set for boards. What all of them do to notifications is reporting-observation.ts.
 */
import {
  BAD_REQUEST,
  CHANGED,
  INTERNAL_SERVER_ERROR,
  METHOD_NOT_ALLOWED,
} from "../../../protocol/coap/codes.ts";
import type { IncomingRequest } from "../../../protocol/coap/exchange.ts";
import { linkAttribute } from "../../../protocol/coap/link-format.ts";
import { textsOf, URI_QUERY } from "../../../protocol/coap/options.ts";
import type { Malformed } from "../../../protocol/malformed.ts";
import { isMalformed, malformed } from "../../../protocol/malformed.ts";
import type { AttributeName, Attributes } from "../../../protocol/model/attributes.ts";
import {
  ATTRIBUTE_NAMES,
  ATTRIBUTE_NAMES_1_1,
  ATTRIBUTE_NAMES_1_2,
  areConsistent,
  attributeQueries,
  attributeTarget,
  inheritAttributes,
  NO_ATTRIBUTES,
  NO_VALUE,
  writeAttributes,
} from "../../../protocol/model/attributes.ts";
import { READ } from "../../../protocol/model/data-types.ts";
import { formatDecimal } from "../../../protocol/model/decimal.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { isWithin } from "../../../protocol/model/path.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { AttributeRules } from "../features.ts";
import type { ServerLink } from "../server-link.ts";
import type { Observation, Reading } from "./notification.ts";
import {
  attributesAt,
  isNotable as isNumberNotable,
  isSame,
  setAttributes,
} from "./notification-attributes.ts";
import type { Observers } from "./observers.ts";

export const REPORTING_ATTRIBUTES: AttributeRules = {
  write: write,
  ofObserve: ofObserve,
  holding: holding,
  isNotable: isNotable,
  describe: describe,
};

const SOURCE = "LwM2M Core 1.2.2 §6.4.1";

function namesOf(link: ServerLink): readonly AttributeName[] {
  const version = link.version();
  if (version === "1.2") return ATTRIBUTE_NAMES_1_2;
  return version === "1.1" ? ATTRIBUTE_NAMES_1_1 : ATTRIBUTE_NAMES;
}

function write(
  link: ServerLink,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): number {
  const queries = textsOf(request.options, URI_QUERY);
  if (queries.length === 0) return BAD_REQUEST;
  const flags = path.length < 3 ? READ : resourceFlags(object.definition, path[2]);
  if ((flags & READ) === 0) return METHOD_NOT_ALLOWED;
  const observers = link.observed();
  const target = targetOf(object, path);
  const attributes = writeAttributes(attributesAt(observers, path), queries, namesOf(link), target);
  if (isMalformed(attributes)) return BAD_REQUEST;
  if (attributeQueries(attributes).length === 0) {
    removeAttributes(observers, function (each) {
      return isSame(each, path);
    });
    return CHANGED;
  }
  return setAttributes(observers, path, attributes) ? CHANGED : INTERNAL_SERVER_ERROR;
}

/** Forgets what is attached to paths that are gone, or have nothing left. */
export function removeAttributes(observers: Observers, isToGo: (path: Path) => boolean): void {
  const kept = observers.attributeSets.filter(function (set) {
    return !isToGo(set.path);
  });
  if (kept.length === observers.attributeSets.length) return;
  observers.attributeSets = kept;
  observers.handleAttributes();
}

/** Parameters of an Observe came with 1.2; a client that does not know them refuses it (§6.4.1). */
function ofObserve(
  link: ServerLink,
  object: LwM2mObject,
  path: Path,
  request: IncomingRequest,
): Attributes | Malformed {
  return parametersOf(link, request, ATTRIBUTE_NAMES_1_2, targetOf(object, path));
}

/**
 * The attributes that are parameters of an Observe or Observe-Composite; NO_ATTRIBUTES itself when there are none.
 *
 * @param names those that it takes
 */
export function parametersOf(
  link: ServerLink,
  request: IncomingRequest,
  names: readonly AttributeName[],
  target: number,
): Attributes | Malformed {
  const queries = textsOf(request.options, URI_QUERY);
  if (queries.length === 0) return NO_ATTRIBUTES;
  if (link.version() !== "1.2") return malformed("model/attribute-unknown", 0, SOURCE);
  for (let i = 0; i < queries.length; i++) {
    if (queries[i].indexOf("=") < 0) return malformed("model/attribute-value", i, SOURCE);
  }
  return writeAttributes(NO_ATTRIBUTES, queries, names, target);
}

function targetOf(object: LwM2mObject, path: Path): number {
  return path.length < 3 ? NO_VALUE : attributeTarget(resourceFlags(object.definition, path[2]));
}

function holding(observers: Observers, observation: Observation, defaults: Attributes): Attributes {
  if (observation.own !== NO_ATTRIBUTES) {
    return withoutContradiction(inheritAttributes(defaults, observation.own));
  }
  // The usual case shares the account's own.
  if (observers.attributeSets.length === 0) return defaults;
  const attached = attachedTo(observers, observation.path, defaults);
  return withoutContradiction(
    inheritAttributes(attached, partsOf(observers, observation.path, attached)),
  );
}

/** What is attached to a path, or to what is above it: of each attribute the closest. */
export function attachedTo(observers: Observers, path: Path, defaults: Attributes): Attributes {
  let attributes = defaults;
  for (let depth = 1; depth <= path.length && observers.attributeSets.length > 0; depth++) {
    const set = attributesAt(observers, path.slice(0, depth));
    if (set !== NO_ATTRIBUTES) attributes = inheritAttributes(attributes, set);
  }
  return attributes;
}

/** con and hqmax of a notification of all that is at and below a path: 1 where one part has it, the largest of its parts. */
export function partsOf(observers: Observers, path: Path, attached: Attributes): Attributes {
  const sets = observers.attributeSets;
  let con = attached.con;
  let hqmax = attached.hqmax;
  for (let i = 0; i < sets.length && path.length > 0; i++) {
    if (sets[i].path.length <= path.length || !isWithin(sets[i].path, path)) continue;
    const part = sets[i].attributes;
    if (part.con === 1) con = 1;
    if (part.hqmax !== undefined) hqmax = Math.max(hqmax || 0, part.hqmax);
  }
  return { con: con, hqmax: hqmax };
}

/** The same without conditions that exclude each other, as levels that were written one by one may. */
export function withoutContradiction(attributes: Attributes): Attributes {
  if (areConsistent(attributes)) return attributes;
  const { epmin, epmax } = attributes;
  const hasWindow = epmin === undefined || epmax === undefined || epmin < epmax;
  const evaluated = hasWindow ? attributes : without(attributes, "epmin");
  if (areConsistent(evaluated)) return evaluated;
  return without(without(without(evaluated, "gt"), "lt"), "st");
}

function without(attributes: Attributes, left: AttributeName): Attributes {
  const kept: { -readonly [name in AttributeName]?: Attributes[name] } = {};
  for (let i = 0; i < ATTRIBUTE_NAMES_1_2.length; i++) {
    const name = ATTRIBUTE_NAMES_1_2[i];
    if (name !== left && attributes[name] !== undefined) kept[name] = attributes[name];
  }
  return kept;
}

/** A boolean with edge is notable when it becomes what edge names; without, when it changes. */
function isNotable(attributes: Attributes, last: Reading, reading: Reading): boolean {
  const edge = attributes.edge;
  if (edge !== undefined && typeof reading === "boolean" && typeof last === "boolean") {
    return reading !== last && reading === (edge === 1);
  }
  return isNumberNotable(attributes, last, reading);
}

function describe(observers: Observers, path: Path, inherits: boolean): string {
  const attributes = inherits
    ? attachedTo(observers, path, NO_ATTRIBUTES)
    : attributesAt(observers, path);
  let text = "";
  for (let i = 0; i < ATTRIBUTE_NAMES_1_2.length; i++) {
    const value = attributes[ATTRIBUTE_NAMES_1_2[i]];
    if (value !== undefined) {
      text += linkAttribute(ATTRIBUTE_NAMES_1_2[i], formatDecimal(value));
    }
  }
  return text;
}
