import { afterAll, beforeAll, expect, test } from "vitest";
import { proves } from "../support/proves.ts";
import { RunningConnector } from "./support/connector.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const EP = "leshan-bootstrapped";
const CONFIGURATION = `/../admin/bootstrap/configurations/${EP}`;
const STATUS = `/../admin/bootstrap/devices/${EP}`;

describeWith(["leshan"], "Leshan's client, bootstrapped by our Bootstrap-Server", () => {
  let connector: RunningConnector;
  let leshan: RemotePeer | undefined;

  beforeAll(async () => {
    connector = await RunningConnector.start({ bootstrap: {} });
  });
  afterAll(async () => {
    await leshan?.stop();
    await connector?.close();
  });

  test.each([
    { placement: "as-written" },
    { placement: "discover" },
  ])("LwM2M Core 1.2.2 §6.1.3.3: it takes what it is given, and registers with it ($placement)", async ({
    placement,
  }) => {
    shows(
      "Bootstrap-Request",
      "Bootstrap-Delete",
      "Bootstrap-Discover",
      "Bootstrap-Write",
      "Bootstrap-Finish",
      "Register",
    );
    proves("bootstrap-server", "bootstrap-request", "bootstrap-finish", "bootstrap-discover");
    const { rest, coapUrl } = connector;
    const servers = [{ uri: coapUrl, shortServerId: 123, lifetime: 60 }];
    const body = JSON.stringify({ servers, placement });
    const headers = { "Content-Type": "application/json" };
    expect((await rest.send("PUT", CONFIGURATION, body, headers)).status).toBe(200);
    leshan = RemotePeer.leshanClient(coapUrl, EP, "60", "bootstrap");
    // It has no account of its own: it registers with what it was given.
    await leshan.event("registered", 30_000);
    const endpoints = await (await rest.send("GET", "/endpoints")).json();
    expect(endpoints).toEqual([expect.objectContaining({ name: EP })]);
    const { outcomes } = (await (await rest.send("GET", STATUS)).json()) as {
      outcomes: object[];
    };
    expect(outcomes[0]).toMatchObject({ outcome: "finished", via: "request" });
    await leshan.finish();
    leshan = undefined;
  });
});
