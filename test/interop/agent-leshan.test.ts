import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CBOR,
  LINK_FORMAT,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../protocol/coap/content-formats.ts";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import type { Device } from "./support/device.ts";
import { DEVICE_VALUES, startDevice, TEST_VALUES } from "./support/device.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import type { Asking, Told } from "./support/remote-peer.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { body } from "./support/requests.ts";
import { shows } from "./support/shows.ts";

const EP = "urn:dormouse:interop";

describeWith(["leshan"], "our agent with Leshan's server", () => {
  let leshan: RemotePeer;
  let device: Device;
  let registered: Told;

  beforeAll(async () => {
    const port = await freePort();
    leshan = await RemotePeer.leshanServer(port);
    device = startDevice({ endpointName: EP, lifetime: 120, serverPort: port });
    registered = await leshan.event("registered");
  });
  afterAll(async () => {
    await device?.stop();
    await leshan?.stop();
  });

  function ask(op: string, path: string, more: Partial<Asking> = {}): Promise<Told> {
    return leshan.ask({ op, ep: EP, path, ...more });
  }

  /** An Update whose list shows an instance, or no longer shows it. */
  function updateOfLinks(link: string, isThere: boolean): Promise<Told> {
    return leshan.events.next(
      `Update ${isThere ? "with" : "without"} ${link}`,
      (told) => told.event === "updated" && (told["links"] as string[]).includes(link) === isThere,
    );
  }

  async function readValue(path: string): Promise<unknown> {
    const { values } = await ask("read", path, { format: TLV });
    return (values as Record<string, unknown>)[path];
  }

  test("LwM2M Core 1.1.1 §6.2.1: it registers with name, lifetime, version, binding and objects", () => {
    shows("Register");
    expect(registered).toMatchObject({
      ep: EP,
      lifetime: 120,
      version: "1.1",
      binding: "[U]",
      queueMode: false,
    });
    expect(registered["links"]).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^<\/>;.*rt="?oma\.lwm2m"?/),
        "</1/0>",
        "</3/0>",
        "</3303/0>",
        "</3442/0>",
      ]),
    );
  });

  describe.each([
    { name: "TLV", format: TLV },
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("in $name", ({ format }) => {
    test("LwM2M Core 1.1.1 §6.3.1: Leshan reads an object instance", async () => {
      shows("Read");
      const answer = await ask("read", "/3/0", { format });
      expect(answer).toMatchObject({ code: "2.05", contentFormat: format });
      expect(answer["values"]).toMatchObject(DEVICE_VALUES);
    });

    test("LwM2M Core 1.1.1 §6.3.1: Leshan reads an object", async () => {
      shows("Read");
      const answer = await ask("read", "/3303", { format });
      expect(answer).toMatchObject({ code: "2.05", contentFormat: format });
      expect(Object.keys(answer["values"] as object)).toContain("/3303/0/5700");
    });

    test("LwM2M Core 1.1.1 App. C: Leshan reads every data type, alone and with instances", async () => {
      shows("Read");
      const answer = await ask("read", "/3442/0", { format });
      expect(answer).toMatchObject({ code: "2.05", contentFormat: format });
      expect(answer["values"]).toMatchObject(TEST_VALUES);
    });

    test("LwM2M Core 1.1.1 §6.3.3: Leshan writes one resource", async () => {
      shows("Write (Replace)");
      const value = `by ${format}`;
      const answer = await ask("write", "/3442/0/110", { format, value });
      expect(answer).toMatchObject({ code: "2.04" });
      expect(await readValue("/3442/0/110")).toBe(value);
    });

    test("LwM2M Core 1.1.1 §6.3.3: Leshan updates some resources and leaves the others", async () => {
      shows("Write (Partial Update)");
      await ask("write", "/3442/0/120", { format: TEXT, value: -7 });
      const value = { 130: 2.25, 140: false, 150: "00ff10", 1120: { 0: 5, 3: -6 } };
      expect(await ask("update", "/3442/0", { format, value })).toMatchObject({ code: "2.04" });
      const { values } = await ask("read", "/3442/0", { format });
      expect(values).toMatchObject({
        "/3442/0/120": -7,
        "/3442/0/130": 2.25,
        "/3442/0/140": false,
        "/3442/0/150": "00ff10",
        "/3442/0/1120/3": -6,
      });
      device.resetTestObject();
    });

    test("LwM2M Core 1.1.1 §6.3.3: Leshan replaces an instance, and what it leaves out is gone", async () => {
      shows("Write (Replace)", "Create", "Delete");
      expect((await ask("create", "/3442/1", { format, value: { 110: "a", 120: 1 } })).code).toBe(
        "2.01",
      );
      expect(await ask("write", "/3442/1", { format, value: { 120: 2 } })).toMatchObject({
        code: "2.04",
      });
      expect((await ask("read", "/3442/1", { format }))["values"]).toEqual({ "/3442/1/120": 2 });
      expect(await ask("delete", "/3442/1")).toMatchObject({ code: "2.02" });
    });
  });

  test.each([
    { name: "text", format: TEXT, path: "/3442/0/120", value: TEST_VALUES["/3442/0/120"] },
    { name: "CBOR", format: CBOR, path: "/3442/0/125", value: TEST_VALUES["/3442/0/125"] },
    { name: "CBOR", format: CBOR, path: "/3442/0/130", value: TEST_VALUES["/3442/0/130"] },
    { name: "bytes", format: OCTET_STREAM, path: "/3442/0/150", value: TEST_VALUES["/3442/0/150"] },
    { name: "TLV", format: TLV, path: "/3442/0/1120/1", value: TEST_VALUES["/3442/0/1120/1"] },
    {
      name: "SenML CBOR",
      format: SENML_CBOR,
      path: "/3442/0/1150/0",
      value: TEST_VALUES["/3442/0/1150/0"],
    },
  ])("LwM2M Core 1.1.1 §6.3.1: Leshan reads $path as $name", async ({ format, path, value }) => {
    shows("Read");
    const answer = await ask("read", path, { format });
    expect(answer).toMatchObject({ code: "2.05", contentFormat: format });
    expect(answer["values"]).toEqual({ [path]: value });
  });

  test.each([
    { name: "text", format: TEXT, path: "/3442/0/110", value: "grün" },
    { name: "text", format: TEXT, path: "/3442/0/120", value: -7 },
    { name: "text", format: TEXT, path: "/3442/0/130", value: -0.5 },
    { name: "text", format: TEXT, path: "/3442/0/140", value: false },
    { name: "text", format: TEXT, path: "/3442/0/1120/1", value: 9 },
    { name: "bytes", format: OCTET_STREAM, path: "/3442/0/150", value: "00ff" },
    { name: "CBOR", format: CBOR, path: "/3442/0/110", value: "größer" },
    { name: "CBOR", format: CBOR, path: "/3442/0/120", value: -70_000 },
    { name: "CBOR", format: CBOR, path: "/3442/0/140", value: false },
    { name: "CBOR", format: CBOR, path: "/3442/0/150", value: "c0ffee" },
    { name: "CBOR", format: CBOR, path: "/3442/0/1120/0", value: 4 },
    { name: "LwM2M JSON", format: LWM2M_JSON, path: "/3442/0/110", value: "as JSON" },
    { name: "LwM2M JSON", format: LWM2M_JSON, path: "/3442/0/130", value: 2.5 },
    { name: "SenML CBOR", format: SENML_CBOR, path: "/3442/0/1110/1", value: "one of many" },
  ])("LwM2M Core 1.1.1 §6.3.3: Leshan writes $path as $name", async ({ format, path, value }) => {
    shows("Write (Replace)");
    expect(await ask("write", path, { format, value })).toMatchObject({ code: "2.04" });
    expect(await readValue(path)).toBe(value);
    device.resetTestObject();
  });

  test("LwM2M Core 1.1.1 §7.4: what 1.1 only accepts is not given: LwM2M JSON is 4.06", async () => {
    shows("Read");
    expect((await ask("read", "/3442/0/110", { format: LWM2M_JSON })).code).toBe("4.06");
  });

  test("LwM2M Core 1.1.1 §6.3.3: a link to what is not there is refused", async () => {
    shows("Write (Replace)");
    expect((await ask("write", "/3442/0/170", { format: TLV, value: "3303:0" })).code).toBe("2.04");
    expect((await ask("write", "/3442/0/170", { format: TLV, value: "3303:9" })).code).toBe("4.00");
    device.resetTestObject();
  });

  test("LwM2M Core 1.1.1 §6.3.1: what is not there is 4.04, what is executable only is 4.05", async () => {
    shows("Read");
    expect((await ask("read", "/3/0/15")).code).toBe("4.04");
    expect((await ask("read", "/3303/9")).code).toBe("4.04");
    expect((await ask("read", "/3/0/4")).code).toBe("4.05");
  });

  test("LwM2M Core 1.1.1 §6.3.3: a read-only resource refuses with 4.05, a wrong value with 4.00", async () => {
    shows("Write (Replace)");
    expect((await ask("write", "/3/0/0", { format: TEXT, value: "x" })).code).toBe("4.05");
    expect((await ask("write", "/1/0/1", { format: TEXT, value: -1 })).code).toBe("4.00");
  });

  test("LwM2M Core 1.1.1 §6.3.5: Leshan executes, with arguments and without", async () => {
    shows("Execute");
    expect((await ask("execute", "/3442/0/3", { value: "0='a',5" })).code).toBe("2.04");
    expect((await ask("execute", "/3/0/4")).code).toBe("2.04");
    expect(device.executed).toEqual(["/3442/0/3 0='a',5", "/3/0/4 "]);
    expect((await ask("execute", "/3/0/0")).code).toBe("4.05");
  });

  test("LwM2M Core 1.1.1 §6.3.2: Leshan discovers an object, with the attributes that it has written", async () => {
    shows("Discover", "Write-Attributes");
    expect((await ask("attributes", "/3303/0", { value: "pmin=2" })).code).toBe("2.04");
    expect(
      (await ask("attributes", "/3303/0/5700", { value: "pmax=60&gt=30&lt=-5.5&st=0.5" })).code,
    ).toBe("2.04");
    const answer = await ask("discover", "/3303/0");
    expect(answer).toMatchObject({ code: "2.05", contentFormat: LINK_FORMAT });
    const links = answer["links"] as string[];
    expect(links[0]).toBe("</3303/0>;pmin=2");
    const sensor = links.find((link) => link.startsWith("</3303/0/5700>"));
    for (const attribute of ["pmax=60", "gt=30", "lt=-5.5", "st=0.5"]) {
      expect(sensor).toContain(`;${attribute}`);
    }
    await ask("attributes", "/3303/0", { value: "pmin" });
    await ask("attributes", "/3303/0/5700", { value: "pmax&gt&lt&st" });
  });

  test.each([
    { name: "TLV", format: TLV },
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("LwM2M Core 1.1.1 §6.4.1: Leshan observes in $name, is notified, and cancels", async ({
    format,
  }) => {
    shows("Observe", "Notify", "Cancel Observation");
    const path = "/3303/0/5700";
    device.temperature.set(0, SENSOR_VALUE, 20);
    expect(await ask("observe", path, { format })).toMatchObject({
      code: "2.05",
      values: { [path]: 20 },
    });
    for (const value of [21.5, 22, -3.25]) {
      device.temperature.set(0, SENSOR_VALUE, value);
      expect(await leshan.event("notification")).toMatchObject({
        ep: EP,
        path,
        contentFormat: format,
        values: { [path]: value },
      });
    }
    expect((await ask("cancel", path)).code).toBe("2.05");
    device.temperature.set(0, SENSOR_VALUE, 23);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(leshan.events.rest().filter((told) => told.event === "notification")).toEqual([]);
  });

  test("LwM2M Core 1.1.1 §5.1.2: with pmin 1 three changes within a second are one notification, of the last", async () => {
    shows("Observe", "Notify", "Write-Attributes");
    const path = "/3303/0/5700";
    await ask("attributes", path, { value: "pmin=1" });
    await ask("observe", path);
    for (const value of [1, 2, 3]) device.temperature.set(0, SENSOR_VALUE, value);
    expect(await leshan.event("notification")).toMatchObject({ values: { [path]: 3 } });
    await ask("cancel", path);
    await ask("attributes", path, { value: "pmin" });
    expect(leshan.events.rest().filter((told) => told.event === "notification")).toEqual([]);
  });

  test("RFC 7959: Leshan writes and reads back 5,000 bytes in blocks", async () => {
    shows("Block-wise transfer");
    const value = Buffer.from(body(5_000)).toString("hex");
    expect((await ask("write", "/3442/0/150", { format: OCTET_STREAM, value })).code).toBe("2.04");
    expect(await readValue("/3442/0/150")).toBe(value);
    device.resetTestObject();
  });

  test("LwM2M Core 1.1.1 §6.3.6: Leshan creates and deletes an instance, and hears of both by Update", async () => {
    shows("Create", "Delete", "Update");
    const created = await ask("create", "/3303/7", { format: TLV, value: { 5750: "attic" } });
    expect(created.code).toBe("2.01");
    await updateOfLinks("</3303/7>", true);
    expect(await readValue("/3303/7/5750")).toBe("attic");
    expect((await ask("delete", "/3303/7")).code).toBe("2.02");
    await updateOfLinks("</3303/7>", false);
  });

  test("LwM2M Core 1.1.1 §6.2.2: a written lifetime and the update trigger each bring an Update", async () => {
    shows("Update", "Execute");
    const isUpdate = (told: Told) => told.event === "updated" && told["lifetime"] === 240;
    expect((await ask("write", "/1/0/1", { format: TEXT, value: 240 })).code).toBe("2.04");
    await leshan.events.next("Update of the lifetime", isUpdate);
    expect((await ask("execute", "/1/0/8")).code).toBe("2.04");
    await leshan.events.next("Update by trigger", isUpdate);
  });
});

describeWith(["leshan"], "the life of a registration at Leshan's server", () => {
  let leshan: RemotePeer;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    leshan = await RemotePeer.leshanServer(port);
  });
  afterAll(async () => {
    await leshan?.stop();
  });

  test("LwM2M Core 1.1.1 §6.2.3: a stopped agent de-registers", async () => {
    shows("De-register");
    const device = startDevice({ endpointName: "stopper", serverPort: port });
    await leshan.event("registered");
    await device.stop();
    expect(await leshan.event("deregistered")).toMatchObject({ ep: "stopper" });
  });

  test.each([
    { version: "1.0" as const, shown: "1.0" },
    { version: "1.1" as const, shown: "1.1" },
  ])("LwM2M Core $version: a device in queue mode is known as one", async ({ version, shown }) => {
    shows("Queue mode", "Register");
    const endpointName = `sleeper ${version}`;
    const device = startDevice({ endpointName, version, queueMode: true, serverPort: port });
    expect(await leshan.event("registered")).toMatchObject({
      ep: endpointName,
      version: shown,
      queueMode: true,
    });
    const answer = await leshan.ask({ op: "read", ep: endpointName, path: "/3/0", format: TLV });
    expect(answer["values"]).toMatchObject(DEVICE_VALUES);
    await device.stop();
    await leshan.event("deregistered");
  });

  test("LwM2M Core 1.1.1 §6.2.2: a server that has forgotten us answers 4.04, and we register again", async () => {
    shows("Update", "Register");
    const device = startDevice({ endpointName: "remembered", serverPort: port });
    await leshan.event("registered");
    await leshan.stop();
    leshan = await RemotePeer.leshanServer(port);
    device.temperature.create(1, { [SENSOR_VALUE]: 5 });
    const again = await leshan.event("registered");
    expect(again).toMatchObject({ ep: "remembered" });
    expect(again["links"]).toContain("</3303/1>");
    await device.stop();
  });
});
