/** One observation of a device, of one place or of several at once, from the wish to the last notification. */
import type { Failure, Response } from "../../protocol/coap/coap-endpoint.ts";
import { FETCH, GET } from "../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../protocol/coap/message.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { ObserveOptions } from "../contract.ts";
import type { Peer, Requester } from "../peers.ts";
import type { HeldRegistration } from "../registry/held-registration.ts";
import type { Wish } from "./allowance.ts";

/** To be asked for at the device's next turn. */
export const WANTED = 0;
/** Asked for, not answered yet. */
export const ASKED = 1;
export const RUNNING = 2;

/** What is observed: a path, or several in their order. */
export interface Observed {
  /** `/` for several. */
  readonly path: string;
  readonly paths: readonly string[] | undefined;
}

/** What survives a restart. Never changed: a change makes another row. */
export interface ObservationRow extends Observed {
  readonly endpointName: string;
  readonly accept: number | undefined;
  readonly query: readonly string[] | undefined;
  /** Of the request that the device's notifications answer; undefined unless running. */
  readonly token: Uint8Array | undefined;
  /** How often the device has refused the formats that it was asked for. */
  readonly attempt: number;
  /** Of the response event that is still owed. */
  readonly owedId: string | undefined;
  /** An application wants it. */
  readonly isWanted: boolean;
  /** The connector itself wants it, to know the devices behind a gateway. */
  readonly isOurs: boolean;
}

/** Whose observation it is, and who decides what follows from what the device says. */
export interface Observer {
  readonly registration: HeldRegistration;
  handleObserved(
    now: Milliseconds,
    observation: Observation,
    response: Response,
    isObserving: boolean,
  ): void;
  handleObservationFailure(now: Milliseconds, observation: Observation, failure: Failure): void;
}

/** Tells observations of one device apart. No path begins with a space, and no endpoint name has one. */
export function observationKey({ path, paths }: Observed): string {
  return paths === undefined ? path : ` ${paths.join(",")}`;
}

export class Observation implements Requester {
  readonly observer: Observer;
  readonly observed: Observed;
  readonly key: string;
  options: ObserveOptions;
  state: typeof WANTED | typeof ASKED | typeof RUNNING = WANTED;
  attempt = 0;
  owedId: string | undefined = undefined;
  isWanted = false;
  isOurs = false;
  /** The device's last word; undefined when none came since the start. */
  last: Response | undefined = undefined;
  /** Of the request that the device's notifications answer, once it is running. */
  token: Uint8Array | undefined = undefined;
  /** Where and under which id it was asked for. */
  peer: Peer | undefined = undefined;
  exchangeId = 0;

  constructor(observer: Observer, observed: Observed, options: ObserveOptions) {
    this.observer = observer;
    this.observed = observed;
    this.key = observationKey(observed);
    this.options = options;
  }

  /** What the device is asked. */
  wish(): Wish {
    return wishOf(this.observed, this.options);
  }

  isObservedAs({ accept, query = [] }: ObserveOptions): boolean {
    const own = this.options.query ?? [];
    return this.options.accept === accept && own.join("&") === query.join("&");
  }

  row(endpointName: string): ObservationRow {
    const { attempt, owedId, isWanted, isOurs, observed } = this;
    const { accept, query } = this.options;
    const token = this.state === RUNNING ? this.token : undefined;
    const { path, paths } = observed;
    return {
      endpointName,
      path,
      paths,
      accept,
      query,
      token,
      attempt,
      owedId,
      isWanted,
      isOurs,
    };
  }

  handleResponse(now: Milliseconds, response: Response, isObserving: boolean): void {
    this.observer.handleObserved(now, this, response, isObserving);
  }

  handleFailure(now: Milliseconds, failure: Failure): void {
    this.observer.handleObservationFailure(now, this, failure);
  }
}

/** What a device is asked that is to be observed. */
export function wishOf({ path, paths }: Observed, { accept, query }: ObserveOptions): Wish {
  const method = paths === undefined ? GET : FETCH;
  return { method, path, paths, payload: NO_BYTES, accept, query, isObserve: true };
}
