/**
 * Resolves the host names of callbacks.
 *
 * Not by the system's resolver alone: that runs on the same few threads as the store's writes, so that a name whose servers stall
 * would hold up everything. A name is first asked for on the network, without a thread and with a time limit; only one that is not
 * known there, as the machine's own names are, goes to the system, which has the hosts file.
 */
import { type LookupAddress, lookup, promises } from "node:dns";
import { SECOND } from "../../protocol/time/duration.ts";

const UNKNOWN_NAME = new Set(["ENOTFOUND", "ENODATA"]);

/** All addresses of a name; rejects when there are none. */
export async function resolveCallbackHost(hostname: string): Promise<readonly LookupAddress[]> {
  if (!hostname.includes(".")) return resolveBySystem(hostname);
  const resolver = new promises.Resolver({ timeout: 2 * SECOND, tries: 2 });
  const [ipv4, ipv6] = await Promise.allSettled([
    resolver.resolve4(hostname),
    resolver.resolve6(hostname),
  ]);
  const addresses: LookupAddress[] = [];
  if (ipv4.status === "fulfilled") addresses.push(...ipv4.value.map(addressOf(4)));
  if (ipv6.status === "fulfilled") addresses.push(...ipv6.value.map(addressOf(6)));
  if (addresses.length > 0) return addresses;
  for (const outcome of [ipv4, ipv6]) {
    if (outcome.status === "rejected" && !UNKNOWN_NAME.has(outcome.reason.code)) {
      throw outcome.reason;
    }
  }
  return resolveBySystem(hostname);
}

function addressOf(family: number): (address: string) => LookupAddress {
  return (address) => ({ address, family });
}

function resolveBySystem(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}
