/**
 * How often something may be done by one who cannot be trusted with it: a bucket of tokens for each key, which fills up again in time.
 *
 * Bounded: when there are too many, whoever was not seen for longest is forgotten first.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { dropOldest } from "./oldest.ts";

/** So many at once, and one more each so often. */
export interface Rate {
  readonly burst: number;
  readonly every: Milliseconds;
}

interface Bucket {
  tokens: number;
  filledAt: Milliseconds;
}

const MOST_BUCKETS = 20_000;

export class RateLimit {
  private readonly rate: Rate;
  private readonly buckets = new Map<string, Bucket>();

  constructor(rate: Rate) {
    this.rate = rate;
  }

  get size(): number {
    return this.buckets.size;
  }

  /** How long to wait until this key may do it; 0 when it may now. Takes nothing. */
  refusedFor(now: Milliseconds, key: string): Milliseconds {
    const bucket = this.buckets.get(key);
    if (bucket === undefined) return 0;
    const tokens = this.tokensOf(bucket, now);
    // The fill of a bucket is a sum of fractions: a token is whole when it is so but for their rounding.
    return tokens > 1 - 1e-9 ? 0 : Math.ceil((1 - tokens) * this.rate.every);
  }

  /** Counts one, also when it should have been refused. */
  take(now: Milliseconds, key: string): void {
    const bucket = this.buckets.get(key);
    const tokens = bucket === undefined ? this.rate.burst : this.tokensOf(bucket, now);
    this.buckets.delete(key);
    this.buckets.set(key, { tokens: Math.max(0, tokens - 1), filledAt: now });
    dropOldest(this.buckets, MOST_BUCKETS);
  }

  private tokensOf(bucket: Bucket, now: Milliseconds): number {
    const filled = bucket.tokens + (now - bucket.filledAt) / this.rate.every;
    return Math.min(filled, this.rate.burst);
  }
}

/**
 * An address as far as it tells who somebody is: an IPv4 address whole, of IPv6 the first 64 bits, since whoever has one of those has
 * them all.
 */
export function addressGroup(address: string): string {
  const isMapped = address.toLowerCase().startsWith("::ffff:") && address.includes(".");
  if (isMapped) return address.slice(7);
  if (!address.includes(":")) return address;
  const [head, tail] = address.split("%", 1)[0].toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? 0 : tail.split(":").length;
    while (groups.length < 8 - after) groups.push("0");
    if (tail !== "") groups.push(...tail.split(":"));
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
