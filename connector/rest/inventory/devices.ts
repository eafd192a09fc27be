/** The devices of the inventory (Device42, "Devices"): everything on record, registered now or not. */

import { sees } from "../../access/decision.ts";
import { createDevice, forgetDevice } from "../../access/device-administration.ts";
import { refusal } from "../../access/domains.ts";
import type { DeviceRecord } from "../../access/model.ts";
import type { DeviceFacts } from "../../inventory/device-facts.ts";
import { checkedNotes, itemsOf, notesOf, takeFields } from "../../inventory/device-fields.ts";
import { filterOf } from "../../inventory/device-filters.ts";
import { withCustomField } from "../../inventory/inventory.ts";
import { shown } from "../../inventory/values.ts";
import type { RestContext, RestHost } from "../context.ts";
import {
  answerDeleted,
  answerPut,
  type Fields,
  idOf,
  readFields,
  requireChange,
  segmentOf,
  settle,
  taken,
  windowOf,
} from "./request.ts";

const NO_DEVICE = "There is no such device.";
/** Fields that say which device is meant, and no note about it. */
const NAMING = new Set(["name", "device_id", "id", "new_name", "building", "building_id"]);
const PUT = "device added or updated";

export function listDevices(host: RestHost, c: RestContext): Response {
  const window = windowOf(c);
  const fits = filterOf(Object.entries(c.req.query()));
  const { total, page } = host.inventory.pageOf(domainOf(c), window, visibly(c, fits));
  const Devices = page.map((device) => recordOf(host, c, device));
  return c.json({ total_count: total, Devices, limit: window.limit, offset: window.offset });
}

export function showDevice(host: RestHost, c: RestContext, device: DeviceRecord): Response {
  return c.json(recordOf(host, c, device));
}

/** `/api/2.0/devices/{id}`, and `/api/1.0/devices/{id}` */
export function showDeviceById(host: RestHost, c: RestContext): Response {
  return showDevice(host, c, deviceWithId(host, c, idOf(c, 3)));
}

/** `/api/1.0/devices/id/{id}` */
export function showDeviceByLongId(host: RestHost, c: RestContext): Response {
  return showDevice(host, c, deviceWithId(host, c, idOf(c, 4)));
}

/** `/api/1.0/devices/name/{name}` */
export function showDeviceByName(host: RestHost, c: RestContext): Response {
  const device = deviceNamed(host, c, segmentOf(c, 4));
  if (device === undefined) throw refusal("access/not-found", NO_DEVICE);
  return showDevice(host, c, device);
}

/** `/api/1.0/devices/serial/{serial}`: the first that has it. */
export function showDeviceBySerial(host: RestHost, c: RestContext): Response {
  const serial = segmentOf(c, 4);
  const fits = visibly(c, (facts) => facts.text("serial_no") === serial);
  for (const device of host.inventory.devicesOf(domainOf(c), fits)) {
    return showDevice(host, c, device);
  }
  throw refusal("access/not-found", NO_DEVICE);
}

/** POST, and PUT without an id: the device of the name, made if there is none. */
export async function putDevice(host: RestHost, c: RestContext): Promise<Response> {
  const fields = await readFields(c);
  const name = fields.get("name") ?? "";
  const id = fields.get("device_id") ?? fields.get("id");
  const known = id === undefined ? deviceNamed(host, c, name) : deviceWithId(host, c, Number(id));
  if (known === undefined && name === "") throw refusal("access/bad-value", "name is required.");
  if (known !== undefined) requireChange(c, "device");
  // All that can be wrong is looked at before a device is made.
  const notes = notesWith(host, c, known, fields);
  const device =
    known ?? createDevice(host.access, c.get("principal").domain, name, fields.get("subtype"));
  return settleNotes(host, c, device, notes, known === undefined);
}

/** PUT without an id: the device of the name, which must be there. */
export async function changeNamedDevice(host: RestHost, c: RestContext): Promise<Response> {
  const fields = await readFields(c);
  const device = deviceNamed(host, c, fields.get("name") ?? "");
  if (device === undefined) throw refusal("access/not-found", NO_DEVICE);
  return settleNotes(host, c, device, notesWith(host, c, device, fields), false);
}

