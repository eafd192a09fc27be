/** The original's own npm client against the connector and real devices, over UDP and HTTP. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addSensor, sensorObject } from "../../firmware/objects/sensor.ts";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import { TEMPERATURE } from "../../protocol/model/objects/temperature.ts";
import {
  DELETE_ALLOWED,
  NamedResource,
  POST_ALLOWED,
  PUT_ALLOWED,
} from "../../protocol/resources/named-resource.ts";
import { AWAKE_FOR, House, type RunningDevice } from "./support/house.ts";
import { type MbedClient, mbedClient, type Notification } from "./support/mbed-client.ts";

const house = new House();
let client: MbedClient;
let key: string;

const speed = new NamedResource("/actuator/0/speed", {
  type: "5851",
  format: 0,
  observable: true,
  value: 12,
});
const drive = new NamedResource("/actuator/0/drive", { allowed: POST_ALLOWED });
const debug = new NamedResource("/logs/0/debug", {
  value: "all quiet",
  allowed: PUT_ALLOWED | DELETE_ALLOWED,
});
const temp = new NamedResource("/dev/temp", { observable: true, value: 20, maxAge: 60 });
const driven: string[] = [];
drive.onExecute = (_, payload) => {
  driven.push(Buffer.from(payload).toString());
  return undefined;
};
const sensor = sensorObject(TEMPERATURE);
addSensor(sensor, 0, 21.5, "Cel");

let sleeper: RunningDevice;
const sleeperTemp = new NamedResource("/dev/temp", { observable: true, value: 4 });

beforeAll(async () => {
  await house.start();
  key = house.newKey();
  client = mbedClient(house.connector.httpUrl, key);
  await client.startLongPolling();
  await house.device({
    endpointName: "node-001",
    endpointType: "Light",
    plain: true,
    resources: [speed, drive, debug, temp],
  });
  await house.device({ endpointName: "thermometer", objects: [sensor] });
  sleeper = await house.device({
    endpointName: "node-003",
    endpointType: "QueueModeNode",
    plain: true,
    queueMode: true,
    awakeFor: AWAKE_FOR,
    resources: [sleeperTemp],
  });
});

afterAll(async () => {
  client.stopLongPolling();
  await house.stop();
});

/** Resolves with the next notification of a resource. */
function nextNotification(
  endpointName: string,
  path: string,
  receiver = client,
): Promise<Notification> {
  return new Promise((resolve) => {
    const listen = (notification: Notification) => {
      if (notification.ep !== endpointName || notification.path !== path) return;
      receiver.off("notification", listen);
      resolve(notification);
    };
    receiver.on("notification", listen);
  });
}

/** Resolves with the next event about an endpoint. */
function nextEvent(name: string, endpointName: string): Promise<unknown> {
  return new Promise((resolve) => {
    const listen = (event: { ep: string } | string) => {
      if ((typeof event === "string" ? event : event.ep) !== endpointName) return;
      client.off(name, listen);
      resolve(event);
    };
    client.on(name, listen);
  });
}

