/**
 * What can be written down of a device: the fields that Device42's clients send, what they may hold, and what the record calls them. One
 * table: taking a body and showing a record both read it.
 */
import { refusal } from "../access/domains.ts";
import type { DeviceRecord } from "../access/model.ts";
import { flagOf, shown } from "./values.ts";

/** What is written down of a device or a building beyond its fields. */
export interface CustomField {
  readonly key: string;
  readonly value: string;
  readonly notes: string;
}

type NoteValue = string | number | boolean | readonly string[] | readonly CustomField[];

/** What is written down of a device, by the names of the record; absent is blank. Lies in `DeviceRecord.inventory`. */
export type DeviceNotes = Readonly<Record<string, NoteValue>>;

export interface DeviceField {
  /** What the record calls it. */
  readonly name: string;
  /** What clients send it as; the record's own name when absent. */
  readonly sentAs?: readonly string[];
  readonly kind: "text" | "flag" | "number" | "list";
  /** The only values. */
  readonly choices?: readonly string[];
}

export const DEVICE_TYPES = [
  "physical",
  "virtual",
  "blade",
  "cluster",
  "other",
  "unknown",
] as const;

/** In the order in which a record shows them. */
export const DEVICE_FIELDS: readonly DeviceField[] = [
  { name: "type", kind: "text", choices: DEVICE_TYPES },
  { name: "device_sub_type", kind: "text", sentAs: ["subtype", "physicalsubtype"] },
  { name: "serial_no", kind: "text" },
  { name: "uuid", kind: "text" },
  { name: "asset_no", kind: "text" },
  { name: "manufacturer", kind: "text" },
  { name: "hw_model", kind: "text", sentAs: ["hardware", "new_hardware"] },
  { name: "in_service", kind: "flag" },
  { name: "service_level", kind: "text" },
  { name: "customer", kind: "text" },
  { name: "category", kind: "text", sentAs: ["object_category", "objectcategory"] },
  { name: "os", kind: "text", sentAs: ["os", "os_name"] },
  { name: "osver", kind: "text", sentAs: ["osver", "os_version"] },
  { name: "osverno", kind: "text" },
  { name: "osarch", kind: "text" },
  { name: "ram", kind: "number", sentAs: ["memory", "ram_size"] },
  { name: "cpucount", kind: "number", sentAs: ["cpucount", "total_cpus"] },
  { name: "cpucore", kind: "number", sentAs: ["cpucore", "core_per_cpu"] },
  { name: "cpuspeed", kind: "number", sentAs: ["cpupower", "cpu_speed"] },
  { name: "hddcount", kind: "number", sentAs: ["hddcount", "hard_disk_count"] },
  { name: "hddsize", kind: "number", sentAs: ["hddsize", "hard_disk_size"] },
  { name: "hddraid", kind: "text", sentAs: ["hddraid", "hw_sw_raid"] },
  { name: "hddraid_type", kind: "text", sentAs: ["hddraid_type", "raid_type"] },
  { name: "is_it_switch", kind: "flag", sentAs: ["is_it_switch", "network_device"] },
  { name: "is_it_virtual_host", kind: "flag" },
  { name: "is_it_blade_host", kind: "flag", sentAs: ["is_it_blade_host", "blade_chassis"] },
  { name: "room", kind: "text", sentAs: ["room", "storage_room"] },
  { name: "where", kind: "text", sentAs: ["additional_location"] },
  { name: "notes", kind: "text" },
  { name: "tags", kind: "list" },
  { name: "aliases", kind: "list" },
  { name: "macs", kind: "list", sentAs: ["macaddress"] },
];

/** What was made of a body. */
export interface TakenFields {
  readonly notes: DeviceNotes;
  /** Names that the inventory has no place for. */
  readonly ignored: readonly string[];
}

const LONGEST_TEXT = 10_000;
const LONGEST_ITEM = 255;
const MOST_ITEMS = 100;
/** Of all that is written down of one device, as JSON: a record lies in memory. */
const LONGEST_NOTES = 16 * 1024;

