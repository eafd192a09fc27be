/**
 * Decides whether a callback URL may be called at all: an application chooses it, and the connector calls it from inside the
 * operator's network (server-side request forgery).
 *
 *   1. Judged is what `new URL` made of it, never the text: that has turned 0x7f.1, 2130706433 and ①②⑦.0.0.1 into 127.0.0.1.
 *   2. http and https only, no user name in it, ports 80, 443 and from 1024.
 *   3. The name is resolved once and every address must be public or allowed. The connection then goes to those addresses
 *      (`addresses`) without a second look-up, so that a name cannot change its mind in between.
 *   4. All this at each delivery, not only at registration.
 */
import type { LookupAddress } from "node:dns";
import { BlockList, isIP } from "node:net";

/** Resolves a host name to all its addresses; rejects when there are none. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** A URL that may be called, and the only addresses to call it at. */
export interface CallbackTarget {
  readonly url: URL;
  readonly addresses: readonly LookupAddress[];
}

export interface TargetRefusal {
  readonly refusal: string;
}

/** Ranges that are not public (IANA special-purpose registries, RFC 6890), and IPv6 forms that embed an IPv4 address. */
const NOT_PUBLIC: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // ::/96 holds the unspecified address, loopback and the IPv4-compatible form.
  "::/96",
  // BlockList checks ::ffff:a.b.c.d against the IPv4 ranges by itself; this is the translated form of RFC 2765.
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];

/** Names for this machine or its cloud's metadata service, whatever a resolver says of them. */
const INTERNAL_NAMES = new Set([
  "localhost",
  "localhost.localdomain",
  "metadata.google.internal",
  "instance-data",
]);

const WEB_PORTS = new Set([80, 443]);
const FIRST_UNPRIVILEGED_PORT = 1024;

const BAD_URL: TargetRefusal = { refusal: "The url is not a valid http or https URL." };
const BAD_USER: TargetRefusal = { refusal: "The url must not hold a user name or password." };
const BAD_PORT: TargetRefusal = { refusal: "The port of the url is not allowed." };
const BAD_ADDRESS: TargetRefusal = { refusal: "The url leads to an address that is not allowed." };
const UNRESOLVED: TargetRefusal = { refusal: "The host name of the url cannot be resolved." };

export class CallbackGuard {
  private readonly resolve: Resolve;
  private readonly notPublic = new BlockList();
  private readonly allowed = new BlockList();

  /**
   * @param allowedRanges CIDR ranges that may be called although they are not public; addresses count as ranges of one
   * @throws Error with code `connector/bad-range` when one cannot be read
   */
  constructor(resolve: Resolve, allowedRanges: readonly string[] = []) {
    this.resolve = resolve;
    for (const range of NOT_PUBLIC) addRange(this.notPublic, range);
    for (const range of allowedRanges) addRange(this.allowed, range);
  }

  /** Judges a URL as it is now, resolving its host name. */
  async judge(url: string): Promise<CallbackTarget | TargetRefusal> {
    const parsed = parseUrl(url);
    if ("refusal" in parsed) return parsed;
    const hostname = bareHostname(parsed);
    const addresses = await this.addressesOf(hostname);
    if (addresses.length === 0) return UNRESOLVED;
    const isInternal = INTERNAL_NAMES.has(hostname);
    for (const { address } of addresses) {
      if (isInternal ? !this.isAllowed(address) : !this.isReachable(address)) return BAD_ADDRESS;
    }
    return { url: parsed, addresses };
  }

  /** Whether an address is public or allowed. */
  isReachable(address: string): boolean {
    const family = isIP(address);
    if (family === 0) return false;
    return this.isAllowed(address) || !this.notPublic.check(address, familyName(family));
  }

  private isAllowed(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.allowed.check(address, familyName(family));
  }

  private async addressesOf(hostname: string): Promise<readonly LookupAddress[]> {
    const family = isIP(hostname);
    if (family !== 0) return [{ address: hostname, family }];
    try {
      return await this.resolve(hostname);
    } catch {
      return [];
    }
  }
}

export function isRefused(judged: CallbackTarget | TargetRefusal): judged is TargetRefusal {
  return "refusal" in judged;
}

function parseUrl(url: string): URL | TargetRefusal {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return BAD_URL;
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") return BAD_URL;
  if (parsed.username !== "" || parsed.password !== "") return BAD_USER;
  const port = Number(parsed.port);
  const isAllowedPort =
    parsed.port === "" || WEB_PORTS.has(port) || port >= FIRST_UNPRIVILEGED_PORT;
  return isAllowedPort ? parsed : BAD_PORT;
}

/** The host name without the brackets of an IPv6 address and the dot of an absolute name. */
function bareHostname(url: URL): string {
  const { hostname } = url;
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
}

function familyName(family: number): "ipv4" | "ipv6" {
  return family === 6 ? "ipv6" : "ipv4";
}

function addRange(list: BlockList, range: string): void {
  const [address, prefix] = range.split("/");
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const bits = prefix === undefined ? most : Number(prefix);
  if (family === 0 || prefix === "" || !Number.isInteger(bits) || bits < 0 || bits > most) {
    throw Object.assign(new Error(`"${range}" is not an address range like 10.1.0.0/16.`), {
      code: "connector/bad-range",
    });
  }
  list.addSubnet(address, bits, familyName(family));
}
