/**
 * Calls of devices by who waits for the outcome on the spot (mDash's RPC), and has no notification channel that it could come on. What
 * the caller does not wait for does not happen later: a request that was not sent by then is taken back.
 */
import { GET } from "../../protocol/coap/codes.ts";
import { type Milliseconds, SECOND } from "../../protocol/time/duration.ts";
import type { DeviceRecord } from "../access/model.ts";
import type {
  ConnectorEvent,
  Devices,
  DownlinkRequest,
  Refusal,
  ResponseEvent,
} from "../contract.ts";
import type { Gateway } from "./gateway.ts";

/** What is asked of a device. */
export type Call = Pick<
  DownlinkRequest,
  "method" | "path" | "payload" | "contentFormat" | "accept"
>;

/** As many calls wait as may. */
export const CROWDED = "crowded";
/** The time was over while the device had the request: it may have done what was asked. */
export const UNANSWERED = "unanswered";

/** How a call ended. */
export type CallOutcome =
  | ResponseEvent
  | { readonly refusal: Refusal | typeof CROWDED | typeof UNANSWERED };

/** Calls something later, once; what it returns undoes that. */
export type Later = (delay: Milliseconds, action: () => void) => () => void;

export const CALL_PERIOD: Milliseconds = 10 * SECOND;
/** The core tells of a request that it takes back; it has this long for that. */
const TELLING_PERIOD: Milliseconds = SECOND;
const MOST_CALLS = 2000;
const MOST_PER_DEVICE = 8;

interface Waiting {
  readonly endpointName: string;
  readonly resolve: (outcome: CallOutcome) => void;
  readonly cancel: () => void;
}

export class DeviceCalls {
  private readonly devices: Devices;
  private readonly gateway: Gateway;
  private readonly now: () => Milliseconds;
  private readonly later: Later;
  private readonly waiting = new Map<string, Waiting>();
  private readonly perDevice = new Map<string, number>();

  constructor(devices: Devices, gateway: Gateway, now: () => Milliseconds, later: Later = onTimer) {
    this.devices = devices;
    this.gateway = gateway;
    this.now = now;
    this.later = later;
  }

  /** Asks a device and waits for what it says, `CALL_PERIOD` at most. */
  call({ endpointName, domainId }: DeviceRecord, call: Call): Promise<CallOutcome> {
    const held = this.perDevice.get(endpointName) ?? 0;
    if (this.waiting.size >= MOST_CALLS || held >= MOST_PER_DEVICE) {
      return Promise.resolve({ refusal: CROWDED });
    }
    const request = { ...call, confirmable: true, expiresIn: CALL_PERIOD };
    const submission = this.devices.submit(endpointName, request);
    if ("refusal" in submission) return Promise.resolve(submission);
    const { id } = submission;
    const { traffic, cache } = this.gateway;
    traffic.record(this.now(), domainId);
    if (call.method !== GET) cache.forgetAround(endpointName, call.path);
    this.perDevice.set(endpointName, held + 1);
    return new Promise((resolve) => {
      const end = () => this.end(id, { refusal: UNANSWERED });
      const cancel = this.later(CALL_PERIOD + TELLING_PERIOD, end);
      this.waiting.set(id, { endpointName, resolve, cancel });
    });
  }

  handleEvent(event: ConnectorEvent): void {
    if (event.kind !== "response") return;
    this.end(event.id, event);
  }

  /** Ends all calls that wait. */
  close(): void {
    for (const id of [...this.waiting.keys()]) this.end(id, { refusal: UNANSWERED });
  }

  private end(id: string, outcome: CallOutcome): void {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return;
    const { endpointName } = waiting;
    this.waiting.delete(id);
    const held = (this.perDevice.get(endpointName) ?? 1) - 1;
    if (held > 0) this.perDevice.set(endpointName, held);
    else this.perDevice.delete(endpointName);
    waiting.cancel();
    waiting.resolve(outcome);
  }
}

function onTimer(delay: Milliseconds, action: () => void): () => void {
  const timer = setTimeout(action, delay);
  return () => clearTimeout(timer);
}
