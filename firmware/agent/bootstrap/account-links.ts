/**
 * The links of an agent follow its accounts: one for each server account whose server can be reached, and one for the bootstrap
 * server. Called when accounts have changed; who drives the agent opens and closes channels as `links` says.
 */
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import type { Instance, LwM2mObject } from "../../objects/lwm2m-object.ts";
import { addSecurity } from "../../objects/security.ts";
import { addAccount } from "../../objects/server.ts";
import type { Agent } from "../agent.ts";
import type { ServerAccount } from "../basic-agent.ts";
import { DEFAULT_LIFETIME_SECONDS } from "../basic-agent.ts";
import type { ServerLink } from "../server-link.ts";
import { parseAddress } from "../stream-address.ts";
import type { ObjectSource } from "./accounts.ts";
import {
  addressOf,
  bootstrapAccount,
  NO_INSTANCE,
  SECURITY_OBJECT,
  SERVER_OBJECT,
  securityIds,
  securityOf,
  serverOf,
  shortServerIdOf,
} from "./accounts.ts";
import { BootstrapLink, bootstrapLinkOf, setTrigger, USUAL_MANNER } from "./bootstrap-link.ts";

/** The links of servers that have an account. */
export function serverLinksOf(agent: Agent): readonly ServerLink[] {
  return agent.links.filter(function (link) {
    return !(link instanceof BootstrapLink) && !isOrphan(agent, link);
  });
}

/** True for the link of a server whose account is gone: it may say goodbye, and manages nothing any more. */
export function isOrphan(agent: Agent, link: ServerLink): boolean {
  for (let i = 0; i < agent.links.length; i++) {
    const each = agent.links[i];
    if (each instanceof BootstrapLink && each.orphans.indexOf(link) >= 0) return true;
  }
  return false;
}

/** Makes a server account and its link. Throws `agent/server-uri`. */
export function makeAccount(agent: Agent, account: ServerAccount): ServerLink {
  const address = parseAddress(account.uri);
  const configuration = agent.configuration;
  const usual = configuration.lifetime;
  const lifetime = account.lifetime === undefined ? usual : account.lifetime;
  const serverId = freeId(agent.servers);
  addAccount(
    agent.servers,
    serverId,
    account.shortServerId,
    lifetime === undefined ? DEFAULT_LIFETIME_SECONDS : lifetime,
    address.transport + (agent.version() === "1.0" && configuration.queueMode === true ? "Q" : ""),
  );
  addSecurity(agent.security, freeId(agent.security), account.shortServerId, account.uri);
  const bootstrap = bootstrapLinkOf(agent);
  if (bootstrap !== undefined) setTrigger(agent, serverId, true);
  const link = agent.makeLink(serverId, address);
  const at = bootstrap === undefined ? agent.links.length : agent.links.indexOf(bootstrap);
  agent.links = agent.links.slice(0, at).concat(link, agent.links.slice(at));
  return link;
}

/** The lowest id that no instance has. */
export function freeId(object: LwM2mObject): number {
  let id = 0;
  while (object.instances.ids.indexOf(id) >= 0) id++;
  return id;
}

/**
 * Makes links and accounts agree again: new links are there to be registered, those whose account is gone de-register.
 *
 * @param before what accounts were
 * @param holder who sees the orphans off
 */
export function followAccounts(
  now: Milliseconds,
  agent: Agent,
  before: readonly Account[],
  holder: BootstrapLink,
): void {
  const change = linkChange(agent, before, serverLinksOf(agent));
  const orphans = holder.orphans.concat(change.orphans);
  const others = agent.links.filter(function (link) {
    return link instanceof BootstrapLink;
  });
  holder.orphans = orphans;
  agent.links = change.links.concat(orphans, others);
  for (let i = 0; i < change.orphans.length; i++) {
    // What it observed is nothing to it any more.
    change.orphans[i].observers = undefined;
    change.orphans[i].stop(now);
  }
}

