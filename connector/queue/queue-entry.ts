/** One request that a queue has accepted, from then to its outcome, and what of it survives a restart. */
import { POST } from "../../protocol/coap/codes.ts";
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { DownlinkRequest, Priority } from "../contract.ts";

/** What survives a restart. Never changed: a change makes another row. */
export interface DownlinkRow {
  readonly endpointName: string;
  /** Grows from request to request of the whole connector. */
  readonly sequence: number;
  readonly method: number;
  readonly path: string;
  readonly paths: readonly string[] | undefined;
  readonly payload: Uint8Array;
  readonly contentFormat: number | undefined;
  readonly accept: number | undefined;
  readonly query: readonly string[] | undefined;
  /** Milliseconds; counted anew after a restart. */
  readonly expiresIn: number;
  readonly priority: Priority;
  readonly mayBeSuperseded: boolean;
  /** It has been on the wire, so that the device may have executed it. Kept of what must not be executed twice. */
  readonly isSent: boolean;
}

/** Classes in the order in which they are sent. */
export const PRIORITIES: readonly Priority[] = ["high", "normal", "low"];

export class QueueEntry {
  readonly id: string;
  /** Grows from request to request; the order within a class after a restart. */
  readonly sequence: number;
  readonly request: DownlinkRequest;
  readonly expiresAt: Milliseconds;
  /** It has been on the wire, if to no avail. */
  wasSent = false;

  constructor(id: string, sequence: number, request: DownlinkRequest, expiresAt: Milliseconds) {
    this.id = id;
    this.sequence = sequence;
    this.request = request;
    this.expiresAt = expiresAt;
  }

  get priority(): Priority {
    return this.request.priority ?? "normal";
  }

  /** Bytes that count against the bounds. */
  get bytes(): number {
    const { payload, paths, query } = this.request;
    let bytes = payload.length;
    for (const each of paths ?? []) bytes += each.length;
    for (const each of query ?? []) bytes += each.length;
    return bytes;
  }

  /** True when executing it twice is like executing it once (RFC 7252 §5.1). */
  isIdempotent(): boolean {
    return this.request.method !== POST;
  }

  row(endpointName: string): DownlinkRow {
    const { method, path, paths, payload, contentFormat, accept, query, expiresIn } = this.request;
    return {
      endpointName,
      sequence: this.sequence,
      method,
      path,
      paths,
      payload,
      contentFormat,
      accept,
      query,
      expiresIn,
      priority: this.priority,
      mayBeSuperseded: this.request.mayBeSuperseded === true,
      isSent: this.wasSent && !this.isIdempotent(),
    };
  }
}
