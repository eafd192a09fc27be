import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IdTable, LwM2mObject, twinOf } from "../../../../firmware/objects/lwm2m-object.ts";
import {
  DEVICE,
  DEVICE_AVAILABLE_POWER_SOURCES,
  DEVICE_BATTERY_LEVEL,
  DEVICE_CURRENT_TIME,
  DEVICE_FACTORY_RESET,
  DEVICE_MANUFACTURER,
  DEVICE_POWER_SOURCE_VOLTAGE,
  DEVICE_REBOOT,
} from "../../../../protocol/model/objects/device.ts";

function given(): LwM2mObject {
  const object = new LwM2mObject(DEVICE);
  object.create(0, {
    [DEVICE_MANUFACTURER]: "Dormouse",
    [DEVICE_BATTERY_LEVEL]: 90,
    [DEVICE_AVAILABLE_POWER_SOURCES]: [1, 5],
  });
  return object;
}

const withCode = (code: string) => expect.objectContaining({ code });

describe("values", () => {
  test("are there as given, mandatory executables by themselves", () => {
    const object = given();
    expect(object.get(0, DEVICE_MANUFACTURER)).toBe("Dormouse");
    expect(object.get(0, DEVICE_AVAILABLE_POWER_SOURCES)).toBe(1);
    expect(object.get(0, DEVICE_AVAILABLE_POWER_SOURCES, 1)).toBe(5);
    expect(object.get(0, DEVICE_REBOOT)).toBe(true);
    expect(object.get(0, DEVICE_FACTORY_RESET)).toBeUndefined();
    expect(object.get(0, DEVICE_CURRENT_TIME)).toBeUndefined();
    expect(object.get(1, DEVICE_MANUFACTURER)).toBeUndefined();
  });

  test("resource instances are set and removed one by one", () => {
    const object = given();
    object.setOne(0, DEVICE_AVAILABLE_POWER_SOURCES, 7, 3);
    object.setOne(0, DEVICE_AVAILABLE_POWER_SOURCES, 0, undefined);
    object.setOne(0, DEVICE_POWER_SOURCE_VOLTAGE, 4, 3300);
    const sources = object.instances.get(0)?.get(DEVICE_AVAILABLE_POWER_SOURCES) as IdTable<number>;
    expect([sources.ids, sources.items]).toEqual([
      [1, 7],
      [5, 3],
    ]);
    expect(object.get(0, DEVICE_POWER_SOURCE_VOLTAGE, 4)).toBe(3300);
  });

  test("a resource can be removed", () => {
    const object = given();
    object.unset(0, DEVICE_BATTERY_LEVEL);
    expect(object.get(0, DEVICE_BATTERY_LEVEL)).toBeUndefined();
  });

  test("what does not fit the definition is the caller's fault", () => {
    const object = given();
    expect(() => object.set(0, DEVICE_BATTERY_LEVEL, "full")).toThrow(
      withCode("object/value-wrong"),
    );
    expect(() => object.set(0, DEVICE_BATTERY_LEVEL, [1])).toThrow(withCode("object/value-wrong"));
    expect(() => object.set(0, DEVICE_AVAILABLE_POWER_SOURCES, 1)).toThrow(
      withCode("object/value-wrong"),
    );
    expect(() => object.set(0, DEVICE_AVAILABLE_POWER_SOURCES, [1, "x"])).toThrow(
      withCode("object/value-wrong"),
    );
    expect(() => object.set(0, 999, 1)).toThrow(withCode("object/resource-unknown"));
    expect(() => object.set(3, DEVICE_BATTERY_LEVEL, 1)).toThrow(
      withCode("object/instance-unknown"),
    );
    expect(() => object.create(0, {})).toThrow(withCode("object/instance-exists"));
    expect(object.get(0, DEVICE_BATTERY_LEVEL)).toBe(90);
  });

  test("changes are heard of, values that stay are not", () => {
    const object = given();
    const heard: string[] = [];
    object.onChange = (_object, instanceId, resourceId) =>
      heard.push(`hook ${instanceId} ${resourceId}`);
    object.listener = {
      handleValue: (_object, instanceId, resourceId) =>
        heard.push(`value ${instanceId} ${resourceId}`),
      wake: () => {},
      handleInstances: () => heard.push("instances"),
    };
    object.set(0, DEVICE_BATTERY_LEVEL, 90);
    object.set(0, DEVICE_BATTERY_LEVEL, 89);
    object.remove(0);
    object.remove(0);
    object.create(0, {});
    expect(heard).toEqual(["hook 0 9", "value 0 9", "instances", "instances"]);
  });
});

