/**
 * An agent's side of one server with information reporting whole (LwM2M Core 1.2.2 §6.4): all attributes, stored notifications.
 *
 * The server is taken to be away from the first Update that fails, or the first Confirmable notification that nobody acknowledges,
 * until an Update or Register succeeds. A new Register ends every observation, here and there; an Update keeps them.
 */
import { isSuccess } from "../../protocol/coap/codes.ts";
import type { CoapEvent, Response } from "../../protocol/coap/exchange.ts";
import { OBSERVER_GONE, RESET } from "../../protocol/coap/exchange.ts";
import type { Value } from "../../protocol/model/data-types.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { CalendarClock } from "../ports.ts";
import { KEEP_ALIVE } from "./registration.ts";
import { ReportingObservers } from "./reporting-observers.ts";
import { ServerLink } from "./server-link.ts";

/** What an agent's configuration may say of reporting. */
export interface ReportingConfiguration {
  /** For the times of stored and recorded values; without it, and until it is set, they are told relative to the moment of sending. */
  readonly calendar?: Pick<CalendarClock, "seconds">;
}

export class ReportingLink extends ServerLink {
  declare observers: ReportingObservers | undefined;
  /** A notification was lost, and no request has been answered since. */
  private isInDoubt = false;

  override observed(): ReportingObservers {
    if (this.observers === undefined) {
      this.observers = new ReportingObservers(this, this.defaults());
    }
    return this.observers;
  }

  /** A resource of this server's instance of object 1. */
  resource(resourceId: number): Value | undefined {
    return this.agent.servers.get(this.instanceId, resourceId);
  }

  /** Seconds since 1970; undefined without a clock. */
  calendarSeconds(): number | undefined {
    const calendar = (this.agent.configuration as ReportingConfiguration).calendar;
    return calendar === undefined ? undefined : calendar.seconds();
  }

  /** Registered, but not to be reached: notifications are stored. */
  isAway(): boolean {
    const registration = this.registration;
    return registration.isActive && (this.isInDoubt || registration.failures > 0);
  }

  override deadline(): Milliseconds {
    const at = super.deadline();
    const observers = this.observers;
    if (observers === undefined) return at;
    const away = this.isAway() ? observers.awayDeadline() : at;
    return Math.min(at, away, observers.evaluationDeadline());
  }

  protected override settle(now: Milliseconds): void {
    if (this.observers !== undefined) this.observers.evaluate(now);
    super.settle(now);
    if (this.observers !== undefined && this.isAway()) this.observers.store(now);
  }

  protected override handleEvent(now: Milliseconds, event: CoapEvent): void {
    if (event.kind !== OBSERVER_GONE || event.failure === RESET) super.handleEvent(now, event);
    else if (this.observers !== undefined) {
      this.observers.handleLost(event.token);
      this.isInDoubt = this.registration.isActive;
      if (this.isInDoubt) this.registration.changes |= KEEP_ALIVE;
    }
  }

  protected override handleOutcome(now: Milliseconds, response: Response | undefined): void {
    if (response !== undefined && isSuccess(response.code)) this.isInDoubt = false;
    super.handleOutcome(now, response);
  }

  protected override canNotify(): boolean {
    return super.canNotify() && !this.isAway();
  }
}
