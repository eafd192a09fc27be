/**
 * The account of a bootstrap server: given by the application, replaced by bootstrap, taken away by its timeout.
 */
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { misuse } from "../../objects/misuse.ts";
import { addBootstrapSecurity } from "../../objects/security.ts";
import type { Agent } from "../agent.ts";
import { parseAddress } from "../stream-address.ts";
import { accountsOf, followAccounts, freeId } from "./account-links.ts";
import { addressOf, bootstrapAccount, linkedInstances, NO_INSTANCE } from "./accounts.ts";
import type { BootstrapManner } from "./bootstrap-link.ts";
import { BootstrapLink, setTrigger } from "./bootstrap-link.ts";
import type { Preparation } from "./bootstrap-preparation.ts";

export interface BootstrapAccount {
  /** `coap://host:port`, or `coap+tcp://host:port`. */
  readonly uri: string;
  /** Of object 0; default the lowest that is free: 0 where no server is known, as bootstrap servers that do not look expect. */
  readonly instanceId?: number;
  /** Seconds between the wish to bootstrap and the request (/0/x/11). Default none. */
  readonly holdOff?: number;
  /** Seconds after a bootstrap until this account goes (/0/x/12). Absent and 0: never. */
  readonly accountTimeout?: number;
  /** Content-Format that the server is asked to write in (`pct`). Default the shortest that the device has. */
  readonly format?: number;
  /** True asks for everything at once first (Bootstrap-Pack, LwM2M 1.2). */
  readonly pack?: boolean;
}

/** Makes the account and its link. Throws `agent/server-uri`, `agent/bootstrap-account-exists`, `object/instance-exists`. */
export function makeBootstrapAccount(agent: Agent, account: BootstrapAccount): BootstrapLink {
  const address = parseAddress(account.uri);
  const security = agent.security;
  const former = bootstrapAccount(agent, NO_INSTANCE);
  if (former !== NO_INSTANCE) throw misuse("agent/bootstrap-account-exists", `/0/${former}`);
  const given = account.instanceId;
  const instanceId = given === undefined ? freeId(security) : given;
  addBootstrapSecurity(security, instanceId, account.uri, account.holdOff, account.accountTimeout);
  const serverIds = agent.servers.instances.ids;
  for (let i = 0; i < serverIds.length; i++) setTrigger(agent, serverIds[i], true);
  const manner = { format: account.format, pack: account.pack === true };
  const link = new BootstrapLink(agent, instanceId, address, manner);
  agent.links = agent.links.concat(link);
  return link;
}

/**
 * Puts what has been prepared in force: objects, then links.
 *
 * @returns why it could not be; everything is then as it was
 */
export function enforce(
  now: Milliseconds,
  link: BootstrapLink,
  preparation: Preparation,
): string | undefined {
  const agent = link.agent;
  const before = accountsOf(agent);
  if (!preparation.commit()) return "the device could not take it over";
  followAccounts(now, agent, before, link);
  followBootstrapAccount(now, agent, link);
  return undefined;
}

/** The bootstrap server's account may be as it was, another, or gone. */
function followBootstrapAccount(now: Milliseconds, agent: Agent, link: BootstrapLink): void {
  const instanceId = bootstrapAccount(agent, NO_INSTANCE);
  const address = instanceId === NO_INSTANCE ? undefined : addressOf(agent, instanceId);
  if (address === undefined) {
    removeTriggers(agent);
    link.retire(now);
    return;
  }
  let current = link;
  if (instanceId !== link.instanceId || address.uri !== link.uri) {
    link.retire(now);
    const manner: BootstrapManner = link.manner;
    current = new BootstrapLink(agent, instanceId, address, manner);
    agent.links = agent.links.concat(current);
  }
  current.armAccountTimeout(now);
}

/** Removes the account with what it links to. */
export function purge(now: Milliseconds, link: BootstrapLink): void {
  const agent = link.agent;
  const linked = linkedInstances(agent, link.instanceId);
  agent.security.remove(link.instanceId);
  for (let i = 0; i < linked.length; i++) {
    const object = agent.object(linked[i][0]);
    if (object !== undefined) object.remove(linked[i][1]);
  }
  removeTriggers(agent);
  link.retire(now);
}

/** Nothing is left to trigger. */
function removeTriggers(agent: Agent): void {
  const ids = agent.servers.instances.ids;
  for (let i = 0; i < ids.length; i++) setTrigger(agent, ids[i], false);
}
