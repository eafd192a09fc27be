/**
 * Slows down who guesses passwords. After some failures the next attempt has to wait, 1, 2, 4 ... s:
 *
 *   of one address at one name   from the 5th on, up to a minute
 *   of one address at any name   from the 20th on, up to a minute
 *   of anybody at one name       from the 20th on, up to 8 s: whoever guesses at a name from many addresses gets 10,000 tries a day, and its
 *                                owner, at another address than the guesser's, still gets in
 *
 * Nobody is locked out: who waits is heard again. Bounded; whoever failed longest ago is forgotten first.
 */
import { MINUTE, type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
import { dropOldest } from "./oldest.ts";
import { addressGroup } from "./rate-limit.ts";

interface Rule {
  /** The failure with which waiting begins. */
  readonly from: number;
  readonly longest: Milliseconds;
}

interface Failures {
  readonly count: number;
  readonly retryAt: Milliseconds;
  readonly forgetAt: Milliseconds;
}

const OF_ADDRESS_AT_NAME: Rule = { from: 5, longest: MINUTE };
const OF_ADDRESS: Rule = { from: 20, longest: MINUTE };
const AT_NAME: Rule = { from: 20, longest: 8 * SECOND };
const FORGET_AFTER: Milliseconds = 15 * MINUTE;
const MOST_REMEMBERED = 60_000;
const LONGEST_NAME = 254;

export class LoginBackoff {
  private readonly failures = new Map<string, Failures>();

  /** How long to wait until an attempt is heard; 0 when one is heard now. */
  refusedFor(now: Milliseconds, name: string, address: string): Milliseconds {
    let wait: Milliseconds = 0;
    for (const [key] of keysOf(name, address)) wait = Math.max(wait, this.waitOf(now, key));
    return wait;
  }

  handleFailure(now: Milliseconds, name: string, address: string): void {
    for (const [key, rule] of keysOf(name, address)) this.count(now, key, rule);
  }

  /**
   * The address is forgiven at this name. What it did at other names is not, nor what others did at this one: one good login would pay for
   * a thousand guesses.
   */
  handleSuccess(name: string, address: string): void {
    const [[key]] = keysOf(name, address);
    this.failures.delete(key);
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

  private count(now: Milliseconds, key: string, rule: Rule): void {
    const former = this.failures.get(key);
    const count = former === undefined || now >= former.forgetAt ? 1 : former.count + 1;
    const wait = count < rule.from ? 0 : Math.min(SECOND * 2 ** (count - rule.from), rule.longest);
    // Anew at the end: the one that failed longest ago stands in front.
    this.failures.delete(key);
    this.failures.set(key, { count, retryAt: now + wait, forgetAt: now + FORGET_AFTER });
    dropOldest(this.failures, MOST_REMEMBERED);
  }
}

/** What is counted of an attempt. Control characters are in no name, so that the keys are never the same by accident. */
function keysOf(name: string, address: string): [[string, Rule], [string, Rule], [string, Rule]] {
  const group = addressGroup(address);
  const known = name.slice(0, LONGEST_NAME).normalize("NFC").toLowerCase();
  return [
    [`both\n${group}\n${known}`, OF_ADDRESS_AT_NAME],
    [`address\n${group}`, OF_ADDRESS],
    [`name\n${known}`, AT_NAME],
  ];
}
