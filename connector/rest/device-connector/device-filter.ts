/** The `filter` of a list of devices: `state=registered&endpoint_type__in=Light,Lamp`, all of which must hold. */

export interface FilterRefusal {
  readonly refusal: string;
}

/** What a filter looks at. */
export type FilterFields = Readonly<Record<FilterField, string>>;

const FIELDS = ["id", "name", "endpoint_name", "endpoint_type", "state"] as const;
type FilterField = (typeof FIELDS)[number];

const MOST_CONDITIONS = 20;
const MOST_VALUES = 1000;

interface Condition {
  readonly field: FilterField;
  readonly values: ReadonlySet<string>;
  /** Whether the field must be one of the values, or must not. */
  readonly isOneOf: boolean;
}

export class DeviceFilter {
  private readonly conditions: readonly Condition[];

  constructor(conditions: readonly Condition[]) {
    this.conditions = conditions;
  }

  matches(fields: FilterFields): boolean {
    return this.conditions.every(
      ({ field, values, isOneOf }) => values.has(fields[field]) === isOneOf,
    );
  }
}

/** Reads a filter as it stands in the query, percent-decoded once; an empty one lets everything pass. */
export function parseDeviceFilter(text: string): DeviceFilter | FilterRefusal {
  const conditions: Condition[] = [];
  for (const [name, value] of new URLSearchParams(text)) {
    const at = name.indexOf("__");
    const fieldName = at < 0 ? name : name.slice(0, at);
    const operator = at < 0 ? "eq" : name.slice(at + 2);
    const field = FIELDS.find((each) => each === fieldName);
    if (field === undefined) return { refusal: `Devices can be filtered by ${FIELDS.join(", ")}.` };
    if (!["eq", "neq", "in", "nin"].includes(operator)) {
      return { refusal: "A filter can end in __eq, __neq, __in and __nin." };
    }
    const isList = operator === "in" || operator === "nin";
    const values = isList ? value.split(",") : [value];
    if (values.length > MOST_VALUES || conditions.length === MOST_CONDITIONS) {
      return {
        refusal: `A filter has at most ${MOST_CONDITIONS} fields and ${MOST_VALUES} values.`,
      };
    }
    conditions.push({ field, values: new Set(values), isOneOf: !operator.startsWith("n") });
  }
  return new DeviceFilter(conditions);
}

export function isFilterRefusal(parsed: DeviceFilter | FilterRefusal): parsed is FilterRefusal {
  return "refusal" in parsed;
}
