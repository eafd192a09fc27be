/** Our agent with Leshan's server: several places at once, and single instances of resources. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SENML_CBOR, SENML_JSON, TEXT, TLV } from "../../protocol/coap/content-formats.ts";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import { proves } from "../support/proves.ts";
import type { Device } from "./support/device.ts";
import { startDevice, TEST_VALUES } from "./support/device.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import type { Asking, Told } from "./support/remote-peer.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const EP = "urn:dormouse:composites";
const TEMPERATURE = "/3303/0/5700";
/** How long to wait for what is not to come, milliseconds. */
const QUIET = 500;

describeWith(["leshan"], "our agent with Leshan's server: composites", () => {
  let leshan: RemotePeer;
  let device: Device;

  beforeAll(async () => {
    const port = await freePort();
    leshan = await RemotePeer.leshanServer(port);
    device = startDevice({ endpointName: EP, lifetime: 120, serverPort: port });
    await leshan.event("registered");
  });
  afterAll(async () => {
    await device?.stop();
    await leshan?.stop();
  });

  const ask = (op: string, more: Partial<Asking>): Promise<Told> =>
    leshan.ask({ op, ep: EP, ...more });

  describe.each([
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("in $name", ({ format }) => {
    test("LwM2M Core 1.1.1 §6.3.8: Leshan reads an instance, resources and a resource instance as one", async () => {
      proves("device", "read-composite");
      shows("Read-Composite");
      const paths = ["/3303/0", "/3442/0/110", "/3442/0/125", "/3442/0/1120/1", "/3/0/9"];
      const answer = await ask("read-composite", { paths, format });
      expect(answer).toMatchObject({ code: "2.05", contentFormat: format });
      expect(answer["values"]).toEqual({
        "/3303/0/5700": 20,
        "/3303/0/5701": "Cel",
        "/3303/0/5750": "hall",
        "/3442/0/110": TEST_VALUES["/3442/0/110"],
        "/3442/0/125": TEST_VALUES["/3442/0/125"],
        "/3442/0/1120/1": TEST_VALUES["/3442/0/1120/1"],
        "/3/0/9": 95,
      });
    });

    test("LwM2M Core 1.1.1 §6.3.8: what is not there is left out of the answer", async () => {
      proves("device", "read-composite");
      shows("Read-Composite");
      const paths = ["/3/0/9", "/3/0/15", "/3303/9", "/0/0/1"];
      const answer = await ask("read-composite", { paths, format });
      expect(answer).toMatchObject({ code: "2.05" });
      expect(answer["values"]).toEqual({ "/3/0/9": 95 });
    });

    test("LwM2M Core 1.1.1 §6.3.9: Leshan writes resources and a resource instance of two objects as one", async () => {
      proves("device", "write-composite");
      shows("Write-Composite");
      const value = {
        "/3442/0/110": `both by ${format}`,
        "/3442/0/150": "00ff10",
        "/3442/0/1120/1": -5,
        "/3303/0/5750": "cellar",
      };
      expect(await ask("write-composite", { value, format })).toMatchObject({ code: "2.04" });
      const paths = Object.keys(value);
      const { values } = await ask("read-composite", { paths, format });
      expect(values).toEqual(value);
      // What was not named stays.
      expect((await ask("read", { path: "/3442/0/1120/0", format: TEXT }))["values"]).toEqual({
        "/3442/0/1120/0": TEST_VALUES["/3442/0/1120/0"],
      });
      await ask("write-composite", { value: { "/3303/0/5750": "hall" }, format });
      device.resetTestObject();
    });

    test("LwM2M Core 1.1.1 §6.3.9: nothing is written when one value is refused", async () => {
      proves("device", "write-composite");
      shows("Write-Composite");
      const value = { "/3442/0/110": "half", "/3/0/0": "Other" };
      expect(await ask("write-composite", { value, format })).toMatchObject({ code: "4.05" });
      expect(device.test.get(0, 110)).toBe(TEST_VALUES["/3442/0/110"]);
    });

    test("LwM2M Core 1.1.1 §6.4.4: Leshan observes several places, is notified of all of them, and cancels", async () => {
      proves("device", "observe-composite");
      shows("Observe-Composite", "Cancel Observation");
      const paths = [TEMPERATURE, "/3442/0/1120/0", "/3/0/9"];
      const first = { [TEMPERATURE]: 20, "/3442/0/1120/0": -1, "/3/0/9": 95 };
      expect(await ask("observe-composite", { paths, format })).toMatchObject({
        code: "2.05",
        contentFormat: format,
        values: first,
      });
      device.temperature.set(0, SENSOR_VALUE, 21.5);
      expect(await leshan.event("composite-notification")).toMatchObject({
        ep: EP,
        contentFormat: format,
        values: { ...first, [TEMPERATURE]: 21.5 },
      });
      device.test.setOne(0, 1120, 0, -2);
      expect(await leshan.event("composite-notification")).toMatchObject({
        values: { [TEMPERATURE]: 21.5, "/3442/0/1120/0": -2 },
      });
      expect((await ask("cancel-composite", { paths })).code).toBe("2.05");
      await quiet(() => device.temperature.set(0, SENSOR_VALUE, 20), "composite-notification");
      device.resetTestObject();
    });
  });

  test("LwM2M Core 1.1.1 §6.4.3: an observation of several places that Leshan has forgotten ends by Reset", async () => {
    proves("device", "observe-composite", "cancel");
    shows("Observe-Composite", "Cancel Observation");
    const paths = [TEMPERATURE, "/3/0/9"];
    await ask("observe-composite", { paths, format: SENML_CBOR });
    expect(device.observations()).toBe(1);
    await ask("forget", { paths });
    await quiet(() => device.temperature.set(0, SENSOR_VALUE, 30), "composite-notification");
    expect(device.observations()).toBe(0);
    device.temperature.set(0, SENSOR_VALUE, 20);
  });

  test.each([
    { name: "text", format: TEXT },
    { name: "TLV", format: TLV },
    { name: "SenML JSON", format: SENML_JSON },
    { name: "SenML CBOR", format: SENML_CBOR },
  ])("LwM2M Core 1.1.1 §6.3.3: Leshan writes one resource instance as $name, and the others stay", async ({
    format,
  }) => {
    proves("device", "write-replace");
    shows("Write (Replace)");
    const path = "/3442/0/1110/1";
    expect(await ask("write", { path, format, value: "changed" })).toMatchObject({ code: "2.04" });
    const { values } = await ask("read", { path: "/3442/0/1110", format: SENML_CBOR });
    expect(values).toEqual({ "/3442/0/1110/0": "zero", [path]: "changed" });
    device.resetTestObject();
  });

  test("LwM2M Core 1.1.1 §6.3.3: Leshan replaces all instances of a resource", async () => {
    proves("device", "write-replace");
    shows("Write (Replace)");
    const value = { 1: "b", 2: "c" };
    const written = { path: "/3442/0/1110", format: SENML_CBOR, value };
    expect(await ask("write", written)).toMatchObject({ code: "2.04" });
    const { values } = await ask("read", { path: "/3442/0/1110", format: TLV });
    expect(values).toEqual({ "/3442/0/1110/1": "b", "/3442/0/1110/2": "c" });
    device.resetTestObject();
  });

  // In SenML, Leshan asks for an id. Of resource instances it has no Delete: its request refuses the path.
  test("LwM2M Core 1.1.1 §6.3.6: Leshan creates without an id, and is told where", async () => {
    proves("device", "create", "delete");
    shows("Create", "Delete");
    const value = { 110: "new", 1120: { 4: 44 } };
    const created = await ask("create", { path: "/3442", format: TLV, value });
    expect(created).toMatchObject({ code: "2.01", location: "3442/1" });
    const { values } = await ask("read", { path: "/3442/1", format: TLV });
    expect(values).toEqual({ "/3442/1/110": "new", "/3442/1/1120/4": 44 });
    expect((await ask("delete", { path: "/3442/1" })).code).toBe("2.02");
    expect((await ask("read", { path: "/3442/1" })).code).toBe("4.04");
  });

  test("LwM2M Core 1.1.1 §6.3.6: Leshan creates with an id of its own, once", async () => {
    proves("device", "create");
    shows("Create");
    const asked = { path: "/3442/65534", format: SENML_JSON, value: { 120: 1 } };
    expect((await ask("create", asked)).code).toBe("2.01");
    expect(device.test.get(65_534, 120)).toBe(1);
    expect((await ask("create", asked)).code).toBe("4.00");
    expect((await ask("delete", { path: "/3442/65534" })).code).toBe("2.02");
  });

  /** Does it, and expects that no such event comes. */
  async function quiet(change: () => void, event: string): Promise<void> {
    change();
    await new Promise((resolve) => setTimeout(resolve, QUIET));
    expect(leshan.events.rest().filter((told) => told.event === event)).toEqual([]);
  }
});
