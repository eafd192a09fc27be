/**
 * What an agent has to know after a reboot, or a deep sleep that is one, to go on as if nothing had been: its accounts, and with each
 * server the registration, what that server observes and has set. A device that goes on so sends an Update where another would Register
 * (LwM2M Core 1.2.2 §6.2.2), and keeps its observers.
 *
 * Two records, since accounts change rarely and hold keys. Times are of the calendar: without a clock that goes on while the device is off a
 * registration is not taken up, and the device registers as after any power cut.
 *
 *   accounts        account-codec.ts
 *   registrations   [1, calendar seconds, [server..]]
 *   server          [short server id, uri, location, version, lifetime left in seconds or null, list, reporting]
 */
import type { Malformed } from "../../../protocol/malformed.ts";
import { isMalformed, malformed } from "../../../protocol/malformed.ts";
import { SERVER_SHORT_SERVER_ID } from "../../../protocol/model/objects/server.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import type { Agent } from "../agent.ts";
import type { AgentLink } from "../agent-link.ts";
import type { Item } from "./kept-items.ts";
import { decodeItem, encodeItem } from "./kept-items.ts";
import { decodeReporting, encodeReporting, restoreReporting } from "./kept-reporting.ts";

const FORMAT = 1;
const FIELDS = 7;
const SOURCE = "registrations";
/** More servers than any device has. */
const MAX_SERVERS = 16;
/** 2024-01-01: a clock that shows less was never set. */
const CLOCK_IS_SET = 1704067200;
/** An Update takes this long at most to get through: what is left of a lifetime has to last for it. */
const LEAST_LEFT_SECONDS = 93;

/**
 * The registrations of an agent.
 *
 * @param calendarSeconds seconds since 1970, by a clock that goes on while the device is off
 * @returns bytes of the caller's own
 */
export function encodeRegistrations(
  agent: Agent,
  now: Milliseconds,
  calendarSeconds: number,
): Uint8Array {
  const servers: Item[] = [];
  const links = agent.serverLinks();
  for (let i = 0; i < links.length && i < MAX_SERVERS; i++) {
    const link = links[i] as AgentLink;
    if (!link.isRegistered()) continue;
    const expiry = link.registration.expiry();
    const left = expiry === NEVER ? undefined : Math.floor((expiry - now) / SECOND);
    servers.push([
      shortServerIdOf(link),
      link.uri,
      link.locationPath(),
      link.version(),
      left,
      link.listDigest(),
      encodeReporting(link, now),
    ]);
  }
  return encodeItem([FORMAT, Math.floor(calendarSeconds), servers]);
}

/**
 * Takes up registrations that are still good, before `start`. A server that is not among the agent's any more, whose registration is over or
 * whose observations cannot be gone on with is registered with anew.
 *
 * @returns how many were taken up, or what is wrong with the bytes; the agent is then as it was
 */
export function restoreRegistrations(
  agent: Agent,
  now: Milliseconds,
  calendarSeconds: number,
  bytes: Uint8Array,
): number | Malformed {
  const { item, fault } = decodeItem(bytes);
  if (fault || !Array.isArray(item) || item.length !== 3 || item[0] !== FORMAT) {
    return malformed("kept/registrations-form", 0, SOURCE);
  }
  const since = item[1] as Item;
  const servers = item[2] as Item;
  if (!isSeconds(since) || !Array.isArray(servers) || servers.length > MAX_SERVERS) {
    return malformed("kept/registrations-form", 0, SOURCE);
  }
  for (let i = 0; i < servers.length; i++) {
    if (!isServer(servers[i] as Item)) return malformed("kept/registration", i, SOURCE);
  }
  const away = calendarSeconds - since;
  // The clock has been set back, or is not set, now or then.
  if (away < 0 || since < CLOCK_IS_SET) return 0;
  let taken = 0;
  for (let i = 0; i < servers.length; i++) {
    if (takeUp(agent, now, away, servers[i] as readonly Item[])) taken++;
  }
  return taken;
}

function takeUp(agent: Agent, now: Milliseconds, away: number, server: readonly Item[]): boolean {
  const link = linkOf(agent, server[0] as number, server[1] as string);
  const left = server[4] as number | undefined;
  if (link === undefined || link.isRegistered()) return false;
  if (left !== undefined && left - away < LEAST_LEFT_SECONDS) return false;
  const expiry = left === undefined ? NEVER : now + (left - away) * SECOND;
  const version = server[3] as string | undefined;
  const isSameList = link.listDigest() === server[5];
  if (!link.takeUp(now, server[2] as string, version, expiry, isSameList)) return false;
  const bytes = server[6] as Uint8Array | undefined;
  const kept = bytes === undefined ? undefined : decodeReporting(bytes);
  if (kept === undefined) return true;
  if (!isMalformed(kept) && restoreReporting(link, now, kept, away * SECOND)) return true;
  link.registerAnew(now);
  return false;
}

function linkOf(agent: Agent, shortServerId: number, uri: string): AgentLink | undefined {
  const links = agent.serverLinks();
  for (let i = 0; i < links.length; i++) {
    const link = links[i] as AgentLink;
    if (link.uri === uri && shortServerIdOf(link) === shortServerId) return link;
  }
  return undefined;
}

function shortServerIdOf(link: AgentLink): number | undefined {
  return link.resource(SERVER_SHORT_SERVER_ID) as number | undefined;
}

function isServer(item: Item): boolean {
  if (!Array.isArray(item) || item.length !== FIELDS) return false;
  const [shortServerId, uri, location, version, left, list, reporting] = item;
  return (
    typeof shortServerId === "number" &&
    typeof uri === "string" &&
    typeof location === "string" &&
    (version === undefined || typeof version === "string") &&
    (left === undefined || isSeconds(left)) &&
    typeof list === "number" &&
    (reporting === undefined || reporting instanceof Uint8Array)
  );
}

function isSeconds(item: Item): item is number {
  return typeof item === "number" && item >= 0 && item < Infinity;
}
