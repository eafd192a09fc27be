/**
 * The core of the device agent: an LwM2M client with its objects and servers. What else it can do is handed in (features.ts);
 * `Agent` has it all.
 *
 * A sans-I/O machine: `handleX` when the world did something, `start`, `stop` and changes of objects when the application wants
 * something; then drain every link's `pollTransmit`, then `pollEvent`, then arm one alarm on `deadline()`. When the application
 * changed something by itself, `nudge` is called: drive the agent then.
 */
import { INTERNAL_SERVER_ERROR, NOT_FOUND } from "../../protocol/coap/codes.ts";
import type { CoapSettings, IncomingRequest, Response } from "../../protocol/coap/exchange.ts";
import { URI_PATH } from "../../protocol/coap/options.ts";
import { maxTransmitWait } from "../../protocol/coap/parameters.ts";
import { pathOf } from "../../protocol/coap/uri.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { NO_OPERATION, OPERATION_NAMES, operationOf } from "../../protocol/lwm2m/operations.ts";
import { parsePath } from "../../protocol/model/path.ts";
import type { NamedResource } from "../../protocol/resources/named-resource.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import { NEVER } from "../../protocol/time/duration.ts";
import type { LwM2mObject } from "../objects/lwm2m-object.ts";
import { misuse } from "../objects/misuse.ts";
import type { AccountListener } from "../objects/server.ts";
import { addAccount, serverObject } from "../objects/server.ts";
import type { AgentFeatures } from "./features.ts";
import { manage, plain } from "./management/device-management.ts";
import { LINKS_CHANGED } from "./registration/registration.ts";
import type { ServerAddress } from "./server-address.ts";
import { parseServerUri } from "./server-address.ts";
import { ServerLink } from "./server-link.ts";

export interface BasicConfiguration {
  readonly endpointName: string;
  /** mbed's `et`, sent as a parameter of Register. */
  readonly endpointType?: string;
  /** Seconds; what /1/x/1 starts with unless an account says otherwise. Default 86400; 0 is for ever (since LwM2M 1.2; who sets it before that knows a
   * server that takes it so). */
  readonly lifetime?: number;
  /** LwM2M version; default "1.1". */
  readonly version?: "1.0" | "1.1" | "1.2";
  /** A plain CoAP device as mbed's were: only named resources, no LwM2M objects, no `lwm2m=` at registration. */
  readonly plain?: boolean;
  /** Where the LwM2M tree is if not at the root, as "/lwm2m" (alternate-path.ts). */
  readonly rootPath?: string;
  readonly queueMode?: boolean;
  /** How long to listen after the last message in queue mode; default MAX_TRANSMIT_WAIT (93 s). */
  readonly awakeFor?: Milliseconds;
  /** True: notifications are Confirmable. Else one a day is, and in queue mode the first after waking. */
  readonly confirmableNotifications?: boolean;
  /** All but object 1, which the agent makes from its accounts, as `Agent` does with object 0. */
  readonly objects?: readonly LwM2mObject[];
  /** Instead of the features', in the order of preference when the server has none. */
  readonly codecs?: readonly ContentCodec[];
  readonly settings: CoapSettings;
}

export interface ServerAccount {
  /** 1..65534. */
  readonly shortServerId: number;
  /** `coap://host:port`, or `coap+tcp://host:port`. */
  readonly uri: string;
  /** Seconds. */
  readonly lifetime?: number;
}

