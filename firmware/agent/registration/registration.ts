/**
 * When a device registers, updates and de-registers with one server (LwM2M Core 1.1.1 §6.2). Decides what comes next and when;
 * knows nothing of messages: the link asks `poll`, sends what it says and reports how that went.
 *
 *   state            what happened                          next
 *   away             start, back-off over, stay-away over   Register
 *   registered       something changed, or trigger          Update, at once
 *   registered       `updateAfter(lifetime)` passed         Update without parameters
 *   registered       4.04 or another 4.xx to an Update      away: Register at once
 *   registered       Update unanswered, or 5.xx             Update again after the back-off
 *   registered       lifetime over                          away: Register at once
 *   registered       Disable, stop                          De-register; away until the stay-away is over, or for good
 *   away             Register failed                        Register again after the back-off
 *
 * The back-off is 60 s after the first failure and doubles with each, up to a day: what a board does for ever. The standard's policy
 * (LwM2M Core 1.1.1 §6.2.1.1, resources /1/x/16 to /1/x/20) is a subclass, registration-control.ts.
 */
import { isSuccess } from "../../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { HOUR, MINUTE, NEVER, SECOND } from "../../../protocol/time/duration.ts";

/** What `poll` asks for. */
export const NOTHING = 0;
export const REGISTER = 1;
export const UPDATE = 2;
export const DEREGISTER = 3;

/** What an Update has to say, as bits. KEEP_ALIVE: nothing, but now. */
export const LIFETIME_CHANGED = 1;
export const BINDING_CHANGED = 2;
export const LINKS_CHANGED = 4;
export const KEEP_ALIVE = 8;

/** The pseudo code of a request that got no response. */
export const NO_RESPONSE = 0;

const FIRST_BACK_OFF: Milliseconds = MINUTE;
const LONGEST_BACK_OFF: Milliseconds = 24 * HOUR;
/** EXCHANGE_LIFETIME with default parameters (RFC 7252 §4.8.2): an Update this early may use every retransmission. */
const UPDATE_MARGIN: Milliseconds = 247 * SECOND;

/** When to Update: 247 s before the lifetime is over, or at half of it if that is later. Lifetime 0 is for ever. */
export function updateAfter(lifetimeSeconds: number): Milliseconds {
  if (lifetimeSeconds === 0) return NEVER;
  const lifetime = lifetimeSeconds * SECOND;
  return Math.max(lifetime / 2, lifetime - UPDATE_MARGIN);
}

/** How long to wait after this many failures in a row. */
export function backOff(failures: number): Milliseconds {
  let wait = FIRST_BACK_OFF;
  for (let i = 1; i < failures && wait < LONGEST_BACK_OFF; i++) wait *= 2;
  return Math.min(wait, LONGEST_BACK_OFF);
}

export class Registration {
  /** Registered as far as we know. */
  isActive = false;
  /** REGISTER, UPDATE or DEREGISTER while that request is under way. */
  underWay = NOTHING;
  /** What the next Update has to say. */
  changes = 0;
  /** Failed requests in a row. */
  failures = 0;
  /** What the Update under way says. */
  protected sentChanges = 0;
  protected sentAt: Milliseconds = 0;
  /** When to Register or Update next; NEVER before `start` and after `stop`. */
  wakeAt: Milliseconds = NEVER;
  /** When it is over unless it is updated; NEVER for one without end. */
  expiresAt: Milliseconds = NEVER;
  /** De-register and stay away this long; NEVER is for good, negative: no wish to leave. */
  protected leaveFor: Milliseconds = -1;

  start(now: Milliseconds): void {
    this.leaveFor = -1;
    if (!this.isActive && this.underWay === NOTHING) this.wakeAt = now;
  }

  /** De-register, if registered, and stay away this long; NEVER for good. */
  leave(period: Milliseconds): void {
    this.leaveFor = period;
  }

  /** True when there is nothing under way and nothing to come. */
  isStopped(): boolean {
    return this.underWay === NOTHING && !this.isActive && this.deadline() === NEVER;
  }

  deadline(): Milliseconds {
    if (this.underWay !== NOTHING) return NEVER;
    if (this.leaveFor >= 0) return 0;
    if (!this.isActive) return this.wakeAt;
    if (this.changes !== 0 && this.failures === 0) return 0;
    return Math.min(this.wakeAt, this.expiresAt);
  }

  /** What to send now: REGISTER, UPDATE (saying `changes`, read before this call), DEREGISTER or NOTHING. It counts as sent. */
  poll(now: Milliseconds): number {
    if (now < this.deadline()) return NOTHING;
    this.sentAt = now;
    this.sentChanges = 0;
    if (this.leaveFor >= 0) {
      if (this.isActive) this.underWay = DEREGISTER;
      else this.stayAway(now);
    } else if (this.isActive && now < this.expiresAt) {
      this.underWay = UPDATE;
      this.sentChanges = this.changes;
      this.changes = 0;
    } else {
      this.isActive = false;
      this.underWay = REGISTER;
      this.changes = 0;
    }
    return this.underWay;
  }

  /**
   * The request under way ended.
   *
   * @param code the response's, or NO_RESPONSE
   * @param lifetimeSeconds what the server now believes
   * @param notBefore how long the server asked to be left alone (Max-Age of 5.03), else 0; heeded up to a day
   */
  handleOutcome(
    now: Milliseconds,
    code: number,
    lifetimeSeconds: number,
    notBefore: Milliseconds,
  ): void {
    const sent = this.underWay;
    this.underWay = NOTHING;
    if (sent === DEREGISTER) {
      this.isActive = false;
      this.stayAway(now);
    } else if (isSuccess(code)) {
      this.isActive = true;
      this.failures = 0;
      this.wakeAt = this.sentAt + updateAfter(lifetimeSeconds);
      this.expiresAt = lifetimeSeconds === 0 ? NEVER : this.sentAt + lifetimeSeconds * SECOND;
    } else if (sent === UPDATE && code >> 5 === 4) {
      this.isActive = false;
      this.wakeAt = now;
    } else {
      this.failures++;
      this.changes |= this.sentChanges;
      this.wakeAt = now + Math.max(backOff(this.failures), Math.min(notBefore, LONGEST_BACK_OFF));
    }
  }

  protected stayAway(now: Milliseconds): void {
    // `start` may have been called since: then at once.
    this.wakeAt = now + Math.max(this.leaveFor, 0);
    this.leaveFor = -1;
    this.failures = 0;
    this.changes = 0;
  }
}
