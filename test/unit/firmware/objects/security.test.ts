import { expect, test } from "vitest";
import { Agent } from "../../../../firmware/agent/agent.ts";
import {
  SECURITY_BOOTSTRAP_SERVER,
  SECURITY_MODE,
  SECURITY_SERVER_URI,
  SECURITY_SHORT_SERVER_ID,
} from "../../../../protocol/model/objects/security.ts";
import { coapSettings } from "../../../support/coap-pair.ts";

test("LwM2M Core 1.1.1 §E.1: each server account has an instance that says how it is reached", () => {
  const agent = new Agent({ endpointName: "device", settings: coapSettings() });
  agent.addServer({ shortServerId: 101, uri: "coap://127.0.0.1:5683" });
  agent.addServer({ shortServerId: 102, uri: "coap://127.0.0.1:5684" });
  const security = agent.object(0);
  const rows = [0, 1].map((instanceId) =>
    [SECURITY_SERVER_URI, SECURITY_BOOTSTRAP_SERVER, SECURITY_MODE, SECURITY_SHORT_SERVER_ID].map(
      (resourceId) => security?.get(instanceId, resourceId),
    ),
  );
  expect(rows).toEqual([
    ["coap://127.0.0.1:5683", false, 3, 101],
    ["coap://127.0.0.1:5684", false, 3, 102],
  ]);
});

test("agents with like accounts share the instance until one of them changes it", () => {
  const [one, other] = ["one", "other"].map((endpointName) => {
    const agent = new Agent({ endpointName, settings: coapSettings() });
    agent.addServer({ shortServerId: 1, uri: "coap://127.0.0.1:5683" });
    return agent.security;
  });
  expect(one.instances.get(0)).toBe(other.instances.get(0));
  one.set(0, SECURITY_SERVER_URI, "coap://127.0.0.1:9");
  expect(other.get(0, SECURITY_SERVER_URI)).toBe("coap://127.0.0.1:5683");
});
