/**
 * What one server observes, as a record that outlives a reboot (LwM2M Core 1.2.2 §6.4.1: a client should keep its observations, and has
 * to Register when it has forgotten them): attributes, observations with their periods and what was told last, stored notifications.
 *
 * Observations live no longer than the registration: the record is for a link that is registered again at the same location, within its
 * lifetime, without a new Register. Times are kept as ages, so that no clock has to go on while the device is off.
 *
 *   [1, sequence, [[path, attributes]..], [observation..], [[observation, age, code, payload, max-age]..]]
 *   observation: [token, subject, format, attributes, age, since confirmed, due, told]
 *   subject: a path, [-1, path..] for several places, or the path of a named resource as text
 */
import type { Malformed } from "../../../protocol/malformed.ts";
import { malformed } from "../../../protocol/malformed.ts";
import { NO_ATTRIBUTES } from "../../../protocol/model/attributes.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import type { BasicAgent } from "../basic-agent.ts";
import { observationOfPlaces, placesObserved } from "../management/composites.ts";
import { findResource, namedPathOf, observationOfNamed } from "../management/named-resources.ts";
import type { ReportingLink } from "../reporting/reporting-link.ts";
import { ReportingObservation } from "../reporting/reporting-observation.ts";
import type { ReportingObservers } from "../reporting/reporting-observers.ts";
import type { Item } from "./kept-items.ts";
import { decodeItem, encodeItem } from "./kept-items.ts";
import {
  attributesOf,
  isAge,
  isCount,
  isList,
  isPath,
  itemOfAttributes,
  itemOfReading,
  readingOf,
} from "./kept-values.ts";

const VERSION = 1;
const PLACES = -1;
const MAX_KEPT = 64;
const SOURCE = "LwM2M Core 1.2.2 §6.4.1";

/** A record that was read; its lists are sound in form. */
export interface KeptReporting {
  readonly sequence: number;
  readonly attributes: readonly Item[];
  readonly observations: readonly Item[];
  readonly stored: readonly Item[];
}

/** The record of a link; undefined when its server observes nothing and has set no attributes. */
export function encodeReporting(link: ReportingLink, now: Milliseconds): Uint8Array | undefined {
  const observers = link.observers;
  if (observers === undefined) return undefined;
  const { observations, attributeSets } = observers;
  if (observations.length === 0 && attributeSets.length === 0) return undefined;
  const sets: Item[] = [];
  const kept: Item[] = [];
  const stored: Item[] = [];
  for (let i = 0; i < attributeSets.length; i++) {
    sets.push([attributeSets[i].path, itemOfAttributes(attributeSets[i].attributes)]);
  }
  for (let i = 0; i < observations.length; i++) kept.push(itemOf(link.agent, observations[i], now));
  const waiting = observers.untold();
  for (let i = 0; i < waiting.length; i++) {
    const { observation, at, code, payload, maxAge } = waiting[i];
    stored.push([observations.indexOf(observation), now - at, code, payload, maxAge]);
  }
  return encodeItem([VERSION, observers.lastSequence(), sets, kept, stored]);
}

/** Reads a record. Total. */
export function decodeReporting(bytes: Uint8Array): KeptReporting | Malformed {
  const { item, fault } = decodeItem(bytes);
  if (fault || !isList(item, 5)) return malformed("kept/form", 0, SOURCE);
  if (item[0] !== VERSION) return malformed("kept/version", 0, SOURCE);
  const sequence = item[1];
  const attributes = item[2];
  const observations = item[3];
  const stored = item[4];
  const areLists = isList(attributes, -1) && isList(observations, -1) && isList(stored, -1);
  if (!areLists || !isCount(sequence, 0xffffff)) return malformed("kept/form", 0, SOURCE);
  const longest = Math.max(attributes.length, observations.length, stored.length);
  if (longest > MAX_KEPT) return malformed("kept/too-many", 0, SOURCE);
  for (let i = 0; i < attributes.length; i++) {
    const set = attributes[i];
    const isSet = isList(set, 2) && isPath(set[0]) && attributesOf(set[1]) !== undefined;
    if (!isSet) return malformed("kept/attributes", i, SOURCE);
  }
  for (let i = 0; i < observations.length; i++) {
    if (!isObservation(observations[i])) return malformed("kept/observation", i, SOURCE);
  }
  for (let i = 0; i < stored.length; i++) {
    if (!isStored(stored[i], observations.length)) return malformed("kept/notification", i, SOURCE);
  }
  return {
    sequence: sequence,
    attributes: attributes,
    observations: observations,
    stored: stored,
  };
}

