/**
 * Between applications and devices: takes requests on behalf of an access key, and brings what devices send to the keys that are
 * to know it. A sans-I/O machine; the routes are a thin skin over it.
 *
 *   route -> Gateway.request -> Connector.submit ... Connector event -> Gateway.handleEvent -> channels of the keys concerned
 */
import { GET } from "../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type {
  ConnectorEvent,
  Devices,
  DownlinkRequest,
  NotificationEvent,
  ResponseEvent,
  Submission,
} from "../contract.ts";
import { AsyncRequests } from "../notifications/async-requests.ts";
import { Channels } from "../notifications/channels.ts";
import { mediaTypeOf } from "../notifications/media-types.ts";
import {
  asyncResponseJson,
  type EventKind,
  notificationJson,
  registrationJson,
  removalJson,
} from "../notifications/message.ts";
import type { Registration } from "../registry/registration.ts";
import type { Journal } from "../store/store.ts";
import { Subscriptions } from "../subscriptions/subscriptions.ts";
import { type Quotas, TrafficMeter } from "./traffic-meter.ts";
import { ValueCache } from "./value-cache.ts";

/** Statuses of a device that is away or busy. */
const PASSING_FAILURES = new Set([410, 429, 502, 503, 504]);

export class Gateway {
  readonly channels: Channels;
  readonly subscriptions: Subscriptions;
  readonly cache = new ValueCache();
  readonly traffic: TrafficMeter;
  private readonly devices: Devices;
  private readonly requests: AsyncRequests;

  /**
   * @param devices the devices' side, restored from the same store already
   * @param calendarNow calendar milliseconds at `now`
   */
  constructor(
    now: Milliseconds,
    calendarNow: number,
    store: Journal,
    devices: Devices,
    quotas: Quotas,
  ) {
    this.devices = devices;
    this.traffic = new TrafficMeter(now, quotas);
    this.requests = new AsyncRequests(store);
    this.channels = new Channels(now, calendarNow, store);
    this.subscriptions = new Subscriptions(store, devices, this.requests);
  }

  registration(endpointName: string): Registration | undefined {
    return this.devices.registration(endpointName);
  }

  registrations(): Iterable<Registration> {
    return this.devices.registrations();
  }

  /** Whether one more response can be promised to a key: what it is owed and what waits for it are bounded together. */
  canAccept(keyId: string): boolean {
    return this.channels.of(keyId).canAccept(this.requests.owedTo(keyId));
  }

  /** Sends a request to a device; with an id in the answer, the outcome comes on the key's channel. */
  request(
    now: Milliseconds,
    keyId: string,
    endpointName: string,
    request: DownlinkRequest,
  ): Submission {
    const submission = this.devices.submit(endpointName, request);
    if ("refusal" in submission) return submission;
    this.traffic.record(now);
    if (request.method !== GET) this.cache.forgetAround(endpointName, request.path);
    if (!request.confirmable) return submission;
    this.channels.handleAnswering(keyId, submission.id);
    this.requests.add(submission.id, {
      method: request.method,
      isSubscription: false,
      answerTo: [keyId],
      notify: [],
    });
    return submission;
  }

  /** Subscribes a key to a resource; the first value comes on its channel under the id returned. */
  subscribe(now: Milliseconds, keyId: string, endpointName: string, path: string) {
    const submission = this.subscriptions.subscribe(keyId, endpointName, path);
    if ("refusal" in submission) return submission;
    this.traffic.record(now);
    this.channels.handleAnswering(keyId, submission.id);
    return submission;
  }

  /** Takes what happened on the devices' side. Everything it changes is in the store's tables when it returns. */
  handleEvent(now: Milliseconds, event: ConnectorEvent): void {
    switch (event.kind) {
      case "registration":
        this.traffic.record(now);
        this.cache.forgetEndpoint(event.registration.endpointName);
        this.tellRegistration(now, "registrations", event.registration);
        this.subscriptions.handleRegistration(event.registration);
        break;
      case "update":
        this.traffic.record(now);
        this.tellRegistration(now, "reg-updates", event.registration);
        this.subscriptions.handleUpdate(event.registration);
        break;
      case "deregistration":
        this.traffic.record(now);
        this.handleRemoval(now, "de-registrations", event.endpointName);
        break;
      case "expiry":
        this.handleRemoval(now, "registrations-expired", event.endpointName);
        break;
      case "response":
        this.handleResponse(now, event);
        break;
      case "notification":
        this.traffic.record(now);
        this.handleNotification(now, event);
        break;
      case "observation-end":
        this.cache.forgetAround(event.endpointName, event.path);
        this.subscriptions.handleEnd(event.endpointName, event.path, [], isFinal(event.status));
        break;
      case "address-change":
        break;
    }
  }

  private tellRegistration(now: Milliseconds, kind: EventKind, registration: Registration): void {
    if (this.channels.hasOpen()) {
      this.channels.broadcast(now, kind, registrationJson(registration));
    }
  }

  private handleRemoval(now: Milliseconds, kind: EventKind, endpointName: string): void {
    this.cache.forgetEndpoint(endpointName);
    this.subscriptions.handleRemoval(endpointName);
    if (this.channels.hasOpen()) this.channels.broadcast(now, kind, removalJson(endpointName));
  }

  private handleResponse(now: Milliseconds, event: ResponseEvent): void {
    const request = this.requests.take(event.id);
    if (request === undefined) return;
    const isSuccess = event.status < 400;
    if (isSuccess && request.method === GET) this.keepValue(now, event);
    else if (isSuccess) this.cache.forgetAround(event.endpointName, event.path);

    const json = asyncResponseJson({
      id: event.id,
      status: event.status,
      error: isSuccess ? undefined : (event.error ?? `The device answered ${event.status}.`),
      payload: event.payload,
      mediaType: mediaTypeOf(event.contentFormat),
      maxAgeSeconds: event.maxAge,
    });
    for (const keyId of request.answerTo) {
      this.channels.append(now, keyId, { kind: "async-responses", json, asyncId: event.id });
    }
    if (isSuccess) {
      this.tellValue(now, event, request.notify);
    } else if (request.isSubscription) {
      const { endpointName, path, status } = event;
      this.subscriptions.handleEnd(endpointName, path, request.answerTo, isFinal(status));
    }
  }

  private handleNotification(now: Milliseconds, event: NotificationEvent): void {
    this.cache.forgetAround(event.endpointName, event.path);
    this.keepValue(now, event);
    this.tellValue(now, event, this.subscriptions.subscribersOf(event.endpointName, event.path));
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
    let json: string | undefined;
    for (const keyId of keyIds) {
      json ??= notificationJson(
        event.endpointName,
        event.path,
        event.payload,
        mediaTypeOf(event.contentFormat),
        event.maxAge,
      );
      this.channels.append(now, keyId, { kind: "notifications", json });
    }
  }
}

/** Whether a failure is a device's last word, and not that it is away or busy. */
function isFinal(status: number): boolean {
  return !PASSING_FAILURES.has(status);
}
