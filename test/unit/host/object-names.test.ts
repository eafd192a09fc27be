import { describe, expect, test } from "vitest";
import { parseDdf } from "../../../host/ddf.ts";
import { describePath, OBJECT_NAMES } from "../../../host/object-names.ts";
import { STANDARD_OBJECTS } from "../../../protocol/lwm2m/standard-objects.ts";

/** Resource ids of all of an object's versions. */
function resourceIds(objectId: number): number[] {
  const versions = STANDARD_OBJECTS.filter(({ id }) => id === objectId);
  const ids = versions.flatMap(({ resources }) =>
    Array.from(resources).filter((_, i) => i % 2 === 0),
  );
  return [...new Set(ids)].sort((a, b) => a - b);
}

const IDS = [...new Set(STANDARD_OBJECTS.map(({ id }) => id))];

describe("names", () => {
  test.each(IDS)("object %d and each of its resources has one, and no other has", (id) => {
    const names = OBJECT_NAMES.get(id);
    expect(names?.name).toMatch(/\S/);
    expect([...(names?.resources.keys() ?? [])]).toEqual(resourceIds(id));
    for (const [, { name }] of names?.resources ?? []) expect(name).toMatch(/\S/);
  });

  test("names belong to the right ids, units beside them", () => {
    expect(OBJECT_NAMES.get(3)?.name).toBe("Device");
    expect(OBJECT_NAMES.get(3)?.resources.get(9)).toEqual({ name: "Battery Level", units: "%" });
    expect(OBJECT_NAMES.get(3305)?.resources.get(5805)).toEqual({
      name: "Cumulative active power",
      units: "Wh",
    });
    expect(OBJECT_NAMES.get(0)?.resources.get(8)?.name).toBe("SMS Binding Secret Key(s)");
    expect(OBJECT_NAMES.size).toBe(IDS.length);
  });

  test.each([
    [[], "Device tree"],
    [[3303], "Temperature"],
    [[3303, 0], "Temperature 0"],
    [[3303, 0, 5700], "Temperature 0, Sensor Value"],
    [[3, 0, 7, 1], "Device 0, Power Source Voltage 1"],
    [[33000, 0, 1], "Object 33000 0, resource 1"],
    [[3, 0, 99], "Device 0, resource 99"],
  ])("%j is %s", (path, text) => {
    expect(describePath(path)).toBe(text);
  });

  test("names of a loaded object work as well", () => {
    const [{ names }] = parseDdf(
      `<LWM2M><Object><Name>Kettle</Name><ObjectID>33000</ObjectID>
      <MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Resources>
      <Item ID="1"><Name>Water</Name><Operations>R</Operations><Type>Float</Type>
      <MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory></Item>
      </Resources></Object></LWM2M>`,
      "kettle.xml",
    );
    expect(describePath([33000, 0, 1], new Map([[33000, names]]))).toBe("Kettle 0, Water");
  });
});
