/** One observed path of a device, from the wish to the last notification. */
import type { Failure, Response } from "../../protocol/coap/coap-endpoint.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Peer, Requester } from "../peers.ts";
import type { Session } from "./session.ts";

/** To be asked for at the device's next turn. */
export const WANTED = 0;
/** Asked for, not answered yet. */
export const ASKED = 1;
export const RUNNING = 2;

/** What survives a restart. Never changed: a change makes another row. */
export interface ObservationRow {
  readonly endpointName: string;
  readonly path: string;
  /** Of the request that the device's notifications answer; undefined unless running. */
  readonly token: Uint8Array | undefined;
  /** False when the device had no text or TLV for it, so that it was asked for what it has. */
  readonly insists: boolean;
  /** Of the response event that is still owed. */
  readonly owedId: string | undefined;
}

export class Observation implements Requester {
  readonly session: Session;
  readonly path: string;
  state: typeof WANTED | typeof ASKED | typeof RUNNING = WANTED;
  insists = true;
  owedId: string | undefined = undefined;
  /** The device's last word; undefined when none came since the start. */
  last: Response | undefined = undefined;
  /** Of the request that the device's notifications answer, once it is running. */
  token: Uint8Array | undefined = undefined;
  /** Where and under which id it was asked for. */
  peer: Peer | undefined = undefined;
  exchangeId = 0;

  constructor(session: Session, path: string) {
    this.session = session;
    this.path = path;
  }

  handleResponse(now: Milliseconds, response: Response, isObserving: boolean): void {
    this.session.handleObserved(now, this, response, isObserving);
  }

  handleFailure(now: Milliseconds, failure: Failure): void {
    this.session.handleObservationFailure(now, this, failure);
  }
}
