import { join } from "node:path";
import { expect, test } from "vitest";
import { eventLine, packageFolder } from "../../../bin/device.ts";
import type { Response } from "../../../protocol/coap/coap-endpoint.ts";
import * as codes from "../../../protocol/coap/codes.ts";
import { AgentPair } from "../../support/agent-pair.ts";
import { BOOTSTRAP_URI, BootstrapPair } from "../../support/bootstrap-pair.ts";
import { SECOND } from "../../support/durations.ts";

const refusal: Response = { code: codes.FORBIDDEN, options: [], payload: new Uint8Array(0) };

const lines = (pair: AgentPair) => pair.events.splice(0).map((event) => eventLine(event, "dev"));

test("a device tells in one line each what happens to it", () => {
  const pair = new AgentPair({ queueMode: true, lifetime: 600 }).started();
  pair.server.read("/1/0/1");
  pair.server.write("/1/0/1", "x");
  pair.wait(400 * SECOND);
  pair.agent.stop(pair.now);
  pair.wait(0);
  expect(lines(pair)).toEqual([
    "Registered at coap://server-0.test as dev",
    "Read /1/0/1 -> 2.05",
    "Write /1/0/1 -> 4.00",
    "Asleep",
    "Awake",
    "Updated",
    "De-registered",
  ]);
});

test("a refusal says what the server said and when it is asked again", () => {
  const pair = new AgentPair({}, { answer: () => refusal }).started();
  pair.wait(60 * SECOND);
  expect(lines(pair)).toEqual([
    "Not registered: coap://server-0.test says 4.03; trying again in 60 s",
    "Not registered: coap://server-0.test says 4.03; trying again in 120 s",
  ]);
});

test("silence says so too, and a forgotten registration is made again now", () => {
  const silent = new AgentPair();
  silent.server.isConnected = false;
  silent.started();
  silent.wait(100 * SECOND);
  expect(lines(silent)).toEqual([
    "Not registered: no answer from coap://server-0.test; trying again in 60 s",
  ]);
  const forgotten = new AgentPair(
    { lifetime: 60 },
    {
      answer: (_request, nth) => (nth === 1 ? { ...refusal, code: codes.NOT_FOUND } : undefined),
    },
  ).started();
  forgotten.wait(30 * SECOND);
  expect(lines(forgotten)[1]).toBe("Not updated: coap://server-0.test says 4.04; trying again now");
});

test("a bootstrap is told from its beginning to what became of it", () => {
  const pair = new BootstrapPair({}, {}, { accountTimeout: 10 }).started();
  pair.finish();
  pair.wait(247 * SECOND + 60 * SECOND);
  pair.putAccount("coap://server.test");
  pair.finish();
  pair.wait(10 * SECOND);
  expect(lines(pair)).toEqual([
    "Bootstrap with coap://bootstrap.test",
    "Bootstrap-Finish /bs -> 4.06",
    "Not bootstrapped by coap://bootstrap.test: no Finish came in time; trying again in 60 s",
    "Bootstrap with coap://bootstrap.test",
    "Bootstrap-Write /0 -> 2.04",
    "Bootstrap-Write /1 -> 2.04",
    "Bootstrapped by coap://bootstrap.test",
    "Bootstrap-Finish /bs -> 2.04",
    "Registered at coap://server.test as dev",
    "The account of the bootstrap server coap://bootstrap.test has run out",
  ]);
});

test("a bootstrap that was refused says so, and that the registration there is goes on", () => {
  const answers = { [BOOTSTRAP_URI]: () => refusal };
  const pair = new BootstrapPair({}, { servers: 1, answers }).started();
  pair.agent.needBootstrap(pair.now);
  pair.wait(1);
  expect(lines(pair).at(-1)).toBe(
    "Not bootstrapped by coap://bootstrap.test: refused (4.03); registered as before",
  );
});

test.each([
  ["kitchen", "kitchen"],
  ["urn:dev:mac:0024befffe804ff1", "urn_dev_mac_0024befffe804ff1"],
  ["..", "_.."],
  [".hidden", ".hidden"],
])("the packages of %s are in a folder of its own", (endpoint, folder) => {
  expect(packageFolder(endpoint)).toBe(join("dormouse-packages", folder));
});
