/** The buildings of the inventory (Device42, "Buildings"), and the tags that devices and buildings have. */
import { refusal } from "../../access/domains.ts";
import {
  BUILDING_FIELDS,
  type Building,
  type BuildingContents,
  type BuildingField,
} from "../../inventory/buildings.ts";
import { itemsOf, listIn, notesOf } from "../../inventory/device-fields.ts";
import { timeText } from "../../inventory/values.ts";
import type { RestContext, RestHost } from "../context.ts";
import { CUSTOM_PUT, customFieldsWith } from "./devices.ts";
import {
  answerDeleted,
  answerPut,
  type Fields,
  idOf,
  readFields,
  requireChange,
  settle,
  taken,
  windowOf,
} from "./request.ts";

const PUT = "Building added/updated successfully";
const NO_BUILDING = "There is no such building.";
const MOST_TAGS = 100;
const LONGEST_TAG = 255;

export function listBuildings(host: RestHost, c: RestContext): Response {
  const window = windowOf(c);
  const { total, page } = taken(buildingsAskedFor(host, c), window);
  const buildings = page.map((building) => recordOf(c, building));
  return c.json({ total_count: total, buildings, limit: window.limit, offset: window.offset });
}

export function showBuilding(host: RestHost, c: RestContext): Response {
  return c.json(recordOf(c, theBuilding(host, c)));
}

/** POST: the building of the name, made if there is none. */
export async function putBuilding(host: RestHost, c: RestContext): Promise<Response> {
  const fields = await readFields(c);
  const name = fields.get("name") ?? "";
  if (name.trim() === "") throw refusal("access/bad-value", "name is required.");
  const { buildings } = host.inventory;
  const domainId = c.get("principal").domain.id;
  const known = buildings.named(domainId, name);
  if (known !== undefined) {
    requireChange(c, "building");
    return change(host, c, known, fields, fields.get("new_name"));
  }
  const contents = contentsOf(undefined, fields);
  const building = buildings.create(domainId, name, contents, host.access.calendarNow());
  await settle(host, c, "building.created", `${building.id}`);
  return answerPut(c, PUT, building.id, building.name, { isChanged: true, isNew: true });
}

/** PUT with an id. */
export async function changeBuilding(host: RestHost, c: RestContext): Promise<Response> {
  const building = theBuilding(host, c);
  const fields = await readFields(c);
  return change(host, c, building, fields, fields.get("new_name") ?? fields.get("name"));
}

export async function deleteBuilding(host: RestHost, c: RestContext): Promise<Response> {
  const building = theBuilding(host, c);
  host.inventory.buildings.remove(building);
  await settle(host, c, "building.removed", `${building.id}`);
  return answerDeleted(c, building.id);
}

/** A custom field of a building: `key`, `value`, and which building. */
export async function putBuildingField(host: RestHost, c: RestContext): Promise<Response> {
  const fields = await readFields(c);
  const { buildings } = host.inventory;
  const domainId = c.get("principal").domain.id;
  const id = fields.get("building_id") ?? fields.get("id");
  const building =
    id === undefined
      ? buildings.named(domainId, fields.get("name") ?? "")
      : buildings.get(domainId, Number(id));
  if (building === undefined) throw refusal("access/not-found", NO_BUILDING);
  const customFields = customFieldsWith(building.customFields, fields);
  const isNew = customFields.length > building.customFields.length;
  const after = buildings.change(building, { customFields }, host.access.calendarNow());
  await settle(host, c, "building.changed", `${building.id}`);
  const outcome = { isChanged: after !== building, isNew };
  return answerPut(c, CUSTOM_PUT, building.id, building.name, outcome);
}

/** The tags in use, sorted. They come and go with what has them. */
export function listTags(host: RestHost, c: RestContext): Response {
  const window = windowOf(c);
  const wanted = c.req.query("name");
  const names = new Set<string>();
  const domainId = c.get("principal").domain.id;
  for (const device of host.inventory.devicesOf(domainId)) {
    if (device.inventory === undefined) continue;
    for (const tag of listIn(notesOf(device), "tags")) names.add(tag);
  }
  for (const building of host.inventory.buildings.of(domainId)) {
    for (const tag of building.tags) names.add(tag);
  }
  const sorted = [...names].filter((name) => wanted === undefined || name === wanted).sort();
  const { total, page } = taken(sorted, window);
  const tags = page.map((name) => ({ name }));
  return c.json({ total_count: total, tags, limit: window.limit, offset: window.offset });
}

async function change(
  host: RestHost,
  c: RestContext,
  building: Building,
  fields: Fields,
  name: string | undefined,
): Promise<Response> {
  const contents = { ...contentsOf(building, fields), name };
  const after = host.inventory.buildings.change(building, contents, host.access.calendarNow());
  await settle(host, c, "building.changed", `${building.id}`);
  const outcome = { isChanged: after !== building, isNew: false };
  return answerPut(c, PUT, after.id, after.name, outcome);
}

/** What a body says of a building, with what it does not say left as it was. */
function contentsOf(before: Building | undefined, sent: Fields): BuildingContents {
  const fields: Partial<Record<BuildingField, string>> = {};
  for (const name of BUILDING_FIELDS) {
    const value = sent.get(name) ?? before?.fields[name] ?? "";
    if (value !== "") fields[name] = value;
  }
  const removed = itemsOf(sent.get("tags_remove") ?? "");
  const added = itemsOf(sent.get("tags") ?? "");
  const tags = [...new Set([...(before?.tags ?? []), ...added])].filter(
    (tag) => !removed.includes(tag),
  );
  if (tags.length > MOST_TAGS || tags.some((tag) => tag.length > LONGEST_TAG)) {
    const rule = `tags must be at most ${MOST_TAGS}, each of at most ${LONGEST_TAG} characters.`;
    throw refusal("access/bad-value", rule);
  }
  return { fields, tags };
}

function* buildingsAskedFor(host: RestHost, c: RestContext): Iterable<Building> {
  const { buildings } = host.inventory;
  const domainId = c.get("principal").domain.id;
  const name = c.req.query("name");
  if (name === undefined) {
    yield* buildings.of(domainId);
    return;
  }
  const named = buildings.named(domainId, name);
  if (named !== undefined) yield named;
}

/** @throws Error with code `access/not-found`, also for one of another domain */
function theBuilding(host: RestHost, c: RestContext): Building {
  const building = host.inventory.buildings.get(c.get("principal").domain.id, idOf(c, 3));
  if (building === undefined) throw refusal("access/not-found", NO_BUILDING);
  return building;
}

function recordOf(c: RestContext, building: Building): Record<string, unknown> {
  const blank = c.req.query("blankasnull")?.toLowerCase() === "yes" ? null : "";
  const record: Record<string, unknown> = {
    building_id: building.id,
    id: building.id,
    name: building.name,
  };
  for (const name of BUILDING_FIELDS) record[name] = building.fields[name] ?? blank;
  record.tags = building.tags;
  record.custom_fields = building.customFields;
  record.last_updated = timeText(building.updatedAt);
  const columns = itemsOf(c.req.query("include_cols") ?? "");
  if (columns.length === 0) return record;
  return Object.fromEntries(Object.entries(record).filter(([name]) => columns.includes(name)));
}
