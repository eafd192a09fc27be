/**
 * Between applications and devices: takes requests on behalf of an access key, and brings what devices send to the keys that are
 * to know it. A sans-I/O machine; the routes are a thin skin over it.
 *
 *   route -> Gateway.request -> Connector.submit ... Connector event -> Gateway.handleEvent -> channels of the keys concerned
 */
import { GET } from "../../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import type { Audience } from "../../access/access.ts";
import type {
  ConnectorEvent,
  Devices,
  DownlinkRequest,
  NotificationEvent,
  QueuedRequest,
  ResponseEvent,
  SendEvent,
  Submission,
} from "../../contract.ts";
import { type AsyncRequest, AsyncRequests } from "../../notifications/async-requests.ts";
import { CHANNEL_LIMITS, type ChannelLimits } from "../../notifications/channel.ts";
import { Channels } from "../../notifications/channels.ts";
import { mediaTypeOf } from "../../notifications/media-types.ts";
import {
  asyncResponseJson,
  type EventKind,
  notificationJson,
  registrationJson,
  removalJson,
} from "../../notifications/message.ts";
import { standingOf, UNLISTED } from "../../notifications/resources.ts";
import { notificationsOf } from "../../notifications/sent-values.ts";
import type { Registration } from "../../registry/registration.ts";
import { placeOf } from "../../session/target.ts";
import type { Journal } from "../../store/store.ts";
import { Subscriptions } from "../../subscriptions/subscriptions.ts";
import { EndpointCensus } from "./endpoint-census.ts";
import { type Quotas, TrafficMeter } from "./traffic-meter.ts";
import { ValueCache } from "./value-cache.ts";

export interface GatewaySettings {
  readonly store: Journal;
  /** The devices' side, restored from the same store already. */
  readonly devices: Devices;
  /** Who may know of which device. */
  readonly audience: Audience;
  readonly quotas: Quotas;
  /** As the original had it: a device that registers anew ends the individual subscriptions to it. */
  readonly endsIndividualSubscriptions?: boolean;
  readonly channelLimits?: ChannelLimits;
}

/** An id that an application has chosen is taken. */
export const ID_TAKEN = "id-taken";

/** Statuses of a device that is away or busy. */
const PASSING_FAILURES = new Set([410, 429, 502, 503, 504]);
const NO_BYTES = new Uint8Array(0);

export class Gateway {
  readonly channels: Channels;
  readonly subscriptions: Subscriptions;
  readonly cache = new ValueCache();
  readonly traffic: TrafficMeter;
  private readonly devices: Devices;
  private readonly audience: Audience;
  private readonly census: EndpointCensus;
  private readonly requests: AsyncRequests;
  /** Calendar milliseconds at the monotonic 0. */
  private readonly epoch: number;

  /** @param calendarNow calendar milliseconds at `now` */
  constructor(now: Milliseconds, calendarNow: number, settings: GatewaySettings) {
    const { store, devices, audience, quotas } = settings;
    this.devices = devices;
    this.audience = audience;
    this.epoch = calendarNow - now;
    this.traffic = new TrafficMeter(now, calendarNow, store, quotas);
    this.census = new EndpointCensus(quotas.endpoints, (name) => audience.domainOf(name));
    this.requests = new AsyncRequests(store);
    const limits = settings.channelLimits ?? CHANNEL_LIMITS;
    this.channels = new Channels(now, calendarNow, store, limits, (keyId) =>
      audience.isEntitled(keyId),
    );
    this.subscriptions = new Subscriptions(store, devices, this.requests, {
      sees: (keyId, endpointName) => audience.sees(keyId, endpointName),
      endsIndividual: settings.endsIndividualSubscriptions === true,
    });
    this.takeCensus();
  }

  registration(endpointName: string): Registration | undefined {
    return this.devices.registration(endpointName);
  }

  /** Whether a request would reach the device now. */
  isAwake(endpointName: string): boolean {
    return this.devices.isAwake(endpointName);
  }

