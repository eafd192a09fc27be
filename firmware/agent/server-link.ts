/**
 * An agent's side of one server: the CoAP endpoint, the registration, the observers, and in queue mode when the radio is on.
 *
 * Composes; the rules are in registration.ts, observers.ts and notification.ts, what requests mean in device-management.ts.
 *
 * Queue mode (LwM2M Transport 1.1.1 §6.5): awake from any message until the awake window has passed in silence, then asleep.
 * Woken by an Update or a notification that is due; the Update goes first, all due notifications after its answer.
 */

import { equalBytes } from "../../protocol/bytes/equal.ts";
import {
  CREATED,
  DELETE,
  isSuccess,
  POST,
  SERVICE_UNAVAILABLE,
} from "../../protocol/coap/codes.ts";
import { LINK_FORMAT } from "../../protocol/coap/content-formats.ts";
import type { Endpoint } from "../../protocol/coap/endpoint.ts";
import type {
  CoapEvent,
  IncomingRequest,
  Request,
  Response,
} from "../../protocol/coap/exchange.ts";
import {
  OBSERVER_GONE,
  REQUEST_FAILED,
  REQUEST_RECEIVED,
  RESPONSE_RECEIVED,
} from "../../protocol/coap/exchange.ts";
import { NO_BYTES, NO_OPTIONS } from "../../protocol/coap/message.ts";
import type { Option } from "../../protocol/coap/options.ts";
import {
  CONTENT_FORMAT,
  LOCATION_PATH,
  MAX_AGE,
  textOption,
  URI_PATH,
  uintOf,
  uintOption,
} from "../../protocol/coap/options.ts";
import { queryOptions } from "../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { registrationQuery } from "../../protocol/lwm2m/registration.ts";
import type { Attributes } from "../../protocol/model/attributes.ts";
import {
  SERVER_BINDING,
  SERVER_DEFAULT_PMAX,
  SERVER_DEFAULT_PMIN,
  SERVER_DISABLE,
  SERVER_DISABLE_TIMEOUT,
  SERVER_LIFETIME,
  SERVER_UPDATE_TRIGGER,
} from "../../protocol/model/objects/server.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { BasicAgent } from "./basic-agent.ts";
import { plain } from "./management/device-management.ts";
import { registrationList } from "./registration/links.ts";
import {
  BINDING_CHANGED,
  DEREGISTER,
  KEEP_ALIVE,
  LIFETIME_CHANGED,
  LINKS_CHANGED,
  NO_RESPONSE,
  NOTHING,
  REGISTER,
  Registration,
} from "./registration/registration.ts";
import { Observers } from "./reporting/observers.ts";
import type { ServerAddress } from "./server-address.ts";

/** Where one registers. */
export const RD: readonly Option[] = [textOption(URI_PATH, "rd")];
/** Of a list of links. */
export const LINKS_FORMAT = uintOption(CONTENT_FORMAT, LINK_FORMAT);

const NO_REQUESTS: readonly IncomingRequest[] = [];
/** Requests that overtake the answer to our Register wait for it; more of them get 5.03. */
const MAX_EARLY_REQUESTS = 4;
/** /1/x/5 when it is absent: a day. */
const DEFAULT_DISABLE_SECONDS = 86400;

export class ServerLink {
  readonly agent: BasicAgent;
  /** Of object 1. */
  readonly instanceId: number;
  readonly uri: string;
  /** Where its server is. */
  readonly peer: ServerAddress;
  readonly coap: Endpoint;
  /** A larger link has one with a policy. */
  registration: Registration = new Registration();
  /** Undefined as long as this server observes nothing and has set no attributes. */
  observers: Observers | undefined = undefined;
  /** Uri-Path of our registration at the server. */
  location: readonly Option[] = NO_OPTIONS;
  /** Of the registration request under way. */
  protected requestId = 0;
  /** Requests that came before the answer to our Register. */
  protected early: readonly IncomingRequest[] = NO_REQUESTS;
  /** In queue mode. */
  protected isQueued: boolean;
  protected awakeUntil: Milliseconds = 0;
  protected isAsleep = false;
  protected hasNotified = false;

  constructor(agent: BasicAgent, instanceId: number, address: ServerAddress) {
    this.agent = agent;
    this.instanceId = instanceId;
    this.uri = address.uri;
    this.peer = address;
    this.coap = agent.features.endpoint(agent.configuration.settings, address);
    this.isQueued = this.wantsQueue();
  }

  isRegistered(): boolean {
    return this.registration.isActive;
  }

  /** Of LwM2M, as registered with here; undefined for a plain CoAP device. */
  version(): string | undefined {
    return this.agent.version();
  }

  /** False in queue mode while the radio may be off: what arrives then is lost. */
  isAwake(): boolean {
    return !this.isAsleep;
  }

  // What the world does.

  handleDatagram(now: Milliseconds, datagram: Uint8Array): void {
    this.touch(now);
    this.coap.handleDatagram(now, datagram);
    this.settle(now);
  }

  handleTimeout(now: Milliseconds): void {
    this.coap.handleTimeout(now);
    this.settle(now);
  }

