/**
 * What the core (devices over CoAP) and its applications (the REST API, or a program that embeds the connector) say to each other.
 *
 * Requests go down with `submit` and `observe`; whatever devices do comes up as events, in order.
 */
import type { Entry } from "../protocol/model/data-types.ts";
import type { BootstrapEvent } from "./bootstrap/events.ts";
import type { Registration } from "./registry/registration.ts";

/** Which of the requests that wait for a device goes first; within a class the one that was accepted first. */
export type Priority = "high" | "normal" | "low";

/**
 * A request to a device. On numeric paths of an LwM2M device it becomes the LwM2M operation, elsewhere it is plain CoAP.
 *
 * FETCH and IPATCH on the path `/` are the composite operations, Read-Composite and Write-Composite (since LwM2M 1.1). Behind a gateway
 * paths begin with the prefix of a device, `/d01/3303/0/5700`.
 */
export interface DownlinkRequest {
  /** GET, PUT, POST, DELETE, FETCH or IPATCH (protocol/coap/codes.ts). */
  readonly method: number;
  /** `/3/0/1`, `/actuator/0/speed`; each segment at most 255 bytes, not percent-encoded. */
  readonly path: string;
  /** Not copied: unchanged by the caller from then on. */
  readonly payload: Uint8Array;
  /** Format of the payload; without it text for a resource, TLV for an object or an instance. */
  readonly contentFormat?: number | undefined;
  /**
   * Format wanted; LINK_FORMAT is Discover. Without it text for a resource; for more, TLV if the device may have it, else the first of
   * SenML CBOR, LwM2M CBOR and SenML JSON that its registration lists; and whatever the device has if it refuses that.
   */
  readonly accept?: number | undefined;
  /**
   * `["pmin=10", "gt"]`, not percent-encoded. A PUT with a query and no payload is Write-Attributes; `depth=` is for a Discover. Not
   * copied.
   */
  readonly query?: readonly string[] | undefined;
  /**
   * With FETCH, in place of a payload: what is asked for, `["/3/0/0", "/3303/0"]`. It is written in a format that the device has. Not
   * copied.
   */
  readonly paths?: readonly string[] | undefined;
  /** False sends it once and wants no outcome: there will be no response event. */
  readonly confirmable: boolean;
  /** How long it may wait for the device, milliseconds. */
  readonly expiresIn: number;
  /** "normal" unless said otherwise. */
  readonly priority?: Priority | undefined;
  /**
   * True where only the last value counts: a later Write, or Write-Attributes, that replaces exactly what this one would takes its place
   * while this one waits and was never sent. This one then ends as "superseded". False unless said otherwise.
   */
  readonly mayBeSuperseded?: boolean | undefined;
}

/** How a device is to be asked for what is observed. */
export interface ObserveOptions {
  /** As a request's. */
  readonly accept?: number | undefined;
  /** Notification attributes for this observation alone, `["pmin=10"]` (since LwM2M 1.2). Not copied. */
  readonly query?: readonly string[] | undefined;
}

/** Why a request was not taken. */
export const GONE = "gone";
export const QUEUE_FULL = "queue-full";
/** A request that wants no outcome, to a device that may be asleep or has no connection. */
export const QUEUE_MODE = "queue-mode";
/** The registration does not allow it: the operation, format, parameter or place is none that the device has. */
export const NOT_ALLOWED = "not-allowed";
export type Refusal = typeof GONE | typeof QUEUE_FULL | typeof QUEUE_MODE | typeof NOT_ALLOWED;

/** Why a registration does not allow a request. */
export interface NotAllowed {
  readonly refusal: typeof NOT_ALLOWED;
  /** Like an HTTP status: 400 bad parameter or path, 404 unknown prefix, 405 not that operation there, 415 not that format. */
  readonly status: 400 | 404 | 405 | 415;
  /** One line for whoever asked. */
  readonly reason: string;
}

/** With an id the request was taken: exactly one response event with this id follows, also across a restart. */
export type Submission = { readonly id: string } | Refused;

/** A request was not taken. */
export type Refused = { readonly refusal: Exclude<Refusal, typeof NOT_ALLOWED> } | NotAllowed;