  registrations(): Iterable<Registration> {
    return this.devices.registrations();
  }

  /** Whether a path can exist on a device, or on one behind it, going by what they have told. */
  mayHave(registration: Registration, path: string): boolean {
    if (standingOf(registration, path) !== UNLISTED) return true;
    if (!registration.isGateway) return false;
    const behind = this.devices.gatewayDevices(registration.endpointName);
    const place = placeOf(registration, path, behind);
    return typeof place === "object" && place.prefix !== registration.rootPath;
  }

  /** What waits for a device, whoever asked for it, in the order in which it will be sent. */
  queued(endpointName: string): readonly QueuedRequest[] {
    return this.devices.queued(endpointName);
  }

  /** Takes back a request, whoever asked for it: that one is told 410. False when there is none. */
  cancel(endpointName: string, id: string): boolean {
    return this.devices.cancel(endpointName, id);
  }

  /** Whether a device that is not registered may register: its domain's quota of endpoints. */
  admits(endpointName: string, domain: string): boolean {
    return this.census.admits(endpointName, domain);
  }

  /** Whether one more response can be promised to a key: what it is owed and what waits for it are bounded together. */
  canAccept(keyId: string): boolean {
    return this.channels.canAccept(keyId, this.requests.owedTo(keyId));
  }

  /**
   * Sends a request to a device; the outcome comes on the key's channel under the id in the answer.
   *
   * @param answerAs the id to answer under, where the application has chosen one
   */
  request(
    now: Milliseconds,
    keyId: string,
    endpointName: string,
    request: DownlinkRequest,
    answerAs?: string,
  ): Submission | { readonly refusal: typeof ID_TAKEN } {
    if (answerAs !== undefined && this.requests.isChosen(keyId, answerAs)) {
      return { refusal: ID_TAKEN };
    }
    const submission = this.devices.submit(endpointName, request);
    if ("refusal" in submission) return submission;
    this.count(now, endpointName);
    const { method, path, confirmable } = request;
    if (method !== GET) this.cache.forgetAround(endpointName, path);
    if (!confirmable) return submission;
    const id = answerAs ?? submission.id;
    this.channels.handleAnswering(keyId, id);
    const answerTo = [keyId];
    const target = { method, endpointName, path };
    this.requests.add(submission.id, {
      ...target,
      isSubscription: false,
      answerTo,
      notify: [],
      answerAs,
    });
    return { id };
  }

  /** Subscribes a key to a resource; the first value comes on its channel under the id returned. */
  subscribe(now: Milliseconds, keyId: string, endpointName: string, path: string) {
    const submission = this.subscriptions.subscribe(keyId, endpointName, path);
    if ("refusal" in submission) return submission;
    this.count(now, endpointName);
    this.channels.handleAnswering(keyId, submission.id);
    return submission;
  }

  /** Ends a device's registration, if it has one, for somebody who waits for no answer. */
  end(endpointName: string): void {
    this.devices.deregister(endpointName);
  }

  /** Ends a device's registration; that it is done comes on the key's channel under the id returned. */
  deregister(now: Milliseconds, keyId: string, endpointName: string): Submission {
    const submission = this.devices.deregister(endpointName);
    if ("refusal" in submission) return submission;
    this.count(now, endpointName);
    const { id } = submission;
    this.channels.handleAnswering(keyId, id);
    const json = asyncResponseJson({
      id,
      status: 200,
      error: undefined,
      payload: NO_BYTES,
      mediaType: "text/plain",
      maxAgeSeconds: 0,
    });
    this.channels.append(now, keyId, { kind: "async-responses", json, asyncId: id });
    return submission;
  }

