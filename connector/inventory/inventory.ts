/** What is known of devices and of where they are, beyond their registrations: written down by people, or told by the devices. */
import type { DeviceRecords } from "../access/devices.ts";
import type { DeviceRecord } from "../access/model.ts";
import type { ConnectorEvent } from "../contract.ts";
import type { Registration } from "../registry/registration.ts";
import type { Journal } from "../store/store.ts";
import { type Building, Buildings } from "./buildings.ts";
import { DeviceFacts, type FactSources } from "./device-facts.ts";
import { type CustomField, type DeviceNotes, notesOf } from "./device-fields.ts";
import { Identities } from "./identities.ts";

/** The part of a list that is wanted. */
export interface Window {
  readonly limit: number;
  readonly offset: number;
}

export class Inventory {
  readonly buildings: Buildings;
  readonly identities: Identities;
  private readonly devices: DeviceRecords;
  private readonly sources: FactSources;

  constructor(
    store: Journal,
    devices: DeviceRecords,
    registrationOf: (endpointName: string) => Registration | undefined,
  ) {
    this.buildings = new Buildings(store);
    this.identities = new Identities(store);
    this.devices = devices;
    this.sources = {
      registrationOf: (device) => registrationOf(device.endpointName),
      identityOf: (device) => this.identities.of(device),
      buildingOf: (device) => this.buildingOf(device),
    };
  }

  /** Takes what comes from devices; what it keeps of that is in the store's tables when it returns. */
  handleEvent(event: ConnectorEvent): void {
    if (event.kind !== "response" && event.kind !== "notification") return;
    const device = this.devices.named(event.endpointName);
    if (device !== undefined) this.identities.handleEvent(device, event);
  }

  /** Whether a device that registers should be asked once what it is. */
  wantsIdentity(registration: Registration): boolean {
    const device = this.devices.named(registration.endpointName);
    return device !== undefined && this.identities.wants(device, registration);
  }

  /** All that is known of a device; looked up when it is asked for. */
  factsOf(device: DeviceRecord): DeviceFacts {
    return new DeviceFacts(device, this.sources);
  }

  /**
   * A part of a domain's devices, in the order of their ids, and how many there are in all.
   *
   * @param fits absent for all; then only those of the part are looked at
   */
  pageOf(
    domainId: string,
    { limit, offset }: Window,
    fits?: (facts: DeviceFacts) => boolean,
  ): { readonly total: number; readonly page: readonly DeviceRecord[] } {
    const ids = this.devices.idsOf(domainId);
    const page: DeviceRecord[] = [];
    if (fits === undefined) {
      for (const id of ids.slice(offset, offset + limit)) page.push(this.known(id));
      return { total: ids.length, page };
    }
    let total = 0;
    for (const id of ids) {
      const device = this.known(id);
      if (!fits(this.factsOf(device))) continue;
      if (total >= offset && page.length < limit) page.push(device);
      total++;
    }
    return { total, page };
  }

  /** The devices of a domain that fit, in the order of their ids. */
  *devicesOf(domainId: string, fits?: (facts: DeviceFacts) => boolean): Iterable<DeviceRecord> {
    for (const id of this.devices.idsOf(domainId)) {
      const device = this.known(id);
      if (fits === undefined || fits(this.factsOf(device))) yield device;
    }
  }

  /** Replaces what is written down of a device. The same record again when that changes nothing. */
  note(device: DeviceRecord, notes: DeviceNotes, calendarNow: number): DeviceRecord {
    const before = notesOf(device);
    if (JSON.stringify(before) === JSON.stringify(notes)) return device;
    const isBlank = Object.keys(notes).length === 0;
    const noted = { ...device, inventory: isBlank ? undefined : notes, updatedAt: calendarNow };
    this.devices.put(noted);
    return noted;
  }

  /** The device of an id that `DeviceRecords` gave. */
  private known(id: number): DeviceRecord {
    return this.devices.get(id) as DeviceRecord;
  }

  private buildingOf(device: DeviceRecord): Building | undefined {
    const id = device.inventory?.building_id;
    return typeof id === "number" ? this.buildings.get(device.domainId, id) : undefined;
  }
}

/** The custom fields with one set, or removed by a blank value; in the order in which they were first set. */
export function withCustomField(
  fields: readonly CustomField[],
  field: CustomField,
): readonly CustomField[] {
  const at = fields.findIndex(({ key }) => key === field.key);
  if (field.value === "") return fields.filter(({ key }) => key !== field.key);
  return at < 0 ? [...fields, field] : fields.with(at, field);
}