/** PUT with an id. */
export async function changeDevice(host: RestHost, c: RestContext): Promise<Response> {
  const device = deviceWithId(host, c, idOf(c, 3));
  const fields = await readFields(c);
  return settleNotes(host, c, device, notesWith(host, c, device, fields), false);
}

/** The addresses that devices are reached at: many of them at one behind a NAT. */
export function listAddresses(host: RestHost, c: RestContext): Response {
  const window = windowOf(c);
  const { ip: wantedIp, device: wantedName } = c.req.query();
  const devicesAt = new Map<string, { device_id: number; name: string }[]>();
  for (const device of host.inventory.devicesOf(domainOf(c), visibly(c))) {
    const ip = host.inventory.factsOf(device).address;
    if (ip === undefined || (wantedIp !== undefined && wantedIp !== ip)) continue;
    if (wantedName !== undefined && wantedName !== device.endpointName) continue;
    const devices = devicesAt.get(ip) ?? [];
    devices.push({ device_id: device.id, name: device.endpointName });
    devicesAt.set(ip, devices);
  }
  const { total, page } = taken(devicesAt, window);
  const ips = page.map(([ip, devices]) => ({ ip, label: "LwM2M", available: "no", devices }));
  return c.json({ total_count: total, ips, limit: window.limit, offset: window.offset });
}

/** Takes a device off the record; its registration ends too, else it would be there without an owner. */
export async function deleteDevice(host: RestHost, c: RestContext): Promise<Response> {
  const device = deviceWithId(host, c, idOf(c, 3));
  host.gateway.end(device.endpointName);
  host.inventory.identities.forget(device);
  forgetDevice(host.access, device);
  await settle(host, c, "device.removed", device.endpointName);
  return answerDeleted(c, device.id);
}

/** A custom field of a device: `key`, `value`, and which device. */
export async function putCustomField(host: RestHost, c: RestContext): Promise<Response> {
  const fields = await readFields(c);
  const id = fields.get("device_id") ?? fields.get("id");
  const device =
    id === undefined
      ? deviceNamed(host, c, fields.get("name") ?? "")
      : deviceWithId(host, c, Number(id));
  if (device === undefined) throw refusal("access/not-found", NO_DEVICE);
  const before = host.inventory.factsOf(device).customFields;
  const custom = customFieldsWith(before, fields);
  const { custom_fields: _, ...others } = notesOf(device);
  const notes = checkedNotes(custom.length === 0 ? others : { ...others, custom_fields: custom });
  const after = host.inventory.note(device, notes, host.access.calendarNow());
  await settle(host, c, "device.noted", device.endpointName);
  const outcome = { isChanged: after !== device, isNew: custom.length > before.length };
  return answerPut(c, CUSTOM_PUT, device.id, device.endpointName, outcome);
}

export const CUSTOM_PUT = "custom key pair values added or updated";
const LONGEST_KEY = 255;
const MOST_CUSTOM_FIELDS = 100;

/** The custom fields with those of a body: `key` and `value`, `bulk_fields` as key:value,key:value, or both. */
export function customFieldsWith(
  before: ReturnType<typeof withCustomField>,
  fields: Fields,
): ReturnType<typeof withCustomField> {
  let after = before;
  const notes = fields.get("notes") ?? "";
  const key = fields.get("key") ?? "";
  const bulk = itemsOf(fields.get("bulk_fields") ?? "");
  if (key === "" && bulk.length === 0) throw refusal("access/bad-value", "key is required.");
  if (key !== "") {
    const value = fields.get("clear_value") === "yes" ? "" : (fields.get("value") ?? "");
    after = withCustomField(after, { key: checkedKey(key), value, notes });
  }
  for (const pair of bulk) {
    const colon = pair.indexOf(":");
    if (colon < 1) throw refusal("access/bad-value", "bulk_fields must be key:value,key:value.");
    const value = pair.slice(colon + 1);
    after = withCustomField(after, { key: checkedKey(pair.slice(0, colon)), value, notes: "" });
  }
  if (after.length <= MOST_CUSTOM_FIELDS) return after;
  throw refusal("access/bad-value", `There are at most ${MOST_CUSTOM_FIELDS} custom fields.`);
}