/**
 * Takes up again what a record holds, on a link that is registered as it was. What is not as it was told last is reported, as its
 * attributes say.
 *
 * @param away how long the device was off, as far as it knows
 * @returns false when an observation could not be taken up, since what it observes is gone: the link has to Register
 */
export function restoreReporting(
  link: ReportingLink,
  now: Milliseconds,
  kept: KeptReporting,
  away: Milliseconds,
): boolean {
  const observers = link.observed();
  const made: (ReportingObservation | undefined)[] = [];
  let isWhole = true;
  observers.attributeSets = kept.attributes.map(function (set) {
    const [path, attributes] = set as readonly Item[];
    return { path: path as Path, attributes: attributesOf(attributes) || NO_ATTRIBUTES };
  });
  for (let i = 0; i < kept.observations.length; i++) {
    const observation = observationOf(link, observers, kept.observations[i] as readonly Item[]);
    made.push(observation);
    if (observation === undefined) isWhole = false;
  }
  observers.resume(kept.sequence, made);
  for (let i = 0; i < kept.observations.length; i++) {
    const observation = made[i];
    const item = kept.observations[i] as readonly Item[];
    if (observation === undefined) continue;
    const lastAt = now - (item[4] as number) - away;
    const confirmedAt = now - (item[5] as number) - away;
    observation.resume(now, lastAt, confirmedAt, item[6] === true, readingOf(item[7]));
  }
  for (let i = 0; i < kept.stored.length; i++) {
    const [index, age, code, payload, maxAge] = kept.stored[i] as readonly Item[];
    const observation = made[index as number];
    if (observation === undefined) continue;
    observers.resumeStored({
      observation: observation,
      at: now - (age as number) - away,
      code: code as number,
      payload: payload as Uint8Array,
      maxAge: maxAge as number,
    });
  }
  observers.evaluateAll(now);
  return isWhole;
}

function itemOf(agent: BasicAgent, observation: ReportingObservation, now: Milliseconds): Item {
  const { token, path, format, own, subject } = observation;
  const places = placesObserved(observation);
  const name = namedPathOf(agent, subject);
  const what: Item =
    places !== undefined ? [PLACES, places as Item] : name === undefined ? path : name;
  const attributes = own === NO_ATTRIBUTES ? undefined : itemOfAttributes(own);
  const { age, sinceConfirmed, isDue } = observation.ages(now);
  const told = itemOfReading(observation.told());
  return [token, what, format, attributes, age, sinceConfirmed, isDue, told];
}

function observationOf(
  link: ReportingLink,
  observers: ReportingObservers,
  [token, what, format, attributes]: readonly Item[],
): ReportingObservation | undefined {
  const own = attributes === undefined ? NO_ATTRIBUTES : attributesOf(attributes) || NO_ATTRIBUTES;
  const bytes = token as Uint8Array;
  const content = format as number;
  let observation: ReportingObservation;
  if (typeof what === "string") {
    const resource = findResource(link.agent, what);
    if (resource === undefined) return undefined;
    observation = observers.enabled(observationOfNamed(bytes, resource, content));
  } else {
    const list = what as readonly Item[];
    observation =
      list[0] === PLACES
        ? observationOfPlaces(observers, bytes, list[1] as readonly Path[], content, own)
        : new ReportingObservation(bytes, list as Path, content, own);
  }
  return observation.read(link, observation).code >> 5 === 2 ? observation : undefined;
}

// The form of a record.

function isPlaces(item: Item): boolean {
  if (!isList(item, -1) || item.length > MAX_KEPT) return false;
  for (let i = 0; i < item.length; i++) {
    if (!isPath(item[i]) && !isList(item[i], 0)) return false;
  }
  return true;
}

function isObservation(item: Item): boolean {
  if (!isList(item, 8)) return false;
  const [token, what, format, attributes, age, since, isDue] = item;
  const isSeveral = isList(what, 2) && what[0] === PLACES && isPlaces(what[1]);
  if (!isSeveral && !isPath(what) && typeof what !== "string") return false;
  if (!(token instanceof Uint8Array) || !isCount(format, 65535)) return false;
  if (attributes !== undefined && attributesOf(attributes) === undefined) return false;
  return isAge(age) && isAge(since) && typeof isDue === "boolean";
}

function isStored(item: Item, observations: number): boolean {
  if (!isList(item, 5)) return false;
  const [index, age, code, payload, maxAge] = item;
  const isNumbered = isCount(index, observations - 1) && isAge(age) && isCount(code, 255);
  return isNumbered && payload instanceof Uint8Array && isCount(maxAge, 0xffffffff);
}
