/**
 * What devices have told of themselves: the texts of object 3 (Device, LwM2M Core 1.1.1 §E.4). Nothing is asked for: whatever somebody
 * reads or observes is kept, and `wants` says whose object has not been seen, for a connector that is set to read it once.
 */

import { CONTENT } from "../../protocol/coap/codes.ts";
import type { ContentCodec } from "../../protocol/content/content-codec.ts";
import { SENML_CBOR_CODEC } from "../../protocol/content/senml-cbor.ts";
import { SENML_JSON_CODEC } from "../../protocol/content/senml-json.ts";
import { TEXT_CODEC } from "../../protocol/content/text.ts";
import { TLV_CODEC } from "../../protocol/content/tlv.ts";
import { isMalformed } from "../../protocol/malformed.ts";
import {
  DEVICE,
  DEVICE_FIRMWARE_VERSION,
  DEVICE_HARDWARE_VERSION,
  DEVICE_MANUFACTURER,
  DEVICE_MODEL_NUMBER,
  DEVICE_SERIAL_NUMBER,
  DEVICE_SOFTWARE_VERSION,
  DEVICE_TYPE,
} from "../../protocol/model/objects/device.ts";
import { parsePath } from "../../protocol/model/path.ts";
import type { DeviceRecord } from "../access/model.ts";
import type { ConnectorEvent } from "../contract.ts";
import type { Registration } from "../registry/registration.ts";
import type { Journal, Table } from "../store/store.ts";

/** What a device has told; what it has not, is absent. */
export interface Identity {
  readonly manufacturer?: string;
  readonly model?: string;
  readonly serialNumber?: string;
  readonly firmwareVersion?: string;
  readonly deviceType?: string;
  readonly hardwareVersion?: string;
  readonly softwareVersion?: string;
}

/** Of which record: an id may be given again after a removal. */
interface Row {
  readonly createdAt: number;
  readonly identity: Identity;
}

const NAMES: ReadonlyMap<number, keyof Identity> = new Map([
  [DEVICE_MANUFACTURER, "manufacturer"],
  [DEVICE_MODEL_NUMBER, "model"],
  [DEVICE_SERIAL_NUMBER, "serialNumber"],
  [DEVICE_FIRMWARE_VERSION, "firmwareVersion"],
  [DEVICE_TYPE, "deviceType"],
  [DEVICE_HARDWARE_VERSION, "hardwareVersion"],
  [DEVICE_SOFTWARE_VERSION, "softwareVersion"],
]);
const CODECS: readonly ContentCodec[] = [TEXT_CODEC, TLV_CODEC, SENML_JSON_CODEC, SENML_CBOR_CODEC];
const LONGEST_TEXT = 255;
/** The object's only instance, whole. */
export const DEVICE_PATH = "/3/0";

export class Identities {
  private readonly table: Table<Row>;
  private readonly rows = new Map<number, Row>();

  constructor(store: Journal) {
    this.table = store.table("identities");
    for (const [id, row] of this.table.entries()) this.rows.set(Number(id), row);
  }

  of(device: DeviceRecord): Identity | undefined {
    const row = this.rows.get(device.id);
    return row?.createdAt === device.createdAt ? row.identity : undefined;
  }

  /** Whether it would be worth reading a registered device's object 3. */
  wants(device: DeviceRecord, registration: Registration): boolean {
    if (registration.version === undefined || this.of(device) !== undefined) return false;
    return registration.links.some(({ uri }) => uri === DEVICE_PATH || uri === "/3");
  }

  /** Something came from a device on record. */
  handleEvent(device: DeviceRecord, event: ConnectorEvent): void {
    if (event.kind !== "response" && event.kind !== "notification") return;
    if (event.path !== "/3" && !event.path.startsWith("/3/")) return;
    if (event.kind === "response" && event.code !== CONTENT) return;
    const told = toldIn(event.path, event.payload, event.contentFormat);
    const known = this.of(device) ?? {};
    const names = Object.keys(told) as (keyof Identity)[];
    if (names.every((name) => told[name] === known[name])) return;
    const row = { createdAt: device.createdAt, identity: { ...known, ...told } };
    this.rows.set(device.id, row);
    this.table.put(`${device.id}`, row);
  }

  /** A device was taken off the record. */
  forget(device: DeviceRecord): void {
    if (this.rows.delete(device.id)) this.table.remove(`${device.id}`);
  }
}

function toldIn(path: string, payload: Uint8Array, format: number | undefined): Identity {
  const base = parsePath(path);
  const codec = CODECS.find((each) => each.format === (format ?? TEXT_CODEC.format));
  if (base === undefined || codec === undefined) return {};
  const entries = codec.decode(payload, base, (id) => (id === DEVICE.id ? DEVICE : undefined));
  if (isMalformed(entries)) return {};
  const told: Partial<Record<keyof Identity, string>> = {};
  for (const { path: at, value } of entries) {
    const name = at[1] === 0 ? NAMES.get(at[2]) : undefined;
    if (name === undefined || typeof value !== "string") continue;
    told[name] = value.slice(0, LONGEST_TEXT);
  }
  return told;
}
