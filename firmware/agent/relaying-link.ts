/**
 * A link whose requests a relay may take (relay.ts), and which tells it when observers go.
 */
import type { IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Agent } from "./agent.ts";
import { REGISTER } from "./registration/registration.ts";
import { ReportingLink } from "./reporting/reporting-link.ts";

export class RelayingLink extends ReportingLink {
  declare readonly agent: Agent;

  override cancelObservation(token: Uint8Array): void {
    super.cancelObservation(token);
    const relay = this.agent.relay;
    if (relay !== undefined) relay.handleObserverGone(this, token);
  }

  protected override handleRequest(now: Milliseconds, request: IncomingRequest): void {
    const relay = this.agent.relay;
    const isRelayed = relay !== undefined && this.registration.isActive;
    if (isRelayed && relay.handleRequest(now, this, request)) return;
    super.handleRequest(now, request);
  }

  protected override handleOutcome(now: Milliseconds, response: Response | undefined): void {
    const sent = this.registration.underWay;
    super.handleOutcome(now, response);
    const relay = this.agent.relay;
    const isOver = !this.registration.isActive || sent === REGISTER;
    if (relay !== undefined && isOver) relay.handleRegistrationOver(this);
  }
}
