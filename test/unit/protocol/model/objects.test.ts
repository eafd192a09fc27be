import { describe, expect, test } from "vitest";
import {
  EXECUTE,
  MANDATORY,
  NONE,
  READ,
  TYPE_MASK,
  WRITE,
} from "../../../../protocol/model/data-types.ts";
import {
  flagsAt,
  type ObjectDefinition,
  resourceFlags,
} from "../../../../protocol/model/object-definition.ts";
import { ACCESS_CONTROL } from "../../../../protocol/model/objects/access-control.ts";
import { ACTUATION } from "../../../../protocol/model/objects/actuation.ts";
import { CONNECTIVITY_MONITORING } from "../../../../protocol/model/objects/connectivity-monitoring.ts";
import { CONNECTIVITY_STATISTICS } from "../../../../protocol/model/objects/connectivity-statistics.ts";
import { DEVICE } from "../../../../protocol/model/objects/device.ts";
import { FIRMWARE_UPDATE } from "../../../../protocol/model/objects/firmware-update.ts";
import { HUMIDITY } from "../../../../protocol/model/objects/humidity.ts";
import { LIGHT_CONTROL } from "../../../../protocol/model/objects/light-control.ts";
import { LOCATION } from "../../../../protocol/model/objects/location.ts";
import { PERCENTAGE } from "../../../../protocol/model/objects/percentage.ts";
import { PUSH_BUTTON } from "../../../../protocol/model/objects/push-button.ts";
import { SECURITY } from "../../../../protocol/model/objects/security.ts";
import { SERVER } from "../../../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../../../protocol/model/objects/temperature.ts";
import { TEST_OBJECT_1_0 } from "../../../../protocol/model/objects/test-object-1-0.ts";
import { TEST_OBJECT_1_1 } from "../../../../protocol/model/objects/test-object-1-1.ts";

/** Id, version, how many resources, which are mandatory, which can be written: as the OMA registry has them. */
const EXPECTED: [ObjectDefinition, number, string, number, number[], number[]][] = [
  [SECURITY, 0, "1.1", 18, [0, 1, 2, 3, 4, 5], []],
  [SERVER, 1, "1.1", 24, [0, 1, 6, 7, 8], [1, 2, 3, 5, 6, 7, 10, 21, 22, 23]],
  [ACCESS_CONTROL, 2, "1.0", 4, [0, 1, 3], [2, 3]],
  [DEVICE, 3, "1.1", 23, [4, 11, 16], [13, 14, 15]],
  [CONNECTIVITY_MONITORING, 4, "1.2", 13, [0, 1, 2, 4], []],
  [FIRMWARE_UPDATE, 5, "1.0", 9, [0, 1, 2, 3, 5, 9], [0, 1]],
  [LOCATION, 6, "1.0", 7, [0, 1, 5], []],
  [CONNECTIVITY_STATISTICS, 7, "1.0", 9, [6, 7], [8]],
  [TEMPERATURE, 3303, "1.1", 12, [5700], [5750]],
  [HUMIDITY, 3304, "1.1", 12, [5700], [5750]],
  [PERCENTAGE, 3320, "1.1", 13, [5700], [5750, 5821]],
  [ACTUATION, 3306, "1.1", 7, [5850], [5750, 5850, 5851, 5852, 5853]],
  [LIGHT_CONTROL, 3311, "1.0", 8, [5850], [5706, 5750, 5850, 5851, 5852]],
  [PUSH_BUTTON, 3347, "1.1", 5, [5500], [5750]],
];

function resourcesWith(definition: ObjectDefinition, bit: number): number[] {
  const ids: number[] = [];
  for (let i = 0; i < definition.resources.length; i += 2) {
    if ((definition.resources[i + 1] & bit) !== 0) ids.push(definition.resources[i]);
  }
  return ids;
}

describe("definitions of the standard objects", () => {
  test.each(EXPECTED)("%# is the registry's", (object, id, version, count, mandatory, writable) => {
    expect(object.id).toBe(id);
    expect(object.version).toBe(version);
    expect(object.resources.length / 2).toBe(count);
    expect(resourcesWith(object, MANDATORY)).toEqual(mandatory);
    expect(resourcesWith(object, WRITE)).toEqual(writable);
  });

  test.each([
    ...EXPECTED.map((row) => row[0]),
    TEST_OBJECT_1_0,
    TEST_OBJECT_1_1,
  ])("object $id has ascending ids, and a type exactly where something can be held", ({
    resources,
  }) => {
    for (let i = 0; i < resources.length; i += 2) {
      if (i > 0) expect(resources[i]).toBeGreaterThan(resources[i - 2]);
      const isExecutable = (resources[i + 1] & EXECUTE) !== 0;
      expect((resources[i + 1] & TYPE_MASK) === NONE).toBe(isExecutable);
      if (isExecutable) expect(resources[i + 1] & (READ | WRITE)).toBe(0);
    }
  });

  test("only the core objects that every device has are mandatory", () => {
    const mandatory = EXPECTED.filter(([object]) => object.mandatory).map(([object]) => object.id);
    expect(mandatory).toEqual([0, 1, 3]);
    const single = EXPECTED.filter(([object]) => !object.multiple).map(([object]) => object.id);
    expect(single).toEqual([3, 4, 5, 6, 7]);
  });

  test("flags are found by resource and by path", () => {
    const definitionOf = (id: number) => (id === 3 ? DEVICE : undefined);
    expect(resourceFlags(DEVICE, 13) & WRITE).toBe(WRITE);
    expect(resourceFlags(DEVICE, 99)).toBe(0);
    expect(flagsAt(definitionOf, [3, 0, 13])).toBe(resourceFlags(DEVICE, 13));
    expect(flagsAt(definitionOf, [3, 0, 11, 4])).toBe(resourceFlags(DEVICE, 11));
    expect(flagsAt(definitionOf, [3, 0])).toBe(0);
    expect(flagsAt(definitionOf, [4, 0, 13])).toBe(0);
  });
});