/**
 * How a request ended.
 *
 * | outcome | what happened | may the device have executed it | status |
 * | --- | --- | --- | --- |
 * | answered | the device answered, with whatever code | as its code says | of the code |
 * | illegal-answer | it answered with a success that this operation does not have | yes | 502 |
 * | unanswered | it was sent and not answered | yes | 504 |
 * | failed | the device rejected the message, or answered with none that can be read | yes | 502 |
 * | expired | it waited as long as it might | only if it was sent before and waited for a next attempt | 504 |
 * | superseded | a later Write took its place | no | 409 |
 * | cancelled | whoever asked took it back | only if it was under way | 410 |
 * | gone | the registration ended | only if it was under way | 410 |
 * | interrupted | the connector stopped while it was under way, and it must not be executed twice | yes | 503 |
 * | not-allowed | the device registered anew meanwhile, and no longer allows it | no | 400, 404, 405, 415 |
 */
export type Outcome =
  | "answered"
  | "illegal-answer"
  | "unanswered"
  | "failed"
  | "expired"
  | "superseded"
  | "cancelled"
  | "gone"
  | "interrupted"
  | "not-allowed";

/** How a request ended. */
export interface ResponseEvent {
  readonly kind: "response";
  readonly id: string;
  readonly endpointName: string;
  /** As it was asked for; `/` for a composite. */
  readonly path: string;
  readonly outcome: Outcome;
  /** Like an HTTP status: 200, 201, the number of a 4.xx code, 410 registration gone, 502, 503, 504 no answer. */
  readonly status: number;
  /** One line of reason, exactly when `status` is 400 or more. */
  readonly error: string | undefined;
  /** Empty on an error. Not to be changed. */
  readonly payload: Uint8Array;
  readonly contentFormat: number | undefined;
  /** Seconds (RFC 7252 §5.10.5). */
  readonly maxAge: number;
  /** The device's code byte; undefined when it did not answer. */
  readonly code: number | undefined;
  /** Where what was created is, as the device says it: `/3303/1`. */
  readonly location?: string | undefined;
}

/** A value that an observed resource has got. */
export interface NotificationEvent {
  readonly kind: "notification";
  readonly endpointName: string;
  readonly path: string;
  /** Not to be changed. */
  readonly payload: Uint8Array;
  readonly contentFormat: number | undefined;
  /** Seconds. */
  readonly maxAge: number;
}

/** What an observation of several places has got. */
export interface CompositeNotificationEvent {
  readonly kind: "composite-notification";
  readonly endpointName: string;
  /** As they were asked for. */
  readonly paths: readonly string[];
  /** Not to be changed. */
  readonly payload: Uint8Array;
  readonly contentFormat: number | undefined;
  /** Seconds. */
  readonly maxAge: number;
}

/** A value that a device has sent, with its time. */
export interface SentEntry extends Entry {
  /** Of a device behind a gateway, its prefix, `d01`; undefined for the device's own. */
  readonly prefix: string | undefined;
}

/** A device has sent values that nobody asked for (LwM2M Core 1.1.1 §6.4.6). */
export interface SendEvent {
  readonly kind: "send";
  readonly endpointName: string;
  /** At least one. Times are seconds since 1970, or below 2^28 relative to now (RFC 8428 §4.5.3). */
  readonly entries: readonly SentEntry[];
  /** As it came. Not to be changed. */
  readonly payload: Uint8Array;
  /** SENML_JSON, SENML_CBOR or LWM2M_CBOR. */
  readonly contentFormat: number;
}

/** A device behind a gateway. */
export interface GatewayDevice {
  /** What its paths begin with, without slashes: `d01`. */
  readonly prefix: string;
  /** `/25/x/0`; "" where the gateway does not say. */
  readonly deviceId: string;
  /** Of the instance of object 25 that says so. */
  readonly instanceId: number;
  /** What it has, `</3/0>,</3303>;ver=1.1`; undefined where object 25 is of version 1.0, which does not say. */
  readonly objects: string | undefined;
  /** How it became known: read of object 25, or told by it in a notification. */
  readonly learnedBy: "read" | "notification";
}

