import { afterAll, beforeAll, expect, test } from "vitest";
import { NodeDevice } from "../../firmware/boards/node/main.ts";
import { TLV } from "../../protocol/coap/content-formats.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const EP = "urn:dormouse:bootstrap";
const LIFETIME = 150;
/** As LeshanBootstrap.java has it. */
const SHORT_SERVER_ID = 123;

describeWith(["leshan", "leshan-bootstrap"], "our agent with Leshan's bootstrap server", () => {
  let server: RemotePeer;
  let bootstrap: RemotePeer;
  let device: NodeDevice;
  const events: string[] = [];

  beforeAll(async () => {
    const [serverPort, bootstrapPort] = [await freePort(), await freePort()];
    server = await RemotePeer.leshanServer(serverPort);
    const uri = `coap://127.0.0.1:${serverPort}`;
    bootstrap = await RemotePeer.leshanBootstrap(bootstrapPort, uri, LIFETIME);
    device = new NodeDevice({ endpointName: EP, bootstrap: `coap://127.0.0.1:${bootstrapPort}` });
    device.start(({ kind }) => events.push(kind));
  });
  afterAll(async () => {
    await device?.stop();
    await bootstrap?.stop();
    await server?.stop();
  });

  test("LwM2M Core 1.1.1 §6.1.7: Leshan deletes, writes and finishes, and the agent registers with Leshan's server", async () => {
    shows(
      "Bootstrap-Request",
      "Bootstrap-Delete",
      "Bootstrap-Write",
      "Bootstrap-Finish",
      "Register",
    );
    expect(await bootstrap.event("bootstrapped")).toMatchObject({ ep: EP });
    expect(await server.event("registered")).toMatchObject({ ep: EP, lifetime: LIFETIME });
    expect(events.slice(0, 1)).toEqual(["bootstrap-started"]);
    expect(events).toContain("bootstrapped");
  });

  test("LwM2M Core 1.1.1 §E.2: what Leshan has written is what its server reads", async () => {
    shows("Bootstrap-Write", "Read");
    const { values } = await server.ask({ op: "read", ep: EP, path: "/1/0", format: TLV });
    expect(values).toMatchObject({ "/1/0/0": SHORT_SERVER_ID, "/1/0/1": LIFETIME });
    expect(device.agent.security.instances.ids).toEqual([0, 1]);
  });
});
