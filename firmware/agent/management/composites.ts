/**
 * Read-Composite, Write-Composite, Observe-Composite and its cancellation: what servers ask of several places at once, at the root
 * (LwM2M Core 1.2.2 §6.3.8, §6.3.9, §6.4.4, §6.4.5, since LwM2M 1.1). A feature: a value for `otherPaths`, which brings others along.
 *
 * What is absent, cannot be read or is hidden is left out of what is read; one such place refuses all that is written.
 */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  isSuccess,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  UNAUTHORIZED,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
} from "../../../protocol/coap/content-formats.ts";
import type { IncomingRequest, Response } from "../../../protocol/coap/exchange.ts";
import { ACCEPT, CONTENT_FORMAT, URI_PATH, uintOf } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../../protocol/content/content-codec.ts";
import {
  SENML_ETCH_CBOR_CODEC,
  SENML_ETCH_CBOR_PATHS,
} from "../../../protocol/content/senml-cbor-etch.ts";
import {
  SENML_ETCH_JSON_CODEC,
  SENML_ETCH_JSON_PATHS,
} from "../../../protocol/content/senml-json-etch.ts";
import { firstClash } from "../../../protocol/content/tree-order.ts";
import {
  CANCEL_COMPOSITE,
  COMPOSITE_NAMES,
  compositeOperationOf,
  OBSERVE_COMPOSITE,
  READ_COMPOSITE,
  WRITE_COMPOSITE,
} from "../../../protocol/lwm2m/composite-operations.ts";
import { NO_OPERATION } from "../../../protocol/lwm2m/operations.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Attributes } from "../../../protocol/model/attributes.ts";
import {
  COMPOSITE_ATTRIBUTE_NAMES,
  effectivePmax,
  inheritAttributes,
  NO_ATTRIBUTES,
  NO_VALUE,
} from "../../../protocol/model/attributes.ts";
import type { Entry } from "../../../protocol/model/data-types.ts";
import { MANDATORY } from "../../../protocol/model/data-types.ts";
import { resourceFlags } from "../../../protocol/model/object-definition.ts";
import type { Path } from "../../../protocol/model/path.ts";
import { formatPath, isWithin } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import type { LwM2mObject } from "../../objects/lwm2m-object.ts";
import type { BasicAgent } from "../basic-agent.ts";
import type { AttributeRules, OtherPaths } from "../features.ts";
import type { Observation, Reading } from "../reporting/notification.ts";
import type { Observers } from "../reporting/observers.ts";
import {
  attachedTo,
  parametersOf,
  partsOf,
  withoutContradiction,
} from "../reporting/reporting-attributes.ts";
import { isNotableReading, ReportingObservation } from "../reporting/reporting-observation.ts";
import type { ServerLink } from "../server-link.ts";
import type { Content } from "./content.ts";
import { ANY_FORMAT, contentResponse, readFor, refusal } from "./content.ts";
import { plain } from "./device-management.ts";
import { hasLooseLink } from "./object-links.ts";
import { apply, check, instancesOf, isHidden, locate } from "./object-tree.ts";

/** An observation of more paths is answered as a plain Read (RFC 7641 §4.1). */
const MAX_OBSERVED_PATHS = 64;
const ROOT = "/";
/** What a request is called that no operation's name fits. */
const UNNAMED = "Request";
const NO_PATH: Path = [];

/** What an Observe-Composite observes: the `subject` of its observation. */
class Places {
  /** In tree order, none below another. */
  readonly paths: readonly Path[];

  constructor(paths: readonly Path[]) {
    this.paths = paths;
  }
}

/** True for an observation of several places. */
export function observesPlaces(observation: Observation): boolean {
  return observation.subject instanceof Places;
}

/** The root for composite operations, and no other path. A plain CoAP device's root is not LwM2M's. */
export const COMPOSITES: OtherPaths = {
  owns: isRoot,
  answer: function (now, link, path, request) {
    return isRoot(link.agent, path) ? answer(now, link, request) : plain(NOT_FOUND);
  },
  nameOf: function (request) {
    const operation = compositeOperationOf(request.code, request.options);
    const isComposite = operation !== NO_OPERATION && pathOf(request.options, URI_PATH) === ROOT;
    return isComposite ? COMPOSITE_NAMES[operation - READ_COMPOSITE] : UNNAMED;
  },
  links: function () {
    return "";
  },
};

