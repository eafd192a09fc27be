/**
 * Calls of devices by who waits for the outcome on the spot (mDash's RPC, Leshan's face), and has no notification channel that it could come on. What
 * the caller does not wait for does not happen later: a request that was not sent by then is taken back.
 */
import { GET } from "../../../protocol/coap/codes.ts";
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import type { DeviceRecord } from "../../access/model.ts";
import type {
  ConnectorEvent,
  Devices,
  DownlinkRequest,
  Refused,
  ResponseEvent,
  Submission,
} from "../../contract.ts";
import type { Gateway } from "../device-connector/gateway.ts";

/** What is asked of a device. */
export type Call = Pick<
  DownlinkRequest,
  "method" | "path" | "payload" | "contentFormat" | "accept" | "query"
>;

export type CalledDevice = Pick<DeviceRecord, "endpointName" | "domainId">;

/** As many calls wait as may. */
export const CROWDED = "crowded";
/** The time was over while the device had the request: it may have done what was asked. */
export const UNANSWERED = "unanswered";

/** How a call ended. */
export type CallOutcome =
  | ResponseEvent
  | Refused
  | { readonly refusal: typeof CROWDED | typeof UNANSWERED };

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
  /** By id; several wait for the first value of one observation. */
  private readonly waiting = new Map<string, Waiting[]>();
  private count = 0;
  private readonly perDevice = new Map<string, number>();

  constructor(devices: Devices, gateway: Gateway, now: () => Milliseconds, later: Later = onTimer) {
    this.devices = devices;
    this.gateway = gateway;
    this.now = now;
    this.later = later;
  }

  /** Asks a device and waits for what it says, `CALL_PERIOD` at most. */
  call(device: CalledDevice, call: Call): Promise<CallOutcome> {
    const { endpointName } = device;
    const request = { ...call, confirmable: true, expiresIn: CALL_PERIOD };
    if (call.method !== GET) this.gateway.cache.forgetAround(endpointName, call.path);
    return this.submit(device, () => this.devices.submit(endpointName, request), CALL_PERIOD);
  }

  /**
   * Waits for the outcome of what a function submits to a device.
   *
   * @param submit not called when there is no room for one more
   */
  submit(
    { endpointName, domainId }: CalledDevice,
    submit: () => Submission,
    period: Milliseconds,
  ): Promise<CallOutcome> {
    const held = this.perDevice.get(endpointName) ?? 0;
    if (this.count >= MOST_CALLS || held >= MOST_PER_DEVICE) {
      return Promise.resolve({ refusal: CROWDED });
    }
    const submission = submit();
    if ("refusal" in submission) return Promise.resolve(submission);
    const { id } = submission;
    this.gateway.traffic.record(this.now(), domainId);
    this.perDevice.set(endpointName, held + 1);
    this.count++;
    return new Promise((resolve) => {
      const end = () => this.end(id, [waiting], { refusal: UNANSWERED });
      const cancel = this.later(period + TELLING_PERIOD, end);
      const waiting: Waiting = { endpointName, resolve, cancel };
      this.waiting.set(id, [...(this.waiting.get(id) ?? []), waiting]);
    });
  }

  handleEvent(event: ConnectorEvent): void {
    if (event.kind !== "response") return;
    const ended = this.waiting.get(event.id);
    if (ended !== undefined) this.end(event.id, ended, event);
  }

  /** Ends all calls that wait. */
  close(): void {
    for (const [id, ended] of [...this.waiting]) this.end(id, ended, { refusal: UNANSWERED });
  }

  private end(id: string, ended: readonly Waiting[], outcome: CallOutcome): void {
    const left = this.waiting.get(id)?.filter((waiting) => !ended.includes(waiting)) ?? [];
    if (left.length > 0) this.waiting.set(id, left);
    else this.waiting.delete(id);
    for (const { endpointName, cancel, resolve } of ended) {
      const held = (this.perDevice.get(endpointName) ?? 1) - 1;
      if (held > 0) this.perDevice.set(endpointName, held);
      else this.perDevice.delete(endpointName);
      this.count--;
      cancel();
      resolve(outcome);
    }
  }
}

function onTimer(delay: Milliseconds, action: () => void): () => void {
  const timer = setTimeout(action, delay);
  return () => clearTimeout(timer);
}
