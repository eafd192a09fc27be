/**
 * The registrations of an agent with several servers: when all begin, whose turn it is (registration-order.ts), and when the bootstrap
 * server is asked because they fail (LwM2M Core 1.2.2 §6.2.1.1, resource /1/x/16).
 *
 * Bootstrap is asked when a server has rejected us or all its sequences have failed, its account wants that, and no other server is
 * registered with or still to be tried: a registration that works is not given up for one that does not.
 */
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { HOUR, MINUTE } from "../../../protocol/time/duration.ts";
import type { Agent } from "../agent.ts";
import type { AgentLink } from "../agent-link.ts";
import { pauseAfter } from "./registration-control.ts";
import { RegistrationOrder } from "./registration-order.ts";

/** The first pause before another bootstrap; it doubles each time, up to a day. */
const FIRST_BOOTSTRAP_PAUSE: Milliseconds = MINUTE;
const LONGEST_BOOTSTRAP_PAUSE: Milliseconds = 24 * HOUR;
/** One more than the largest number of `Random`. */
const RANDOM_RANGE = 4294967296;

export class Registrations {
  private readonly agent: Agent;
  /** While a server waits for its turn. */
  private order: RegistrationOrder | undefined = undefined;
  /** Bootstraps that registration asked for and that did not help, in a row. */
  private vainBootstraps = 0;
  private noBootstrapBefore: Milliseconds = 0;

  constructor(agent: Agent) {
    this.agent = agent;
  }

  /** Begins with every server, within the time that the configuration spreads it over. */
  start(now: Milliseconds): void {
    const { spreadOver, settings } = this.agent.configuration;
    let at = now;
    if (spreadOver !== undefined) {
      at += Math.floor((settings.random.uint32() / RANDOM_RANGE) * spreadOver);
    }
    this.begin(now, at);
  }

  /** Registers, in the order of accounts, wherever there is no registration. @param at not before it */
  begin(now: Milliseconds, at: Milliseconds): void {
    this.order = undefined;
    const order = new RegistrationOrder(now, at, this.links());
    this.order = order.isOver() ? undefined : order;
  }

  stop(): void {
    this.order = undefined;
  }

  retry(now: Milliseconds): void {
    const links = this.links();
    for (let i = 0; i < links.length; i++) if (!this.isWaiting(links[i])) links[i].retry(now);
  }

  handleAddressChange(now: Milliseconds): void {
    const links = this.links();
    for (let i = 0; i < links.length; i++) links[i].handleAddressChange(now);
  }

  handleRegistered(now: Milliseconds, link: AgentLink): void {
    this.vainBootstraps = 0;
    this.noBootstrapBefore = now;
    if (this.order !== undefined) this.order.handleRegistered(now, link);
    this.dropOrder();
  }

  /** Registration failed as the account counts it, or was rejected: the next server's turn, or bootstrap's. */
  handleFailure(now: Milliseconds, link: AgentLink, code: number): void {
    if (this.order !== undefined) this.order.handleFailed(now, link);
    this.dropOrder();
    if (this.bootstraps(now, link) || !link.registration.isExhausted) return;
    const retryIn = Math.max(link.registration.deadline() - now, 0);
    this.agent.emit({ kind: "gave-up", link: link, code: code, retryIn: retryIn });
  }

  /** What did not help is not repeated at once: a server that rejects whatever bootstrap gives would make a circle. */
  private bootstraps(now: Milliseconds, link: AgentLink): boolean {
    if (!link.bootstrapsOnFailure() || this.hasOther(link)) return false;
    if (now < this.noBootstrapBefore) {
      link.registration.hasten(this.noBootstrapBefore);
      return true;
    }
    if (!this.agent.needBootstrap(now)) return false;
    const pause = pauseAfter(++this.vainBootstraps, FIRST_BOOTSTRAP_PAUSE);
    this.noBootstrapBefore = now + Math.min(pause, LONGEST_BOOTSTRAP_PAUSE);
    return true;
  }

  /** True when another server is registered with, or may still be. */
  private hasOther(link: AgentLink): boolean {
    const links = this.links();
    for (let i = 0; i < links.length; i++) {
      if (links[i] === link || this.isWaiting(links[i])) continue;
      if (!links[i].registration.hasFailed) return true;
    }
    return false;
  }

  private isWaiting(link: AgentLink): boolean {
    return this.order !== undefined && this.order.isWaiting(link);
  }

  private dropOrder(): void {
    if (this.order !== undefined && this.order.isOver()) this.order = undefined;
  }

  private links(): readonly AgentLink[] {
    return this.agent.serverLinks() as readonly AgentLink[];
  }
}