/** Makes all links anew, of an agent that has not started. @param hasConfigured the bootstrap account's timeout runs */
export function resetLinks(agent: Agent, hasConfigured: boolean): void {
  const former = bootstrapLinkOf(agent);
  agent.links = linkChange(agent, [], []).links;
  const serverIds = agent.servers.instances.ids;
  const instanceId = bootstrapAccount(agent, NO_INSTANCE);
  const address = instanceId === NO_INSTANCE ? undefined : addressOf(agent, instanceId);
  for (let i = 0; i < serverIds.length; i++) setTrigger(agent, serverIds[i], address !== undefined);
  if (address === undefined) return;
  const manner = former === undefined ? USUAL_MANNER : former.manner;
  const link = new BootstrapLink(agent, instanceId, address, manner);
  link.hasConfigured = hasConfigured;
  agent.links = agent.links.concat(link);
}

/** A server account as it stands in the objects. */
export interface Account {
  readonly shortServerId: number;
  readonly uri: string;
  /** The instances themselves: another content is another one. */
  readonly security: Instance | undefined;
  readonly server: Instance | undefined;
  readonly serverId: number;
}

/** The accounts that have both their instances, in the order of object 0. */
export function accountsOf(source: ObjectSource): Account[] {
  const accounts: Account[] = [];
  const ids = securityIds(source);
  for (let i = 0; i < ids.length; i++) {
    const shortServerId = shortServerIdOf(source, ids[i]);
    if (shortServerId === undefined || securityOf(source, shortServerId) !== ids[i]) continue;
    const serverId = serverOf(source, shortServerId);
    const address = addressOf(source, ids[i]);
    if (serverId === NO_INSTANCE || address === undefined) continue;
    accounts.push({
      shortServerId: shortServerId,
      uri: address.uri,
      security: instanceOf(source, SECURITY_OBJECT, ids[i]),
      server: instanceOf(source, SERVER_OBJECT, serverId),
      serverId: serverId,
    });
  }
  return accounts;
}

function instanceOf(
  source: ObjectSource,
  objectId: number,
  instanceId: number,
): Instance | undefined {
  const object = source.object(objectId);
  return object === undefined ? undefined : object.instances.get(instanceId);
}

/** What becomes of the links of server accounts. */
export interface LinkChange {
  /** In the order of the accounts: those that stay as they are, and new ones. */
  readonly links: readonly ServerLink[];
  /** Whose account is gone. */
  readonly orphans: readonly ServerLink[];
}

/**
 * Compares the accounts of an agent with what they were. A link whose account is as it was stays. One whose account was written anew
 * is replaced without a word, since the new Register tells the server all (LwM2M Core 1.2.2 §6.2.1).
 *
 * @param links of server accounts
 */
export function linkChange(
  agent: Agent,
  before: readonly Account[],
  links: readonly ServerLink[],
): LinkChange {
  const accounts = accountsOf(agent);
  const now: ServerLink[] = [];
  for (let i = 0; i < accounts.length; i++) {
    let link = linkOf(links, accounts[i], before);
    if (link === undefined) {
      const security = securityOf(agent, accounts[i].shortServerId);
      const address = addressOf(agent, security);
      if (address === undefined) continue;
      link = agent.makeLink(accounts[i].serverId, address);
    }
    now.push(link);
  }
  const orphans = links.filter(function (link) {
    return now.indexOf(link) < 0 && !isReplaced(link, before, accounts);
  });
  return { links: now, orphans: orphans };
}

/** The link of an account that is as it was. */
function linkOf(
  links: readonly ServerLink[],
  account: Account,
  before: readonly Account[],
): ServerLink | undefined {
  for (let i = 0; i < before.length; i++) {
    const former = before[i];
    if (former.security !== account.security || former.server !== account.server) continue;
    for (let k = 0; k < links.length; k++) {
      if (links[k].instanceId === former.serverId && former.serverId === account.serverId) {
        return links[k];
      }
    }
  }
  return undefined;
}

/** True when the same server has an account still: it is not to hear of a De-register after the Register. */
function isReplaced(
  link: ServerLink,
  before: readonly Account[],
  now: readonly Account[],
): boolean {
  for (let i = 0; i < before.length; i++) {
    if (before[i].serverId !== link.instanceId) continue;
    for (let k = 0; k < now.length; k++) {
      const isSame = now[k].shortServerId === before[i].shortServerId;
      if (isSame && now[k].uri === before[i].uri) return true;
    }
  }
  return false;
}
