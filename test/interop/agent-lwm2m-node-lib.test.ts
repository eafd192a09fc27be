import { afterAll, beforeAll, expect, test } from "vitest";
import { SENSOR_VALUE } from "../../protocol/model/objects/ipso-resources.ts";
import type { Device } from "./support/device.ts";
import { DEVICE_VALUES, startDevice } from "./support/device.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import type { Told } from "./support/remote-peer.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const EP = "dormouse-1.0";

describeWith(["lwm2m-node-lib"], "our agent with lwm2m-node-lib's server (LwM2M 1.0)", () => {
  let server: RemotePeer;
  let device: Device;
  let registered: Told;

  beforeAll(async () => {
    const port = await freePort();
    server = await RemotePeer.lwm2mNodeLibServer(port);
    device = startDevice({
      endpointName: EP,
      lifetime: 120,
      version: "1.0",
      serverPort: port,
    });
    registered = await server.event("registered");
  });
  afterAll(async () => {
    await device?.stop();
    await server?.stop();
  });

  function ask(op: string, path: string, value?: unknown): Promise<Told> {
    return server.ask({ op, ep: EP, path, value });
  }

  test("LwM2M Core 1.0.2 §5.3.1: it registers", () => {
    shows("Register");
    expect(registered).toMatchObject({ ep: EP, lifetime: "120", version: "1.0", binding: "U" });
    expect(registered["links"]).toContain("</3303/0>");
  });

  test("LwM2M Core 1.0.2 §5.4: it is read, written and executed", async () => {
    shows("Read", "Write (Replace)", "Execute");
    expect(await ask("read", "/3/0/0")).toMatchObject({ value: DEVICE_VALUES["/3/0/0"] });
    expect((await ask("write", "/3303/0/5750", "cellar"))["error"]).toBeUndefined();
    expect(await ask("read", "/3303/0/5750")).toMatchObject({ value: "cellar" });
    expect((await ask("execute", "/3/0/4", ""))["error"]).toBeUndefined();
    expect(device.executed).toEqual(["/3/0/4 "]);
    expect((await ask("read", "/3/0/15"))["error"]).toMatch(/NOT_FOUND/);
  });

  test("LwM2M Core 1.0.2 §5.4.2: it is discovered, with attributes", async () => {
    shows("Discover", "Write-Attributes");
    expect(
      (await ask("attributes", "/3303/0/5700", { pmin: 0, pmax: 60 }))["error"],
    ).toBeUndefined();
    expect((await ask("discover", "/3303/0"))["value"]).toMatch(/<\/3303\/0\/5700>;[^,]*pmax=60/);
  });

  test("LwM2M Core 1.0.2 §5.5: it is observed", async () => {
    shows("Observe", "Notify");
    device.temperature.set(0, SENSOR_VALUE, 20);
    expect(await ask("observe", "/3303/0/5700")).toMatchObject({ value: "20" });
    device.temperature.set(0, SENSOR_VALUE, 21.5);
    expect(await server.event("notification")).toMatchObject({
      path: "/3303/0/5700",
      value: "21.5",
    });
  });

  test("LwM2M Core 1.0.2 §5.3.2: a new instance brings an Update with the list", async () => {
    shows("Update");
    device.temperature.create(1, { [SENSOR_VALUE]: 5 });
    expect((await server.event("updated"))["links"]).toContain("</3303/1>");
  });

  test("LwM2M Core 1.0.2 §5.3.3: it de-registers", async () => {
    shows("De-register");
    await device.stop();
    expect(await server.event("deregistered")).toMatchObject({ ep: EP });
  });
});
