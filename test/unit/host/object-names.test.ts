import { describe, expect, test } from "vitest";
import { parseDdf } from "../../../host/ddf.ts";
import { describePath, OBJECT_NAMES } from "../../../host/object-names.ts";
import { ACCESS_CONTROL } from "../../../protocol/model/objects/access-control.ts";
import { ACTUATION } from "../../../protocol/model/objects/actuation.ts";
import { CONNECTIVITY_MONITORING } from "../../../protocol/model/objects/connectivity-monitoring.ts";
import { CONNECTIVITY_STATISTICS } from "../../../protocol/model/objects/connectivity-statistics.ts";
import { DEVICE } from "../../../protocol/model/objects/device.ts";
import { FIRMWARE_UPDATE } from "../../../protocol/model/objects/firmware-update.ts";
import { HUMIDITY } from "../../../protocol/model/objects/humidity.ts";
import { LIGHT_CONTROL } from "../../../protocol/model/objects/light-control.ts";
import { LOCATION } from "../../../protocol/model/objects/location.ts";
import { PERCENTAGE } from "../../../protocol/model/objects/percentage.ts";
import { PUSH_BUTTON } from "../../../protocol/model/objects/push-button.ts";
import { SECURITY } from "../../../protocol/model/objects/security.ts";
import { SERVER } from "../../../protocol/model/objects/server.ts";
import { TEMPERATURE } from "../../../protocol/model/objects/temperature.ts";
import { TEST_OBJECT_1_0 } from "../../../protocol/model/objects/test-object-1-0.ts";
import { TEST_OBJECT_1_1 } from "../../../protocol/model/objects/test-object-1-1.ts";

const DEFINITIONS = [
  SECURITY,
  SERVER,
  ACCESS_CONTROL,
  DEVICE,
  CONNECTIVITY_MONITORING,
  FIRMWARE_UPDATE,
  LOCATION,
  CONNECTIVITY_STATISTICS,
  TEMPERATURE,
  HUMIDITY,
  ACTUATION,
  LIGHT_CONTROL,
  PERCENTAGE,
  PUSH_BUTTON,
  TEST_OBJECT_1_0,
  TEST_OBJECT_1_1,
];

describe("names", () => {
  test.each(
    DEFINITIONS,
  )("object $id and each of its resources has one, and no other has", (object) => {
    const names = OBJECT_NAMES.get(object.id);
    const ids = Array.from(object.resources).filter((_, i) => i % 2 === 0);
    expect(names?.name).toMatch(/\S/);
    expect([...(names?.resources.keys() ?? [])]).toEqual(ids);
  });

  test("names belong to the right ids, units beside them", () => {
    expect(OBJECT_NAMES.get(3)?.name).toBe("Device");
    expect(OBJECT_NAMES.get(3)?.resources.get(9)).toEqual({ name: "Battery Level", units: "%" });
    expect(OBJECT_NAMES.get(0)?.resources.get(8)?.name).toBe("SMS Binding Secret Key(s)");
    expect(OBJECT_NAMES.size).toBe(DEFINITIONS.length);
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