function checkedKey(key: string): string {
  if (key.length <= LONGEST_KEY) return key;
  throw refusal("access/bad-value", `A key has at most ${LONGEST_KEY} characters.`);
}

interface NewNotes {
  readonly notes: ReturnType<typeof notesOf>;
  readonly ignored: readonly string[];
}

/** What will be written down of a device with what a body says. */
function notesWith(
  host: RestHost,
  c: RestContext,
  device: DeviceRecord | undefined,
  fields: Fields,
): NewNotes {
  const newName = fields.get("new_name") ?? device?.endpointName;
  if (newName !== device?.endpointName) {
    throw refusal(
      "access/bad-value",
      "new_name: a device has its name of its own, as it registers.",
    );
  }
  const before = device === undefined ? {} : notesOf(device);
  const others = new Map([...fields].filter(([name]) => !NAMING.has(name)));
  const { notes, ignored } = takeFields(before, others);
  const buildingId = buildingIn(host, c, fields);
  if (buildingId === undefined) return { notes, ignored };
  const { building_id: _, ...elsewhere } = notes;
  return { notes: buildingId === 0 ? elsewhere : { ...notes, building_id: buildingId }, ignored };
}

/** The building that a body names; 0 for none any more, undefined when it says nothing of that. */
function buildingIn(host: RestHost, c: RestContext, fields: Fields): number | undefined {
  const { buildings } = host.inventory;
  const domainId = domainOf(c);
  const id = fields.get("building_id");
  const name = fields.get("building");
  if (id === undefined && name === undefined) return undefined;
  if ((id ?? name) === "") return 0;
  const building =
    id === undefined ? buildings.named(domainId, name ?? "") : buildings.get(domainId, Number(id));
  if (building !== undefined) return building.id;
  throw refusal("access/bad-value", `There is no building ${shown(id ?? name ?? "")}.`);
}

async function settleNotes(
  host: RestHost,
  c: RestContext,
  device: DeviceRecord,
  { notes, ignored }: NewNotes,
  isNew: boolean,
): Promise<Response> {
  const noted = host.inventory.note(device, notes, host.access.calendarNow());
  await settle(host, c, isNew ? "device.created" : "device.noted", device.endpointName);
  const outcome = { isChanged: isNew || noted !== device, isNew };
  const more = ignored.length === 0 ? {} : { ignored };
  return answerPut(c, PUT, device.id, device.endpointName, outcome, more);
}

function recordOf(host: RestHost, c: RestContext, device: DeviceRecord): Record<string, unknown> {
  const blank = c.req.query("blankasnull")?.toLowerCase() === "yes" ? null : "";
  const record = host.inventory.factsOf(device).record(blank);
  const columns = itemsOf(c.req.query("include_cols") ?? "");
  if (columns.length === 0) return record;
  return Object.fromEntries(Object.entries(record).filter(([name]) => columns.includes(name)));
}

type Fits = (facts: DeviceFacts) => boolean;

/** What lets through only what whoever asks can see; undefined when that is all of the domain. */
function visibly(c: RestContext, fits?: Fits): Fits | undefined {
  const principal = c.get("principal");
  if (principal.scope === "domain") return fits;
  return (facts) => sees(principal, facts.device) && (fits === undefined || fits(facts));
}

function domainOf(c: RestContext): string {
  return c.get("principal").domain.id;
}

function deviceNamed(host: RestHost, c: RestContext, name: string): DeviceRecord | undefined {
  const device = host.access.devices.named(name);
  return device !== undefined && sees(c.get("principal"), device) ? device : undefined;
}

/** @throws Error with code `access/not-found`, also for a device that whoever asks cannot see */
function deviceWithId(host: RestHost, c: RestContext, id: number): DeviceRecord {
  const device = host.access.devices.get(id);
  if (device !== undefined && sees(c.get("principal"), device)) return device;
  throw refusal("access/not-found", NO_DEVICE);
}