/** These other paths, and the root for composite operations. */
export function withComposites(others: OtherPaths): OtherPaths {
  return {
    owns: function (agent, path) {
      return isRoot(agent, path) || others.owns(agent, path);
    },
    answer: function (now, link, path, request) {
      const whose = isRoot(link.agent, path) ? COMPOSITES : others;
      return whose.answer(now, link, path, request);
    },
    nameOf: function (request) {
      const name = COMPOSITES.nameOf(request);
      return name === UNNAMED ? others.nameOf(request) : name;
    },
    links: others.links,
  };
}

/**
 * These rules, and for observations of several places what is set for each (LwM2M Core 1.2.2 §6.4.4): no place is told of more often
 * than its pmin allows or evaluated more often than its epmin does, and none more rarely than its pmax and epmax; one with con makes
 * them Confirmable. Where the Observe-Composite has parameters, these of the places do not count. gt, lt, st and edge always do, each
 * for its place.
 */
export function withCompositeAttributes(rules: AttributeRules): AttributeRules {
  return {
    write: rules.write,
    ofObserve: rules.ofObserve,
    holding: function (observers, observation, defaults) {
      const subject = observation.subject;
      if (!(subject instanceof Places)) return rules.holding(observers, observation, defaults);
      const holding =
        observation.own === NO_ATTRIBUTES
          ? strictestOf(observers, subject.paths, defaults)
          : inheritAttributes(defaults, observation.own);
      return withoutContradiction(holding);
    },
    isNotable: rules.isNotable,
    describe: rules.describe,
  };
}

/** The largest pmin and epmin and the smallest pmax and epmax that hold for any of the paths; con and hqmax of all their parts. */
function strictestOf(
  observers: Observers,
  paths: readonly Path[],
  defaults: Attributes,
): Attributes {
  let strictest: Attributes = NO_ATTRIBUTES;
  for (let i = 0; i < paths.length; i++) {
    const attached = attachedTo(observers, paths[i], defaults);
    const parts = partsOf(observers, paths[i], attached);
    strictest = {
      pmin: greater(strictest.pmin, attached.pmin),
      pmax: less(strictest.pmax, effectivePmax(attached)),
      epmin: greater(strictest.epmin, attached.epmin),
      epmax: less(strictest.epmax, attached.epmax),
      con: greater(strictest.con, parts.con),
      hqmax: greater(strictest.hqmax, parts.hqmax),
    };
  }
  return strictest;
}

function greater(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a === undefined ? b : a) : Math.max(a, b);
}

function less(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a === undefined ? b : a) : Math.min(a, b);
}

function isRoot(agent: BasicAgent, path: string): boolean {
  return path === ROOT && agent.version() !== undefined;
}

/** A value changed, or a resource came or went: observations of it may be due. */
export function handleObservedValue(
  agent: BasicAgent,
  object: LwM2mObject,
  instanceId: number,
  resourceId: number,
): void {
  handlePlace(agent, [object.definition.id, instanceId, resourceId]);
}

/** Instances of an object came or went. */
export function handleObservedInstances(agent: BasicAgent, object: LwM2mObject): void {
  handlePlace(agent, [object.definition.id]);
}

/** Something is different at `place`: who observes it, what is above it or what is below it may have to hear of it. */
function handlePlace(agent: BasicAgent, place: Path): void {
  for (let i = 0; i < agent.links.length; i++) {
    const observers = agent.links[i].observers;
    const observations = observers === undefined ? [] : observers.observations;
    for (let k = 0; observers !== undefined && k < observations.length; k++) {
      const observation = observations[k];
      const subject = observation.subject;
      if (!(subject instanceof Places) || !isConcerned(subject.paths, place)) continue;
      if (!(observation instanceof ReportingObservation))
        observation.handleChange(undefined, undefined);
      else if (observation.isEvaluatedLater()) observation.handleNews();
      else if (place.length < 3 || isNews(agent.links[i], observers, observation, place)) {
        observation.handleNews();
      }
    }
  }
}

function isConcerned(paths: readonly Path[], place: Path): boolean {
  for (let i = 0; i < paths.length; i++) {
    if (isWithin(place, paths[i]) || isWithin(paths[i], place)) return true;
  }
  return false;
}