export type AgentEvent =
  | { readonly kind: "registered" | "updated" | "deregistered"; readonly link: ServerLink }
  | {
      readonly kind: "registration-failed" | "update-failed";
      readonly link: ServerLink;
      /** The response's; 0 when there was none. */
      readonly code: number;
      /** When the next attempt follows, from now. */
      readonly retryIn: Milliseconds;
    }
  /** The bootstrap server was asked, or began of itself; or all that it wrote is in force; or its account's time is over. */
  | {
      readonly kind: "bootstrap-started" | "bootstrapped" | "bootstrap-account-purged";
      readonly link: ServerLink;
    }
  | {
      readonly kind: "bootstrap-failed";
      readonly link: ServerLink;
      /** The response's; 0 when there was none. */
      readonly code: number;
      readonly reason: string;
      /** When the next attempt follows, from now; NEVER when a registration makes it unnecessary. */
      readonly retryIn: Milliseconds;
    }
  /** Registration has failed as the server's account counts it, and nothing else is left to try. */
  | {
      readonly kind: "gave-up";
      readonly link: ServerLink;
      /** The last response's; 0 when there was none. */
      readonly code: number;
      /** When all begins again, from now; NEVER for not by itself. */
      readonly retryIn: Milliseconds;
    }
  /** The connection to a server that we were registered with has ended; a Register follows. */
  | {
      readonly kind: "disconnected";
      readonly link: ServerLink;
      readonly reason: string;
      /** When it follows, from now. */
      readonly retryIn: Milliseconds;
    }
  /** Queue mode: the radio may go off, or has to be on. */
  | { readonly kind: "asleep" | "awake"; readonly link: ServerLink }
  /** What became of a Send: code of the response, 0 without one; muted by /1/x/23 (send-queue.ts). */
  | {
      readonly kind: "sent" | "send-failed" | "send-muted";
      readonly link: ServerLink;
      readonly id: number;
      readonly code: number;
    }
  /** A server's request was answered. */
  | {
      readonly kind: "request";
      readonly link: ServerLink;
      /** "Read", "Write", ... */
      readonly operation: string;
      readonly path: string;
      readonly code: number;
      /** What a hook of the application threw; the answer is then 5.00. */
      readonly error: unknown;
    };

export const DEFAULT_LIFETIME_SECONDS = 86400;
/** Events that wait for `pollEvent`; beyond it the oldest is dropped. */
const MAX_EVENTS = 256;
/** Shared by all agents that have nothing to tell; stays empty. */
const NO_EVENTS: AgentEvent[] = [];
const NO_RESOURCES: readonly NamedResource[] = [];

export class BasicAgent implements AccountListener {
  readonly configuration: BasicConfiguration;
  readonly features: AgentFeatures;
  links: readonly ServerLink[] = [];
  /** Object 1. */
  servers: LwM2mObject = serverObject();
  /** All objects, ids ascending. */
  objects: readonly LwM2mObject[] = [];
  /** What is on other paths, if there is a feature for that (named-resources.ts). */
  resources: readonly NamedResource[] = NO_RESOURCES;
  /** Those that the device has, in the order of preference. */
  codecs: readonly ContentCodec[];
  /** The driver's wake-up: called when a change by the application may have moved the deadline. */
  nudge: (() => void) | undefined = undefined;
  protected events: AgentEvent[] = NO_EVENTS;

  constructor(configuration: BasicConfiguration, features: AgentFeatures) {
    this.configuration = configuration;
    this.features = features;
    this.codecs = configuration.codecs === undefined ? features.codecs : configuration.codecs;
    this.addObject(this.servers);
    const objects = configuration.objects;
    for (let i = 0; objects !== undefined && i < objects.length; i++) this.addObject(objects[i]);
  }

  // What there is.

  object(objectId: number): LwM2mObject | undefined {
    for (let i = 0; i < this.objects.length; i++) {
      if (this.objects[i].definition.id === objectId) return this.objects[i];
    }
    return undefined;
  }

  /** As registered with; undefined for a plain CoAP device. */
  version(): string | undefined {
    if (this.configuration.plain === true) return undefined;
    return this.configuration.version === undefined ? "1.1" : this.configuration.version;
  }

  awakeWindow(): Milliseconds {
    const window = this.configuration.awakeFor;
    return window === undefined
      ? maxTransmitWait(this.configuration.settings.transmission)
      : window;
  }

  // What the application wants.

  /** Adds a server account. Throws `agent/server-uri`. */
  addServer(account: ServerAccount): ServerLink {
    const address = parseServerUri(account.uri);
    const own = this.configuration.lifetime;
    const usual = own === undefined ? DEFAULT_LIFETIME_SECONDS : own;
    const lifetime = account.lifetime === undefined ? usual : account.lifetime;
    const instanceId = this.links.length;
    const isQueued = this.version() === "1.0" && this.configuration.queueMode === true;
    const binding = isQueued ? "UQ" : "U";
    addAccount(this.servers, instanceId, account.shortServerId, lifetime, binding);
    const link = this.makeLink(instanceId, address);
    this.links = this.links.concat(link);
    return link;
  }

  /** The agent's side of a server; a larger agent has larger ones. */
  protected makeLink(instanceId: number, address: ServerAddress): ServerLink {
    return new ServerLink(this, instanceId, address);
  }

