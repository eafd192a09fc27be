/**
 * The devices on record: whose they are, and their PUBLIC_KEYs. A device is put on record when it registers for the first time, and stays
 * there while it is away.
 *
 * An endpoint name belongs to one domain: to the one that its first registration names (`d=`) if there is such a domain, else to the
 * operator's. A later registration that names another one changes nothing, so that nobody takes a device over by its name.
 */
import type { Registration } from "../registry/registration.ts";
import type { Journal, Table } from "../store/store.ts";
import type { Domains } from "./domains.ts";
import { IdsByDomain } from "./ids-by-domain.ts";
import { randomVersion } from "./key-crypto.ts";
import { DEFAULT_DOMAIN, type DeviceRecord } from "./model.ts";
import { idLength, type ServerSecret } from "./server-secret.ts";

const MOST_DEVICES = 1_000_000;
/** Digits of a device's number in its PUBLIC_KEY, base 36. */
const KEY_ID_LENGTH = 8;
/** No other owner of a channel has a dash in its id. */
const SHADOW_CHANNEL = "device-";

export class DeviceRecords {
  private readonly table: Table<DeviceRecord>;
  private readonly domains: Domains;
  private readonly secret: ServerSecret;
  private readonly byId = new Map<number, DeviceRecord>();
  private readonly byName = new Map<string, DeviceRecord>();
  private readonly ids = new IdsByDomain();
  private lastId = 0;

  constructor(store: Journal, domains: Domains, secret: ServerSecret) {
    this.table = store.table("devices");
    this.domains = domains;
    this.secret = secret;
    for (const [, device] of this.table.entries()) this.file(device);
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: number): DeviceRecord | undefined {
    return this.byId.get(id);
  }

  named(endpointName: string): DeviceRecord | undefined {
    return this.byName.get(endpointName);
  }

  all(): Iterable<DeviceRecord> {
    return this.byId.values();
  }

  /** The devices with ids above `id`, in the order of their ids. Taking a few of many costs as much as a few. */
  *after(id: number): Iterable<DeviceRecord> {
    for (let next = id + 1; next <= this.lastId; next++) {
      const device = this.byId.get(next);
      if (device !== undefined) yield device;
    }
  }

  /** The ids of a domain's devices, the lowest first. Good until the next change; not to be changed. */
  idsOf(domainId: string): readonly number[] {
    return this.ids.of(domainId);
  }

  /** The domain that a device belongs to. */
  domainOf(endpointName: string): string {
    return this.byName.get(endpointName)?.domainId ?? DEFAULT_DOMAIN;
  }

  /** A device has registered: puts it on record if it is new. */
  handleRegistration(registration: Registration, calendarNow: number): void {
    const { endpointName, endpointType, domain } = registration;
    if (this.byName.has(endpointName)) return;
    const named = domain === undefined ? undefined : this.domains.named(domain);
    this.create(named?.id ?? DEFAULT_DOMAIN, endpointName, endpointType, calendarNow);
  }

  /** Puts a device on record; undefined when there is one of this name, or there are too many. */
  create(
    domainId: string,
    endpointName: string,
    endpointType: string | undefined,
    calendarNow: number,
  ): DeviceRecord | undefined {
    if (this.byName.has(endpointName) || this.byId.size >= MOST_DEVICES) return undefined;
    const device: DeviceRecord = {
      id: this.lastId + 1,
      domainId,
      endpointName,
      endpointType,
      // Not 0: a number may be given again after a removal, and the key that was to it must stay worthless.
      keyVersion: randomVersion(),
      createdAt: calendarNow,
      updatedAt: calendarNow,
    };
    this.put(device);
    return device;
  }

  /** Replaces a record; its id and endpoint name stay as they are. */
  put(device: DeviceRecord): void {
    this.file(device);
    this.table.put(`${device.id}`, device);
  }

  remove(id: number): void {
    const device = this.byId.get(id);
    if (device === undefined) return;
    this.byId.delete(id);
    this.byName.delete(device.endpointName);
    this.ids.remove(device.domainId, id);
    this.table.remove(`${id}`);
  }

  /** The PUBLIC_KEY of a device: the capability for it and for nothing else. */
  publicKeyOf(device: DeviceRecord): string {
    const id = device.id.toString(36).padStart(KEY_ID_LENGTH, "0");
    return this.secret.derive("public-key", id, device.keyVersion);
  }

  /** The device whose PUBLIC_KEY this is. */
  withPublicKey(key: string): DeviceRecord | undefined {
    if (idLength(key) !== KEY_ID_LENGTH) return undefined;
    const id = key.slice(0, KEY_ID_LENGTH);
    const device = this.byId.get(Number.parseInt(id, 36));
    if (device === undefined) return undefined;
    return this.secret.isDerived(key, "public-key", id, device.keyVersion) ? device : undefined;
  }

  /** The device whose shadow has subscriptions under this id. */
  withShadowChannel(channelId: string): DeviceRecord | undefined {
    if (!channelId.startsWith(SHADOW_CHANNEL)) return undefined;
    return this.byId.get(Number(channelId.slice(SHADOW_CHANNEL.length)));
  }

  /** Makes the PUBLIC_KEY worthless and another one valid. */
  rotatePublicKey(device: DeviceRecord, calendarNow: number): DeviceRecord {
    const rotated = { ...device, keyVersion: device.keyVersion + 1, updatedAt: calendarNow };
    this.put(rotated);
    return rotated;
  }

  private file(device: DeviceRecord): void {
    const former = this.byId.get(device.id);
    if (former?.domainId !== device.domainId) {
      if (former !== undefined) this.ids.remove(former.domainId, former.id);
      this.ids.add(device.domainId, device.id);
    }
    this.byId.set(device.id, device);
    this.byName.set(device.endpointName, device);
    if (device.id > this.lastId) this.lastId = device.id;
  }
}

/** Under what a device's shadow subscribes to the device. Nobody reads a channel of this name: the shadow hears of the values itself. */
export function shadowChannel(device: Pick<DeviceRecord, "id">): string {
  return `${SHADOW_CHANNEL}${device.id}`;
}