/** A request that has no outcome yet. */
export interface QueuedRequest {
  readonly id: string;
  readonly method: number;
  readonly path: string;
  readonly paths: readonly string[] | undefined;
  readonly query: readonly string[] | undefined;
  readonly priority: Priority;
  /** Of its payload. */
  readonly bytes: number;
  /** `sent` while it is under way, `waiting` before that and between attempts. */
  readonly state: "waiting" | "sent";
  /** On the clock that the machine is driven with, milliseconds. What is under way does not expire. */
  readonly expiresAt: number;
}

export type ConnectorEvent =
  | { readonly kind: "registration"; readonly registration: Registration }
  | { readonly kind: "update"; readonly registration: Registration }
  | { readonly kind: "deregistration"; readonly endpointName: string }
  | { readonly kind: "expiry"; readonly endpointName: string }
  | ResponseEvent
  | NotificationEvent
  | CompositeNotificationEvent
  | SendEvent
  | BootstrapEvent
  /** The device ended an observation that was running: with the code of its last word, or by not taking it up again. */
  | {
      readonly kind: "observation-end";
      readonly endpointName: string;
      readonly path: string;
      readonly status: number;
      readonly error: string;
    }
  /** The same of an observation of several places. */
  | {
      readonly kind: "composite-observation-end";
      readonly endpointName: string;
      readonly paths: readonly string[];
      readonly status: number;
      readonly error: string;
    }
  /** Which devices are behind a gateway has changed: see `gatewayDevices`. */
  | {
      readonly kind: "gateway-devices";
      readonly endpointName: string;
      readonly devices: readonly GatewayDevice[];
    }
  /**
   * A device registered, updated or notified from another address than before. Without a secure transport anybody who has listened could
   * do so.
   */
  | {
      readonly kind: "address-change";
      readonly endpointName: string;
      readonly from: string;
      readonly to: string;
    };

/** The devices, as applications reach them. */
export interface Devices {
  registration(endpointName: string): Registration | undefined;
  registrations(): Iterable<Registration>;
  /** Whether a request can be sent now: false for a device in queue mode that does not listen, and for one that is not there. */
  isAwake(endpointName: string): boolean;
  /** Sends a request when the device can be reached. One at a time per device, in order. */
  submit(endpointName: string, request: DownlinkRequest): Submission;
  /** The requests to a device that have no outcome yet, in the order in which they will be sent; first the one under way. */
  queued(endpointName: string): readonly QueuedRequest[];
  /** Takes back a request: its outcome is "cancelled". False when there is none of this id without an outcome. */
  cancel(endpointName: string, id: string): boolean;
  /**
   * Observes a path until cancelled, across re-registrations and restarts. The first value comes as a response event, later ones as
   * notification events. Observing again what is observed answers from the observation that is there; with other options than it has, the
   * device is asked anew with those.
   */
  observe(endpointName: string, path: string, options?: ObserveOptions): Submission;
  /** Ends an observation; a first value still awaited ends with status 410. False when there was none. */
  cancelObservation(endpointName: string, path: string): boolean;
  /**
   * Observes several places as one (LwM2M Core 1.1.1 §6.4.4), 1 to 64 of them: as `observe`, with composite notifications. The same
   * places in the same order are the same observation.
   */
  observeComposite(
    endpointName: string,
    paths: readonly string[],
    options?: ObserveOptions,
  ): Submission;
  /** Ends an observation of exactly these places, in this order. */
  cancelComposite(endpointName: string, paths: readonly string[]): boolean;
  /** The devices behind a gateway, as its object 25 tells; none for any other device. */
  gatewayDevices(endpointName: string): readonly GatewayDevice[];
  /**
   * Ends a registration from this side. The device is not told, LwM2M has no message for that: its next Update is answered 4.04, and it
   * registers anew.
   *
   * All is over when it returns: the deregistration event was told, and that the requests that waited end with 410. The id names the act
   * for whoever asked; no response event follows.
   */
  deregister(endpointName: string): Submission;
  /** The ids whose response event is still to come. */
  pendingIds(): Iterable<string>;
}
