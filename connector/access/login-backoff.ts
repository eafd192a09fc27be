/**
 * Slows down who guesses passwords: after some failures the next attempt has to wait, 1, 2, 4 ... s up to a minute, per name and per
 * address. Nobody is locked out: who waits is heard again.
 */
import { MINUTE, type Milliseconds, SECOND } from "../../protocol/time/duration.ts";

interface Failures {
  count: number;
  retryAt: Milliseconds;
  forgetAt: Milliseconds;
}

/** A person mistypes. */
const FREE_FAILURES = 5;
const LONGEST_WAIT: Milliseconds = MINUTE;
const FORGET_AFTER: Milliseconds = 15 * MINUTE;
const MOST_REMEMBERED = 20_000;

export class LoginBackoff {
  private readonly failures = new Map<string, Failures>();

  /** How long to wait until an attempt is heard; 0 when one is heard now. */
  refusedFor(now: Milliseconds, name: string, address: string): Milliseconds {
    return Math.max(this.waitOf(now, nameKey(name)), this.waitOf(now, address));
  }

  handleFailure(now: Milliseconds, name: string, address: string): void {
    this.count(now, nameKey(name));
    this.count(now, address);
  }

  /** The name is forgiven; the address is not, or one good login would pay for a thousand guesses. */
  handleSuccess(name: string): void {
    this.failures.delete(nameKey(name));
  }

  private waitOf(now: Milliseconds, key: string): Milliseconds {
    const failures = this.failures.get(key);
    if (failures === undefined) return 0;
    if (now >= failures.forgetAt) {
      this.failures.delete(key);
      return 0;
    }
    return Math.max(0, failures.retryAt - now);
  }

  private count(now: Milliseconds, key: string): void {
    const count = (this.failures.get(key)?.count ?? 0) + 1;
    const wait =
      count < FREE_FAILURES ? 0 : Math.min(SECOND * 2 ** (count - FREE_FAILURES), LONGEST_WAIT);
    this.failures.delete(key);
    this.failures.set(key, { count, retryAt: now + wait, forgetAt: now + FORGET_AFTER });
    if (this.failures.size <= MOST_REMEMBERED) return;
    for (const oldest of this.failures.keys()) {
      this.failures.delete(oldest);
      return;
    }
  }
}

function nameKey(name: string): string {
  return `name:${name.slice(0, 254).toLowerCase()}`;
}
