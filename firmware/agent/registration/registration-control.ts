/**
 * When to try again (LwM2M Core 1.2.2 §6.2.1.1, resources /1/x/17 to /1/x/20): what `Registration` does after a failure, as a server's
 * account says. The account is read when something fails, so that what is written there holds from the next failure on.
 *
 *   an attempt     a Register, with all its retransmissions
 *   a sequence     `retryCount` attempts, the nth followed by a pause of `retryTimer` x 2^(n-1)
 *   a failure      `sequenceCount` sequences, with `sequenceDelay` between them
 *
 *   attempt 1  60 s  attempt 2  120 s  attempt 3  240 s  attempt 4  480 s  attempt 5: the defaults' one sequence, and the failure
 *
 *   Register  no answer, 5.xx, 4.29, 2.01 without location   an attempt failed; Max-Age of 5.03 and 4.29 lengthens the pause
 *   Register  any other 4.xx                                 the same, and the server has rejected us: `hasFailed` at once
 *   Update    no answer, 5.xx, 4.29                          Update again by the same pauses, of which the last is repeated, as long as
 *                                                            the lifetime lasts; where bootstrap could help Register after `retryCount`
 *   Update    any other 4.xx                                 Register at once
 *   registered, and the connection that it was over ends     Register after a moment (reconnection.ts); asleep: with the next wake-up
 *
 * After the failure there is a rest of another `sequenceDelay`, then all begins again; without a delay (MAX_VALUE), or with
 * `givesUp`, not before `resume`. What a failure means to other servers and to bootstrap is not decided here.
 */
import { isSuccess, TOO_MANY_REQUESTS } from "../../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { HOUR, NEVER, SECOND } from "../../../protocol/time/duration.ts";
import { DEREGISTER, NOTHING, Registration, UPDATE } from "./registration.ts";

/** Of an account, with the defaults of LwM2M Core 1.2.2 §6.2.1.1 where it says nothing. */
export interface RetrySettings {
  /** /1/x/17; attempts in a sequence. */
  retryCount(): number;
  /** /1/x/18. */
  retryTimer(): Milliseconds;
  /** /1/x/20; sequences. */
  sequenceCount(): number;
  /** /1/x/19; NEVER for MAX_VALUE. */
  sequenceDelay(): Milliseconds;
  /** True: after the failure rest until `resume`. */
  givesUp(): boolean;
  /** True: a registration that cannot be updated is given up before its lifetime is over, since something can be done about it. */
  abandons(): boolean;
}

export const DEFAULT_RETRY_COUNT = 5;
export const DEFAULT_RETRY_TIMER_SECONDS = 60;
export const DEFAULT_SEQUENCE_DELAY_SECONDS = 86400;
export const DEFAULT_SEQUENCE_COUNT = 1;

/** Pauses are finite, though their doubling may not be. */
const LONGEST_PAUSE: Milliseconds = 4294967295 * SECOND;
/** A retry timer of 0 does not make a circle of us. */
const SHORTEST_PAUSE: Milliseconds = SECOND;
/** What a server asks for beyond it is not heeded. */
const LONGEST_MAX_AGE: Milliseconds = 24 * HOUR;

/** What follows the nth failed attempt of a sequence. */
export function pauseAfter(attempts: number, timer: Milliseconds): Milliseconds {
  let pause = Math.max(timer, SHORTEST_PAUSE);
  for (let i = 1; i < attempts && pause < LONGEST_PAUSE; i++) pause *= 2;
  return Math.min(pause, LONGEST_PAUSE);
}

/** True when trying the same again is of no use before someone has changed something. */
export function isRejection(code: number): boolean {
  return code >> 5 === 4 && code !== TOO_MANY_REQUESTS;
}

export class ControlledRegistration extends Registration {
  /** Registering has failed or was rejected, since it last succeeded or was started. */
  hasFailed = false;
  /** The last attempt was rejected; until the next one. */
  isRejected = false;
  /** The last attempt was the last of all sequences; until the next one. */
  isExhausted = false;
  /** Sent away by the server, which is ignored meanwhile (LwM2M Core 1.2.2 §E.2, resource 4). */
  isDisabled = false;
  private readonly settings: RetrySettings;
  /** Sequences that have failed. */
  private sequences = 0;
  /** The request under way left from an address that is not ours any more. */
  private hasMoved = false;
  /** The connection that it was made over is gone, and with it all that the server observes: no Update will do. */
  private isCut = false;

  constructor(settings: RetrySettings) {
    super();
    this.settings = settings;
  }

  /** As if nothing had failed before. */
  override start(at: Milliseconds): void {
    super.start(at);
    this.hasFailed = false;
    if (this.isActive || this.underWay !== NOTHING) return;
    this.failures = 0;
    this.sequences = 0;
    this.forget();
  }

