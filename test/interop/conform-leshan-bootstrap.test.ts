/** The conformance harness against a Bootstrap-Server that we did not write: that it is judged, and that what is right passes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { udpBootstrapServerAdapter } from "../conformance/adapters/udp-bootstrap-server.ts";
import {
  BOOTSTRAP_SERVER_CASES,
  renderResults,
  runBootstrapServerCase,
} from "../conformance/index.ts";
import { configuredBootstrapOperator } from "../conformance/operators/bootstrap-manual.ts";
import { freePort } from "./support/free-port.ts";
import { describeWith } from "./support/peers.ts";
import { RemotePeer } from "./support/remote-peer.ts";
import { shows } from "./support/shows.ts";

/** Leshan 1.5 is of LwM2M 1.0. */
const VERSION = "1.0";

describeWith(["leshan-bootstrap"], "Leshan's bootstrap server in the conformance harness", () => {
  let bootstrap: RemotePeer;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    bootstrap = await RemotePeer.leshanBootstrap(port, "coap://127.0.0.1:5683", 300);
  });
  afterAll(async () => {
    await bootstrap?.stop();
  });

  const run = (id: string) => {
    const operator = configuredBootstrapOperator();
    const adapter = udpBootstrapServerAdapter({
      name: "Leshan",
      host: "127.0.0.1",
      port,
      bootstrap: operator,
    });
    const stated = BOOTSTRAP_SERVER_CASES.find((one) => one.id === id);
    if (stated === undefined) throw new Error(`there is no case ${id}`);
    return runBootstrapServerCase(stated, adapter, VERSION);
  };

  test.each([
    "dormouse-bootstrap-account",
    "dormouse-bootstrap-usual-format",
    "dormouse-bootstrap-order",
    "dormouse-bootstrap-duplicate",
    "dormouse-bootstrap-forged",
    "dormouse-bootstrap-refused-finish",
  ])("LwM2M Core 1.0.2 §5.2: it passes %s", async (id) => {
    shows("Bootstrap-Request", "Bootstrap-Delete", "Bootstrap-Write", "Bootstrap-Finish");
    const result = await run(id);
    expect(result.verdict, renderResults([result])).toBe("pass");
  });

  test("it finishes what a client has refused, which the harness says", async () => {
    expect(await run("dormouse-bootstrap-refused-write")).toMatchObject({
      verdict: "fail",
      criterion: "noticed",
    });
  });
});