/** True when one of the observed paths that a changed resource concerns meets the conditions that are set for it. */
function isNews(
  link: ServerLink,
  observers: Observers,
  observation: ReportingObservation,
  place: Path,
): boolean {
  const paths = (observation.subject as Places).paths;
  const entries: Entry[] = [];
  const rules = link.agent.features.attributes;
  let isFound = false;
  readPlace(link, place, entries);
  for (let i = 0; i < paths.length; i++) {
    const path = paths[i];
    if (isFound || !(isWithin(place, path) || isWithin(path, place))) continue;
    const scope = path.length > place.length ? path : place;
    const part = within(entries, scope);
    isFound = isPathNotable(observers, rules, observation, path, scope, part);
  }
  if (observers.attributeSets.length > 0) observation.handleSeen(place, entries);
  return isFound;
}

/** An evaluation of all that is observed. */
function compareAll(
  observers: Observers,
  rules: AttributeRules | undefined,
  observation: ReportingObservation,
  content: Content,
): boolean {
  const paths = (observation.subject as Places).paths;
  for (let i = 0; i < paths.length; i++) {
    const path = paths[i];
    const entries = within(content.reading, path);
    if (isPathNotable(observers, rules, observation, path, path, entries)) return true;
  }
  return false;
}

/**
 * True when what changed at a path meets the conditions that are set for it.
 *
 * @param scope the path, or of what is there the resource that changed
 * @param entries what is in scope now
 */
function isPathNotable(
  observers: Observers,
  rules: AttributeRules | undefined,
  observation: ReportingObservation,
  path: Path,
  scope: Path,
  entries: readonly Entry[],
): boolean {
  // Whatever is different in an object or an object instance is news: conditions hold for values.
  const attributes = path.length < 3 ? NO_ATTRIBUTES : attachedTo(observers, path, NO_ATTRIBUTES);
  const told = within(observation.told(), scope);
  const seen = within(observation.evaluated(), scope);
  return isNotableReading(rules, withoutContradiction(attributes), told, seen, entries);
}

/** Those of the entries that are at or below a path. */
function within(reading: Reading, path: Path): readonly Entry[] {
  const entries: Entry[] = [];
  for (let i = 0; Array.isArray(reading) && i < reading.length; i++) {
    if (isWithin(reading[i].path, path)) entries.push(reading[i]);
  }
  return entries;
}

function answer(now: Milliseconds, link: ServerLink, request: IncomingRequest): Response {
  const operation = compositeOperationOf(request.code, request.options);
  if (operation === NO_OPERATION || link.version() === "1.0") {
    return plain(METHOD_NOT_ALLOWED);
  }
  if (operation === WRITE_COMPOSITE) return plain(writeComposite(link, request));
  return readOrObserve(now, link, operation, request);
}

function readOrObserve(
  now: Milliseconds,
  link: ServerLink,
  operation: number,
  request: IncomingRequest,
): Response {
  const asked = uintOf(request.options, CONTENT_FORMAT, ANY_FORMAT);
  const isJson = asked === SENML_JSON || asked === SENML_ETCH_JSON;
  const codec = isJson ? SENML_ETCH_JSON_PATHS : SENML_ETCH_CBOR_PATHS;
  const plainFormat = isJson ? SENML_JSON : SENML_CBOR;
  const isKnown = asked === plainFormat || asked === codec.format;
  if (!isKnown || codecOf(link, plainFormat) === undefined) {
    return plain(UNSUPPORTED_CONTENT_FORMAT);
  }
  const decoded = codec.decode(request.payload, link.agent.configuration.rootPath);
  // A Fetch Pack has at least one record (RFC 8790 §3.1), and so has what changes something.
  if (isMalformed(decoded) || decoded.length === 0) return plain(BAD_REQUEST);
  const paths = withoutOverlap(decoded);
  // Without Accept the answer is in the family of the question.
  const content = contentAt(link, paths, uintOf(request.options, ACCEPT, plainFormat));
  if (operation === CANCEL_COMPOSITE) link.cancelObservation(request.token);
  const isObserved = operation === OBSERVE_COMPOSITE && isSuccess(content.code);
  if (!isObserved || paths.length > MAX_OBSERVED_PATHS) return contentResponse(content, undefined);
  const own = parametersOf(link, request, COMPOSITE_ATTRIBUTE_NAMES, NO_VALUE);
  if (isMalformed(own)) return plain(BAD_REQUEST);
  const observers = link.observed();
  const observation = observationOfPlaces(observers, request.token, paths, content.format, own);
  return contentResponse(content, observers.observe(now, observation, content));
}

