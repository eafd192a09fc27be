/**
 * One device behind a gateway, as the gateway knows it: what it has registered, what is under way to it, and who observes it.
 *
 * The device is an LwM2M client like any other, whose one server is the gateway.
 */
import {
  CoapEndpoint,
  type CoapSettings,
  type Response,
} from "../../protocol/coap/coap-endpoint.ts";
import type { IncomingRequest } from "../../protocol/coap/exchange.ts";
import type { Path } from "../../protocol/model/path.ts";
import { type Milliseconds, NEVER, SECOND } from "../../protocol/time/duration.ts";
import type { ServerLink } from "../agent/server-link.ts";

/** What a device has said of itself. */
export interface DeviceRegistration {
  readonly endpointName: string;
  /** Names the device in paths of servers, without a slash. */
  readonly prefix: string;
  /** Its instance of object 25. */
  readonly instanceId: number;
  /** Where its objects are: "" or an alternate path. */
  rootPath: string;
  /** Of LwM2M. */
  readonly version: string;
  lifetime: number;
  isQueued: boolean;
  refreshedAt: Milliseconds;
}

/** A request of a server that waits for the device, or for its answer. */
export interface Relayed {
  readonly link: ServerLink;
  readonly request: IncomingRequest;
  /** Behind the prefix: `/3303/0/5700`, "" for a composite. */
  readonly path: string;
  /** The same as ids; `[]` for a composite and for paths that are none of LwM2M's. */
  readonly base: Path;
  /** When the server is told that the device could not be reached. */
  readonly until: Milliseconds;
}

/** A server's observation that the gateway answers. */
export interface Observer {
  readonly link: ServerLink;
  readonly token: Uint8Array;
  sequence: number;
  confirmedAt: Milliseconds;
  /** Its Observe, until that is answered. */
  request: IncomingRequest | undefined;
  /** When it is told that the device could not be reached. */
  readonly until: Milliseconds;
}

/** An observation of the device, for all servers that want the same. */
export interface SharedObservation {
  /** What is observed, in words: method, path, parameters, format, body. */
  readonly key: string;
  readonly relayed: Relayed;
  /** Of the exchange with the device; 0 while none is under way. */
  exchangeId: number;
  observers: Observer[];
  /** As servers get it; undefined until the first answer. */
  last: Response | undefined;
}

/** Requests that may wait for one device, and observations of it. */
export const MAX_RELAYED = 16;
export const MAX_OBSERVATIONS = 64;

export class GatewayDevice {
  readonly coap: CoapEndpoint;
  registration: DeviceRegistration | undefined = undefined;
  /** Requests that wait until the device is awake, or has answered others. */
  held: Relayed[] = [];
  /** Requests under way, by exchange. */
  readonly underWay = new Map<number, Relayed>();
  observations: SharedObservation[] = [];
  private readonly awakeFor: Milliseconds;
  private heardAt: Milliseconds = -NEVER;

  /** @param awakeFor how long a device in queue mode listens after its last message */
  constructor(settings: CoapSettings, awakeFor: Milliseconds) {
    this.coap = new CoapEndpoint(settings);
    this.awakeFor = awakeFor;
  }

  /** The next datagram for the device. Not to be changed: it may be sent again. */
  pollTransmit(): Uint8Array | undefined {
    return this.coap.pollTransmit();
  }

  handleSign(now: Milliseconds): void {
    this.heardAt = now;
  }

  isAwake(now: Milliseconds): boolean {
    return this.registration?.isQueued !== true || now < this.heardAt + this.awakeFor;
  }

  hasRoom(): boolean {
    return this.held.length + this.underWay.size < MAX_RELAYED;
  }

  expiresAt(): Milliseconds {
    const { registration } = this;
    // A device may be late by as long as a message can take.
    if (registration === undefined || registration.lifetime === 0) return NEVER;
    return registration.refreshedAt + registration.lifetime * SECOND + LATENESS;
  }

  deadline(): Milliseconds {
    let at = Math.min(this.coap.deadline(), this.expiresAt());
    for (const { until } of this.held) at = Math.min(at, until);
    for (const { observers } of this.observations) {
      for (const { request, until } of observers) {
        if (request !== undefined) at = Math.min(at, until);
      }
    }
    return at;
  }

  observationOf(key: string): SharedObservation | undefined {
    return this.observations.find((each) => each.key === key);
  }
}

/** MAX_TRANSMIT_SPAN with default parameters (RFC 7252 §4.8.2). */
const LATENESS: Milliseconds = 45 * SECOND;
