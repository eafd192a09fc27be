/**
 * The filters of Device42's device lists, as one table: what `?name=value` lets through. All that are given must.
 *
 * A filter of Device42 for something that no device here has (a rack, a virtual host) lets none through, as it would there. Other parameters
 * are not ours to judge: they are left alone, as Device42 leaves them.
 */
import { refusal } from "../access/domains.ts";
import type { DeviceFacts } from "./device-facts.ts";
import { DEVICE_TYPES, itemsOf } from "./device-fields.ts";
import { flagOf } from "./values.ts";

type Fits = (facts: DeviceFacts) => boolean;

interface Filter {
  readonly means: string;
  /** What a value lets through. @throws Error with code `access/bad-value` */
  make(value: string, name: string): Fits;
}

/** What `?name=value...` lets through; undefined when nothing is filtered. */
export function filterOf(query: Iterable<readonly [string, string]>): Fits | undefined {
  const all: Fits[] = [];
  for (const [name, value] of query) {
    const filter = BY_NAME.get(name);
    if (filter !== undefined && value.trim() !== "") all.push(filter.make(value.trim(), name));
  }
  if (all.length === 0) return undefined;
  return (facts) => all.every((fits) => fits(facts));
}

const LONGEST_LIST = 100;

function equal(field: string): Filter {
  return {
    means: `those whose ${field} is this`,
    make: (value) => (facts) => facts.text(field) === value,
  };
}

function containing(field: string): Filter {
  return {
    means: `those whose ${field} has this in it`,
    make: (value) => (facts) => facts.text(field)?.includes(value) === true,
  };
}

function flag(field: string): Filter {
  return {
    means: "yes or no",
    make(value, name) {
      const wanted = flagOf(value) ?? refuseFilter(name, "yes or no");
      return (facts) => facts.flag(field) === wanted;
    },
  };
}

function day(side: "before" | "from", timeOf: (facts: DeviceFacts) => number): Filter {
  return {
    means: `a day, YYYY-MM-DD: those ${side} its beginning (UTC)`,
    make(value, name) {
      const begins = /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(value) : Number.NaN;
      if (Number.isNaN(begins)) return refuseFilter(name, "a day, YYYY-MM-DD");
      return (facts) => (side === "before" ? timeOf(facts) < begins : timeOf(facts) >= begins);
    },
  };
}

function customFields(all: boolean): Filter {
  return {
    means: `key:value,key:value: those that have ${all ? "all" : "one"} of them`,
    make(value, name) {
      const wanted = listOf(value, name).map((item) => {
        const colon = item.indexOf(":");
        if (colon < 1) return refuseFilter(name, "key1:value1,key2:value2");
        return { key: item.slice(0, colon), value: item.slice(colon + 1) };
      });
      return (facts) => {
        const has = (one: { key: string; value: string }) =>
          facts.customFields.some(({ key, value: held }) => key === one.key && held === one.value);
        return all ? wanted.every(has) : wanted.some(has);
      };
    },
  };
}

const NONE: Filter = { means: "no device has this here", make: () => () => false };

const updated = (facts: DeviceFacts) => facts.device.updatedAt;
const added = (facts: DeviceFacts) => facts.device.createdAt;

const FILTERS: Readonly<Record<string, Filter>> = {
  name: { means: "the endpoint name", make: (value) => (facts) => facts.name === value },
  device_id: {
    means: "the id",
    make: (value) => (facts) => `${facts.device.id}` === value,
  },
  type: {
    means: DEVICE_TYPES.join(", "),
    make: (value) => (facts) => facts.text("type") === value.toLowerCase(),
  },
  device_sub_type: equal("device_sub_type"),
  service_level: equal("service_level"),
  customer: equal("customer"),
  serial_no: equal("serial_no"),
  serial_no_contains: containing("serial_no"),
  asset_no: equal("asset_no"),
  asset_no_contains: containing("asset_no"),
  uuid: equal("uuid"),
  manufacturer: equal("manufacturer"),
  os: equal("os"),
  os_name: equal("os"),
  room: equal("room"),
  building: equal("building"),
  object_category: equal("category"),
  objectcategory: equal("category"),
  building_id: {
    means: "the id of the building that they are in",
    make: (value) => (facts) => `${facts.buildingId}` === value,
  },
  hardware: {
    means: "models, one of which they are",
    make(value, name) {
      const models = listOf(value, name);
      return (facts) => models.includes(facts.text("hw_model") ?? "");
    },
  },
  in_service: flag("in_service"),
  is_it_switch: flag("is_it_switch"),
  is_it_virtual_host: flag("is_it_virtual_host"),
  is_it_blade_host: flag("is_it_blade_host"),
  tags: {
    means: "tags, one of which they have",
    make(value, name) {
      const wanted = listOf(value, name);
      return (facts) => wanted.some((tag) => facts.tags.includes(tag));
    },
  },
  tags_and: {
    means: "tags, all of which they have",
    make(value, name) {
      const wanted = listOf(value, name);
      return (facts) => wanted.every((tag) => facts.tags.includes(tag));
    },
  },
  last_updated_lt: day("before", updated),
  last_updated_gt: day("from", updated),
  last_edited_lt: day("before", updated),
  last_edited_gt: day("from", updated),
  first_added_lt: day("before", added),
  first_added_gt: day("from", added),
  custom_fields_and: customFields(true),
  custom_fields_or: customFields(false),
  rack: NONE,
  rack_id: NONE,
  room_id: NONE,
  virtual_host_name: NONE,
  blade_host_name: NONE,
  customer_id: NONE,
  cluster_device_id: NONE,
};

const BY_NAME: ReadonlyMap<string, Filter> = new Map(Object.entries(FILTERS));

/** Query parameter -> what it means, for the description. */
export const FILTER_MEANINGS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(FILTERS).map(([name, { means }]) => [name, means]),
);

function listOf(value: string, name: string): string[] {
  const items = itemsOf(value);
  return items.length <= LONGEST_LIST ? items : refuseFilter(name, `at most ${LONGEST_LIST} items`);
}

function refuseFilter(name: string, rule: string): never {
  throw refusal("access/bad-value", `${name} must be ${rule}.`);
}