  /** A resource of this server's instance of object 1 changed, or was executed. */
  handleAccount(resourceId: number): void {
    const registration = this.registration;
    if (resourceId === SERVER_LIFETIME) registration.changes |= LIFETIME_CHANGED;
    else if (resourceId === SERVER_BINDING) {
      registration.changes |= BINDING_CHANGED;
      this.isQueued = this.wantsQueue();
    } else if (resourceId === SERVER_UPDATE_TRIGGER) registration.changes |= KEEP_ALIVE;
    else if (resourceId === SERVER_DISABLE) {
      const seconds = this.setting(SERVER_DISABLE_TIMEOUT);
      registration.leave((seconds === undefined ? DEFAULT_DISABLE_SECONDS : seconds) * SECOND);
    } else if (resourceId === SERVER_DEFAULT_PMIN || resourceId === SERVER_DEFAULT_PMAX) {
      if (this.observers !== undefined) this.observers.applyAttributes(this.defaults());
    }
  }

  // What the application and the server want.

  start(now: Milliseconds): void {
    this.registration.start(now);
    this.settle(now);
  }

  stop(now: Milliseconds): void {
    this.registration.leave(NEVER);
    this.settle(now);
  }

  observed(): Observers {
    if (this.observers === undefined) {
      this.observers = new Observers(this, this.defaults());
    }
    return this.observers;
  }

  cancelObservation(token: Uint8Array): void {
    if (this.observers !== undefined) this.observers.cancel(token);
  }

  /** What this server may be answered in and may write in, in the order of preference. */
  formats(): readonly ContentCodec[] {
    return this.agent.codecs;
  }

  // What comes out.

  /** The next datagram for this server. Not to be changed: it may be sent again. */
  pollTransmit(): Uint8Array | undefined {
    return this.coap.pollTransmit();
  }

  deadline(): Milliseconds {
    let at = Math.min(this.coap.deadline(), this.registration.deadline());
    if (this.observers !== undefined && (this.canNotify() || this.canWake())) {
      at = Math.min(at, this.observers.deadline());
    }
    if (this.canSleep()) at = Math.min(at, this.awakeUntil);
    return at;
  }

  /** After anything that happened: answers, then the registration, then notifications, then perhaps to sleep. */
  protected settle(now: Milliseconds): void {
    let event = this.coap.pollEvent();
    while (event !== undefined) {
      this.handleEvent(now, event);
      event = this.coap.pollEvent();
    }
    const observers = this.observers;
    const isNoteDue = observers !== undefined && now >= observers.deadline();
    if (isNoteDue && this.canWake()) this.registration.changes |= KEEP_ALIVE;
    this.continueRegistration(now);
    if (isNoteDue && this.canNotify()) {
      const configuration = this.agent.configuration;
      const areConfirmable = configuration.confirmableNotifications === true;
      const isFirst = this.isQueued && !this.hasNotified;
      if ((observers as Observers).notify(now, areConfirmable || isFirst, areConfirmable)) {
        this.hasNotified = true;
        this.touch(now);
      }
    }
    if (now >= this.awakeUntil && this.canSleep()) {
      this.isAsleep = true;
      this.agent.emit({ kind: "asleep", link: this });
    }
  }

  protected handleEvent(now: Milliseconds, event: CoapEvent): void {
    if (event.kind === REQUEST_RECEIVED) this.handleRequest(now, event.request);
    else if (event.kind === OBSERVER_GONE) this.cancelObservation(event.token);
    else if (event.id !== this.requestId) this.handleOther(now, event);
    else if (event.kind === REQUEST_FAILED) this.handleOutcome(now, undefined);
    else if (event.kind === RESPONSE_RECEIVED) this.handleOutcome(now, event.response);
  }

  /** What became of a request beyond the registration interface's. */
  protected handleOther(_now: Milliseconds, _event: CoapEvent): void {}

  /** Device management begins when registration is complete (LwM2M Core 1.1.1 §6.2.1). */
  protected handleRequest(now: Milliseconds, request: IncomingRequest): void {
    if (this.registration.isActive) {
      this.coap.respond(now, request, this.agent.answer(now, this, request));
    } else if (this.registration.underWay === REGISTER && this.early.length < MAX_EARLY_REQUESTS) {
      this.early = this.early.concat(request);
    } else {
      this.coap.respond(now, request, plain(SERVICE_UNAVAILABLE));
    }
  }

  protected continueRegistration(now: Milliseconds): void {
    const changes = this.registration.changes;
    const next = this.registration.poll(now);
    if (next === NOTHING) return;
    const request =
      next === DEREGISTER
        ? { code: DELETE, options: this.location, payload: NO_BYTES }
        : this.registrationRequest(next === REGISTER, changes);
    this.touch(now);
    this.requestId = this.coap.request(now, request);
    if (this.requestId === 0) this.handleOutcome(now, undefined);
  }

