/**
 * All that is known of one device, under the names of Device42's record. What people have written down goes before what the device says of
 * itself, and that before what its registration shows.
 */
import type { DeviceRecord } from "../access/model.ts";
import { transportAddress } from "../peer-address.ts";
import type { Registration } from "../registry/registration.ts";
import type { Building } from "./buildings.ts";
import {
  type CustomField,
  DEVICE_FIELDS,
  type DeviceNotes,
  listIn,
  notesOf,
} from "./device-fields.ts";
import type { Identity } from "./identities.ts";
import { timeText } from "./values.ts";

/** Where it is known from, beside the record. */
export interface FactSources {
  registrationOf(device: DeviceRecord): Registration | undefined;
  identityOf(device: DeviceRecord): Identity | undefined;
  buildingOf(device: DeviceRecord): Building | undefined;
}

export class DeviceFacts {
  readonly device: DeviceRecord;
  private readonly sources: FactSources;

  constructor(device: DeviceRecord, sources: FactSources) {
    this.device = device;
    this.sources = sources;
  }

  get name(): string {
    return this.device.endpointName;
  }

  get tags(): readonly string[] {
    return listIn(this.notes, "tags");
  }

  get customFields(): readonly CustomField[] {
    return (this.notes.custom_fields ?? []) as readonly CustomField[];
  }

  get buildingId(): number | undefined {
    return this.building?.id;
  }

  /** In service as somebody has said; else while the device is registered. */
  get isInService(): boolean {
    const written = this.notes.in_service;
    return typeof written === "boolean" ? written : this.registration !== undefined;
  }

  /** The IP address that the device is reached at; undefined while it is away. */
  get address(): string | undefined {
    const peer = this.registration?.peer;
    return peer === undefined ? undefined : addressIn(peer);
  }

  /** The text of a field; undefined when it is blank, or no text. */
  text(field: string): string | undefined {
    const written = this.notes[field];
    if (typeof written === "string") return written;
    switch (field) {
      case "type":
        return "physical";
      case "device_sub_type":
        return this.identity?.deviceType ?? this.device.endpointType;
      case "serial_no":
        return this.identity?.serialNumber;
      case "manufacturer":
        return this.identity?.manufacturer;
      case "hw_model":
        return this.identity?.model;
      case "uuid":
        return uuidIn(this.name);
      case "osver":
        return this.identity?.softwareVersion ?? this.identity?.firmwareVersion;
      case "building":
        return this.building?.name;
      default:
        return undefined;
    }
  }

  /** What a flag shows: `yes` or `no`. */
  flag(field: string): boolean {
    return field === "in_service" ? this.isInService : this.notes[field] === true;
  }

  /**
   * The record as Device42 shows it.
   *
   * @param blank what stands for what is not known
   */
  record(blank: "" | null): Record<string, unknown> {
    const { device } = this;
    const record: Record<string, unknown> = {
      id: device.id,
      device_id: device.id,
      device_url: `/api/2.0/devices/${device.id}/`,
      name: this.name,
    };
    for (const { name, kind } of DEVICE_FIELDS) {
      if (name === "macs") continue;
      if (kind === "list") record[name] = listIn(this.notes, name);
      else if (name === "in_service") record[name] = this.isInService;
      else if (kind === "flag") record[name] = this.flag(name) ? "yes" : "no";
      else if (kind === "number") record[name] = this.notes[name] ?? blank;
      else record[name] = this.text(name) ?? blank;
    }
    return Object.assign(record, {
      building: this.building?.name ?? blank,
      building_id: this.building?.id ?? blank,
      firmware: this.identity?.firmwareVersion ?? blank,
      hw_version: this.identity?.hardwareVersion ?? blank,
      ip_addresses: this.addresses(blank),
      mac_addresses: listIn(this.notes, "macs").map((mac) => ({ mac, port: blank, vlan: blank })),
      custom_fields: this.customFields,
      device_external_links: [],
      device_purchase_line_items: [],
      nonauthoritativealiases: [],
      virtual_host_name: blank,
      first_added: timeText(device.createdAt),
      last_updated: timeText(device.updatedAt),
    });
  }

  private addresses(blank: "" | null): unknown[] {
    const ip = this.address;
    if (ip === undefined) return [];
    return [
      { ip, label: "LwM2M", type: blank, subnet: blank, subnet_id: blank, macaddress: blank },
    ];
  }

  private get registration(): Registration | undefined {
    return this.sources.registrationOf(this.device);
  }

  private get identity(): Identity | undefined {
    return this.sources.identityOf(this.device);
  }

  private get building(): Building | undefined {
    return this.sources.buildingOf(this.device);
  }

  private get notes(): DeviceNotes {
    return notesOf(this.device);
  }
}

/** `127.0.0.1:40001`, `[::1]:40001`, or an address over TCP, without its port. */
export function addressIn(peer: string): string {
  const plain = transportAddress(peer);
  const colon = plain.lastIndexOf(":");
  const address = colon < 0 ? plain : plain.slice(0, colon);
  return address.startsWith("[") ? address.slice(1, -1) : address;
}

/** The UUID that an endpoint name is made of, in the form that LwM2M recommends. */
function uuidIn(endpointName: string): string | undefined {
  const uuid = endpointName.startsWith("urn:uuid:") ? endpointName.slice(9) : undefined;
  return uuid?.length === 36 ? uuid : undefined;
}
