/**
 * When a device asks to be bootstrapped, and when it gives up (LwM2M Core 1.2.2 §6.1.3, §6.1.6). Knows nothing of messages: the link
 * asks `poll`, sends what it says and reports how that went.
 *
 *   state         what happened                            next
 *   idle          no server account, none that answers,    held off
 *                 or a server executed /1/x/9
 *   held off      /0/x/11 seconds passed                   asking: Bootstrap-Pack-Request, if so configured, or Bootstrap-Request
 *   asking        2.05 with a consistent pack              idle, bootstrapped
 *   asking        anything else to a pack                  asking: Bootstrap-Request
 *   asking        2.04, or the server's first operation    configured
 *   asking        4.15                                     asking: Bootstrap-Request with another format, until there is none
 *   asking        any other answer, or none                failed
 *   configured    an operation                             configured, EXCHANGE_LIFETIME from now
 *   configured    Finish, and the configuration is whole   idle, bootstrapped
 *   configured    EXCHANGE_LIFETIME without either         failed
 *   failed        some server has a registration of ours   idle
 *   failed        none has                                 held off, for the back-off of registration.ts
 *
 * In LwM2M 1.0 the server may begin of itself: its first operation leads from idle and held off to configured.
 */
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER } from "../../../protocol/time/duration.ts";
import { backOff } from "../registration/registration.ts";

/** What a device is at. */
export const IDLE = 0;
export const HELD_OFF = 1;
export const ASKING = 2;
export const CONFIGURED = 3;

/** What `poll` asks for. */
export const NOTHING_YET = 0;
export const ASK = 1;
export const GIVE_UP = 2;

export class BootstrapSchedule {
  state = IDLE;
  /** Failures in a row. */
  failures = 0;
  /** Of the state. */
  private until: Milliseconds = NEVER;

  deadline(): Milliseconds {
    return this.until;
  }

  /** True when the server may configure the device now. @param canBeginItself LwM2M 1.0 */
  takesOperations(canBeginItself: boolean): boolean {
    return canBeginItself || this.state === ASKING || this.state === CONFIGURED;
  }

  /** Wishes to be bootstrapped; changes nothing when that is under way. */
  begin(now: Milliseconds, holdOff: Milliseconds): void {
    if (this.state !== IDLE) return;
    this.failures = 0;
    this.enter(HELD_OFF, now + holdOff);
  }

  /** What to do now: ASK the server, GIVE_UP since it came to no end, or NOTHING_YET. */
  poll(now: Milliseconds): number {
    if (now < this.until) return NOTHING_YET;
    if (this.state === CONFIGURED) return GIVE_UP;
    this.handleAsked();
    return ASK;
  }

  /** A request is on its way: its outcome is waited for. */
  handleAsked(): void {
    this.enter(ASKING, NEVER);
  }

  /** The server said yes to a request, or did something. @param patience EXCHANGE_LIFETIME */
  handleOperation(now: Milliseconds, patience: Milliseconds): void {
    this.enter(CONFIGURED, now + patience);
  }

  /**
   * It came to nothing.
   *
   * @param notBefore how long the server asked to be left alone
   * @returns when the next attempt follows, from now; NEVER when a registration makes it unnecessary
   */
  handleFailure(now: Milliseconds, isRegistered: boolean, notBefore: Milliseconds): Milliseconds {
    this.failures++;
    if (isRegistered) {
      this.handleEnd();
      return NEVER;
    }
    const wait = Math.max(backOff(this.failures), notBefore);
    this.enter(HELD_OFF, now + wait);
    return wait;
  }

  /** Bootstrapped, or not wanted any more. */
  handleEnd(): void {
    this.enter(IDLE, NEVER);
  }

  private enter(state: number, until: Milliseconds): void {
    this.state = state;
    this.until = until;
  }
}
