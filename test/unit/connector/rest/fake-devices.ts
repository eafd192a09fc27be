/** The devices' side as the REST side sees it, played by hand. */
import {
  type Devices,
  type DownlinkRequest,
  type GatewayDevice,
  GONE,
  NOT_ALLOWED,
  type QueuedRequest,
  type Refused,
  type ResponseEvent,
  type Submission,
} from "../../../../connector/contract.ts";
import type { Registration } from "../../../../connector/registry/registration.ts";
import { decodeLinks, type Link } from "../../../../protocol/coap/link-format.ts";

/** The list of seed 001's node-001. */
export const NODE_001 =
  '</actuator/0/speed>;rt="5851";obs;ct=0,</actuator/0/drive>,</led/1/state>;rt="5850",' +
  "</logs/0/debug>,</dev/temp>;obs;ct=0,</dev/power>;obs;ct=0,</dev/json>;ct=50";

export interface Submitted {
  readonly id: string;
  readonly endpointName: string;
  readonly request: DownlinkRequest;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class FakeDevices implements Devices {
  readonly submitted: Submitted[] = [];
  /** `endpointName path` of what is observed, and each call of `observe` and `cancelObservation`. */
  readonly observed = new Set<string>();
  readonly calls: string[] = [];
  /** Devices in queue mode that do not listen. */
  readonly asleep = new Set<string>();
  /** What the next requests are refused with. */
  refusal: Refused["refusal"] | undefined;
  /** Ids that the core has no response for any more. */
  readonly lost = new Set<string>();
  /** Called when an application ends a registration, as the core tells it then. */
  onDeregister: (endpointName: string) => void = () => {};
  /** Devices that were sent their bootstrap configuration without having asked, and whether that can be. */
  readonly pushed: string[] = [];
  canPush = true;
  /** The devices behind each gateway. */
  behind: readonly GatewayDevice[] = [];
  private readonly all = new Map<string, Mutable<Registration>>();
  private lastId = 0;

  register(endpointName: string, links: string, more: Partial<Registration> = {}): Registration {
    const registration = {
      endpointName,
      endpointType: undefined,
      domain: undefined,
      lifetime: 86400,
      version: undefined,
      binding: "U",
      queueMode: false,
      smsNumber: undefined,
      profileId: undefined,
      location: "/rd/1",
      peer: "127.0.0.1:40001",
      links: decodeLinks(links) as Link[],
      rootPath: "",
      contentFormats: [],
      isGateway: false,
      registeredAt: 0,
      refreshedAt: 0,
      ...more,
    };
    this.all.set(endpointName, registration);
    return registration;
  }

  relist(endpointName: string, links: string): Registration {
    const registration = this.all.get(endpointName)!;
    registration.links = decodeLinks(links) as Link[];
    return registration;
  }

  push(endpointName: string): boolean {
    if (this.canPush) this.pushed.push(endpointName);
    return this.canPush;
  }

  deregister(endpointName: string): Submission {
    if (!this.all.delete(endpointName)) return { refusal: GONE };
    this.onDeregister(endpointName);
    return { id: `${++this.lastId}#id` };
  }

  pendingIds(): Iterable<string> {
    const ids = [...Array(this.lastId).keys()].map((i) => `${i + 1}#id`);
    return ids.filter((id) => !this.lost.has(id));
  }

  registration(endpointName: string): Registration | undefined {
    return this.all.get(endpointName);
  }

  registrations(): Iterable<Registration> {
    return this.all.values();
  }

  isAwake(endpointName: string): boolean {
    return this.all.has(endpointName) && !this.asleep.has(endpointName);
  }

  submit(endpointName: string, request: DownlinkRequest): Submission {
    if (this.refusal !== undefined) return refusedAs(this.refusal);
    const id = `${++this.lastId}#id`;
    this.submitted.push({ id, endpointName, request });
    return { id };
  }

  queued(endpointName: string): readonly QueuedRequest[] {
    const waiting = this.submitted.filter((each) => each.endpointName === endpointName);
    return waiting.map(({ id, request }) => ({
      id,
      method: request.method,
      path: request.path,
      paths: request.paths,
      query: request.query,
      priority: request.priority ?? "normal",
      bytes: request.payload.length,
      state: "waiting",
      expiresAt: request.expiresIn,
    }));
  }

  cancel(endpointName: string, id: string): boolean {
    this.calls.push(`cancel ${endpointName} ${id}`);
    const at = this.submitted.findIndex(
      (each) => each.endpointName === endpointName && each.id === id,
    );
    return at >= 0 && this.submitted.splice(at, 1).length > 0;
  }

  observeComposite(endpointName: string, paths: readonly string[]): Submission {
    return this.observe(endpointName, paths.join());
  }

  cancelComposite(endpointName: string, paths: readonly string[]): boolean {
    return this.cancelObservation(endpointName, paths.join());
  }

  gatewayDevices(): readonly GatewayDevice[] {
    return this.behind;
  }

  observe(endpointName: string, path: string): Submission {
    if (this.refusal !== undefined) return refusedAs(this.refusal);
    this.calls.push(`observe ${endpointName} ${path}`);
    this.observed.add(`${endpointName} ${path}`);
    return { id: `${++this.lastId}#id` };
  }

  cancelObservation(endpointName: string, path: string): boolean {
    this.calls.push(`cancel ${endpointName} ${path}`);
    return this.observed.delete(`${endpointName} ${path}`);
  }

  /** The id that was given out last. */
  latestId(): string {
    return `${this.lastId}#id`;
  }
}

/** A device's answer, 200 with a text unless told otherwise. */
export function responseEvent(
  id: string,
  endpointName: string,
  path: string,
  more: Partial<Omit<ResponseEvent, "payload">> & { readonly payload?: string } = {},
): ResponseEvent {
  return {
    kind: "response",
    id,
    endpointName,
    path,
    outcome: "answered",
    status: 200,
    error: undefined,
    contentFormat: 0,
    maxAge: 0,
    code: 0x45,
    ...more,
    payload: bytes(more.payload ?? ""),
  };
}

export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function refusedAs(refusal: Refused["refusal"]): Refused {
  return refusal === NOT_ALLOWED
    ? { refusal, status: 405, reason: "LwM2M has no such operation there" }
    : { refusal };
}
