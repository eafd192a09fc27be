/** A registration as the registry holds it. */
import { type Milliseconds, NEVER, SECOND } from "../../protocol/time/duration.ts";
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
  readonly location: string;
  readonly peer: string;
  /** application/link-format, as the device wrote it. */
  readonly links: string;
}

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

  constructor(index: number, record: RegistrationRecord, list: LinkList, now: Milliseconds) {
    this.index = index;
    this.record = record;
    this.list = list;
    this.registeredAt = now;
    this.refreshedAt = now;
    this.heardAt = -NEVER;
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

  /** Whether the device listens: always, or in queue mode for so long after its last message. */
  isAwake(now: Milliseconds, awakeFor: Milliseconds): boolean {
    return !this.record.queueMode || now < this.heardAt + awakeFor;
  }

  /** When the registration ends unless it is refreshed. */
  expiresAt(grace: Milliseconds): Milliseconds {
    const lifetime = this.record.lifetime;
    return lifetime === 0 ? NEVER : this.refreshedAt + lifetime * SECOND + grace;
  }
}