function ask(method: string, path: string): Promise<Response> {
  return fetch(`${house.connector.httpUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
  });
}

describe("lists", () => {
  test("versions and limits", async () => {
    expect(await client.getApiVersions()).toEqual(["v1", "v2"]);
    expect(Object.keys(await client.getLimits())).toEqual([
      "transaction-quota",
      "transaction-count",
      "endpoint-quota",
      "endpoint-count",
    ]);
  });

  test("endpoints, all and by type", async () => {
    expect(await client.getEndpoints()).toEqual([
      { name: "node-001", type: "Light", status: "ACTIVE" },
      { name: "thermometer", type: "", status: "ACTIVE" },
      { name: "node-003", type: "QueueModeNode", status: "ACTIVE", q: true },
    ]);
    const lights = await client.getEndpoints({ parameters: { type: "Light" } });
    expect(lights.map(({ name }) => name)).toEqual(["node-001"]);
    expect(await client.getEndpoints({ parameters: { type: "None" } })).toEqual([]);
  });

  test("resources", async () => {
    expect(await client.getResources("node-001")).toEqual([
      { uri: "/actuator/0/speed", rt: "5851", obs: true, type: "text/plain" },
      { uri: "/actuator/0/drive", rt: "", obs: false, type: "" },
      { uri: "/logs/0/debug", rt: "", obs: false, type: "" },
      { uri: "/dev/temp", rt: "", obs: true, type: "" },
    ]);
    const uris = (await client.getResources("thermometer")).map(({ uri }) => uri);
    expect(uris).toContain("/3303/0");
    await expect(client.getResources("nobody")).rejects.toMatchObject({ status: 404 });
  });
});

describe("requests", () => {
  test("read: a named resource, an LwM2M resource, an instance as TLV", async () => {
    expect(await client.getResourceValue("node-001", "/actuator/0/speed")).toBe("12");
    expect(await client.getResourceValue("thermometer", "/3303/0/5700")).toBe("21.5");
    // The client decodes TLV as if it were text; the unit is readable in it all the same.
    expect(await client.getResourceValue("thermometer", "/3303/0")).toContain("Cel");
  });

  test("write, and read back", async () => {
    await client.putResourceValue("node-001", "/actuator/0/speed", 95);
    expect(speed.value).toBe("95");
    expect(await client.getResourceValue("node-001", "/actuator/0/speed")).toBe("95");
  });

  test("execute, with and without an argument", async () => {
    await client.postResource("node-001", "/actuator/0/drive", "forward");
    await client.postResource("node-001", "/actuator/0/drive", null);
    expect(driven).toEqual(["forward", ""]);
    await client.postResource("thermometer", "/3303/0/5605", null);
  });

  test("delete: the resource leaves the list when the device has confirmed", async () => {
    const updated = nextEvent("reg-update", "node-001");
    expect((await ask("DELETE", "/v2/endpoints/node-001/logs/0/debug")).status).toBe(202);
    await updated;
    const uris = (await client.getResources("node-001")).map(({ uri }) => uri);
    expect(uris).not.toContain("/logs/0/debug");
  });

  test("a value with a Max-Age is answered from the cache the second time", async () => {
    expect(await client.getResourceValue("node-001", "/dev/temp")).toBe("20");
    const cacheOnly = { parameters: { cacheOnly: true } };
    expect(await client.getResourceValue("node-001", "/dev/temp", cacheOnly)).toBe("20");
    const cached = await ask("GET", "/v2/endpoints/node-001/dev/temp");
    expect([cached.status, await cached.text()]).toEqual([200, "20"]);
    const uncached = await ask("GET", "/v2/endpoints/node-001/actuator/0/speed?cacheOnly=true");
    expect(uncached.status).toBe(205);
  });

  test("failures: at once, and from the device", async () => {
    await expect(client.getResourceValue("nobody", "/3/0/0")).rejects.toMatchObject({
      status: 410,
    });
    await expect(client.getResourceValue("node-001", "/no/such")).rejects.toMatchObject({
      status: 404,
    });
    await expect(client.getResourceValue("thermometer", "/3303/7/5700")).rejects.toMatchObject({
      status: 404,
    });
    await expect(client.putResourceValue("thermometer", "/3303/0/5700", "1")).rejects.toMatchObject(
      { status: 405 },
    );
  });

  test("noResp is taken without an answer, and refused in queue mode", async () => {
    const noResp = { parameters: { noResp: true } };
    await client.putResourceValue("node-001", "/actuator/0/speed", 7, noResp);
    await expect(client.putResourceValue("node-003", "/dev/temp", 7, noResp)).rejects.toMatchObject(
      { status: 409 },
    );
  });

  test("no answer outruns its 202, however many are asked for at once", async () => {
    const rounds = 10;
    for (let round = 0; round < rounds; round++) {
      const reads = Array.from({ length: 15 }, () =>
        client.getResourceValue("thermometer", "/3303/0/5700"),
      );
      expect(new Set(await Promise.all(reads))).toEqual(new Set(["21.5"]));
    }
  });
});

describe("queue mode", () => {
  test("a request waits while the device sleeps, and is answered when it wakes", async () => {
    await sleeper.until((event) => event.kind === "asleep");
    let isAnswered = false;
    const written = client.putResourceValue("node-003", "/dev/temp", 9).then(() => {
      isAnswered = true;
    });
    // Other devices are asked and have answered: time enough for one that is awake.
    for (let i = 0; i < 3; i++) await client.getResourceValue("thermometer", "/3303/0/5700");
    expect(isAnswered).toBe(false);
    // A new resource makes the device wake up to tell its server.
    sleeper.agent.addResource(new NamedResource("/dev/power", { value: 1 }));
    await written;
    expect(sleeperTemp.value).toBe("9");
  });

  test("a device that wakes up to notify is asked then, too", async () => {
    await client.putResourceSubscription("node-003", "/dev/temp");
    sleeper.forget();
    await sleeper.until((event) => event.kind === "asleep");
    const value = client.getResourceValue("node-003", "/dev/power");
    const notification = nextNotification("node-003", "/dev/temp");
    sleeperTemp.set(5);
    expect((await notification).payload).toBe("5");
    expect(await value).toBe("1");
    await client.deleteEndpointSubscriptions("node-003");
  });
});

describe("subscriptions", () => {
  test("one resource: values come until it is removed", async () => {
    await client.putResourceSubscription("thermometer", "/3303/0/5700");
    expect(await client.getResourceSubscription("thermometer", "/3303/0/5700")).toBe(true);
    expect(await client.getEndpointSubscriptions("thermometer")).toEqual([
      "/subscriptions/thermometer/3303/0/5700",
    ]);
    for (const value of [22, 23]) {
      const notification = nextNotification("thermometer", "/3303/0/5700");
      sensor.set(0, SENSOR_VALUE, value);
      expect((await notification).payload).toBe(`${value}`);
    }
    await client.deleteResourceSubscription("thermometer", "/3303/0/5700");
    expect(await client.getResourceSubscription("thermometer", "/3303/0/5700")).toBe(false);
    expect(await client.getEndpointSubscriptions("thermometer")).toEqual([]);
  });

  test("rules: applied to what is there and to what comes", async () => {
    expect(await client.getPreSubscription()).toEqual([]);
    const rules = [{ "endpoint-type": "Light", "resource-path": ["/dev/*"] }];
    const first = nextNotification("node-001", "/dev/temp");
    await client.putPreSubscription(rules);
    expect(await client.getPreSubscription()).toEqual(rules);
    expect((await first).payload).toBe("20");

    const registration = nextEvent("registration", "node-002");
    const newcomer = nextNotification("node-002", "/dev/power");
    const power = new NamedResource("/dev/power", { observable: true, value: 30 });
    const device = await house.device({
      endpointName: "node-002",
      endpointType: "Light",
      plain: true,
      resources: [power],
    });
    expect(await registration).toEqual({
      ep: "node-002",
      ept: "Light",
      q: false,
      resources: [{ path: "/dev/power", if: "", rf: "", rt: "", ct: "", obs: true }],
    });
    expect((await newcomer).payload).toBe("30");
    const later = nextNotification("node-002", "/dev/power");
    power.set(31);
    expect((await later).payload).toBe("31");

    const gone = nextEvent("de-registration", "node-002");
    await device.stop();
    expect(await gone).toBe("node-002");
    await client.putPreSubscription([]);
    expect(await client.getEndpointSubscriptions("node-001")).toEqual([]);
    await client.deleteAllSubscriptions();
  });
});

describe("endpoints that are deleted", () => {
  test("are gone for applications, and back when the device has noticed", async () => {
    const device = await house.device({ endpointName: "node-009", plain: true, resources: [temp] });
    const gone = nextEvent("de-registration", "node-009");
    await client.deleteEndpoint("node-009");
    expect(await gone).toBe("node-009");
    await expect(client.getResources("node-009")).rejects.toMatchObject({ status: 404 });
    await expect(client.deleteEndpoint("node-009")).rejects.toMatchObject({ status: 404 });

    const back = nextEvent("registration", "node-009");
    // What it lists has changed, so that it updates: 4.04.
    device.agent.addResource(new NamedResource("/dev/new", { value: 1 }));
    expect(await back).toMatchObject({ ep: "node-009" });
    await device.stop();
  });
});

describe("other ways to the same", () => {
  test("version 1", async () => {
    const older = mbedClient(house.connector.httpUrl, key, { restApiVersion: "v1" });
    expect(await older.getEndpoints()).toEqual(await client.getEndpoints());
    expect(await older.getResourceSubscription("node-001", "/dev/temp")).toBe(false);
  });

  test("user name and password, as before there were access keys", async () => {
    const created = await fetch(`${house.connector.httpUrl}/admin/users`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        name: "old-program",
        password: "correct horse battery staple",
        permissions: ["view device", "view resource", "change resource"],
      }),
    });
    expect([created.status, created.ok ? "" : await created.text()]).toEqual([201, ""]);
    const credential = { domain: "default", username: "old-program" };
    const url = house.connector.httpUrl;
    const older = mbedClient(url, { ...credential, password: "correct horse battery staple" });
    await older.startLongPolling();
    expect((await older.getEndpoints()).map(({ name }) => name)).toContain("node-001");
    expect(await older.getResourceValue("thermometer", "/3303/0/5701")).toBe("Cel");
    older.stopLongPolling();
    const stranger = mbedClient(url, { ...credential, password: "wrong" });
    await expect(stranger.getEndpoints()).rejects.toMatchObject({ status: 401 });
  });
});

describe("callback", () => {
  let receiver: Server;
  let url: string;
  let status = 200;
  const received: { authorization: string | undefined; body: string }[] = [];

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { authorization } = request.headers;
        received.push({ authorization, body });
        if (status === 200) other.handleNotifications(JSON.parse(body));
        response.writeHead(status).end("OK");
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?x=1`;
    other = mbedClient(house.connector.httpUrl, house.newKey());
  });
  let other: MbedClient;

  afterAll(() => {
    receiver.closeAllConnections();
    receiver.close();
  });

  test("one that does not answer well is refused", async () => {
    status = 500;
    await expect(other.putCallback({ url })).rejects.toMatchObject({ status: 400 });
    status = 200;
    await expect(other.getCallback()).rejects.toMatchObject({ status: 404 });
    await expect(other.putCallback({ url: "http://10.1.2.3/" })).rejects.toMatchObject({
      status: 400,
    });
  });

  test("answers and notifications are PUT to it, with its headers", async () => {
    const callback = { url, headers: { authorization: "open sesame" } };
    await other.putCallback(callback);
    expect(await other.getCallback()).toEqual(callback);
    expect(received.at(-1)).toEqual({ authorization: "open sesame", body: "{}" });

    expect(await other.getResourceValue("thermometer", "/3303/0/5701")).toBe("Cel");
    await other.putResourceSubscription("thermometer", "/3303/0/5700");
    const notification = nextNotification("thermometer", "/3303/0/5700", other);
    sensor.set(0, SENSOR_VALUE, 30);
    expect((await notification).payload).toBe("30");
  });

  test("all that waits for an answer ends over it, too", async () => {
    await other.putResourceValue("node-001", "/actuator/0/speed", 42);
    expect(await other.getResourceValue("node-001", "/actuator/0/speed")).toBe("42");
    await other.postResource("node-001", "/actuator/0/drive", "back");
    expect(driven.at(-1)).toBe("back");
    await expect(other.getResourceValue("thermometer", "/3303/9/5700")).rejects.toMatchObject({
      status: 404,
    });
    const device = await house.device({ endpointName: "node-010", plain: true, resources: [] });
    await other.deleteEndpoint("node-010");
    await device.stop();
    expect(await other.getResourceSubscription("thermometer", "/3303/0/5700")).toBe(true);
    expect(await other.getEndpointSubscriptions("thermometer")).toHaveLength(1);
    expect(await other.getPreSubscription()).toEqual([]);
  });

  test("what it refuses is sent again", async () => {
    status = 503;
    const before = received.length;
    sensor.set(0, SENSOR_VALUE, 31);
    await expect.poll(() => received.length).toBeGreaterThan(before);
    status = 200;
    const notification = nextNotification("thermometer", "/3303/0/5700", other);
    expect((await notification).payload).toBe("31");
  });

  test("a message that tells of a gap is read like any other", async () => {
    const notification = nextNotification("any", "/dev/temp", other);
    const gap = {
      dropped: 12,
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-01-01T00:01:00.000Z",
    };
    other.handleNotifications({
      notifications: [
        { ep: "any", path: "/dev/temp", ct: "text/plain", payload: "MQ==", "max-age": 0 },
      ],
      gaps: [gap],
    });
    expect((await notification).payload).toBe("1");
  });

  test("removing it removes the subscriptions", async () => {
    await other.deleteCallback();
    await expect(other.getCallback()).rejects.toMatchObject({ status: 404 });
    expect(await other.getEndpointSubscriptions("thermometer")).toEqual([]);
  });
});
