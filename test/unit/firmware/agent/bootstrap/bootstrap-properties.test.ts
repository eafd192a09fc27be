import fc from "fast-check";
import { expect, test } from "vitest";
import { inconsistencyOf } from "../../../../../firmware/agent/bootstrap/accounts.ts";
import { TEXT } from "../../../../../protocol/coap/content-formats.ts";
import { accountOf, BOOTSTRAP_URI, BootstrapPair } from "../../../../support/bootstrap-pair.ts";
import { MINUTE } from "../../../../support/durations.ts";
import { proves } from "../../../../support/proves.ts";

/** What a bootstrap server does, well or badly, and what becomes of it on the way. */
type Act = (pair: BootstrapPair) => void;

const id = fc.integer({ min: 0, max: 3 });
const path = fc.constantFrom("/", "/0", "/1", "/2", "/3", "/0/0", "/0/1", "/0/2", "/1/0", "/1/1");

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(id, id, id).map(
    ([server, securityId, serverId]): Act =>
      (pair) => {
        const uri = `coap://server-${server}.test`;
        const { security } = accountOf(uri, server + 1, { securityId, serverId });
        pair.put(`/0/${securityId}`, security);
      },
  ),
  fc.tuple(id, id).map(
    ([server, serverId]): Act =>
      (pair) => {
        pair.put(`/1/${serverId}`, accountOf("", server + 1, { serverId }).server);
      },
  ),
  fc.tuple(id, id).map(
    ([server, at]): Act =>
      (pair) => {
        pair.putAccount(`coap://server-${server}.test`, server + 1, {
          securityId: at,
          serverId: at,
        });
      },
  ),
  fc.tuple(id, fc.constantFrom("coap://next.test", "coaps://next.test")).map(
    ([at, uri]): Act =>
      (pair) => {
        pair.put(`/0/${at}`, { [`/0/${at}/0`]: uri, [`/0/${at}/1`]: true, [`/0/${at}/2`]: 3 });
      },
  ),
  fc.tuple(id, fc.integer({ min: 0, max: 12 })).map(
    ([at, resource]): Act =>
      (pair) => {
        pair.bootstrapServer.write(`/1/${at}/${resource}`, "1", TEXT);
      },
  ),
  path.map(
    (where): Act =>
      (pair) =>
        void pair.delete(where),
  ),
  fc.constant<Act>((pair) => void pair.finish()),
  fc.constant<Act>((pair) => void pair.agent.needBootstrap(pair.now)),
  fc.integer({ min: 1, max: 10 }).map(
    (minutes): Act =>
      (pair) =>
        pair.wait(minutes * MINUTE),
  ),
  fc.integer({ min: 1, max: 6 }).map(
    (minutes): Act =>
      (pair) => {
        pair.bootstrapServer.isConnected = false;
        pair.wait(minutes * MINUTE);
        pair.bootstrapServer.isConnected = true;
      },
  ),
);

/** True when the bootstrap server, or some server, can be reached with what is in force. */
function canComeBack({ agent }: BootstrapPair): boolean {
  return agent.needBootstrap(0) || agent.serverLinks().length > 0;
}

test.each([
  "1.0",
  "1.1",
  "1.2",
] as const)("LwM2M Core 1.2.2 §6.1.2: LwM2M %s: whatever a bootstrap server does and loses, the device has an account to come back with", (version) => {
  proves("device", "bootstrap-finish", "bootstrap-delete");
  fc.assert(
    fc.property(fc.array(act, { maxLength: 14 }), fc.boolean(), (acts, hasFactoryServer) => {
      const servers = hasFactoryServer ? 1 : 0;
      const pair = new BootstrapPair({ version }, { servers }).started();
      for (const each of acts) {
        each(pair);
        const { agent } = pair;
        const hasServers = agent.servers.instances.ids.length > 0;
        expect(hasServers ? inconsistencyOf(agent, -1) : undefined).toBe(undefined);
        // The links are those of the accounts: one each, and one of the bootstrap server.
        const uris = agent.serverLinks().map(({ uri }) => uri);
        expect(uris).toHaveLength(agent.servers.instances.ids.length);
      }
      expect(canComeBack(pair)).toBe(true);
      pair.wait(1);
    }),
    { numRuns: 150 },
  );
});

test("LwM2M Core 1.2.2 §6.1.3.3: what was not finished leaves the objects as they were, to the byte", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 10 }), (acts) => {
      const pair = new BootstrapPair({}, { servers: 2 }).started();
      const before = pair.agent.exportAccounts();
      let hasFinished = false;
      pair.agent.needBootstrap(pair.now);
      pair.wait(1);
      for (const each of acts) {
        each(pair);
        hasFinished = hasFinished || pair.events.some(({ kind }) => kind === "bootstrapped");
      }
      pair.agent.stop(pair.now);
      pair.wait(10 * MINUTE);
      if (!hasFinished) expect(pair.agent.exportAccounts()).toEqual(before);
    }),
    { numRuns: 200 },
  );
});

test("LwM2M Core 1.2.2 §6.1.7.2: a 4.06 and then silence leave the registration that there was", () => {
  fc.assert(
    fc.property(path, (where) => {
      const pair = new BootstrapPair({}, { servers: 1 }).started();
      pair.agent.needBootstrap(pair.now);
      pair.wait(1);
      pair.put("/1/0/0", { "/1/0/0": 999 });
      pair.delete(where);
      if (pair.finish().code !== "4.06") return;
      pair.wait(60 * MINUTE);
      expect(pair.agent.isRegistered()).toBe(true);
      expect(pair.server.read("/1/0/0").text).toBe("1");
      expect(pair.registrationsAt(BOOTSTRAP_URI)).toHaveLength(1);
    }),
  );
});

test.each([
  0, 1, 2, 3, 4, 5, 6,
])("RFC 7252 §4.2: with the %sth datagram of a bootstrap lost it comes to the same end", (nth) => {
  const pair = new BootstrapPair({}, { latency: 10, lose: nth }).started();
  pair.wait(1000);
  pair.putAccount("coap://server.test");
  expect(pair.finish().code).toBe("2.04");
  pair.wait(MINUTE);
  expect(pair.agent.isRegistered()).toBe(true);
  expect(pair.events.filter(({ kind }) => kind === "bootstrapped")).toHaveLength(1);
});
