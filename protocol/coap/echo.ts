/**
 * The Echo option: proof that a request is fresh and its sender where it says it is (RFC 9175 §2).
 *
 *   client                server
 *     | POST ------------> |     not known to be fresh
 *     | <----- 4.01, Echo  |
 *     | POST, Echo ------> |     fresh, and reachable at this address
 */

import { equalBytes } from "../bytes/equal.ts";
import type { Random } from "../ports.ts";
import type { Milliseconds } from "../time/duration.ts";
import type { Option } from "./options.ts";

export const ECHO = 252;

const LONGEST = 40;
const LENGTH = 8;

/** The Echo option of a message; one of another length than 1 to 40 bytes counts as absent. */
export function echoOf(options: readonly Option[]): Option | undefined {
  for (let i = 0; i < options.length; i++) {
    if (options[i].number !== ECHO) continue;
    const length = options[i].value.length;
    return length > 0 && length <= LONGEST ? options[i] : undefined;
  }
  return undefined;
}

/**
 * One peer's challenge: random, remembered until it is too old to prove anything, and good for any
 * number of requests until then.
 */
export class EchoChallenge {
  private readonly random: Random;
  private readonly freshness: Milliseconds;
  private value: Uint8Array | undefined = undefined;
  private issuedAt: Milliseconds = 0;

  /** @param freshness how old a request may be to count as fresh */
  constructor(random: Random, freshness: Milliseconds) {
    this.random = random;
    this.freshness = freshness;
  }

  /**
   * The option for a 4.01. Within half the freshness it is the same again, so that of several
   * requests under way none makes the answer to another void.
   */
  option(now: Milliseconds): Option {
    let value = this.value;
    if (value === undefined || now - this.issuedAt >= this.freshness / 2) {
      value = new Uint8Array(LENGTH);
      for (let i = 0; i < LENGTH; i += 4) {
        const bits = this.random.uint32();
        value[i] = bits >>> 24;
        value[i + 1] = bits >>> 16;
        value[i + 2] = bits >>> 8;
        value[i + 3] = bits;
      }
      this.value = value;
      this.issuedAt = now;
    }
    return { number: ECHO, value: value };
  }

  /** True when a request carries what this peer was challenged with, in time. */
  isFresh(now: Milliseconds, options: readonly Option[]): boolean {
    const echo = echoOf(options);
    if (echo === undefined || this.value === undefined) return false;
    return now - this.issuedAt < this.freshness && equalBytes(echo.value, this.value);
  }
}