  /** Takes what happened on the devices' side. Everything it changes is in the store's tables when it returns. */
  handleEvent(now: Milliseconds, event: ConnectorEvent): void {
    switch (event.kind) {
      case "registration":
        this.count(now, event.registration.endpointName);
        this.census.note(event.registration.endpointName);
        this.cache.forgetEndpoint(event.registration.endpointName);
        this.tellRegistration(now, "registrations", event.registration);
        this.subscriptions.handleRegistration(event.registration);
        break;
      case "update":
        this.count(now, event.registration.endpointName);
        this.tellRegistration(now, "reg-updates", event.registration);
        this.subscriptions.handleUpdate(event.registration);
        break;
      case "deregistration":
        this.count(now, event.endpointName);
        this.handleRemoval(now, "de-registrations", event.endpointName);
        break;
      case "expiry":
        this.handleRemoval(now, "registrations-expired", event.endpointName);
        break;
      case "response":
        this.subscriptions.composites.handleResponse(event, isFinal(event.status));
        this.handleResponse(now, event);
        break;
      case "notification":
        this.count(now, event.endpointName);
        this.handleNotification(now, event);
        break;
      case "send":
        this.count(now, event.endpointName);
        this.handleSend(now, event);
        break;
      case "observation-end":
        this.cache.forgetAround(event.endpointName, event.path);
        this.subscriptions.handleEnd(event.endpointName, event.path, [], isFinal(event.status));
        break;
      case "composite-observation-end":
        this.subscriptions.composites.handleEnd(
          event.endpointName,
          event.paths,
          isFinal(event.status),
        );
        break;
      case "address-change":
      case "bootstrap-started":
      case "bootstrap-finished":
      case "bootstrap-failed":
        break;
    }
  }

  /**
   * Ends the requests of an earlier run whose outcome was lost with it: the core had one, and was killed before it was told. Call
   * once, after all that the core had to tell at its start.
   */
  endOrphans(now: Milliseconds): void {
    const pending = new Set(this.devices.pendingIds());
    for (const id of this.requests.ids()) {
      const request = pending.has(id) ? undefined : this.requests.get(id);
      if (request === undefined) continue;
      const { endpointName, path } = request;
      this.handleResponse(now, {
        kind: "response",
        id,
        endpointName,
        path,
        outcome: "interrupted",
        status: 503,
        error: "The connector restarted before the outcome was told",
        payload: NO_BYTES,
        contentFormat: undefined,
        maxAge: 0,
        code: undefined,
      });
    }
  }

  /**
   * Who may know of what has changed: channels of keys that are not good any more close at once, and what others may not know of any
   * more is taken back.
   *
   * @param keyIds whose rights have changed: their rules are applied to what they see now. Absent means that anybody's may have: then
   *   rules are applied to each device at its next Update.
   */
  recheck(now: Milliseconds, keyIds?: Iterable<string>): void {
    const { audience, channels, subscriptions } = this;
    const concerned = new Set(keyIds ?? [...channels.openKeys(), ...subscriptions.keys()]);
    for (const keyId of concerned) {
      if (audience.isEntitled(keyId)) {
        const seen = new Map<string, boolean>();
        channels.takeBack(now, keyId, (name) => {
          const isSeen = seen.get(name) ?? audience.sees(keyId, name);
          seen.set(name, isSeen);
          return isSeen;
        });
        subscriptions.endUnseen(keyId);
        if (keyIds !== undefined) subscriptions.takeUpSeen(keyId);
      } else {
        channels.forget(keyId);
        subscriptions.forget(keyId);
      }
    }
    if (keyIds !== undefined) return;
    subscriptions.takeUpSeenLater();
    this.takeCensus();
  }

  private takeCensus(): void {
    if (!this.census.isNeeded) return;
    for (const { endpointName } of this.devices.registrations()) this.census.note(endpointName);
  }

  private count(now: Milliseconds, endpointName: string): void {
    this.traffic.record(now, this.audience.domainOf(endpointName));
  }

  private tellRegistration(now: Milliseconds, kind: EventKind, registration: Registration): void {
    if (!this.channels.hasOpen()) return;
    this.broadcast(now, kind, registration.endpointName, registrationJson(registration));
  }

