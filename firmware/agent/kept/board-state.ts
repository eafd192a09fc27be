/**
 * What a small agent has to know after a reboot or a deep sleep to go on as if nothing had been (`kept-state.ts` is the same for `Agent`):
 * with each server the registration, what that server has written to its account, observes and has set; and where Message IDs and
 * sequence numbers were, so that none comes twice within EXCHANGE_LIFETIME (RFC 7252 §4.4, RFC 7641 §4.4).
 *
 * Times are seconds of the calendar, not ages: a state in which nothing has happened is the same bytes as before, and is not written again.
 *
 *   state        [seconds, [server..]]
 *   server       [uri, location, is registered, failures, expires at or null, list, message id, sequence,
 *                 [resource, value..] of the account, [[path, attributes]..], [observation..]]
 *   observation  [token, path, format, attributes, told at, confirmed at, due, told]
 */
import { decodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { isSuccess } from "../../../protocol/coap/codes.ts";
import { URI_PATH } from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { NO_ATTRIBUTES } from "../../../protocol/model/attributes.ts";
import {
  SERVER_DEFAULT_PMAX,
  SERVER_DEFAULT_PMIN,
  SERVER_LIFETIME,
} from "../../../protocol/model/objects/server.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import type { BasicAgent } from "../basic-agent.ts";
import { registrationList } from "../registration/links.ts";
import { KEEP_ALIVE, LINKS_CHANGED } from "../registration/registration.ts";
import { Observation } from "../reporting/notification.ts";
import type { Observers } from "../reporting/observers.ts";
import type { ServerLink } from "../server-link.ts";
import { digestOf } from "./digest.ts";
import type { Item } from "./kept-items.ts";
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

const SERVER_FIELDS = 11;
const OBSERVATION_FIELDS = 8;
/** Of any list in a state. */
const MAX_KEPT = 64;
/** An Update takes this long at most to get through: what is left of a lifetime has to last for it. */
const LEAST_LEFT_SECONDS = 93;
/** Above what may have been sent since the state was made, where the board went off without a word. */
const SEQUENCE_MARGIN = 1024;
const MESSAGE_ID_MARGIN = 64;
/** Of a server's account, what it may write that has effect. */
const SETTINGS = [SERVER_LIFETIME, SERVER_DEFAULT_PMIN, SERVER_DEFAULT_PMAX];

/** Between the monotonic clock of a boot and the calendar. */
interface Times {
  readonly now: Milliseconds;
  /** Seconds. */
  readonly calendar: number;
}

/**
 * The state of an agent.
 *
 * @param calendarSeconds by a clock that goes on while the board is off, whatever it began with
 */
export function boardState(agent: BasicAgent, now: Milliseconds, calendarSeconds: number): Item {
  const times = { now: now, calendar: calendarSeconds };
  const servers: Item[] = [];
  for (let i = 0; i < agent.links.length; i++) servers.push(itemOfServer(agent.links[i], times));
  return [Math.floor(calendarSeconds), servers];
}

/**
 * Takes up a state before `start`. A server whose registration is over, or whose observations cannot be gone on with, is registered with
 * anew; what is not a state leaves the agent as it was.
 *
 * @returns how many registrations go on
 */
export function resumeBoardState(
  agent: BasicAgent,
  now: Milliseconds,
  calendarSeconds: number,
  state: Item,
): number {
  if (!isList(state, 2) || !isAge(state[0]) || !isShortList(state[1])) return 0;
  const since = state[0];
  // The clock has been set back, or began anew: nobody knows how long the board was off.
  const times = { now: now, calendar: calendarSeconds < since ? NEVER : calendarSeconds };
  let resumed = 0;
  for (let i = 0; i < state[1].length; i++) {
    const server = state[1][i];
    const link = isServer(server) ? linkTo(agent, server[0] as string) : undefined;
    if (link !== undefined && resumeServer(link, server as readonly Item[], times)) resumed++;
  }
  return resumed;
}

function linkTo(agent: BasicAgent, uri: string): ServerLink | undefined {
  for (let i = 0; i < agent.links.length; i++) {
    if (agent.links[i].uri === uri) return agent.links[i];
  }
  return undefined;
}

function itemOfServer(link: ServerLink, times: Times): Item {
  const { registration, observers } = link;
  const settings: Item[] = [];
  for (let i = 0; i < SETTINGS.length; i++) {
    const value = link.agent.servers.get(link.instanceId, SETTINGS[i]);
    if (typeof value === "number") settings.push(SETTINGS[i], value);
  }
  return [
    link.uri,
    pathOf(link.location, URI_PATH),
    registration.isActive,
    registration.failures,
    registration.expiresAt === NEVER ? undefined : dateOf(registration.expiresAt, times),
    listDigest(link),
    link.coap.nextMessageId,
    observers === undefined ? 0 : observers.sequence,
    settings,
    observers === undefined ? [] : itemOfAttributeSets(observers),
    observers === undefined ? [] : itemOfObservations(observers, times),
  ];
}

function itemOfAttributeSets(observers: Observers): Item {
  return observers.attributeSets.map(function (set): Item {
    return [set.path, itemOfAttributes(set.attributes)];
  });
}

function itemOfObservations(observers: Observers, times: Times): Item {
  return observers.observations.map(function (observation): Item {
    const { token, path, format, own, isDue, last } = observation;
    const attributes = own === NO_ATTRIBUTES ? undefined : itemOfAttributes(own);
    const toldAt = dateOf(observation.lastAt, times);
    const confirmedAt = dateOf(observation.lastConfirmedAt, times);
    return [token, path, format, attributes, toldAt, confirmedAt, isDue, itemOfReading(last)];
  });
}

function listDigest(link: ServerLink): number {
  return digestOf(decodeUtf8(registrationList(link)));
}

/** Seconds of the calendar. */
function dateOf(at: Milliseconds, times: Times): number {
  return Math.max(Math.floor(times.calendar - (times.now - at) / SECOND), 0);
}

function timeOf(date: number, times: Times): Milliseconds {
  return times.now - (times.calendar - date) * SECOND;
}

function resumeServer(link: ServerLink, server: readonly Item[], times: Times): boolean {
  const registration = link.registration;
  resumeSettings(link, server[8] as readonly Item[]);
  registration.changes = 0;
  link.coap.nextMessageId = ((server[6] as number) + MESSAGE_ID_MARGIN) & 0xffff;
  // What was tried in vain before the board went off counts.
  registration.failures = server[2] === true ? 0 : (server[3] as number);
  const expiresAt = server[4] === undefined ? NEVER : timeOf(server[4] as number, times);
  const left = expiresAt - times.now;
  if (server[2] !== true || times.calendar === NEVER || left < LEAST_LEFT_SECONDS * SECOND) {
    return false;
  }
  if (!resumeObservations(link, server, times)) {
    if (link.observers !== undefined) link.observers.cancelAll();
    return false;
  }
  link.location = pathOptions(URI_PATH, server[1] as string);
  registration.isActive = true;
  registration.wakeAt = times.now;
  registration.expiresAt = expiresAt;
  // The port is another one than before: an Update tells the server where the device is.
  registration.changes = listDigest(link) === server[5] ? KEEP_ALIVE : KEEP_ALIVE | LINKS_CHANGED;
  return true;
}

function resumeSettings(link: ServerLink, settings: readonly Item[]): void {
  for (let i = 0; i < settings.length; i += 2) {
    link.agent.servers.set(link.instanceId, settings[i] as number, settings[i + 1] as number);
  }
}

/** False when something that was observed is gone. */
function resumeObservations(link: ServerLink, server: readonly Item[], times: Times): boolean {
  const sets = server[9] as readonly Item[];
  const kept = server[10] as readonly Item[];
  if (sets.length === 0 && kept.length === 0) return true;
  const observers = link.observed();
  const observations: Observation[] = [];
  observers.attributeSets = sets.map(function (set) {
    const [path, attributes] = set as readonly Item[];
    return { path: path as Path, attributes: attributesOf(attributes) || NO_ATTRIBUTES };
  });
  for (let i = 0; i < kept.length; i++) {
    const item = kept[i] as readonly Item[];
    const [token, path, format, own, toldAt, confirmedAt] = item;
    const observation = new Observation(
      token as Uint8Array,
      path as Path,
      format as number,
      own === undefined ? NO_ATTRIBUTES : attributesOf(own) || NO_ATTRIBUTES,
    );
    observation.lastAt = timeOf(toldAt as number, times);
    observation.lastConfirmedAt = timeOf(confirmedAt as number, times);
    observation.last = readingOf(item[7]);
    observations.push(observation);
  }
  observers.observations = observations;
  observers.sequence = ((server[7] as number) + SEQUENCE_MARGIN) & 0xffffff;
  observers.handleAttributes();
  return compare(link, observations, kept);
}

/** What is not as it was told last is due. */
function compare(
  link: ServerLink,
  observations: readonly Observation[],
  kept: readonly Item[],
): boolean {
  for (let i = 0; i < observations.length; i++) {
    const observation = observations[i];
    const content = observation.read(link, observation);
    if (!isSuccess(content.code)) return false;
    observation.isDue = (kept[i] as readonly Item[])[6] === true;
    // Above a resource nothing was kept to compare with: pmax alone tells of it.
    if (content.reading !== undefined) {
      observation.handleChange(content.reading, link.agent.features.attributes);
    }
  }
  return true;
}

// The form of a state.

function isShortList(item: Item): item is readonly Item[] {
  return isList(item, -1) && item.length <= MAX_KEPT;
}

function isServer(item: Item): item is readonly Item[] {
  if (!isList(item, SERVER_FIELDS)) return false;
  const [uri, location, isActive, failures, expiresAt, list] = item;
  const areKinds = typeof uri === "string" && typeof location === "string";
  if (!areKinds || typeof isActive !== "boolean" || !isCount(failures, MAX_KEPT)) return false;
  if (expiresAt !== undefined && !isAge(expiresAt)) return false;
  if (typeof list !== "number" || !isCount(item[6], 0xffff) || !isCount(item[7], 0xffffff)) {
    return false;
  }
  return areSettings(item[8]) && areAttributeSets(item[9]) && areObservations(item[10]);
}

function areSettings(item: Item): boolean {
  if (!isShortList(item) || item.length % 2 !== 0) return false;
  for (let i = 0; i < item.length; i += 2) {
    if (SETTINGS.indexOf(item[i] as number) < 0 || !isCount(item[i + 1], 0xffffffff)) return false;
  }
  return true;
}

function areAttributeSets(item: Item): boolean {
  if (!isShortList(item)) return false;
  for (let i = 0; i < item.length; i++) {
    const set = item[i];
    const isSet = isList(set, 2) && isPath(set[0]) && attributesOf(set[1]) !== undefined;
    if (!isSet) return false;
  }
  return true;
}

function areObservations(item: Item): boolean {
  if (!isShortList(item)) return false;
  for (let i = 0; i < item.length; i++) {
    const kept = item[i];
    if (!isList(kept, OBSERVATION_FIELDS) || !isPath(kept[1]) || !isCount(kept[2], 65535)) {
      return false;
    }
    if (!(kept[0] instanceof Uint8Array) || kept[0].length > 8) return false;
    if (kept[3] !== undefined && attributesOf(kept[3]) === undefined) return false;
    if (!isAge(kept[4]) || !isAge(kept[5]) || typeof kept[6] !== "boolean") return false;
  }
  return true;
}
