/** One accepted request to a device, from the queue to its outcome. */
import type { Failure, Response } from "../../protocol/coap/coap-endpoint.ts";
import { POST } from "../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { DownlinkRequest } from "../contract.ts";
import type { Peer, Requester } from "../peers.ts";
import type { Session } from "./session.ts";

/** What survives a restart. Never changed: a change makes another row. */
export interface DownlinkRow {
  readonly endpointName: string;
  /** Grows from request to request of the whole connector. */
  readonly sequence: number;
  readonly method: number;
  readonly path: string;
  readonly payload: Uint8Array;
  readonly contentFormat: number | undefined;
  readonly accept: number | undefined;
  /** Absent in rows written before there were queries. */
  readonly query?: readonly string[] | undefined;
  /** Milliseconds; counted anew after a restart. */
  readonly expiresIn: number;
  /** It has been on the wire, so that the device may have executed it. Kept of what must not be executed twice. */
  readonly isSent: boolean;
}

export class Downlink implements Requester {
  readonly session: Session;
  readonly id: string;
  readonly request: DownlinkRequest;
  readonly sequence: number;
  readonly expiresAt: Milliseconds;
  /** False when the device had no text or TLV for it, so that it is asked for what it has. */
  insists = true;
  /** Where and under which id it is under way. */
  peer: Peer | undefined = undefined;
  exchangeId = 0;

  constructor(
    session: Session,
    id: string,
    sequence: number,
    request: DownlinkRequest,
    expiresAt: Milliseconds,
  ) {
    this.session = session;
    this.id = id;
    this.sequence = sequence;
    this.request = request;
    this.expiresAt = expiresAt;
  }

  /** True when executing it twice is like executing it once (RFC 7252 §5.1). */
  isIdempotent(): boolean {
    return this.request.method !== POST;
  }

  row(isSent: boolean): DownlinkRow {
    const { method, path, payload, contentFormat, accept, query, expiresIn } = this.request;
    const endpointName = this.session.registration.endpointName;
    const { sequence } = this;
    return {
      endpointName,
      sequence,
      method,
      path,
      payload,
      contentFormat,
      accept,
      query,
      expiresIn,
      isSent,
    };
  }

  handleResponse(now: Milliseconds, response: Response): void {
    this.session.handleAnswer(now, this, response);
  }

  handleFailure(now: Milliseconds, failure: Failure): void {
    this.session.handleDownlinkFailure(now, this, failure);
  }
}
