/** Our agent with Leshan's server: what it reports, and when it can be asked. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SENML_CBOR, SENML_JSON, TEXT, TLV } from "../../protocol/coap/content-formats.ts";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import { proves } from "../support/proves.ts";
import type { Device } from "./support/device.ts";
import { startDevice } from "./support/device.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import type { Asking, Told } from "./support/remote-peer.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const EP = "urn:dormouse:reporting";
const MUTE_SEND = "/1/0/23";
const TEMPERATURE = "/3303/0/5700";
/** How long to wait for what is not to come, milliseconds. */
const QUIET = 500;

const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET));

describeWith(["leshan"], "our agent with Leshan's server: reporting", () => {
  let leshan: RemotePeer;
  let device: Device;

  beforeAll(async () => {
    const port = await freePort();
    leshan = await RemotePeer.leshanServer(port);
    device = startDevice({ endpointName: EP, lifetime: 120, serverPort: port });
    await leshan.event("registered");
  });
  afterEach(() => {
    device.temperature.set(0, SENSOR_VALUE, 20);
    device.resetTestObject();
  });
  afterAll(async () => {
    await device?.stop();
    await leshan?.stop();
  });

  const ask = (op: string, more: Partial<Asking>): Promise<Told> =>
    leshan.ask({ op, ep: EP, ...more });
  const toldOf = (event: string) => leshan.events.rest().filter((told) => told.event === event);

  describe.each([
    { name: "TLV", format: TLV },
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("observed in $name", ({ format }) => {
    test.each([
      { place: "an object", path: "/3303" },
      { place: "an object instance", path: "/3303/0" },
      { place: "a resource", path: TEMPERATURE },
    ])("LwM2M Core 1.1.1 §6.4.1: Leshan observes $place, and hears of a change in it", async ({
      path,
    }) => {
      proves("device", "observe", "cancel");
      shows("Observe", "Notify", "Cancel Observation");
      const first = await ask("observe", { path, format });
      expect(first).toMatchObject({ code: "2.05", contentFormat: format });
      expect(first["values"]).toMatchObject({ [TEMPERATURE]: 20 });
      device.temperature.set(0, SENSOR_VALUE, -7.5);
      const told = await leshan.event("notification");
      expect(told).toMatchObject({ path, contentFormat: format });
      // As a whole: what did not change is there too.
      expect(told["values"]).toEqual({ ...(first["values"] as object), [TEMPERATURE]: -7.5 });
      expect((await ask("cancel", { path })).code).toBe("2.05");
      expect(device.observations()).toBe(0);
    });

    test.each([
      { place: "a resource with instances", path: "/3442/0/1120" },
      { place: "a resource instance", path: "/3442/0/1120/1" },
    ])("LwM2M Core 1.1.1 §6.4.1: Leshan observes $place, and hears of a change in it", async ({
      path,
    }) => {
      proves("device", "observe", "cancel");
      shows("Observe", "Notify", "Cancel Observation");
      const first = await ask("observe", { path, format });
      expect(first["values"]).toMatchObject({ "/3442/0/1120/1": 70_000 });
      device.test.setOne(0, 1120, 1, 70_001);
      const told = await leshan.event("notification");
      expect(told["values"]).toEqual({ ...(first["values"] as object), "/3442/0/1120/1": 70_001 });
      expect((await ask("cancel", { path })).code).toBe("2.05");
    });
  });

  test("LwM2M Core 1.1.1 §6.4.3: an observation that Leshan has forgotten ends by Reset", async () => {
    proves("device", "cancel");
    shows("Cancel Observation");
    await ask("observe", { path: TEMPERATURE });
    expect(device.observations()).toBe(1);
    await ask("forget", { path: TEMPERATURE });
    device.temperature.set(0, SENSOR_VALUE, 30);
    await quiet();
    expect(toldOf("notification")).toEqual([]);
    expect(device.observations()).toBe(0);
  });

  test.each([
    { level: "the object", path: "/3303", shown: "</3303>;ver=1.1" },
    { level: "the instance", path: "/3303/0", shown: "</3303/0>" },
    { level: "the resource", path: TEMPERATURE, shown: `<${TEMPERATURE}>` },
  ])("LwM2M Core 1.1.1 §6.3.4: attributes that Leshan writes to $level are discovered there, and hold for the resource", async ({
    path,
    shown,
  }) => {
    proves("device", "write-attributes", "discover", "attribute-precedence");
    shows("Write-Attributes", "Discover");
    const written = await ask("attributes", { path, value: "pmin=0&pmax=1" });
    expect(written.code).toBe("2.04");
    const { links } = await ask("discover", { path });
    expect((links as string[])[0]).toBe(`${shown};pmin=0;pmax=1`);
    await ask("observe", { path: TEMPERATURE });
    // Nothing changes: only pmax can be why it is notified.
    expect(await leshan.event("notification", 5_000)).toMatchObject({
      values: { [TEMPERATURE]: 20 },
    });
    await ask("cancel", { path: TEMPERATURE });
    await ask("attributes", { path, value: "pmin&pmax" });
    const { links: after } = await ask("discover", { path });
    expect((after as string[])[0]).toBe(shown);
    leshan.events.drop((told) => told.event === "notification");
  });

  test("LwM2M Core 1.1.1 §5.1.2: between gt and lt nothing is notified, and what crosses them is", async () => {
    proves("device", "gt-lt-st");
    shows("Write-Attributes", "Notify");
    await ask("attributes", { path: TEMPERATURE, value: "gt=30&lt=10" });
    await ask("observe", { path: TEMPERATURE });
    device.temperature.set(0, SENSOR_VALUE, 29);
    await quiet();
    expect(toldOf("notification")).toEqual([]);
    device.temperature.set(0, SENSOR_VALUE, 31);
    expect(await leshan.event("notification")).toMatchObject({ values: { [TEMPERATURE]: 31 } });
    await ask("cancel", { path: TEMPERATURE });
    await ask("attributes", { path: TEMPERATURE, value: "gt&lt" });
  });

  test.each([
    { text: "5" },
    { text: "0='a/b',3,9='x=y'" },
  ])("LwM2M Core 1.1.1 §6.3.5: Leshan executes with $text", async ({ text }) => {
    proves("device", "execute");
    shows("Execute");
    expect((await ask("execute", { path: "/3442/0/3", value: text })).code).toBe("2.04");
    expect(device.executed.at(-1)).toBe(`/3442/0/3 ${text}`);
  });

  test("LwM2M Core 1.1.1 §6.4.6: nothing is sent before Leshan has switched Mute Send off", async () => {
    proves("device", "mute-send");
    shows("Send");
    await ask("write", { path: MUTE_SEND, format: TEXT, value: true });
    device.send([TEMPERATURE]);
    await device.events.next("muted Send", ({ kind }) => kind === "send-muted");
    expect(toldOf("sent")).toEqual([]);
  });

  test.each([
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("LwM2M Core 1.1.1 §6.4.6: Leshan takes what the agent sends in $name", async ({ format }) => {
    proves("device", "send");
    shows("Send");
    await ask("write", { path: MUTE_SEND, format: TEXT, value: false });
    device.send([TEMPERATURE, "/3442/0/110", "/3442/0/1120", "/3442/0/150"], { format });
    const sent = await leshan.event("sent");
    expect(sent).toMatchObject({ ep: EP, contentFormat: format });
    const [moment, ...others] = sent["history"] as { values: object }[];
    expect(others).toEqual([]);
    expect(moment?.values).toEqual({
      [TEMPERATURE]: 20,
      "/3442/0/110": "naïve text",
      "/3442/0/1120/0": -1,
      "/3442/0/1120/1": 70_000,
      "/3442/0/150": "0001fe80ff",
    });
    await device.events.next("Send that was taken", ({ kind }) => kind === "sent");
  });

  test.each([
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("LwM2M Core 1.1.1 §6.4.6: Leshan takes several values with their times in $name", async ({
    format,
  }) => {
    proves("device", "send-history");
    shows("Send");
    await ask("write", { path: MUTE_SEND, format: TEXT, value: false });
    const values = [20, 21.5, 23];
    for (const value of values) {
      device.temperature.set(0, SENSOR_VALUE, value);
      device.record([TEMPERATURE]);
      // Times are told in seconds.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    }
    device.sendRecorded({ format });
    const { history } = await leshan.event("sent");
    const moments = history as { time: number; values: Record<string, number> }[];
    const inOrder = moments.toSorted((a, b) => a.time - b.time);
    expect(inOrder.map((moment) => moment.values[TEMPERATURE])).toEqual(values);
    const age = Date.now() / 1000 - inOrder[0].time;
    expect(age).toBeGreaterThan(2);
    expect(age).toBeLessThan(10);
  });
});

describeWith(["leshan"], "our agent in queue mode with Leshan's server", () => {
  const AWAKE_TIME = 1_500;
  const EP = "urn:dormouse:queue";
  let leshan: RemotePeer;
  let device: Device;

  beforeAll(async () => {
    const port = await freePort();
    leshan = await RemotePeer.leshanServer(port, AWAKE_TIME);
    device = startDevice({ endpointName: EP, queueMode: true, lifetime: 120, serverPort: port });
    expect(await leshan.event("registered")).toMatchObject({ ep: EP, queueMode: true });
  });
  afterAll(async () => {
    await device?.stop();
    await leshan?.stop();
  });

  test("LwM2M Transport 1.1.1 §6.5: Leshan takes it to sleep after a while, and asks it again after its Update", async () => {
    shows("Queue mode", "Update");
    const read = { op: "read", ep: EP, path: "/3/0/0", format: TEXT };
    expect((await leshan.ask(read)).code).toBe("2.05");
    await leshan.event("sleeping");
    // Leshan's library refuses at once what it would have to keep.
    expect((await leshan.ask(read))["error"]).toContain("ClientSleepingException");
    device.temperature.create(1, { [SENSOR_VALUE]: 5 });
    await leshan.event("updated");
    await leshan.event("awake");
    expect(await leshan.ask(read)).toMatchObject({
      code: "2.05",
      values: { "/3/0/0": "Dormouse" },
    });
  });
});
