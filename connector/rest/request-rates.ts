/**
 * How many requests a second one credential, and one address, may send. A bound against programs that run wild, not a tariff: generous,
 * and with bursts of ten seconds' worth. A long poll is one request, however long it waits.
 */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { SECOND } from "../../protocol/time/duration.ts";
import { addressGroup, RateLimit } from "../access/rate-limit.ts";

export interface RequestRateSettings {
  /** Requests a second of one credential, 0 for no bound. */
  readonly perCredential: number;
  /** Requests a second from one address, 0 for no bound. Behind a proxy all come from one. */
  readonly perAddress: number;
}

export const DEFAULT_REQUEST_RATES: RequestRateSettings = { perCredential: 1000, perAddress: 5000 };

const BURST_SECONDS = 10;

export class RequestRates {
  private readonly byCredential: RateLimit | undefined;
  private readonly byAddress: RateLimit | undefined;

  constructor({ perCredential, perAddress }: RequestRateSettings = DEFAULT_REQUEST_RATES) {
    this.byCredential = limitOf(perCredential);
    this.byAddress = limitOf(perAddress);
  }

  /** Counts a request from an address, unless it is refused: then how long to wait. */
  handleAddress(now: Milliseconds, address: string): Milliseconds {
    return this.byAddress === undefined ? 0 : count(this.byAddress, now, addressGroup(address));
  }

  /** Counts a request of a credential, unless it is refused: then how long to wait. */
  handleCredential(now: Milliseconds, credentialId: string): Milliseconds {
    return this.byCredential === undefined ? 0 : count(this.byCredential, now, credentialId);
  }
}

function limitOf(perSecond: number): RateLimit | undefined {
  if (perSecond === 0) return undefined;
  return new RateLimit({ burst: perSecond * BURST_SECONDS, every: SECOND / perSecond });
}

function count(limit: RateLimit, now: Milliseconds, key: string): Milliseconds {
  const wait = limit.refusedFor(now, key);
  if (wait === 0) limit.take(now, key);
  return wait;
}