  /** Register with everything, or Update with what changed. */
  protected registrationRequest(isNew: boolean, changes: number): Request {
    const said = isNew ? LIFETIME_CHANGED | BINDING_CHANGED | LINKS_CHANGED : changes & ~KEEP_ALIVE;
    const path = isNew ? RD : this.location;
    if (said === 0) return { code: POST, options: path, payload: NO_BYTES };
    const configuration = this.agent.configuration;
    const version = this.version();
    const hasLinks = (said & LINKS_CHANGED) !== 0;
    const hasBinding = (said & BINDING_CHANGED) !== 0;
    const isPlain = version === undefined;
    const query = registrationQuery({
      endpointName: isNew ? configuration.endpointName : undefined,
      lifetime: (said & LIFETIME_CHANGED) !== 0 ? this.lifetime() : undefined,
      version: isNew ? version : undefined,
      // Queue mode is a letter of the binding in 1.0, a parameter of its own from 1.1 on.
      binding:
        !hasBinding || isPlain
          ? undefined
          : version === "1.0"
            ? this.binding()
            : this.peer.transport,
      queueMode: hasBinding && this.isQueued && version !== "1.0",
      endpointType: isNew ? configuration.endpointType : undefined,
    });
    const options = hasLinks ? path.concat(LINKS_FORMAT) : path;
    return {
      code: POST,
      options: options.concat(queryOptions(query)),
      payload: hasLinks ? registrationList(this) : NO_BYTES,
    };
  }

  /** The registration request under way was answered, or was not. */
  protected handleOutcome(now: Milliseconds, response: Response | undefined): void {
    const registration = this.registration;
    const sent = registration.underWay;
    let code = response === undefined ? NO_RESPONSE : response.code;
    let notBefore = 0;
    this.requestId = 0;
    if (sent === REGISTER && response !== undefined && isSuccess(code)) {
      this.location = locationOf(response.options);
      // Without a location nothing could be updated.
      if (code !== CREATED || this.location.length === 0) code = NO_RESPONSE;
    } else if (response !== undefined) {
      notBefore = uintOf(response.options, MAX_AGE, 0) * SECOND;
    }
    registration.handleOutcome(now, code, this.lifetime(), notBefore);
    if (!registration.isActive || sent === REGISTER) {
      if (this.observers !== undefined) this.observers.cancelAll();
    }
    this.report(now, sent, code);
    const early = this.early;
    this.early = NO_REQUESTS;
    for (let i = 0; i < early.length; i++) this.handleRequest(now, early[i]);
  }

  protected report(now: Milliseconds, sent: number, code: number): void {
    const isGood = isSuccess(code);
    if (sent === DEREGISTER) this.agent.emit({ kind: "deregistered", link: this });
    else if (isGood) {
      this.agent.emit({ kind: sent === REGISTER ? "registered" : "updated", link: this });
    } else {
      const kind = sent === REGISTER ? "registration-failed" : "update-failed";
      const retryIn = Math.max(this.registration.deadline() - now, 0);
      this.agent.emit({ kind: kind, link: this, code: code, retryIn: retryIn });
    }
  }

  // Of this server's instance of object 1.

  protected setting<T = number>(resourceId: number): T | undefined {
    return this.agent.servers.get(this.instanceId, resourceId) as T | undefined;
  }

  protected binding(): string {
    return this.setting<string>(SERVER_BINDING) as string;
  }

  protected wantsQueue(): boolean {
    if (this.binding().indexOf("Q") >= 0) return true;
    return this.version() !== "1.0" && this.agent.configuration.queueMode === true;
  }

  protected lifetime(): number {
    return this.setting(SERVER_LIFETIME) as number;
  }

  protected defaults(): Attributes {
    return { pmin: this.setting(SERVER_DEFAULT_PMIN), pmax: this.setting(SERVER_DEFAULT_PMAX) };
  }

  // Queue mode.

  /** A message came or goes: stay awake for a window from now. */
  protected touch(now: Milliseconds): void {
    this.awakeUntil = now + this.agent.awakeWindow();
    if (!this.isAsleep) return;
    this.isAsleep = false;
    this.hasNotified = false;
    this.agent.emit({ kind: "awake", link: this });
  }

  /** Notifications may go out. In queue mode only beside nothing else: the Update that wakes the server's queue goes first. */
  protected canNotify(): boolean {
    const registration = this.registration;
    if (!registration.isActive || !this.isQueued) return registration.isActive;
    return !this.isAsleep && registration.underWay === NOTHING && registration.failures === 0;
  }

  /** A due notification may wake us with an Update. */
  protected canWake(): boolean {
    const registration = this.registration;
    return this.isAsleep && registration.isActive && registration.failures === 0;
  }

  protected canSleep(): boolean {
    return this.isQueued && !this.isAsleep && this.coap.isIdle();
  }
}

/** The Location-Path of a response as the Uri-Path of later requests, in bytes of our own. */
function locationOf(options: readonly Option[]): readonly Option[] {
  let location: readonly Option[] = NO_OPTIONS;
  for (let i = 0; i < options.length; i++) {
    const value = options[i].value;
    if (options[i].number !== LOCATION_PATH) continue;
    // Most servers register below /rd.
    const isUsual = location.length === 0 && equalBytes(value, RD[0].value);
    const segment = isUsual ? RD[0] : { number: URI_PATH, value: new Uint8Array(value) };
    location = location.concat(segment);
  }
  return location;
}
