import { describe, expect, test } from "vitest";
import { BootstrapPair } from "../../../support/bootstrap-pair.ts";

const SERVER_URI = "coap://server.test";

describe("client-initiated bootstrap", () => {
  test("LwM2M Core 1.1.1 §6.1.2: a device without a server account asks the bootstrap server", () => {
    const pair = new BootstrapPair().started();
    expect(pair.bootstrapServer.registrations).toEqual(["POST /bs?ep=dev&pct=11542"]);
    expect(pair.eventLines()).toEqual(["bootstrap-started"]);
  });

  test("LwM2M Core 1.1.1 §6.1.7: what the server writes is in force with Finish, and the device registers", () => {
    const pair = new BootstrapPair().started();
    expect(
      pair.put("/0", {
        "/0/0/0": SERVER_URI,
        "/0/0/1": false,
        "/0/0/2": 3,
        "/0/0/10": 1,
      }),
    ).toBe("2.04");
    expect(pair.put("/1", { "/1/0/0": 1, "/1/0/1": 600, "/1/0/6": false, "/1/0/7": "U" })).toBe(
      "2.04",
    );
    expect(pair.agent.serverLinks()).toEqual([]);
    expect(pair.discover().text).toBe(
      `</>;lwm2m=1.1,</0/0>;ssid=1;uri="${SERVER_URI}",</0/1>,</1/0>;ssid=1,</3>;ver=1.2,</3/0>`,
    );
    expect(pair.finish().code).toBe("2.04");
    expect(pair.registrationsAt(SERVER_URI)[0]).toContain("POST /rd?ep=dev&lt=600&lwm2m=1.1&b=U");
    expect(pair.agent.isRegistered()).toBe(true);
    expect(pair.agent.servers.get(0, 1)).toBe(600);
    expect(pair.eventLines()).toEqual([
      "bootstrap-started",
      "Bootstrap-Write /0 -> 2.04",
      "Bootstrap-Write /1 -> 2.04",
      "Bootstrap-Discover / -> 2.05",
      "bootstrapped",
      "Bootstrap-Finish /bs -> 2.04",
      "registered",
    ]);
  });
});