describe("copies", () => {
  test("share their instances until one of the two changes one", () => {
    const template = given();
    const twin = twinOf(template);
    expect(twin.instances).toBe(template.instances);
    twin.set(0, DEVICE_BATTERY_LEVEL, 10);
    template.set(0, DEVICE_MANUFACTURER, "Changed");
    expect(
      [twin, template, twinOf(template)].map((object) => object.get(0, DEVICE_BATTERY_LEVEL)),
    ).toEqual([10, 90, 90]);
    expect(twin.get(0, DEVICE_MANUFACTURER)).toBe("Dormouse");
    expect(twin.instances.get(0)?.ids).toBe(template.instances.get(0)?.ids);
  });

  test("tables of resource instances too", () => {
    const template = given();
    const twin = twinOf(template);
    twin.setOne(0, DEVICE_AVAILABLE_POWER_SOURCES, 1, 6);
    expect(template.get(0, DEVICE_AVAILABLE_POWER_SOURCES, 1)).toBe(5);
  });

  test("have the same hooks and a listener of their own", () => {
    const template = given();
    template.onRead = () => 1;
    template.isFixed = false;
    template.listener = { handleValue: () => {}, wake: () => {}, handleInstances: () => {} };
    const twin = twinOf(template);
    expect([twin.onRead, twin.isFixed, twin.listener]).toEqual([template.onRead, false, undefined]);
  });

  test("never see each other's changes, whatever is done to them", () => {
    const change = fc.record({
      who: fc.nat(3),
      act: fc.constantFrom("set", "setOne", "unset", "create", "remove", "copy"),
      instanceId: fc.nat(2),
      value: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const template = new LwM2mObject({ ...DEVICE, multiple: true });
        template.create(0, { [DEVICE_BATTERY_LEVEL]: 1, [DEVICE_AVAILABLE_POWER_SOURCES]: [1] });
        const objects = [template, twinOf(template), twinOf(template), twinOf(template)];
        for (const { who, act, instanceId, value } of changes) {
          const others = objects.map((object) => JSON.stringify(object.instances));
          const object = objects[who];
          const isThere = object.instances.get(instanceId) !== undefined;
          if (act === "copy") objects[who] = twinOf(objects[(who + 1) % 4]);
          else if (act === "create" && !isThere)
            object.create(instanceId, { [DEVICE_BATTERY_LEVEL]: value });
          else if (act === "remove") object.remove(instanceId);
          else if (act === "set" && isThere) object.set(instanceId, DEVICE_BATTERY_LEVEL, value);
          else if (act === "unset" && isThere) object.unset(instanceId, DEVICE_BATTERY_LEVEL);
          else if (act === "setOne" && isThere) {
            object.setOne(instanceId, DEVICE_AVAILABLE_POWER_SOURCES, value % 3, value);
          }
          objects.forEach((each, i) => {
            // Only the mark of sharing may differ.
            const plain = (text: string) => text.replaceAll(/"isShared":(true|false)/g, "");
            if (i !== who) expect(plain(JSON.stringify(each.instances))).toBe(plain(others[i]));
          });
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("a table keeps its ids in order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 60 }), (steps) => {
      const table = new IdTable<number>();
      const model = new Map<number, number>();
      steps.forEach(([puts, id], i) => {
        if (puts) {
          table.put(id, i);
          model.set(id, i);
        } else expect(table.remove(id)).toBe(model.delete(id));
      });
      const sorted = [...model].sort(([a], [b]) => a - b);
      expect(table.ids.map((id, i) => [id, table.items[i]])).toEqual(sorted);
      for (const [id, item] of model) expect(table.get(id)).toBe(item);
    }),
  );
});
