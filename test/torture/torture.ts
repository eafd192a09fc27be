/**
 * Kills the connector with -9 under mixed load, again and again, and looks after each restart whether everything that it had
 * acknowledged is there.
 *
 *     npm run torture                     1000 cycles
 *     TORTURE=short npm run torture       20 cycles, under a minute
 *     CYCLES=300 SEED=7 npm run torture   the same chances again; what the connector makes of them in time is its own
 *
 * kill -9 loses what a process has in its memory, and nothing that the system has taken: for a power cut see
 * test/unit/connector/store, where the file is cut off at every write. Ends with 1 when something was lost.
 */
import { ClientsAndTokens, Customers } from "./account-writers.ts";
import { KeysAndCallbacks, Requests, SubscriptionsAndRules } from "./application-writers.ts";
import { Channel } from "./channel.ts";
import { ConnectorProcess } from "./connector-process.ts";
import { Notifications, Registrations } from "./device-writers.ts";
import { World, type Writer } from "./world.ts";

const cycles = Number(process.env["CYCLES"] ?? (process.env["TORTURE"] === "short" ? 20 : 1000));
const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
/** Acknowledged writes between a start and a kill, at most, and how long the connector may take over them, ms. */
const MOST_WRITES = 120;
const LONGEST_LOAD = 2000;
const PROGRESS_INTERVAL = 2000;

const connector = new ConnectorProcess();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => connector.stop().then(() => process.exit(130)));
}
await connector.prepare();
await connector.start();
const world = new World(seed, connector.httpPort, connector.coapPort);
const firstKey = connector.firstKey();
console.log(`torture: ${cycles} cycles, SEED=${seed}`);

const channel = new Channel(world, firstKey);
await channel.open();
const writers: readonly Writer[] = [
  new Registrations(world, firstKey),
  new Notifications(world, firstKey, channel),
  new KeysAndCallbacks(world, firstKey),
  new SubscriptionsAndRules(world, firstKey, await anotherKey()),
  new Requests(world, channel),
  new Customers(world, firstKey),
  new ClientsAndTokens(world, firstKey),
];
for (const writer of writers) await writer.prepare();

const startedAt = performance.now();
let shownAt = startedAt;
for (world.run = 1; world.run <= cycles; world.run++) {
  await cycle();
  if (performance.now() - shownAt > PROGRESS_INTERVAL) show();
}
for (const writer of writers) await writer.verify();
for (const writer of writers) await writer.finish?.();
show();
await connector.stop();
for (const writer of writers) writer.close();
world.close();
if (world.failed > 0) {
  console.log(`\nThe connector's last words:\n${connector.stderr}`);
  console.log(`Once more with SEED=${seed} CYCLES=${cycles}`);
}
console.log(`\n${world.passed} passed, ${world.failed} failed`);
process.exit(world.failed > 0 ? 1 : 0);

/** Load, kill, start, verify. */
async function cycle(): Promise<void> {
  let isOver = false;
  const isPolled = world.below(3) > 0;
  if (isPolled) channel.start();
  const working = writers.map(async (writer) => {
    while (!isOver) await writer.act();
  });
  await world.untilAcknowledged(world.below(MOST_WRITES), LONGEST_LOAD);
  isOver = true;
  await connector.kill();
  for (const writer of writers) writer.abandon();
  await Promise.all(working);
  if (isPolled) await channel.stop();
  await connector.start();
  await Promise.all(writers.map((writer) => writer.verify()));
}

async function anotherKey(): Promise<string> {
  const answer = await world.http(firstKey, "POST", "/api/api_tokens", { name: "rules" });
  return (JSON.parse(answer?.text ?? "{}") as { access_key: string }).access_key;
}

function show(): void {
  shownAt = performance.now();
  const done = Math.min(world.run, cycles);
  const perMinute = Math.round(done / ((shownAt - startedAt) / 60_000));
  console.log(
    `${done} of ${cycles} cycles, ${perMinute} a minute, ${world.acknowledged} acknowledged, ` +
      `${world.passed} verified, lost ${world.failed}, duplicates around a kill ${world.duplicates}`,
  );
}
