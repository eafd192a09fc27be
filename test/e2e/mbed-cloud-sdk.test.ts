/** The client of mbed Device Connector's successor, npm `mbed-cloud-sdk`: its Connect calls against the connector and real devices. */
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addSensor, sensorObject } from "../../firmware/objects/sensor.ts";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../protocol/model/objects/temperature.ts";
import {
  NamedResource,
  POST_ALLOWED,
  PUT_ALLOWED,
} from "../../protocol/resources/named-resource.ts";
import { House } from "./support/house.ts";

/** The little of its API that the tests use. */
interface ConnectApi {
  startNotifications(options?: object): Promise<void>;
  stopNotifications(): Promise<void>;
  notify(message: object): void;
  getWebhook(): Promise<{ url: string; headers?: Record<string, string> } | null>;
  updateWebhook(url: string, headers?: Record<string, string>, forceClear?: boolean): Promise<void>;
  deleteWebhook(): Promise<void>;
  listPresubscriptions(): Promise<object[]>;
  updatePresubscriptions(rules: object[]): Promise<void>;
  listConnectedDevices(options?: object): Promise<{ data: ConnectedDevice[]; hasMore: boolean }>;
  listDeviceSubscriptions(deviceId: string): Promise<string>;
  deleteDeviceSubscriptions(deviceId: string): Promise<void>;
  deleteSubscriptions(): Promise<void>;
  listResources(deviceId: string): Promise<{ path: string; observable: boolean }[]>;
  getResource(deviceId: string, path: string): Promise<{ path: string; type?: string }>;
  getResourceValue(deviceId: string, path: string, timeout?: number): Promise<unknown>;
  setResourceValue(deviceId: string, path: string, value: unknown, timeout?: number): Promise<void>;
  executeResource(
    deviceId: string,
    path: string,
    payload?: unknown,
    timeout?: number,
  ): Promise<void>;
  getResourceSubscription(deviceId: string, path: string): Promise<boolean>;
  addResourceSubscription(
    deviceId: string,
    path: string,
    notify: (error: unknown, value: unknown) => void,
    done: (error: unknown) => void,
  ): void;
  deleteResourceSubscription(deviceId: string, path: string): Promise<void>;
  on(event: string, listener: (event: unknown) => void): void;
}

interface ConnectedDevice {
  readonly id: string;
  readonly alias: string;
  readonly deviceType: string;
  readonly state: string;
}

const require = createRequire(import.meta.url);
const { ConnectApi: Client } = require("mbed-cloud-sdk") as {
  ConnectApi: new (options: object) => ConnectApi;
};
const TIMEOUT = 10_000;

const house = new House();
const speed = new NamedResource("/actuator/0/speed", {
  type: "5851",
  format: 0,
  observable: true,
  value: 12,
  allowed: PUT_ALLOWED,
});
const driven: string[] = [];
const drive = new NamedResource("/actuator/0/drive", { allowed: POST_ALLOWED });
drive.onExecute = (_, payload) => {
  driven.push(Buffer.from(payload).toString());
  return undefined;
};
const sensor = sensorObject(TEMPERATURE);
addSensor(sensor, 0, 21.5, "Cel");
let api: ConnectApi;

function givenClient(): ConnectApi {
  return new Client({ apiKey: house.newKey(), host: house.connector.httpUrl });
}

beforeAll(async () => {
  await house.start();
  await house.device({
    endpointName: "node-001",
    endpointType: "Light",
    plain: true,
    resources: [speed, drive],
  });
  await house.device({ endpointName: "thermometer", objects: [sensor] });
  api = givenClient();
  await api.startNotifications({ interval: 20 });
});

afterAll(async () => {
  // It polls until its poll fails a few times: without a server to answer it stops by itself.
  await house.stop();
});

describe("lists", () => {
  test("connected devices, with their type and state", async () => {
    const { data, hasMore } = await api.listConnectedDevices();
    // Its page turns false into undefined.
    expect(hasMore).toBeFalsy();
    expect(data.map(({ id, deviceType, state }) => [id, deviceType, state])).toEqual([
      ["node-001", "Light", "registered"],
      ["thermometer", "", "registered"],
    ]);
    const lights = await api.listConnectedDevices({ filter: { deviceType: { $eq: "Light" } } });
    expect(lights.data.map(({ alias }) => alias)).toEqual(["node-001"]);
  });

  test("resources", async () => {
    const listed = await api.listResources("node-001");
    expect(listed.map(({ path, observable }) => [path, observable])).toEqual([
      ["/actuator/0/speed", true],
      ["/actuator/0/drive", false],
    ]);
    expect(await api.getResource("node-001", "/actuator/0/speed")).toMatchObject({
      path: "/actuator/0/speed",
    });
    // It takes a 404 for an empty answer.
    expect(await api.listResources("nobody")).toBeNull();
  });
});

