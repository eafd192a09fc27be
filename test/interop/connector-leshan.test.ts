import { afterAll, beforeAll, expect, test } from "vitest";
import { RunningConnector } from "./support/connector.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { body } from "./support/requests.ts";
import type { RestClient } from "./support/rest-client.ts";
import { shows } from "./support/shows.ts";

const EP = "leshan-client";
const LIFETIME = "60";

describeWith(["leshan"], "Leshan's client at our connector, driven by REST", () => {
  let connector: RunningConnector;
  let rest: RestClient;
  let leshan: RemotePeer;

  beforeAll(async () => {
    connector = await RunningConnector.start();
    rest = connector.rest;
    leshan = RemotePeer.leshanClient(connector.coapUrl, EP, LIFETIME);
    await leshan.event("registered", 30_000);
  });
  afterAll(async () => {
    await leshan?.stop();
    await connector?.close();
  });

  test("it is told of, listed, and shown with its resources", async () => {
    shows("Register");
    await rest.events.next(
      "registration",
      (told) => told.kind === "registrations" && told["ep"] === EP,
    );
    const endpoints = await (await rest.send("GET", "/endpoints")).json();
    expect(endpoints).toEqual([expect.objectContaining({ name: EP, status: "ACTIVE" })]);
    const resources = (await (await rest.send("GET", `/endpoints/${EP}`)).json()) as {
      uri: string;
    }[];
    const uris = resources.map(({ uri }) => uri);
    expect(uris).toEqual(expect.arrayContaining(["/1/0", "/3/0", "/3303/0", "/3442/0"]));
  });

  test("LwM2M Core 1.1.1 §6.3.1: a resource is read as text", async () => {
    shows("Read");
    expect(await rest.ask("GET", `/endpoints/${EP}/3/0/0`)).toMatchObject({
      status: 200,
      contentType: expect.stringContaining("text/plain"),
      payload: "Eclipse Leshan",
    });
  });

  test("LwM2M Core 1.1.1 §6.3.1: an object instance is read as TLV", async () => {
    shows("Read");
    const answer = await rest.ask("GET", `/endpoints/${EP}/3/0`);
    expect(answer).toMatchObject({ status: 200, contentType: "application/vnd.oma.lwm2m+tlv" });
    expect(answer.payload).toContain("Eclipse Leshan");
  });

  test("LwM2M Core 1.1.1 §6.3.3: a resource is written as text and read back", async () => {
    shows("Write (Replace)", "Read");
    const path = `/endpoints/${EP}/3442/0/110`;
    expect(await rest.ask("PUT", path, "by REST")).toMatchObject({ status: 200 });
    expect(await rest.ask("GET", path)).toMatchObject({ payload: "by REST" });
  });

  test("RFC 7959: 3,000 characters are written in blocks and read back", async () => {
    shows("Block-wise transfer");
    const path = `/endpoints/${EP}/3442/0/110`;
    const text = new TextDecoder().decode(body(3_000));
    expect(await rest.ask("PUT", path, text)).toMatchObject({ status: 200 });
    expect(await rest.ask("GET", path)).toMatchObject({ payload: text });
  });

  test("LwM2M Core 1.1.1 §6.3.5: a resource is executed with arguments", async () => {
    shows("Execute");
    const headers = { "Content-Type": "text/plain" };
    const answer = await rest.ask("POST", `/endpoints/${EP}/3/0/4`, "0='now'", headers);
    expect(answer).toMatchObject({ status: 200 });
    expect(await leshan.event("executed")).toMatchObject({ path: "/3/0/4", arguments: "0='now'" });
  });

  test("LwM2M Core 1.1.1 §6.3.6: an instance is created and deleted, and both bring an Update", async () => {
    shows("Create", "Delete", "Update");
    // Resource 5750, the application type: "new".
    const tlv = Buffer.from("e3 16 76 6e 65 77".replaceAll(" ", ""), "hex");
    const headers = { "Content-Type": "application/vnd.oma.lwm2m+tlv" };
    expect(await rest.ask("POST", `/endpoints/${EP}/3303`, tlv, headers)).toMatchObject({
      status: 201,
    });
    await leshan.event("updated");
    expect(await rest.ask("DELETE", `/endpoints/${EP}/3303/1`)).toMatchObject({ status: 200 });
    await leshan.event("updated");
  });

  test("what the device refuses comes as its status and a reason", async () => {
    expect(await rest.ask("GET", `/endpoints/${EP}/3/0/99`)).toMatchObject({
      status: 404,
      error: expect.any(String),
    });
    expect(await rest.ask("PUT", `/endpoints/${EP}/3/0/0`, "x")).toMatchObject({ status: 405 });
  });

  test("LwM2M Core 1.1.1 §6.4: a subscription is answered with the value, then notified, then ended", async () => {
    shows("Observe", "Notify", "Cancel Observation");
    const subscription = `/subscriptions/${EP}/3303/0/5700`;
    expect(await rest.ask("PUT", subscription)).toMatchObject({ status: 200, payload: "20.5" });
    for (const value of [21.5, -3.25]) {
      leshan.tell({ op: "set", path: "/3303/0/5700", value });
      expect(
        await rest.events.next("notification", (told) => told.kind === "notifications"),
      ).toMatchObject({
        ep: EP,
        path: "/3303/0/5700",
        payload: String(value),
      });
    }
    expect((await rest.send("DELETE", subscription)).status).toBe(204);
    leshan.tell({ op: "set", path: "/3303/0/5700", value: 30 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(rest.events.rest().filter((told) => told.kind === "notifications")).toEqual([]);
  });

  test("RFC 7641 §4.5: a connector that comes back from its store still knows client and observation", async () => {
    shows("Notify");
    const subscription = `/subscriptions/${EP}/3303/0/5701`;
    expect(await rest.ask("PUT", subscription)).toMatchObject({ payload: "Cel" });
    await connector.restart();
    rest = connector.rest;
    leshan.tell({ op: "set", path: "/3303/0/5701", value: "degF" });
    expect(
      await rest.events.next("notification", (told) => told.kind === "notifications"),
    ).toMatchObject({ path: "/3303/0/5701", payload: "degF" });
    leshan.tell({ op: "update" });
    await leshan.event("updated");
    expect((await rest.send("DELETE", subscription)).status).toBe(204);
  });

  test("LwM2M Core 1.1.1 §6.2.2: an Update is told of", async () => {
    shows("Update");
    leshan.tell({ op: "update" });
    await leshan.event("updated");
    await rest.events.next("update", (told) => told.kind === "reg-updates" && told["ep"] === EP);
  });

  test("LwM2M Core 1.1.1 §6.2.3: it de-registers, is told of and no longer listed", async () => {
    shows("De-register");
    await leshan.finish();
    await rest.events.next(
      "de-registration",
      (told) => told.kind === "de-registrations" && told["ep"] === EP,
    );
    expect(await (await rest.send("GET", "/endpoints")).json()).toEqual([]);
  });
});
