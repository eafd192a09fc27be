import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { proves } from "../support/proves.ts";
import { RunningConnector } from "./support/connector.ts";
import { LeshanApi } from "./support/leshan-api.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

const EP = "leshan-bootstrapped";
const CONFIGURATION = `/../admin/bootstrap/configurations/${EP}`;
const JSON_BODY = { "Content-Type": "application/json" };
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

  const configure = async (more: object) => {
    const servers = [{ uri: connector.coapUrl, shortServerId: 123, lifetime: 60 }];
    const body = JSON.stringify({ servers, ...more });
    const response = await connector.rest.send("PUT", CONFIGURATION, body, JSON_BODY);
    expect(response.status).toBe(200);
  };
  const start = async () => {
    leshan = RemotePeer.leshanClient(connector.coapUrl, EP, "60", "bootstrap");
    // It has no account of its own: it registers with what it was given.
    await leshan.event("registered", 30_000);
    return leshan;
  };
  const lastOutcome = async () => {
    const response = await connector.rest.send("GET", STATUS);
    return ((await response.json()) as { outcomes: Record<string, unknown>[] }).outcomes[0];
  };
  afterEach(async () => {
    await leshan?.finish();
    leshan = undefined;
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
    await configure({ placement });
    await start();
    const endpoints = await (await connector.rest.send("GET", "/endpoints")).json();
    expect(endpoints).toEqual([expect.objectContaining({ name: EP })]);
    expect(await lastOutcome()).toMatchObject({ outcome: "finished", via: "request" });
  });

  test.each([
    { name: "TLV", format: "tlv" },
    { name: "SenML JSON", format: "senml-json" },
    { name: "SenML CBOR", format: "senml-cbor" },
  ])("LwM2M Core 1.2.2 §6.1.7.5: what is written in $name is in force, and what was deleted before is gone", async ({
    format,
  }) => {
    shows("Bootstrap-Write", "Bootstrap-Delete", "Read");
    proves("bootstrap-server", "bootstrap-write", "bootstrap-delete");
    const objects = { 3442: { 0: { 110: `by ${format}` } } };
    await configure({ format, objects, delete: ["/1", "/3303", "/3442"] });
    await start();
    expect(await lastOutcome()).toMatchObject({ outcome: "finished" });
    const api = await LeshanApi.open(connector.rest, EP);
    const { content } = await api.ask("GET", "1/0?format=TLV");
    expect(content.resources).toContainEqual({
      id: 1,
      kind: "singleResource",
      type: "INTEGER",
      value: "60",
    });
    expect((await api.ask("GET", "3442/0/110")).content).toMatchObject({ value: `by ${format}` });
    const { availableInstances } = await api.ask("GET", "");
    expect(availableInstances["3442"]).toEqual([0]);
    expect(availableInstances["3303"] ?? []).toEqual([]);
    await api.close();
  });

  test("LwM2M Core 1.2.2 §6.1.7.4: what the client had is read first, and kept with the outcome", async () => {
    shows("Bootstrap-Read");
    proves("bootstrap-server", "bootstrap-read");
    await configure({ read: ["/1"] });
    const client = await start();
    // It has an account now, which a second bootstrap reads.
    expect((await connector.rest.send("POST", STATUS, "{}", JSON_BODY)).status).toBe(202);
    await client.event("registered", 30_000);
    const outcome = await lastOutcome();
    expect(outcome).toMatchObject({ outcome: "finished", via: "request" });
    expect(outcome?.["found"]).toMatchObject({ "/1/0/0": "123", "/1/0/1": "60" });
  });
});
