/** The buildings that devices stand in, as people have written them down. A name is one building in its domain. */
import { refusal } from "../access/domains.ts";
import { Sequence } from "../access/sequence.ts";
import type { Journal, Table } from "../store/store.ts";
import type { CustomField } from "./device-fields.ts";
import { shown } from "./values.ts";

export interface Building {
  /** Never given again. */
  readonly id: number;
  readonly domainId: string;
  readonly name: string;
  /** By the names in `BUILDING_FIELDS`; absent is blank. */
  readonly fields: Readonly<Partial<Record<BuildingField, string>>>;
  readonly tags: readonly string[];
  readonly customFields: readonly CustomField[];
  /** Calendar milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const BUILDING_FIELDS = [
  "address",
  "contact_name",
  "contact_phone",
  "latitude",
  "longitude",
  "groups",
  "notes",
] as const;
export type BuildingField = (typeof BUILDING_FIELDS)[number];

/** What can be said of a building; absent stays. */
export type BuildingContents = Partial<Pick<Building, "fields" | "tags" | "customFields">>;

const MOST_BUILDINGS = 10_000;
const LONGEST_NAME = 255;
const LONGEST_BUILDING = 16 * 1024;

export class Buildings {
  private readonly table: Table<Building>;
  private readonly ids: Sequence;
  /** In the order of their ids. */
  private readonly byId = new Map<number, Building>();
  private readonly byName = new Map<string, Building>();

  constructor(store: Journal) {
    this.table = store.table("buildings");
    this.ids = new Sequence(store, "buildings");
    const stored = [...this.table.entries()].map(([, building]) => building);
    for (const building of stored.sort((one, other) => one.id - other.id)) this.file(building);
  }

  /** The building of this id, if it is of this domain. */
  get(domainId: string, id: number): Building | undefined {
    const building = this.byId.get(id);
    return building?.domainId === domainId ? building : undefined;
  }

  named(domainId: string, name: string): Building | undefined {
    return this.byName.get(nameKey(domainId, name));
  }

  /** The buildings of a domain, in the order of their ids. */
  *of(domainId: string): Iterable<Building> {
    for (const building of this.byId.values()) {
      if (building.domainId === domainId) yield building;
    }
  }

  /** @throws Error with code `access/bad-value`, `access/name-taken` or `access/too-many` */
  create(
    domainId: string,
    name: string,
    contents: BuildingContents,
    calendarNow: number,
  ): Building {
    this.requireFree(domainId, name);
    if (this.byId.size >= MOST_BUILDINGS) {
      throw refusal("access/too-many", `There are ${MOST_BUILDINGS} buildings, which is the most.`);
    }
    const building = checked({
      id: 0,
      domainId,
      name,
      fields: {},
      tags: [],
      customFields: [],
      ...contents,
      createdAt: calendarNow,
      updatedAt: calendarNow,
    });
    return this.put({ ...building, id: this.ids.next() });
  }

  /**
   * Changes what is given. The same building again when nothing is different.
   *
   * @throws Error with code `access/bad-value` or `access/name-taken`
   */
  change(
    building: Building,
    change: BuildingContents & { readonly name?: string | undefined },
    calendarNow: number,
  ): Building {
    const name = change.name ?? building.name;
    if (name !== building.name) this.requireFree(building.domainId, name);
    const changed = checked({ ...building, ...change, name });
    if (JSON.stringify(changed) === JSON.stringify(building)) return building;
    return this.put({ ...changed, updatedAt: calendarNow });
  }

  remove(building: Building): void {
    this.byId.delete(building.id);
    this.byName.delete(nameKey(building.domainId, building.name));
    this.table.remove(`${building.id}`);
  }

  private requireFree(domainId: string, name: string): void {
    if (name.trim() === "" || name.length > LONGEST_NAME) {
      throw refusal("access/bad-value", `name must have 1 to ${LONGEST_NAME} characters.`);
    }
    if (this.named(domainId, name) !== undefined) {
      throw refusal("access/name-taken", `There is a building ${shown(name)} already.`);
    }
  }

  private put(building: Building): Building {
    this.file(building);
    this.table.put(`${building.id}`, building);
    return building;
  }

  private file(building: Building): void {
    const former = this.byId.get(building.id);
    if (former !== undefined) this.byName.delete(nameKey(former.domainId, former.name));
    this.byId.set(building.id, building);
    this.byName.set(nameKey(building.domainId, building.name), building);
  }
}

function checked(building: Building): Building {
  if (JSON.stringify(building).length <= LONGEST_BUILDING) return building;
  throw refusal("access/bad-value", `More than ${LONGEST_BUILDING} bytes about one building.`);
}

function nameKey(domainId: string, name: string): string {
  return `${domainId}\n${name}`;
}
