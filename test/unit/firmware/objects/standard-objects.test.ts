import { describe, expect, test } from "vitest";
import { deviceObject } from "../../../../firmware/objects/device.ts";
import { addSensor, sensorObject } from "../../../../firmware/objects/sensor.ts";
import * as codes from "../../../../protocol/coap/codes.ts";
import { TEXT } from "../../../../protocol/coap/content-formats.ts";
import {
  DEVICE_ERROR_CODE,
  DEVICE_MANUFACTURER,
} from "../../../../protocol/model/objects/device.ts";
import { SENSOR_VALUE } from "../../../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../../../protocol/model/objects/temperature.ts";
import { AgentPair } from "../../../support/agent-pair.ts";

describe("Device (3)", () => {
  function given() {
    const calls: unknown[] = [];
    let time = 1_700_000_000.9;
    const calendar = {
      seconds: () => time,
      setSeconds: (seconds: number) => {
        time = seconds;
        return true;
      },
    };
    const power = {
      setRadio: () => {},
      reboot: () => calls.push("reboot"),
      factoryReset: () => calls.push("factory reset"),
    };
    const device = deviceObject(calendar, power, { [DEVICE_MANUFACTURER]: "Dormouse" });
    const pair = new AgentPair({ objects: [device] }).started();
    return { device, pair, calls };
  }

  test("LwM2M Core 1.1.1 §E.4: tells the time in whole seconds, and takes another", () => {
    const { pair } = given();
    expect(pair.server.read("/3/0/13").text).toBe("1700000000");
    expect(pair.server.write("/3/0/13", "1800000000", TEXT).code).toBe("2.04");
    expect(pair.server.read("/3/0/13").text).toBe("1800000000");
  });

  test("LwM2M Core 1.1.1 §E.4: Reboot and Factory Reset are answered and handed to the board", () => {
    const { pair, calls } = given();
    expect(pair.server.execute("/3/0/4").code).toBe("2.04");
    expect(pair.server.execute("/3/0/5").code).toBe("2.04");
    expect(calls).toEqual(["reboot", "factory reset"]);
  });

  test("LwM2M Core 1.1.1 §E.4: Reset Error Code brings back the one instance that says no error", () => {
    const { device, pair } = given();
    device.set(0, DEVICE_ERROR_CODE, [1, 4]);
    expect(pair.server.execute("/3/0/12").code).toBe("2.04");
    expect(pair.server.read("/3/0/11/0").text).toBe("0");
    expect(pair.server.read("/3/0/11/1").code).toBe("4.04");
  });
});

describe("sensors", () => {
  function given() {
    const sensor = sensorObject(TEMPERATURE);
    addSensor(sensor, 0, 20, "Cel");
    const pair = new AgentPair({ objects: [sensor] }).started();
    const read = () =>
      ["5601", "5602", "5700"].map((id) => pair.server.read(`/3303/0/${id}`).text).join(" ");
    return { sensor, pair, read };
  }

  test("the smallest and largest value measured are kept, until they are reset", () => {
    const { sensor, pair, read } = given();
    expect(read()).toBe("20 20 20");
    for (const value of [25, 15, 22]) sensor.set(0, SENSOR_VALUE, value);
    expect(read()).toBe("15 25 22");
    expect(pair.server.execute("/3303/0/5605").code).toBe("2.04");
    expect(read()).toBe("22 22 22");
  });

  test("an instance that does not keep them is left alone", () => {
    const { sensor, pair } = given();
    sensor.create(1, { [SENSOR_VALUE]: 5 });
    sensor.set(1, SENSOR_VALUE, 6);
    expect(pair.server.read("/3303/1/5602").code).toBe("4.04");
    expect(pair.server.execute("/3303/1/5605").code).toBe("4.04");
  });

  test("servers neither make nor remove sensors", () => {
    const { pair } = given();
    expect(pair.server.ask(codes.DELETE, "/3303/0").code).toBe("4.05");
    expect(pair.server.ask(codes.POST, "/3303").code).toBe("4.05");
  });
});
