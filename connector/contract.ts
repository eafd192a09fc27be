/**
 * What the core (devices over CoAP) and its applications (the REST API, or a program that embeds the connector) say to each other.
 *
 * Requests go down with `submit` and `observe`; whatever devices do comes up as events, in order.
 */
import type { Registration } from "./registry/registration.ts";

/** A request to a device. On numeric paths of an LwM2M device it becomes the LwM2M operation, elsewhere it is plain CoAP. */
export interface DownlinkRequest {
  /** GET, PUT, POST or DELETE (protocol/coap/codes.ts). */
  readonly method: number;
  /** `/3/0/1`, `/actuator/0/speed`; each segment at most 255 bytes, not percent-encoded. */
  readonly path: string;
  /** Not copied: unchanged by the caller from then on. */
  readonly payload: Uint8Array;
  /** Format of the payload; without it text for a resource, TLV for an object or an instance. */
  readonly contentFormat?: number | undefined;
  /** Format wanted; without it text for a resource, TLV for an object or an instance, and whatever the device has if it has not. */
  readonly accept?: number | undefined;
  /** `["pmin=10", "gt"]`, not percent-encoded. A PUT with a query and no payload is Write-Attributes. Not copied. */
  readonly query?: readonly string[] | undefined;
  /** False sends it once and wants no outcome: there will be no response event. */
  readonly confirmable: boolean;
  /** How long it may wait for the device, milliseconds. */
  readonly expiresIn: number;
}

/** Why a request was not taken. */
export const GONE = "gone";
export const QUEUE_FULL = "queue-full";
/** A request that wants no outcome, to a device that may be asleep. */
export const QUEUE_MODE = "queue-mode";
export type Refusal = typeof GONE | typeof QUEUE_FULL | typeof QUEUE_MODE;

/** With an id the request was taken: exactly one response event with this id follows, also across a restart. */
export type Submission = { readonly id: string } | { readonly refusal: Refusal };

/** How a request ended. */
export interface ResponseEvent {
  readonly kind: "response";
  readonly id: string;
  readonly endpointName: string;
  readonly path: string;
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

export type ConnectorEvent =
  | { readonly kind: "registration"; readonly registration: Registration }
  | { readonly kind: "update"; readonly registration: Registration }
  | { readonly kind: "deregistration"; readonly endpointName: string }
  | { readonly kind: "expiry"; readonly endpointName: string }
  | ResponseEvent
  | NotificationEvent
  /** The device ended an observation that was running: with the code of its last word, or by not taking it up again. */
  | {
      readonly kind: "observation-end";
      readonly endpointName: string;
      readonly path: string;
      readonly status: number;
      readonly error: string;
    }
  /** A device registered or updated from another address than before. Without a secure transport anybody could do so. */
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
  /**
   * Observes a path until cancelled, across re-registrations and restarts. The first value comes as a response event, later ones as
   * notification events. Observing again what is observed answers from the observation that is there.
   */
  observe(endpointName: string, path: string): Submission;
  /** Ends an observation; a first value still awaited ends with status 410. False when there was none. */
  cancelObservation(endpointName: string, path: string): boolean;
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