/**
 * Writes what a body holds into what is written down already. A blank text takes a field away; items are added to a list, and
 * `tags_remove` takes them from it.
 *
 * @param fields those that are no device's (`name`, `building` ...) taken out before
 * @throws Error with code `access/bad-value` that names the field
 */
export function takeFields(notes: DeviceNotes, fields: ReadonlyMap<string, string>): TakenFields {
  const taken: Record<string, NoteValue> = { ...notes };
  const ignored: string[] = [];
  for (const [sent, text] of fields) {
    const removes = sent.endsWith("_remove");
    const field = BY_SENT_NAME.get(removes ? sent.slice(0, -"_remove".length) : sent);
    if (field === undefined || (removes && field.kind !== "list")) {
      ignored.push(shown(sent));
      continue;
    }
    const value = removes
      ? without(listIn(taken, field.name), itemsOf(text))
      : valueSent(field, sent, text, taken);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) {
      delete taken[field.name];
    } else {
      taken[field.name] = value;
    }
  }
  return { notes: checkedNotes(taken), ignored };
}

/** What is written down, when that is not too much. @throws Error with code `access/bad-value` */
export function checkedNotes(notes: DeviceNotes): DeviceNotes {
  if (JSON.stringify(notes).length <= LONGEST_NOTES) return notes;
  throw refusal("access/bad-value", `More than ${LONGEST_NOTES} bytes about one device.`);
}

/** What is written down of a device. */
export function notesOf(device: DeviceRecord): DeviceNotes {
  return (device.inventory ?? {}) as DeviceNotes;
}

/** The items of a list of text. */
export function listIn(notes: DeviceNotes, name: string): readonly string[] {
  const value = notes[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

/** Items of a text that are parted by commas, each once. */
export function itemsOf(text: string): string[] {
  const items = new Set<string>();
  for (const item of text.split(",")) {
    const trimmed = item.trim();
    if (trimmed !== "") items.add(trimmed);
  }
  return [...items];
}

const BY_SENT_NAME = new Map<string, DeviceField>();
for (const field of DEVICE_FIELDS) {
  for (const name of field.sentAs ?? [field.name]) BY_SENT_NAME.set(name, field);
}

function valueSent(
  field: DeviceField,
  sent: string,
  text: string,
  notes: DeviceNotes,
): NoteValue | undefined {
  if (text.trim() === "") return field.kind === "list" ? listIn(notes, field.name) : undefined;
  switch (field.kind) {
    case "flag":
      return flagOf(text) ?? refuseValue(sent, "yes or no");
    case "number":
      return numberOf(text) ?? refuseValue(sent, "a number of 0 or more");
    case "list":
      return joined(sent, listIn(notes, field.name), itemsOf(text));
    default:
      return textOf(field, sent, text);
  }
}

function textOf({ choices }: DeviceField, sent: string, text: string): string {
  if (text.length > LONGEST_TEXT) return refuseValue(sent, `at most ${LONGEST_TEXT} characters`);
  if (choices === undefined || choices.includes(text.toLowerCase())) {
    return choices === undefined ? text : text.toLowerCase();
  }
  return refuseValue(sent, `one of ${choices.join(", ")}`);
}

function numberOf(text: string): number | undefined {
  const number = /^\d{1,15}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : Number.NaN;
  return number >= 0 ? number : undefined;
}

function joined(sent: string, before: readonly string[], added: readonly string[]): string[] {
  const items = [...new Set([...before, ...added])];
  if (items.length > MOST_ITEMS) return refuseValue(sent, `at most ${MOST_ITEMS} items`);
  if (items.some((item) => item.length > LONGEST_ITEM)) {
    return refuseValue(sent, `items of at most ${LONGEST_ITEM} characters`);
  }
  return items;
}

function without(items: readonly string[], removed: readonly string[]): string[] {
  return items.filter((item) => !removed.includes(item));
}

function refuseValue(sent: string, rule: string): never {
  throw refusal("access/bad-value", `${shown(sent)} must be ${rule}.`);
}
