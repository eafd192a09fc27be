import { afterAll, beforeAll, expect, test } from "vitest";
import { Child } from "./support/child.ts";
import { LOOPBACK } from "./support/coap-socket.ts";
import { RunningConnector } from "./support/connector.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import type { RestClient } from "./support/rest-client.ts";
import { shows } from "./support/shows.ts";

const EP = "libcoap";
const LINKS = '</time>;if="clock";rt="ticks";ct=0;obs,</async>;ct=0,</example_data>;ct=0;obs';

/**
 * coap-client registers from a port, then coap-server serves at that port: together they are a device as mbed's were, plain
 * CoAP under the name and type that it gave.
 */
describeWith(["libcoap"], "libcoap as a plain CoAP device at our connector, driven by REST", () => {
  let connector: RunningConnector;
  let rest: RestClient;
  let server: Child;
  let port: string;

  beforeAll(async () => {
    connector = await RunningConnector.start();
    rest = connector.rest;
    port = String(await freePort());
    const registration = `${connector.coapUrl}/rd?ep=${EP}&et=Clock&lt=300`;
    await Child.run("coap-client-notls", [
      "-m",
      "post",
      "-a",
      LOOPBACK,
      "-p",
      port,
      "-t",
      "40",
      "-e",
      LINKS,
      "-B",
      "10",
      registration,
    ]);
    server = Child.start("coap-server-notls", ["-A", LOOPBACK, "-p", port, "-d", "20", "-v", "7"]);
    await server.lines.next("coap-server on its port", (line) => line.includes("created UDP"));
  });
  afterAll(async () => {
    await server?.stop();
    await connector?.close();
  });

  test("it is listed with its type, and shown with its resources and their attributes", async () => {
    shows("Register");
    const endpoints = await (await rest.send("GET", "/endpoints?type=Clock")).json();
    expect(endpoints).toEqual([expect.objectContaining({ name: EP, type: "Clock" })]);
    const resources = await (await rest.send("GET", `/endpoints/${EP}`)).json();
    expect(resources).toContainEqual(
      expect.objectContaining({ uri: "/time", rt: "ticks", obs: true }),
    );
    expect(resources).toContainEqual(expect.objectContaining({ uri: "/async", obs: false }));
  });

  test("RFC 7252 §5.2.2: GET brings a value, also by a separate response", async () => {
    shows("Read");
    expect(await rest.ask("GET", `/endpoints/${EP}/time`)).toMatchObject({
      status: 200,
      payload: expect.stringMatching(/\d\d:\d\d:\d\d/),
    });
    expect(await rest.ask("GET", `/endpoints/${EP}/async`)).toMatchObject({ payload: "done" });
  });

  test("RFC 7959 §2.4: the 1,500 bytes of /example_data come in blocks", async () => {
    shows("Block-wise transfer");
    const answer = await rest.ask("GET", `/endpoints/${EP}/example_data`);
    expect(answer.status).toBe(200);
    expect(answer.payload).toHaveLength(1_500);
  });

  test("PUT creates a resource at a path that was not registered, and changes it", async () => {
    shows("Write (Replace)");
    const path = `/endpoints/${EP}/notes/1`;
    expect(await rest.ask("PUT", path, "remember")).toMatchObject({ status: 201 });
    expect(await rest.ask("PUT", path, "remember me")).toMatchObject({ status: 200 });
  });

  test("RFC 7641 §3: a subscription to /time is notified every second, and ends", async () => {
    shows("Observe", "Notify", "Cancel Observation");
    const subscription = `/subscriptions/${EP}/time`;
    expect(await rest.ask("PUT", subscription)).toMatchObject({ status: 200 });
    for (let i = 0; i < 2; i++) {
      await rest.events.next(
        "notification",
        (told) => told.kind === "notifications" && told["path"] === "/time",
      );
    }
    expect((await rest.send("DELETE", subscription)).status).toBe(204);
    // A notification that was on its way may still come; two in the time of three may not.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const late = rest.events.rest().filter((told) => told.kind === "notifications");
    expect(late.length).toBeLessThan(2);
  });
});

describeWith(["libcoap"], "libcoap's coap-client at our connector, over TCP", () => {
  let connector: RunningConnector;

  beforeAll(async () => {
    connector = await RunningConnector.start({ coapTcpPort: 0 });
  });
  afterAll(async () => {
    await connector?.close();
  });

  async function ask(method: string, path: string): Promise<string[]> {
    const args = ["-m", method, "-t", "40", "-e", LINKS, "-B", "10", "-v", "6"];
    return Child.run("coap-client-notls", [...args, `${connector.coapTcpUrl}${path}`]);
  }

  async function listed(): Promise<unknown> {
    return (await connector.rest.send("GET", "/endpoints")).json();
  }

  test("RFC 8323 §3.3: it registers over one connection and ends its registration over another", async () => {
    shows("Register", "De-register");
    const printed = await ask("post", `/rd?ep=${EP}&lt=300&b=T&lwm2m=1.1`);
    const [, location] = /Location-Path:rd, Location-Path:([\w-]+)/.exec(printed.join()) ?? [];
    expect(await listed()).toEqual([expect.objectContaining({ name: EP })]);
    await ask("delete", `/rd/${location}`);
    expect(await listed()).toEqual([]);
  });
});
