import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Agent } from "../../../../../firmware/agent/agent.ts";
import { accountOf, BootstrapPair } from "../../../../support/bootstrap-pair.ts";
import { coapSettings } from "../../../../support/coap-pair.ts";
import { SECOND } from "../../../../support/durations.ts";

const SERVER_URI = "coap://server.test";

/** Another of the same kind, as it leaves the factory. */
function fresh(version: "1.0" | "1.1" | "1.2" = "1.2", accountTimeout?: number): BootstrapPair {
  return new BootstrapPair({ version }, {}, { accountTimeout });
}

function bootstrapped(accountTimeout?: number): BootstrapPair {
  const pair = fresh("1.2", accountTimeout).started();
  const { security, server } = accountOf(SERVER_URI, 65534, {
    securityId: 300,
    lifetime: 4294967295,
  });
  pair.put("/0", {
    ...security,
    "/0/300/3": Uint8Array.of(1, 2),
    "/0/300/5": new Uint8Array(64).fill(7),
    "/0/300/16/0": 0xc0a8,
    "/0/300/16/9": 0x00ae,
  });
  pair.put("/1", { ...server, "/1/0/5": 86400, "/1/0/23": false });
  pair.put("/2", { "/2/0/0": 3, "/2/0/1": 0, "/2/0/2/0": 31, "/2/0/3": 65535 });
  pair.put("/23/2", { "/23/2/0": "key", "/23/2/1": 10, "/23/2/2": "c2VjcmV0" });
  expect(pair.finish().code).toBe("2.04");
  return pair;
}

/** Every value of every instance, by path. */
function valuesOf(agent: Agent): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const id of [0, 1, 2, 21, 23, 24]) {
    const object = agent.object(id);
    object?.instances.ids.forEach((instanceId, i) => {
      const instance = object.instances.items[i];
      instance.ids.forEach((resourceId, k) => {
        values[`/${id}/${instanceId}/${resourceId}`] = instance.items[k];
      });
    });
  }
  return values;
}

describe("accounts kept over a restart", () => {
  test("are what they were, keys and multiple resources too, and the device registers with them", () => {
    const before = bootstrapped();
    const bytes = before.agent.exportAccounts();
    const after = fresh();
    expect(after.agent.importAccounts(bytes)).toBe(undefined);
    const values = valuesOf(after.agent);
    expect(Object.keys(values)).toEqual(Object.keys(valuesOf(before.agent)));
    expect(values).toEqual(valuesOf(before.agent));
    expect(after.agent.exportAccounts()).toEqual(bytes);
    after.started();
    expect(after.registrationsAt(SERVER_URI)[0]).toContain("POST /rd?ep=dev&lt=4294967295");
    expect(after.bootstrapServer.registrations).toEqual([]);
  });

  test("of a device without servers lead to bootstrap", () => {
    const after = fresh();
    expect(after.agent.importAccounts(fresh().agent.exportAccounts())).toBe(undefined);
    after.started();
    expect(after.registrationsAt("coap://bootstrap.test")).toHaveLength(1);
  });

  test("of a device that nobody bootstraps do not bring /1/x/9", () => {
    const options = { servers: 1, bootstrap: undefined };
    const before = new BootstrapPair({}, options);
    const after = new BootstrapPair({}, options);
    expect(after.agent.importAccounts(before.agent.exportAccounts())).toBe(undefined);
    after.agent.start(0);
    after.wait(1);
    expect(after.agent.isRegistered()).toBe(true);
    const ids = after.agent.servers.instances.get(0)?.ids;
    expect(ids).toEqual(before.agent.servers.instances.get(0)?.ids);
  });

  test("LwM2M Core 1.2.2 §E.1: the timeout of the bootstrap account begins anew", () => {
    const after = fresh("1.2", 100);
    after.agent.importAccounts(bootstrapped(100).agent.exportAccounts());
    after.started();
    after.wait(100 * SECOND);
    expect(after.agent.security.instances.ids).toEqual([300]);
  });

  test("the bytes may change afterwards: they stay the caller's", () => {
    const bytes = bootstrapped().agent.exportAccounts();
    const after = fresh();
    after.agent.importAccounts(bytes);
    const values = JSON.stringify(valuesOf(after.agent));
    bytes.fill(0);
    expect(JSON.stringify(valuesOf(after.agent))).toBe(values);
  });

  test.each([
    ["none", new Uint8Array(0), "agent/accounts-format"],
    ["of a format to come", Uint8Array.of(2, 0, 0xa0), "agent/accounts-format"],
    ["without an account", Uint8Array.of(1, 0, 0xa0), "agent/accounts-none"],
    [
      "that name another object",
      Uint8Array.of(1, 0, 0xa1, 3, 0xa1, 0, 0xa1, 15, 0x60),
      "agent/accounts-object",
    ],
  ])("bytes %s are a value that says so, and the device is as it was", (_what, bytes, fault) => {
    const pair = bootstrapped();
    const before = pair.agent.exportAccounts();
    expect(pair.agent.importAccounts(bytes)).toMatchObject({ fault });
    expect(pair.agent.exportAccounts()).toEqual(before);
  });

  test("a server account without its binding is none to start with", () => {
    const bytes = bootstrapped().agent.exportAccounts();
    // Key 7 before "U" in object 1, told as resource 4.
    const at = bytes.findIndex((_, i) => bytes[i] === 7 && bytes[i + 1] === 0x61);
    const damaged = bytes.slice();
    damaged[at] = 4;
    const { agent } = fresh();
    expect(agent.importAccounts(damaged)).toMatchObject({ fault: "agent/accounts-incomplete" });
  });

  test("no bytes make it throw, and none leave it without an account", () => {
    const good = bootstrapped().agent.exportAccounts();
    const damaged = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const cut = fc.nat(good.length).map((length) => good.slice(0, length));
    const any = fc.uint8Array({ maxLength: 60 }).map((bytes) => Uint8Array.of(1, 0, ...bytes));
    fc.assert(
      fc.property(fc.oneof(damaged, cut, any), (bytes) => {
        const { agent } = fresh();
        agent.importAccounts(bytes);
        expect(agent.links.length).toBeGreaterThan(0);
        agent.start(0);
      }),
      { numRuns: 500 },
    );
  });
});

test("agents with like accounts share the instances of objects 0 and 1", () => {
  const [one, other] = ["one", "other"].map((endpointName) => {
    const agent = new Agent({ endpointName, settings: coapSettings() });
    agent.addServer({ shortServerId: 1, uri: SERVER_URI });
    return agent;
  });
  expect(one.servers.instances.get(0)).toBe(other.servers.instances.get(0));
  expect(one.security.instances.get(0)).toBe(other.security.instances.get(0));
});