  /** Adds an object; servers get a new list. Throws `agent/object-exists`. */
  addObject(object: LwM2mObject): void {
    if (this.object(object.definition.id) !== undefined) {
      throw misuse("agent/object-exists", `/${object.definition.id}`);
    }
    let at = this.objects.length;
    while (at > 0 && this.objects[at - 1].definition.id > object.definition.id) at--;
    this.objects = this.objects.slice(0, at).concat(object, this.objects.slice(at));
    object.listener = this;
    this.handleInstances(object);
  }

  /** Begins registration with every server. */
  start(now: Milliseconds): void {
    for (let i = 0; i < this.links.length; i++) this.links[i].start(now);
  }

  /** De-registers everywhere; done when `isStopped`. */
  stop(now: Milliseconds): void {
    for (let i = 0; i < this.links.length; i++) this.links[i].stop(now);
  }

  /** True when no registration is held, under way or planned. */
  isStopped(): boolean {
    for (let i = 0; i < this.links.length; i++) {
      if (!this.links[i].registration.isStopped()) return false;
    }
    return true;
  }

  // What the world does.

  handleDatagram(now: Milliseconds, link: ServerLink, datagram: Uint8Array): void {
    link.handleDatagram(now, datagram);
  }

  handleTimeout(now: Milliseconds): void {
    for (let i = 0; i < this.links.length; i++) {
      if (now >= this.links[i].deadline()) this.links[i].handleTimeout(now);
    }
  }

  // What comes out.

  pollEvent(): AgentEvent | undefined {
    const event = this.events.shift();
    if (this.events.length === 0) this.events = NO_EVENTS;
    return event;
  }

  deadline(): Milliseconds {
    let at = NEVER;
    for (let i = 0; i < this.links.length; i++) at = Math.min(at, this.links[i].deadline());
    return at;
  }

  // What objects, resources and links tell.

  handleValue(object: LwM2mObject, instanceId: number, resourceId: number): void {
    for (let i = 0; i < this.links.length; i++) {
      const observers = this.links[i].observers;
      if (observers !== undefined) observers.handleValue(object, instanceId, resourceId);
    }
    this.wake();
  }

  handleInstances(object: LwM2mObject): void {
    for (let i = 0; i < this.links.length; i++) {
      const observers = this.links[i].observers;
      if (observers !== undefined) observers.handleInstances(object);
    }
    this.handleList();
  }

  handleAccount(instanceId: number, resourceId: number): void {
    if (instanceId < this.links.length) this.links[instanceId].handleAccount(resourceId);
    this.wake();
  }

  emit(event: AgentEvent): void {
    if (this.events === NO_EVENTS) this.events = [event];
    else {
      if (this.events.length === MAX_EVENTS) this.events.shift();
      this.events.push(event);
    }
  }

  /** What servers are told of at registration is not what it was. */
  handleList(): void {
    for (let i = 0; i < this.links.length; i++) {
      this.links[i].registration.changes |= LINKS_CHANGED;
    }
    this.wake();
  }

  /** Answers a request of a registered server. A hook that throws makes it 5.00. */
  answer(now: Milliseconds, link: ServerLink, request: IncomingRequest): Response {
    const text = pathOf(request.options, URI_PATH);
    const others = this.features.otherPaths;
    const path = others !== undefined && others.owns(this, text) ? undefined : parsePath(text);
    let operation = NO_OPERATION;
    let name = "Request";
    if (path !== undefined) {
      operation = operationOf(request.code, path.length, request.options, request.payload);
      if (operation !== NO_OPERATION) name = OPERATION_NAMES[operation];
    } else if (others !== undefined) name = others.nameOf(request);
    let response = plain(NOT_FOUND);
    let failure: unknown;
    try {
      if (path !== undefined) response = manage(now, link, operation, path, request);
      else if (others !== undefined) response = others.answer(now, link, text, request);
    } catch (error) {
      failure = error;
      response = plain(INTERNAL_SERVER_ERROR);
    }
    this.emit({
      kind: "request",
      link: link,
      operation: name,
      path: text,
      code: response.code,
      error: failure,
    });
    return response;
  }

  /** The deadline may have moved, though nothing was handled. */
  wake(): void {
    if (this.nudge !== undefined) this.nudge();
  }
}