describe("requests", () => {
  test("read, write and read back", async () => {
    expect(`${await api.getResourceValue("node-001", "/actuator/0/speed", TIMEOUT)}`).toBe("12");
    await api.setResourceValue("node-001", "/actuator/0/speed", "95", TIMEOUT);
    expect(speed.value).toBe("95");
    expect(`${await api.getResourceValue("node-001", "actuator/0/speed", TIMEOUT)}`).toBe("95");
    expect(`${await api.getResourceValue("thermometer", "/3303/0/5700", TIMEOUT)}`).toBe("21.5");
  });

  test("execute, with an argument and without", async () => {
    await api.executeResource("node-001", "/actuator/0/drive", "forward", TIMEOUT);
    await api.executeResource("thermometer", "/3303/0/5605", undefined, TIMEOUT);
    expect(driven).toEqual(["forward"]);
  });

  test("failures: at once, and from the device", async () => {
    await expect(api.getResourceValue("nobody", "/3/0/0", TIMEOUT)).rejects.toMatchObject({
      code: 410,
    });
    await expect(api.getResourceValue("node-001", "/no/such", TIMEOUT)).rejects.toMatchObject({
      code: 404,
    });
    await expect(
      api.setResourceValue("thermometer", "/3303/0/5700", "1", TIMEOUT),
    ).rejects.toMatchObject({ code: 405 });
  });
});

describe("subscriptions", () => {
  test("a resource: its values come until the subscription is removed", async () => {
    const values: unknown[] = [];
    const notify = (_: unknown, value: unknown) => values.push(value);
    // What it calls at the end of a subscription is never called: it looks for the response in the wrong place.
    api.addResourceSubscription("thermometer", "/3303/0/5700", notify, () => {});
    const isSubscribed = () => api.getResourceSubscription("thermometer", "/3303/0/5700");
    await expect.poll(isSubscribed, { timeout: TIMEOUT }).toBe(true);
    expect(await api.listDeviceSubscriptions("thermometer")).toContain("/3303/0/5700");
    // Values that come before the device has taken up the observation are its first one, and no news.
    let next = 22;
    const change = () => {
      sensor.set(0, SENSOR_VALUE, next++);
      return values.length;
    };
    await expect.poll(change, { timeout: TIMEOUT, interval: 100 }).toBeGreaterThan(0);
    expect(Number(values[0])).toBeGreaterThanOrEqual(22);
    await api.deleteDeviceSubscriptions("thermometer");
    expect(await isSubscribed()).toBe(false);
  });

  test("rules are shown as they were set", async () => {
    const other = givenClient();
    expect(await other.listPresubscriptions()).toEqual([]);
    await other.updatePresubscriptions([
      { deviceId: "node-*", deviceType: "Light", resourcePaths: ["/actuator/*"] },
    ]);
    expect(await other.listPresubscriptions()).toMatchObject([
      { deviceId: "node-*", deviceType: "Light", resourcePaths: ["/actuator/*"] },
    ]);
    await other.updatePresubscriptions([]);
    expect(await other.listPresubscriptions()).toEqual([]);
  });

  test("all of all devices are removed together", async () => {
    await api.deleteSubscriptions();
  });
});

describe("events", () => {
  test("a device registers and leaves", async () => {
    const seen: unknown[] = [];
    for (const name of ["registration", "deregistration"]) {
      api.on(name, (event) => seen.push([name, (event as { id?: string }).id ?? event]));
    }
    const newcomer = await house.device({ endpointName: "node-002", plain: true, resources: [] });
    await expect
      .poll(() => seen, { timeout: TIMEOUT })
      .toContainEqual(["registration", "node-002"]);
    await newcomer.stop();
    const left = ["deregistration", "node-002"];
    await expect.poll(() => seen, { timeout: TIMEOUT }).toContainEqual(left);
  });
});

test("a message that tells of a gap is read like any other", () => {
  const seen: unknown[] = [];
  const client = new Client({ apiKey: "none", host: "http://127.0.0.1:9" });
  client.on("notification", (event) => seen.push((event as { payload: string }).payload));
  client.notify({
    notifications: [
      { ep: "any", path: "/dev/temp", ct: "text/plain", payload: "MQ==", "max-age": 0 },
    ],
    gaps: [{ dropped: 12, since: "2026-01-01T00:00:00.000Z", until: "2026-01-01T00:01:00.000Z" }],
  });
  expect(seen).toEqual(["1"]);
});

describe("webhook", () => {
  let receiver: Server;
  let url: string;
  let other: ConnectApi;

  beforeAll(async () => {
    other = new Client({
      apiKey: house.newKey(),
      host: house.connector.httpUrl,
      handleNotifications: true,
      forceClear: true,
    });
    receiver = createServer((incoming, outgoing) => {
      let body = "";
      incoming.on("data", (chunk) => {
        body += chunk;
      });
      incoming.on("end", () => {
        other.notify(JSON.parse(body));
        outgoing.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });

  afterAll(() => {
    receiver.closeAllConnections();
    receiver.close();
  });

  test("is set, shown, used and removed", async () => {
    expect(await other.getWebhook()).toBeNull();
    await other.updateWebhook(url, { "x-secret": "sesame" });
    expect(await other.getWebhook()).toMatchObject({ url, headers: { "x-secret": "sesame" } });
    await other.setResourceValue("node-001", "/actuator/0/speed", "7", TIMEOUT);
    expect(speed.value).toBe("7");
    await other.deleteWebhook();
    expect(await other.getWebhook()).toBeNull();
  });
});
