/**
 * Who is let in without a credential, where the operator lets that be: programs on this machine, as the suites that were written for the
 * Leshan demo server, which knows no credentials.
 *
 * Not a page in a browser on this machine, which anybody on the web can have made: it says where it comes from, or it calls the connector
 * by a name that its maker has let point here.
 */

import type { Principal } from "../../access/decision.ts";
import type { Permission } from "../../access/model.ts";
import { ADMINISTRATOR } from "../../access/users.ts";
import type { RestContext, RestHost } from "../context.ts";

const RIGHTS: readonly Permission[] = [
  "view device",
  "change device",
  "view resource",
  "change resource",
  "delete resource",
  "view bootstrap",
  "change bootstrap",
  "delete bootstrap",
];

/** Headers of browsers and proxies: whoever asks by them is not just somebody on this machine. */
const OF_OTHERS = ["origin", "x-forwarded-for", "forwarded", "via"];
/** What a browser says of requests that no other site has caused. */
const OWN_SITES = ["same-origin", "none"];

/** Whoever asks without a credential, as somebody; undefined for one who is not let in. */
export function openPrincipal(host: RestHost, c: RestContext): Principal | undefined {
  if (!host.leshan.isOpen || !isLoopback(c.env.address) || !isPlain(c)) return undefined;
  const domain = host.access.domains.get(ADMINISTRATOR.domainId);
  const user = host.access.users.get(ADMINISTRATOR.id);
  if (domain === undefined || user === undefined) return undefined;
  return {
    kind: "access-key",
    domain,
    user,
    credentialId: "open-leshan-api",
    channelId: user.id,
    scope: "domain",
    rights: RIGHTS,
  };
}

/** Whether an address is of this machine alone. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  return plain === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}

function isPlain(c: RestContext): boolean {
  if (OF_OTHERS.some((name) => c.req.header(name) !== undefined)) return false;
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && !OWN_SITES.includes(site)) return false;
  const { hostname } = new URL(c.req.url);
  const name = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return name === "localhost" || isLoopback(name);
}