  private handleRemoval(now: Milliseconds, kind: EventKind, endpointName: string): void {
    this.census.forget(endpointName);
    this.cache.forgetEndpoint(endpointName);
    this.subscriptions.handleRemoval(endpointName);
    if (!this.channels.hasOpen()) return;
    this.broadcast(now, kind, endpointName, removalJson(endpointName));
  }

  private broadcast(now: Milliseconds, kind: EventKind, endpointName: string, json: string): void {
    this.channels.broadcast(now, { kind, json, endpointName }, (keyId) =>
      this.audience.sees(keyId, endpointName),
    );
  }

  private handleResponse(now: Milliseconds, event: ResponseEvent): void {
    const request = this.requests.take(event.id);
    if (request === undefined) return;
    const isSuccess = event.status < 400;
    if (isSuccess && request.method === GET) this.keepValue(now, event);
    else if (isSuccess) this.cache.forgetAround(event.endpointName, event.path);
    this.answer(now, event, request);
    if (isSuccess) {
      this.tellValue(now, event, request.notify);
    } else if (request.isSubscription) {
      const { endpointName, path, status } = event;
      this.subscriptions.handleEnd(endpointName, path, request.answerTo, isFinal(status));
    }
  }

  /** Tells a response to those who were given its id. */
  private answer(now: Milliseconds, event: ResponseEvent, request: AsyncRequest): void {
    const { endpointName } = event;
    const asyncId = request.answerAs ?? event.id;
    const isSuccess = event.status < 400;
    const json = asyncResponseJson({
      id: asyncId,
      status: event.status,
      error: isSuccess ? undefined : (event.error ?? `The device answered ${event.status}.`),
      payload: event.payload,
      mediaType: mediaTypeOf(event.contentFormat),
      maxAgeSeconds: event.maxAge,
    });
    for (const keyId of request.answerTo) {
      const answer = { kind: "async-responses", json, asyncId, endpointName } as const;
      this.channels.append(now, keyId, answer);
      // It was asked for when the key could see the device, and is owed; what the device said is not.
      if (!this.audience.sees(keyId, endpointName)) {
        this.channels.takeBack(now, keyId, (name) => name !== endpointName);
      }
    }
  }

  private handleNotification(now: Milliseconds, event: NotificationEvent): void {
    this.cache.forgetAround(event.endpointName, event.path);
    this.keepValue(now, event);
    this.tellValue(now, event, this.subscriptions.subscribersOf(event.endpointName, event.path));
  }

  private handleSend(now: Milliseconds, event: SendEvent): void {
    const { endpointName } = event;
    for (const value of notificationsOf(event, this.epoch + now)) {
      this.cache.forgetAround(endpointName, value.path);
      this.keepValue(now, value);
      this.tellValue(now, value, this.subscriptions.subscribersOver(endpointName, value.path));
    }
  }

  private keepValue(now: Milliseconds, event: ResponseEvent | NotificationEvent): void {
    const { endpointName, path, payload, contentFormat, maxAge } = event;
    this.cache.put(now, endpointName, path, payload, contentFormat, maxAge);
  }

  private tellValue(
    now: Milliseconds,
    event: ResponseEvent | NotificationEvent,
    keyIds: Iterable<string>,
  ): void {
    const { endpointName } = event;
    let json: string | undefined;
    for (const keyId of keyIds) {
      if (!this.audience.sees(keyId, endpointName)) continue;
      json ??= notificationJson(
        endpointName,
        event.path,
        event.payload,
        mediaTypeOf(event.contentFormat),
        event.maxAge,
      );
      this.channels.append(now, keyId, { kind: "notifications", json, endpointName });
    }
  }
}

/** Whether a failure is a device's last word, and not that it is away or busy. */
function isFinal(status: number): boolean {
  return !PASSING_FAILURES.has(status);
}