  /** Registers now, if it is not registered and was not told to leave. */
  resume(now: Milliseconds): void {
    if (!this.isActive && this.leaveFor < 0 && !this.isDisabled) this.start(now);
  }

  /** When the registration is over unless it is updated; NEVER for one without end. */
  expiry(): Milliseconds {
    return this.expiresAt;
  }

  /** Registered since before a reboot: an Update follows at once, from where we are now. */
  takeUp(now: Milliseconds, expiresAt: Milliseconds, changes: number): void {
    this.isActive = true;
    this.wakeAt = now;
    this.expiresAt = expiresAt;
    this.changes = changes;
  }

  /** The next attempt is not to wait longer than this. */
  hasten(at: Milliseconds): void {
    if (!this.isActive) this.wakeAt = Math.min(this.wakeAt, at);
  }

  /** The request under way was refused for something that is now otherwise: a Register follows at once, and nothing is counted. */
  repeat(now: Milliseconds): void {
    this.underWay = NOTHING;
    this.isActive = false;
    this.wakeAt = now;
  }

  /** Our address is another: what the server knows of us leads nowhere, and an Update would not tell it. */
  handleAddressChange(now: Milliseconds): void {
    if (this.underWay === UPDATE) this.hasMoved = true;
    else if (this.isActive && this.underWay === NOTHING && this.leaveFor < 0) {
      this.isActive = false;
      this.failures = 0;
      this.wakeAt = now;
    } else if (this.failures > 0 || this.hasFailed) this.resume(now);
  }

  /**
   * The connection that it was made over has ended.
   *
   * @param at when to register anew; NEVER for when something else is due
   * @param notBefore the server asked not to be connected to until then
   */
  handleDisconnected(at: Milliseconds, notBefore: Milliseconds): void {
    if (this.leaveFor >= 0 || this.underWay !== NOTHING) return;
    if (this.isActive) {
      this.failures = 0;
      this.isCut = at === NEVER;
      this.isActive = this.isCut;
      this.wakeAt = Math.min(this.wakeAt, at);
    }
    // What waits for nothing goes on doing so.
    if (this.wakeAt !== NEVER) this.wakeAt = Math.max(this.wakeAt, notBefore);
  }

  override poll(now: Milliseconds): number {
    const isAnew = this.isCut && this.leaveFor < 0;
    if (isAnew && now >= this.deadline()) this.repeat(now);
    const next = super.poll(now);
    if (next !== NOTHING) this.forget();
    return next;
  }

  private forget(): void {
    this.isRejected = false;
    this.isExhausted = false;
    this.isDisabled = false;
    this.isCut = false;
  }

  override handleOutcome(
    now: Milliseconds,
    code: number,
    lifetimeSeconds: number,
    notBefore: Milliseconds,
  ): void {
    const sent = this.underWay;
    if (sent === DEREGISTER || isSuccess(code)) {
      super.handleOutcome(now, code, lifetimeSeconds, notBefore);
      this.sequences = 0;
      this.hasFailed = false;
    } else {
      this.underWay = NOTHING;
      const pause = Math.min(notBefore, LONGEST_MAX_AGE);
      if (sent === UPDATE) this.handleFailedUpdate(now, code, pause);
      else this.handleFailedRegister(now, code, pause);
    }
    if (!this.hasMoved) return;
    this.hasMoved = false;
    this.handleAddressChange(now);
  }

  private handleFailedUpdate(now: Milliseconds, code: number, notBefore: Milliseconds): void {
    const settings = this.settings;
    if (isRejection(code)) {
      this.repeat(now);
      this.failures = 0;
      return;
    }
    const count = Math.max(settings.retryCount(), 1);
    this.failures++;
    this.changes |= this.sentChanges;
    const pause = pauseAfter(Math.min(this.failures, count), settings.retryTimer());
    this.wakeAt = now + Math.max(pause, notBefore);
    if (this.failures < count || !settings.abandons()) return;
    this.isActive = false;
    this.failures = 0;
  }

  private handleFailedRegister(now: Milliseconds, code: number, notBefore: Milliseconds): void {
    const settings = this.settings;
    this.failures++;
    if (isRejection(code)) this.hasFailed = this.isRejected = true;
    let pause = pauseAfter(this.failures, settings.retryTimer());
    if (this.failures >= settings.retryCount()) {
      this.failures = 0;
      this.sequences++;
      pause = Math.max(settings.sequenceDelay(), SHORTEST_PAUSE);
      if (this.sequences >= settings.sequenceCount() || pause === NEVER) {
        this.sequences = 0;
        this.hasFailed = this.isExhausted = true;
        if (settings.givesUp()) pause = NEVER;
      }
    }
    this.wakeAt = now + Math.max(pause, notBefore);
  }

  protected override stayAway(now: Milliseconds): void {
    this.isDisabled = this.leaveFor > 0 && this.leaveFor !== NEVER;
    super.stayAway(now);
    this.sequences = 0;
  }
}
