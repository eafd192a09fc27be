/**
 * The fleet against the least that Node can do: CPU per exchange and memory per endpoint, as ratios of one run.
 *
 * Both load the same server (limit-server.mjs) with the same closed loop, in turns, each in a process of its own. What is
 * compared is the CPU time of the process that holds the endpoints, since wall-clock rates of shared cores vary.
 *
 *     npx tsx test/load/bench-fleet.ts           (BENCH=short for a few seconds)
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SENSOR } from "../../simulator/profiles/sensor.ts";
import { UdpFleet } from "../../simulator/udp-fleet.ts";

const IS_SHORT = process.env.BENCH === "short";
const ENDPOINTS = IS_SHORT ? 2000 : 15000;
const SECONDS = IS_SHORT ? 2 : 5;
const ROUNDS = IS_SHORT ? 1 : 3;
const WINDOW = 128;
const WARM_UP_ENDPOINTS = 2000;
const WARM_UP_PERIOD = 1500;
const PORT = 5683 + 20000;

/** One measured run. CPU in microseconds per exchange, memory in bytes per endpoint. */
export interface FleetFigures {
  readonly registerCpu: number;
  readonly updateCpu: number;
  readonly updatesPerSecond: number;
  /** Resident, socket included. */
  readonly resident: number;
  /** JavaScript heap, socket included. */
  readonly heap: number;
  readonly lost: number;
}

/** Ours also tells its memory above the sockets. */
export interface OwnFigures extends FleetFigures {
  readonly residentAboveSocket: number;
  readonly heapAboveSocket: number;
}

export interface FleetComparison {
  readonly limit: FleetFigures;
  readonly fleet: OwnFigures;
}

/** Measures both in turns and takes the medians. */
export async function compareFleets(): Promise<FleetComparison> {
  const limits: FleetFigures[] = [];
  const fleets: OwnFigures[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    limits.push(await withServer(measureLimit));
    fleets.push(await withServer(measureOwn));
  }
  return { limit: medians(limits), fleet: medians(fleets) };
}

async function withServer<T>(measure: () => Promise<T>): Promise<T> {
  const script = fileURLToPath(new URL("limit/limit-server.mjs", import.meta.url));
  const server = spawn(process.execPath, [script, "--port", String(PORT)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(server.stdout, "data");
  try {
    return await measure();
  } finally {
    server.kill();
    await once(server, "exit");
  }
}

async function measureLimit(): Promise<FleetFigures> {
  const script = fileURLToPath(new URL("limit/limit-fleet.mjs", import.meta.url));
  const numbers = ["--n", ENDPOINTS, "--procs", 1, "--window", WINDOW, "--secs", SECONDS];
  const child = spawn(process.execPath, [script, ...numbers.map(String), "--port", String(PORT)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await once(child, "close");
  const figures = JSON.parse(output);
  return {
    registerCpu: figures.reg_cpu_us,
    updateCpu: figures.upd_cpu_us,
    updatesPerSecond: figures.upd_per_s,
    resident: figures.rss_per_ep_KB * 1024,
    heap: figures.heap_per_ep_B,
    lost: figures.lost,
  };
}

async function measureOwn(): Promise<OwnFigures> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ["--child"], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  const [figures] = await once(child, "message");
  await once(child, "exit");
  return figures as OwnFigures;
}

/** The child's side: a fleet under pressure, measured from inside. */
async function runChild(): Promise<void> {
  await warmUp();
  const empty = memory();
  const fleet = underPressure(ENDPOINTS);
  const built = memory();
  await fleet.open();
  const open = memory();
  const { counts } = fleet.tally;

  const beforeRegister = process.cpuUsage();
  fleet.start();
  while (!fleet.isSettled()) await sleep(5);
  const registerCpu = microseconds(process.cpuUsage(beforeRegister)) / counts.registrations;

  const beforeUpdate = process.cpuUsage();
  const updatesBefore = counts.updates;
  const startedAt = performance.now();
  await sleep(SECONDS * 1000);
  const updates = counts.updates - updatesBefore;
  const updateCpu = microseconds(process.cpuUsage(beforeUpdate)) / updates;
  const elapsed = performance.now() - startedAt;
  const after = memory();

  await fleet.stop();
  fleet.close();
  const figures: OwnFigures = {
    registerCpu,
    updateCpu,
    updatesPerSecond: (updates / elapsed) * 1000,
    resident: (after.rss - empty.rss) / ENDPOINTS,
    heap: (after.heapUsed - empty.heapUsed) / ENDPOINTS,
    // All but what came between building the devices and having their sockets open.
    residentAboveSocket: (after.rss - open.rss + built.rss - empty.rss) / ENDPOINTS,
    heapAboveSocket: (after.heapUsed - open.heapUsed + built.heapUsed - empty.heapUsed) / ENDPOINTS,
    lost: fleet.tally.lost(),
  };
  process.send?.(figures, () => process.exit(0));
}

function underPressure(size: number): UdpFleet {
  return new UdpFleet({
    server: { address: "127.0.0.1", port: PORT },
    size,
    profile: SENSOR,
    lifetime: 86400,
    rate: 0,
    window: WINDOW,
    pressure: WINDOW,
  });
}

/** Has the agent's code compiled before anything is measured; that of limit-fleet is in its first milliseconds. */
async function warmUp(): Promise<void> {
  const fleet = underPressure(WARM_UP_ENDPOINTS);
  await fleet.open();
  fleet.start();
  await sleep(WARM_UP_PERIOD);
  await fleet.stop();
  fleet.close();
}

function memory(): NodeJS.MemoryUsage {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage();
}

function microseconds(usage: NodeJS.CpuUsage): number {
  return usage.user + usage.system;
}

/** Member by member. */
function medians<T extends object>(runs: readonly T[]): T {
  const entries = Object.keys(runs[0]).map((name) => {
    const values = runs.map((run) => (run as Record<string, number>)[name]);
    return [name, values.sort((left, right) => left - right)[values.length >> 1]];
  });
  return Object.fromEntries(entries) as T;
}

function print({ limit, fleet }: FleetComparison): void {
  const ratio = (own: number, least: number) => `${(own / least).toFixed(2)} x`;
  const cpu = (name: string, own: number, least: number) =>
    console.log(
      `${name.padEnd(10)} ${own.toFixed(1).padStart(6)} us   limit ${least.toFixed(1).padStart(6)} us   ${ratio(own, least)}   (goal 1.50 x)`,
    );
  console.log(
    `fleet of ${ENDPOINTS} (${SENSOR.name}) against limit-fleet, ${ROUNDS} rounds of ${SECONDS} s`,
  );
  cpu("register", fleet.registerCpu, limit.registerCpu);
  cpu("update", fleet.updateCpu, limit.updateCpu);
  console.log(
    `memory     ${Math.round(fleet.residentAboveSocket)} B per endpoint above its socket, ${Math.round(fleet.heapAboveSocket)} B of it heap   (goal 8192 B)`,
  );
  console.log(
    `rate       ${Math.round(fleet.updatesPerSecond)} updates/s, limit ${Math.round(limit.updatesPerSecond)}; lost ${fleet.lost}`,
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes("--child")) await runChild();
  else print(await compareFleets());
}
