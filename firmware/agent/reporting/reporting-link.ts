/**
 * An agent's side of one server with information reporting whole (LwM2M Core 1.2.2 §6.4): all attributes, stored notifications, Send.
 *
 * The server is taken to be away from the first Update that fails, or the first Confirmable notification that nobody acknowledges,
 * until an Update or Register succeeds. A new Register ends every observation, here and there; an Update keeps them.
 */
import {
  isSuccess,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  NOT_IMPLEMENTED,
  POST,
  REQUEST_ENTITY_TOO_LARGE,
} from "../../../protocol/coap/codes.ts";
import type { CoapEvent, Response } from "../../../protocol/coap/exchange.ts";
import { OBSERVER_GONE, RESET, RESPONSE_RECEIVED } from "../../../protocol/coap/exchange.ts";
import type { Option } from "../../../protocol/coap/options.ts";
import {
  CONTENT_FORMAT,
  MAX_AGE,
  textOption,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../../protocol/coap/options.ts";
import { READ } from "../../../protocol/lwm2m/operations.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { SERVER_MUTE_SEND } from "../../../protocol/model/objects/server.ts";
import type { Path } from "../../../protocol/model/path.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import type { CalendarClock } from "../../ports.ts";
import { KEEP_ALIVE, NO_RESPONSE, NOTHING } from "../registration/registration.ts";
import { ServerLink } from "../server-link.ts";
import { ReportingObservers } from "./reporting-observers.ts";
import type { Sample } from "./samples.ts";
import { encodeSamples, isThere, sendCodec } from "./samples.ts";
import type { PendingSend, SendOptions, SendOutcome } from "./send-queue.ts";
import { SendQueue } from "./send-queue.ts";

const DP: readonly Option[] = [textOption(URI_PATH, "dp")];

/** What an agent's configuration may say of reporting. */
export interface ReportingConfiguration {
  /** For the times of stored and recorded values; without it, and until it is set, they are told relative to the moment of sending. */
  readonly calendar?: Pick<CalendarClock, "seconds">;
}

export class ReportingLink extends ServerLink {
  declare observers: ReportingObservers | undefined;
  /** A notification was lost, and no request has been answered since. */
  private isInDoubt = false;
  /** Made with the first Send. */
  private sends: SendQueue | undefined = undefined;
  /** Of the Send under way; 0 when there is none. */
  private sendId = 0;

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

  // Send.

  /** Puts a Send in the queue, or tells that it cannot be. */
  send(now: Milliseconds, id: number, samples: readonly Sample[], options: SendOptions): void {
    const version = this.version();
    // LwM2M 1.0 has no Send, nor has a plain CoAP device.
    if (version === undefined || version === "1.0") {
      this.tell({ kind: "send-failed", id: id, code: NOT_IMPLEMENTED });
      return;
    }
    if (this.sends === undefined) this.sends = new SendQueue();
    if (!this.sends.add(id, samples, options)) {
      this.tell({ kind: "send-failed", id: id, code: REQUEST_ENTITY_TOO_LARGE });
    }
    this.settle(now);
  }

  private tell(outcome: SendOutcome | undefined): void {
    if (outcome === undefined) return;
    this.agent.emit({ kind: outcome.kind, link: this, id: outcome.id, code: outcome.code });
  }

  /** Registered, awake, and the server knows of every object that there is (§6.4.6). */
  private canSend(): boolean {
    const registration = this.registration;
    if (!registration.isActive || this.isAsleep || this.isAway() || this.sendId !== 0) return false;
    return registration.underWay === NOTHING && registration.changes === 0;
  }

  private continueSend(now: Milliseconds): void {
    const sends = this.sends;
    while (sends !== undefined && this.canSend()) {
      const next = sends.next(now);
      if (next === undefined) return;
      if (this.resource(SERVER_MUTE_SEND) !== false) this.tell(sends.finish("send-muted", 0));
      else if (!this.sendNext(now, sends, next)) return;
    }
  }

  /** Sends the first, or ends it; false when it has to wait. */
  private sendNext(now: Milliseconds, sends: SendQueue, { job, samples }: PendingSend): boolean {
    const agent = this.agent;
    const known = samples.filter((sample) => this.mayTell(sample.entry.path));
    const codec = sendCodec(this.formats(), job.options.format);
    const payload =
      codec === undefined || known.length === 0
        ? undefined
        : encodeSamples(codec, known, now, this.calendarSeconds());
    if (payload === undefined || codec === undefined) {
      this.tell(sends.finish("send-failed", known.length === 0 ? NOT_FOUND : NOT_ACCEPTABLE));
      return true;
    }
    if (payload.length > agent.configuration.settings.maxBody && sends.split()) return true;
    const isConfirmable = job.options.confirmable !== false;
    const id = this.coap.request(now, {
      code: POST,
      options: DP.concat(uintOption(CONTENT_FORMAT, codec.format)),
      payload: payload,
      confirmable: isConfirmable,
    });
    if (id === 0) {
      sends.postpone(now + SECOND);
      return false;
    }
    this.touch(now);
    if (isConfirmable) this.sendId = id;
    else this.tell(sends.finish("sent", 0));
    return true;
  }

  /** Only of instances that the server knows of and may read (§6.4.6). */
  private mayTell(path: Path): boolean {
    const agent = this.agent;
    const object = agent.object(path[0]);
    if (object === undefined || !isThere(agent, path)) return false;
    const rules = agent.features.management;
    const instance = [path[0], path[1]];
    return rules === undefined || isSuccess(rules.admit(this, READ, object, instance));
  }

  protected override handleOther(now: Milliseconds, event: CoapEvent): void {
    const isOurs = "id" in event && event.id === this.sendId;
    if (!isOurs || this.sends === undefined) super.handleOther(now, event);
    else {
      const response = event.kind === RESPONSE_RECEIVED ? event.response : undefined;
      const maxAge = response === undefined ? 0 : uintOf(response.options, MAX_AGE, 0) * SECOND;
      this.sendId = 0;
      if (response === undefined) this.doubt();
      const code = response === undefined ? NO_RESPONSE : response.code;
      this.tell(this.sends.handleOutcome(now, code, maxAge));
    }
  }

  /** Something was not acknowledged: an Update shows whether the server is there. */
  private doubt(): void {
    this.isInDoubt = this.registration.isActive;
    if (this.isInDoubt) this.registration.changes |= KEEP_ALIVE;
  }

  private sendDeadline(): Milliseconds {
    const sends = this.sends;
    if (sends === undefined) return NEVER;
    const isWorthWaking = this.canWake() && sends.wakes();
    return this.canSend() || isWorthWaking ? sends.deadline() : NEVER;
  }

  // Both.

  override deadline(): Milliseconds {
    const at = Math.min(super.deadline(), this.sendDeadline());
    const observers = this.observers;
    if (observers === undefined) return at;
    const away = this.isAway() ? observers.awayDeadline() : at;
    return Math.min(at, away, observers.evaluationDeadline());
  }

  protected override settle(now: Milliseconds): void {
    if (this.observers !== undefined) this.observers.evaluate(now);
    if (this.sends !== undefined && this.canWake() && now >= this.sendDeadline()) {
      this.registration.changes |= KEEP_ALIVE;
    }
    super.settle(now);
    if (this.observers !== undefined && this.isAway()) this.observers.store(now);
    this.continueSend(now);
  }

  protected override handleEvent(now: Milliseconds, event: CoapEvent): void {
    if (event.kind !== OBSERVER_GONE || event.failure === RESET) super.handleEvent(now, event);
    else if (this.observers !== undefined) {
      this.observers.handleLost(event.token);
      this.doubt();
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
