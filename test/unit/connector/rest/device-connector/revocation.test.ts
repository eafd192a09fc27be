/** What becomes of what is under way when a key is revoked. */
import { beforeEach, expect, test } from "vitest";
import { FakeExchange, RestBench } from "../bench.ts";
import { FakeDevices, NODE_001 } from "../fake-devices.ts";

let devices: FakeDevices;
let bench: RestBench;
let victim: string;

beforeEach(() => {
  devices = new FakeDevices();
  devices.register("node-001", NODE_001, { endpointType: "Light" });
  bench = new RestBench(devices);
  victim = bench.newKey();
});

/** Revokes the key by the API, as an administrator does. */
async function revoke(): Promise<void> {
  const id = bench.access.keys.find(victim, bench.now)?.id;
  expect((await bench.ask("DELETE", `/admin/access-keys/${id}`))[0]).toBe(204);
}

test("a waiting poll ends at once with 204, and the next one is 401", async () => {
  await bench.openChannel(victim);
  const exchange = new FakeExchange();
  const waiting = bench.fetch("GET", "/v2/notification/pull", { key: victim, exchange });
  await new Promise(setImmediate);
  await revoke();
  expect((await waiting).status).toBe(204);
  expect((await bench.ask("GET", "/v2/notification/pull", { key: victim }))[0]).toBe(401);
});

test("a callback is not called again, and its subscriptions end", async () => {
  const body = '{"url":"http://hook.example/"}';
  await bench.ask("PUT", "/v2/notification/callback", { key: victim, body });
  await bench.accepted("PUT", "/v2/subscriptions/node-001/dev/temp", { key: victim });
  expect(devices.observed.size).toBe(1);
  await revoke();
  expect(devices.observed.size).toBe(0);
  bench.handle({ kind: "expiry", endpointName: "node-001" });
  bench.driver.wake();
  await new Promise(setImmediate);
  expect(bench.carried).toEqual([]);
});

test("polls that come and go leave nothing behind", async () => {
  for (let i = 0; i < 300; i++) {
    const exchange = new FakeExchange();
    const waiting = bench.fetch("GET", "/v2/notification/pull", { key: victim, exchange });
    await new Promise(setImmediate);
    exchange.end(false);
    await bench.openChannel(victim);
    void waiting;
  }
  bench.handle({ kind: "expiry", endpointName: "gone" });
  expect(await bench.pull(victim)).toEqual({ "registrations-expired": ["gone"] });
  expect([...bench.store.table("channel-events").entries()]).toEqual([]);
});
