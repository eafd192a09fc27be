import { describe, expect, test } from "vitest";
import {
  STANDARD_OBJECTS,
  standardDefinitions,
  standardObject,
} from "../../../../protocol/lwm2m/standard-objects.ts";
import {
  EXECUTE,
  MANDATORY,
  MULTIPLE,
  NONE,
  READ,
  TYPE_MASK,
  WRITE,
} from "../../../../protocol/model/data-types.ts";
import type { ObjectDefinition } from "../../../../protocol/model/object-definition.ts";
import { proves } from "../../../support/proves.ts";

function idsWith(definition: ObjectDefinition | undefined, bit: number): string {
  const ids: number[] = [];
  for (let i = 0; definition !== undefined && i < definition.resources.length; i += 2) {
    if ((definition.resources[i + 1] & bit) !== 0) ids.push(definition.resources[i]);
  }
  return ids.join(" ");
}

/** Id, version, resources, multiple, mandatory; then which are mandatory, writable, executable, multiple. */
const SHAPES: [number, string, number, boolean, boolean, string, string, string, string][] = [
  [0, "1.2", 31, true, true, "0 1 2 3 4 5", "", "", "16 18 19 20 21 25 27"],
  [
    1,
    "1.2",
    28,
    true,
    true,
    "0 1 6 7 8",
    "1 2 3 5 6 7 10 14 17 18 19 20 21 22 23 24 25 26 27",
    "4 8 9",
    "24 25",
  ],
  [2, "1.1", 4, true, false, "0 1 3", "2 3", "", "2"],
  [3, "1.2", 23, false, true, "4 11 16", "13 14 15", "4 5 12", "6 7 8 11 22"],
  [4, "1.3", 14, false, false, "0 1 2 4", "", "", "1 4 5 7"],
  [5, "1.2", 14, false, false, "0 1 2 3 5 9", "0 1 11 13 14", "2 10", "8"],
  [6, "1.0", 7, false, false, "0 1 5", "", "", ""],
  [7, "1.0", 9, false, false, "6 7", "8", "6 7", ""],
  [9, "1.0", 19, true, false, "0 1 4 6 7 9 10 11 12", "2 3 8 13 14 15", "4 6 10 11", "17"],
  [16, "1.0", 4, true, false, "0", "0", "1", "0 2"],
  [19, "1.0", 6, true, false, "0", "0 1 2 3 4 5", "", "0"],
  [21, "2.0", 7, true, false, "0 1 2", "", "", ""],
  [23, "1.0", 3, true, false, "0 1 2", "", "", ""],
  [24, "1.0", 9, true, false, "6", "0 1 2 3 4 5 6 7 8", "", ""],
  [25, "2.0", 3, true, false, "0 1 3", "", "", ""],
  [26, "1.0", 2, true, false, "0 1", "", "", ""],
];

/** Agent and connector have their definitions from here. */
test.each(
  SHAPES,
)("LwM2M Core 1.2.2 §E: object %d %s is the registry's", (id, version, count, ...shape) => {
  proves("device", "object-shapes");
  proves("connector", "object-shapes");
  const object = standardObject(id, version);
  const [multiple, mandatory, required, writable, executable, several] = shape;
  expect(object?.resources).toHaveLength(2 * count);
  expect([object?.multiple, object?.mandatory]).toEqual([multiple, mandatory]);
  expect(idsWith(object, MANDATORY)).toBe(required);
  expect(idsWith(object, WRITE)).toBe(writable);
  expect(idsWith(object, EXECUTE)).toBe(executable);
  expect(idsWith(object, MULTIPLE)).toBe(several);
});

/** Object id, then how many resources its versions have. */
test.each([
  [0, { "1.0": 13, "1.1": 18, "1.2": 31 }],
  [1, { "1.0": 9, "1.1": 24, "1.2": 28 }],
  [4, { "1.0": 11, "1.2": 13, "1.3": 14 }],
  [5, { "1.0": 9, "1.1": 13, "1.2": 14 }],
  [20, { "2.1": 8 }],
  [21, { "1.0": 6, "2.0": 7 }],
  [25, { "1.0": 3, "2.0": 3 }],
])("the versions of object %d grow", (id, counts) => {
  const versions = STANDARD_OBJECTS.filter((object) => object.id === id);
  expect(
    Object.fromEntries(versions.map(({ version, resources }) => [version, resources.length / 2])),
  ).toEqual(counts);
});

describe("all of them", () => {
  test("are listed once, by id and version", () => {
    const keys = STANDARD_OBJECTS.map(({ id, version }) => id * 1000 + Number(version) * 10);
    expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
    expect(STANDARD_OBJECTS.filter(({ id }) => id >= 3200 && id < 3400)).toHaveLength(51);
  });

  test.each(
    STANDARD_OBJECTS.map((object) => [`${object.id} ${object.version}`, object] as const),
  )("%s has ascending ids, and a type exactly where something can be held", (_name, object) => {
    const { resources } = object;
    for (let i = 0; i < resources.length; i += 2) {
      if (i > 0) expect(resources[i]).toBeGreaterThan(resources[i - 2]);
      const isExecutable = (resources[i + 1] & EXECUTE) !== 0;
      expect((resources[i + 1] & TYPE_MASK) === NONE).toBe(isExecutable);
      if (isExecutable) expect(resources[i + 1] & (READ | WRITE)).toBe(0);
    }
  });

  test("the mandatory resources of an object are the same in all its versions but /25's", () => {
    for (const { id } of STANDARD_OBJECTS) {
      const versions = STANDARD_OBJECTS.filter((object) => object.id === id);
      const sets = new Set(versions.map((object) => idsWith(object, MANDATORY)));
      expect([id, sets.size]).toEqual([id, id === 25 ? 2 : 1]);
    }
  });
});

test("LwM2M Core 1.2.2 §7.2.3: an enabler implies the versions of its objects", () => {
  const versions = (enabler: string) =>
    [0, 1, 2, 3, 4, 5, 6, 7, 21, 25, 3303, 3442, 9999]
      .map((id) => standardDefinitions(enabler)(id)?.version ?? "-")
      .join(" ");
  expect(versions("1.0")).toBe("1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.0 1.1 1.0 -");
  expect(versions("1.1")).toBe("1.1 1.1 1.0 1.1 1.2 1.0 1.0 1.0 1.0 1.0 1.1 1.0 -");
  expect(versions("1.2")).toBe("1.2 1.2 1.1 1.2 1.3 1.1 1.0 1.0 2.0 1.0 1.1 1.0 -");
  expect(standardObject(3, "9.9")).toBeUndefined();
});
