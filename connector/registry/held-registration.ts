/** A registration as the registry holds it. */
import { enablerOf, isEndless } from "../../protocol/lwm2m/versions.ts";
import { type Milliseconds, NEVER, SECOND } from "../../protocol/time/duration.ts";
import { isStreamAddress } from "../peer-address.ts";
import type { LinkList } from "./link-lists.ts";
import type { Registration } from "./registration.ts";

/** What survives a restart. Never changed: a change makes another record. */
export interface RegistrationRecord {
  readonly endpointName: string;
  readonly endpointType: string | undefined;
  readonly domain: string | undefined;
  readonly lifetime: number;
  readonly version: string | undefined;
  readonly binding: string;
  readonly queueMode: boolean;
  /** Both absent in rows written before they were known, and of devices that say nothing of it. */
  readonly smsNumber?: string | undefined;
  readonly profileId?: string | undefined;
  readonly location: string;
  readonly peer: string;
  /** application/link-format, as the device wrote it. */
  readonly links: string;
}

/** Seconds; LwM2M has none, mbed's clients may leave `lt` out (RFC 9176 §5.3: 90000; mbed: a day). */
export const DEFAULT_LIFETIME = 86400;

export class HeldRegistration implements Registration {
  /** Of its deadline. */
  readonly index: number;
  record: RegistrationRecord;
  list: LinkList;
  /** The list has a change that the device has made and not said yet. */
  isAhead = false;
  registeredAt: Milliseconds;
  /** When the device registered or updated last. */
  refreshedAt: Milliseconds;
  /** When anything came from the device last; -NEVER when nothing did since the start. */
  heardAt: Milliseconds;
  /** False while a device that connects by itself has no connection: nothing can be sent to it. */
  isConnected: boolean;

  constructor(index: number, record: RegistrationRecord, list: LinkList, now: Milliseconds) {
    this.index = index;
    this.record = record;
    this.list = list;
    this.registeredAt = now;
    this.refreshedAt = now;
    this.heardAt = -NEVER;
    // Connections do not outlive the connector.
    this.isConnected = !isStreamAddress(record.peer);
  }

  get endpointName(): string {
    return this.record.endpointName;
  }
  get endpointType(): string | undefined {
    return this.record.endpointType;
  }
  get domain(): string | undefined {
    return this.record.domain;
  }
  get lifetime(): number {
    return this.record.lifetime;
  }
  get version(): string | undefined {
    return this.record.version;
  }
  get binding(): string {
    return this.record.binding;
  }
  get queueMode(): boolean {
    return this.record.queueMode;
  }
  get smsNumber(): string | undefined {
    return this.record.smsNumber;
  }
  get profileId(): string | undefined {
    return this.record.profileId;
  }
  get location(): string {
    return this.record.location;
  }
  get peer(): string {
    return this.record.peer;
  }
  get links(): LinkList["links"] {
    return this.list.links;
  }
  get rootPath(): string {
    return this.list.rootPath;
  }

  get contentFormats(): readonly number[] {
    return this.list.contentFormats;
  }
  get isGateway(): boolean {
    return this.list.isGateway;
  }

  /** When the registration ends unless it is refreshed. */
  expiresAt(grace: Milliseconds): Milliseconds {
    const { lifetime, version } = this.record;
    if (lifetime > 0) return this.refreshedAt + lifetime * SECOND + grace;
    // Before LwM2M 1.2 no lifetime is without end, and one of no seconds is not meant: such a device is kept as long as one that says nothing.
    const enabler = version === undefined ? undefined : enablerOf(version);
    const isForEver = enabler !== undefined && isEndless(enabler, lifetime);
    return isForEver ? NEVER : this.refreshedAt + DEFAULT_LIFETIME * SECOND + grace;
  }
}
