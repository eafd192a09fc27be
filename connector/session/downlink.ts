/** One accepted request to a device, as its session sends it. */
import type { Failure, Response } from "../../protocol/coap/coap-endpoint.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { DownlinkRequest } from "../contract.ts";
import type { Peer, Requester } from "../peers.ts";
import { QueueEntry } from "../queue/queue-entry.ts";
import type { Wish } from "./allowance.ts";

/** Who decides what follows from what the device says. */
export interface Sender {
  handleAnswer(now: Milliseconds, downlink: Downlink, response: Response): void;
  handleDownlinkFailure(now: Milliseconds, downlink: Downlink, failure: Failure): void;
}

/** Why a request ended, where its outcome alone does not say it. */
export interface Verdict {
  readonly status: number;
  readonly error: string;
}

export class Downlink extends QueueEntry implements Requester {
  readonly sender: Sender;
  /** How often the device has refused the formats that it was asked for. */
  attempt = 0;
  /** Where and under which id it is under way. */
  peer: Peer | undefined = undefined;
  exchangeId = 0;
  /** What the device answered. */
  response: Response | undefined = undefined;
  verdict: Verdict | undefined = undefined;

  constructor(
    sender: Sender,
    id: string,
    sequence: number,
    request: DownlinkRequest,
    expiresAt: Milliseconds,
  ) {
    super(id, sequence, request, expiresAt);
    this.sender = sender;
  }

  wish(): Wish {
    return wishOf(this.request);
  }

  /** Nobody waits for an answer to it any more. */
  forget(): void {
    this.peer?.forget(this.exchangeId);
    this.peer = undefined;
  }

  handleResponse(now: Milliseconds, response: Response): void {
    this.sender.handleAnswer(now, this, response);
  }

  handleFailure(now: Milliseconds, failure: Failure): void {
    this.sender.handleDownlinkFailure(now, this, failure);
  }
}

/** What a device is asked by a request. */
export function wishOf(request: DownlinkRequest): Wish {
  const { method, path, paths, payload, contentFormat, accept, query } = request;
  return { method, path, paths, payload, contentFormat, accept, query, isObserve: false };
}