/** An observation of several places, not begun yet. */
export function observationOfPlaces(
  observers: Observers,
  token: Uint8Array,
  paths: readonly Path[],
  format: number,
  own: Attributes,
): ReportingObservation {
  const observation = new ReportingObservation(token, NO_PATH, format, own);
  observation.compare = compareAll;
  observation.subject = placesOf(observers, paths);
  observation.read = readObserved;
  return observation;
}

/** The places that an observation is of; undefined when it is of one path. */
export function placesObserved(observation: Observation): readonly Path[] | undefined {
  const subject = observation.subject;
  return subject instanceof Places ? subject.paths : undefined;
}

/** The subject for these paths: the one that is observed already, so that a new observation of them takes its place. */
function placesOf(observers: Observers, paths: readonly Path[]): Places {
  for (let i = 0; i < observers.observations.length; i++) {
    const subject = observers.observations[i].subject;
    if (subject instanceof Places && areSame(subject.paths, paths)) return subject;
  }
  return new Places(paths);
}

function areSame(some: readonly Path[], others: readonly Path[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (compare(some[i], others[i]) !== 0) return false;
  return true;
}

function readObserved(link: ServerLink, observation: Observation): Content {
  return contentAt(link, (observation.subject as Places).paths, observation.format);
}

/** What is readable at and below the paths, in a format for several values; 4.01 when all that is there is closed to the server. */
function contentAt(link: ServerLink, paths: readonly Path[], format: number): Content {
  const codec = codecOf(link, format);
  if (codec === undefined) return refusal(NOT_ACCEPTABLE);
  const entries: Entry[] = [];
  let isClosed = false;
  for (let i = 0; i < paths.length; i++) {
    if (!readPlace(link, paths[i], entries)) isClosed = true;
  }
  if (isClosed && entries.length === 0) return refusal(UNAUTHORIZED);
  const payload = codec.encode([], entries);
  if (payload === undefined) return refusal(NOT_ACCEPTABLE);
  return { code: CONTENT, format: format, payload: payload, reading: entries, maxAge: 0 };
}

/** Appends what a server may read at and below a path; of the root all objects. False when something there is closed to it. */
function readPlace(link: ServerLink, path: Path, entries: Entry[]): boolean {
  const objects = link.agent.objects;
  let isOpen = true;
  for (let i = 0; i < objects.length; i++) {
    const object = objects[i];
    const objectId = object.definition.id;
    if (isHidden(objectId) || (path.length > 0 && path[0] !== objectId)) continue;
    const place = path.length === 0 ? [objectId] : path;
    let code = admit(link, READ_COMPOSITE, object, place);
    if (isSuccess(code)) code = readFor(link, object, place, entries);
    if (code === UNAUTHORIZED) isOpen = false;
  }
  return isOpen;
}

function admit(link: ServerLink, operation: number, object: LwM2mObject, path: Path): number {
  const rules = link.agent.features.management;
  return rules === undefined ? locate(object, path) : rules.admit(link, operation, object, path);
}

/** In tree order, without those at or below another: a place is told once. */
function withoutOverlap(paths: readonly Path[]): readonly Path[] {
  const sorted = paths.slice(0).sort(compare);
  const kept: Path[] = [];
  for (let i = 0; i < sorted.length; i++) {
    if (kept.length === 0 || !isWithin(sorted[i], kept[kept.length - 1])) kept.push(sorted[i]);
  }
  return kept;
}

/** Tree order: negative when `a` comes before `b`, or lies above it. */
function compare(a: Path, b: Path): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** The link's codec for a format that can tell of several places; undefined when it has none. */
function codecOf(link: ServerLink, format: number): ContentCodec | undefined {
  const codecs = link.formats();
  if (format !== SENML_JSON && format !== SENML_CBOR && format !== LWM2M_CBOR) return undefined;
  for (let i = 0; i < codecs.length; i++) {
    if (codecs[i].format === format) return codecs[i];
  }
  return undefined;
}

/** SenML-ETCH comes with the SenML that it is written in. */
function changeCodecOf(link: ServerLink, format: number): ContentCodec | undefined {
  if (format === SENML_ETCH_JSON) {
    return codecOf(link, SENML_JSON) === undefined ? undefined : SENML_ETCH_JSON_CODEC;
  }
  if (format === SENML_ETCH_CBOR) {
    return codecOf(link, SENML_CBOR) === undefined ? undefined : SENML_ETCH_CBOR_CODEC;
  }
  return codecOf(link, format);
}

/** All is written, or nothing: every entry is checked before the first is stored. */
function writeComposite(link: ServerLink, request: IncomingRequest): number {
  const agent = link.agent;
  const format = uintOf(request.options, CONTENT_FORMAT, ANY_FORMAT);
  const codec = changeCodecOf(link, format);
  if (codec === undefined) return UNSUPPORTED_CONTENT_FORMAT;
  const definitionOf = function (objectId: number) {
    const object = agent.object(objectId);
    return object === undefined ? undefined : object.definition;
  };
  const root = agent.configuration.rootPath;
  const decoded = codec.decode(request.payload, [], definitionOf, root);
  if (isMalformed(decoded) || decoded.length === 0) return BAD_REQUEST;
  const isPatch = format === SENML_ETCH_JSON || format === SENML_ETCH_CBOR;
  const entries = isPatch ? lastOfEach(decoded) : decoded;
  if (firstClash(entries) >= 0) return BAD_REQUEST;
  for (let i = 0; i < entries.length; i++) {
    const code = checkEntry(link, entries[i]);
    if (code !== CHANGED) return code;
  }
  if (hasLooseLink(agent, entries)) return BAD_REQUEST;
  if (emptiesMandatory(agent, entries)) return METHOD_NOT_ALLOWED;
  let from = 0;
  for (let i = 1; i <= entries.length; i++) {
    if (i < entries.length && isWithin(entries[i].path, entries[from].path.slice(0, 2))) continue;
    store(agent, entries.slice(from, i));
    from = i;
  }
  return CHANGED;
}

/** What is left of a Patch Pack, whose records count one after the other (RFC 8790 §3.2): of each place the last. */
function lastOfEach(entries: readonly Entry[]): readonly Entry[] {
  const last: { [path: string]: number } = {};
  for (let i = 0; i < entries.length; i++) last[formatPath(entries[i].path)] = i;
  return entries.filter(function (entry, i) {
    return last[formatPath(entry.path)] === i;
  });
}

/** CHANGED when this entry may be stored. */
function checkEntry(link: ServerLink, entry: Entry): number {
  const path = entry.path;
  if (isHidden(path[0])) return UNAUTHORIZED;
  const object = link.agent.object(path[0]);
  if (object === undefined || object.instances.get(path[1]) === undefined) return NOT_FOUND;
  // What is not there yet can be made by a Write, so that NOT_FOUND is no refusal here.
  const admitted = admit(link, WRITE_COMPOSITE, object, path);
  if (!isSuccess(admitted) && admitted !== NOT_FOUND) return admitted;
  if (path.length < 3) return CHANGED;
  const flags = resourceFlags(object.definition, path[2]);
  if (flags === 0) return NOT_FOUND;
  return check(object, path[1], entry, true);
}

/** True when the removals among the entries would leave a mandatory resource without instances. */
function emptiesMandatory(agent: BasicAgent, entries: readonly Entry[]): boolean {
  const counts: { [resource: string]: number } = {};
  const emptied: string[] = [];
  for (let i = 0; i < entries.length; i++) {
    const { path, value } = entries[i];
    const object = path.length < 4 ? undefined : agent.object(path[0]);
    if (object === undefined) continue;
    if ((resourceFlags(object.definition, path[2]) & MANDATORY) === 0) continue;
    const resource = formatPath(path.slice(0, 3));
    const before = instancesOf(object, path);
    if (counts[resource] === undefined) counts[resource] = before.length;
    const isThere = before.indexOf(path[3]) >= 0;
    if (value !== undefined) counts[resource] += isThere ? 0 : 1;
    else if (isThere) {
      counts[resource]--;
      emptied.push(resource);
    }
  }
  for (let i = 0; i < emptied.length; i++) if (counts[emptied[i]] === 0) return true;
  return false;
}

/** Stores checked entries of one object instance. A resource instance without value is removed. */
function store(agent: BasicAgent, entries: readonly Entry[]): void {
  const path = entries[0].path;
  const object = agent.object(path[0]);
  if (object === undefined) return;
  const written: Entry[] = [];
  for (let i = 0; i < entries.length; i++) {
    const { path: place, value } = entries[i];
    if (place.length < 4 || value !== undefined) written.push(entries[i]);
    else if (isSuccess(locate(object, place))) {
      object.setOne(place[1], place[2], place[3], undefined);
      if (object.onWrite !== undefined) object.onWrite(object, place[1], place[2]);
    }
  }
  apply(object, path[1], written, false);
}
