/** What is known of devices and of where they are, beyond their registrations: written down by people, or told by the devices. */
import type { DeviceRecords } from "../access/devices.ts";
import type { DeviceRecord } from "../access/model.ts";
import type { ConnectorEvent } from "../contract.ts";
import type { Registration } from "../registry/registration.ts";
import type { Journal } from "../store/store.ts";
import { type Building, Buildings } from "./buildings.ts";
import { DeviceFacts } from "./device-facts.ts";
import { type CustomField, type DeviceNotes, notesOf } from "./device-fields.ts";
import { Identities } from "./identities.ts";

export class Inventory {
  readonly buildings: Buildings;
  readonly identities: Identities;
  private readonly devices: DeviceRecords;
  private readonly registrationOf: (endpointName: string) => Registration | undefined;

  constructor(
    store: Journal,
    devices: DeviceRecords,
    registrationOf: (endpointName: string) => Registration | undefined,
  ) {
    this.buildings = new Buildings(store);
    this.identities = new Identities(store);
    this.devices = devices;
    this.registrationOf = registrationOf;
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

  /** All that is known of a device. */
  factsOf(device: DeviceRecord): DeviceFacts {
    return new DeviceFacts(
      device,
      this.registrationOf(device.endpointName),
      this.identities.of(device),
      this.buildingOf(device),
    );
  }

  /** The devices of a domain that fit, in the order of their ids. */
  *devicesOf(
    domainId: string,
    fits: ((facts: DeviceFacts) => boolean) | undefined,
  ): Iterable<DeviceRecord> {
    for (const device of this.devices.after(0)) {
      if (device.domainId !== domainId) continue;
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
