/** What the connector knows of a registered device. */
import type { Link } from "../../protocol/coap/link-format.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";

/** A registration as the rest of the connector sees it: always the present state, changed only by the registry. */
export interface Registration {
  readonly endpointName: string;
  /** mbed's `et`. */
  readonly endpointType: string | undefined;
  /** mbed's `d`. */
  readonly domain: string | undefined;
  /** Seconds, as the device says it. 0 is for ever since LwM2M 1.2 (LwM2M Core 1.2.2 §E.2); of an older device the registration lasts a day. */
  readonly lifetime: number;
  /** `1.0`, `1.1`, ...; undefined for a plain CoAP device, which speaks no LwM2M. */
  readonly version: string | undefined;
  /** Letters of `b`, without Q. */
  readonly binding: string;
  readonly queueMode: boolean;
  /** Where the device can be reached by SMS, `sms`. */
  readonly smsNumber: string | undefined;
  /** Names of lists of objects that the device registered with, `pid` (LwM2M Core 1.2.2 §6.2.1); its `links` are what they stand for. */
  readonly profileId: string | undefined;
  /** The path to which the device sends Update and De-register, `/rd/...`: whoever knows it, is the device. */
  readonly location: string;
  /** Transport address, `127.0.0.1:40001`. */
  readonly peer: string;
  /** The objects, instances and named resources that the device lists, without its root link; URIs as applications write them. */
  readonly links: readonly Link[];
  /** What a device's LwM2M paths begin with: "" for most, `/lwm2m` for one with an alternate path (LwM2M Core 1.1.1 §6.2.1). */
  readonly rootPath: string;
  /** Formats that it names with its root link; empty when it names none. */
  readonly contentFormats: readonly number[];
  /** Whether it lists object 25, whose instances are devices behind it. */
  readonly isGateway: boolean;
  /** When the device registered, and when it registered or updated last; since a restart of the connector, at its start. */
  readonly registeredAt: Milliseconds;
  readonly refreshedAt: Milliseconds;
}
