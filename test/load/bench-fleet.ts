/**
 * The fleet against the least that Node can do: CPU per exchange and memory per endpoint, as ratios of one run.
 *
 * Both load the same server (limit-server.mjs) with the same closed loop, in turns, each in a process of its own. What is
 * compared is the CPU time of the process that holds the endpoints, since wall-clock rates of shared cores vary.
 *
 *     npx tsx test/load/bench-fleet.ts           (BENCH=short for a few seconds)
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SENSOR } from "../../simulator/profiles/sensor.ts";
import { UdpFleet } from "../../simulator/udp-fleet.ts";

const IS_SHORT = process.env.BENCH === "short";
const ENDPOINTS = IS_SHORT ? 5000 : 15000;
/** Those whose memory is measured: not fewer in a hurry, or what a process has once would count as theirs. */
export const FLEET = 10_000;
const FIRST_FLEET = 2000;
const SECONDS = IS_SHORT ? 1 : 3;
const ROUNDS = IS_SHORT ? 2 : 5;
const WINDOW = 128;
const WARM_UP_ROUNDS = IS_SHORT ? 2 : 3;

/** One measured run. CPU in microseconds per exchange, memory in bytes per endpoint. */
export interface FleetFigures {
  readonly registerCpu: number;
  readonly updateCpu: number;
  readonly updatesPerSecond: number;
  readonly lost: number;
  /** Resident, socket included. */
  readonly resident: number;
  /** JavaScript heap, socket included. */
  readonly heap: number;
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

type CpuFigures = Omit<FleetFigures, "resident" | "heap">;
type MemoryFigures = Omit<OwnFigures, keyof CpuFigures>;

/** Measures both in turns and takes the best of each: whatever else the machine does only ever adds. */
export async function compareFleets(): Promise<FleetComparison> {
  const limits: FleetFigures[] = [];
  const costs: CpuFigures[] = [];
  const memories: MemoryFigures[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    limits.push(await withServer(measureLimit));
    costs.push(await withServer((port) => inChild<CpuFigures>("cpu", port)));
    memories.push(await withServer((port) => inChild<MemoryFigures>("memory", port)));
  }
  return { limit: best(limits), fleet: { ...best(costs), ...best(memories) } };
}

/** Starts the server that both load, on a free port, for one measurement. */
async function withServer<T>(measure: (port: number) => Promise<T>): Promise<T> {
  const port = await freePort();
  const script = fileURLToPath(new URL("limit/limit-server.mjs", import.meta.url));
  const server = spawn(process.execPath, [script, "--port", String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(server.stdout, "data");
  try {
    return await measure(port);
  } finally {
    server.kill();
    await once(server, "exit");
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

async function measureLimit(port: number): Promise<FleetFigures> {
  const script = fileURLToPath(new URL("limit/limit-fleet.mjs", import.meta.url));
  const numbers = ["--n", ENDPOINTS, "--procs", 1, "--window", WINDOW, "--secs", SECONDS];
  const child = spawn(process.execPath, [script, ...numbers.map(String), "--port", String(port)], {
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

/** Runs a measurement of our fleet in a process of its own. */
async function inChild<T>(measurement: string, port: number): Promise<T> {
  const script = fileURLToPath(import.meta.url);
  const child: ChildProcess = fork(script, ["--child", measurement, String(port)], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  const [figures] = await once(child, "message");
  await once(child, "exit");
  return figures as T;
}

/** The child's side: what a fleet under pressure costs, from inside. */
async function measureCpu(port: number): Promise<CpuFigures> {
  await warmUp(port);
  const fleet = underPressure(port);
  await fleet.open();
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

  await fleet.stop();
  fleet.close();
  const updatesPerSecond = (updates / elapsed) * 1000;
  return { registerCpu, updateCpu, updatesPerSecond, lost: fleet.tally.lost() };
}

/** The child's side: what a device keeps once it is registered and has updated. */
async function measureMemory(port: number): Promise<MemoryFigures> {
  const first = await firstFleet(port);
  const empty = memory();
  const fleet = underPressure(port, FLEET);
  const built = memory();
  await fleet.open();
  const open = memory();
  fleet.start();
  while (fleet.tally.counts.updates < FLEET) await sleep(5);
  const used = memory();
  await fleet.stop();
  fleet.close();
  first.close();
  return {
    resident: (used.rss - empty.rss) / FLEET,
    heap: (used.heapUsed - empty.heapUsed) / FLEET,
    // All but what came between building the devices and having their sockets open.
    residentAboveSocket: (used.rss - open.rss + built.rss - empty.rss) / FLEET,
    heapAboveSocket: (used.heapUsed - open.heapUsed + built.heapUsed - empty.heapUsed) / FLEET,
  };
}

function underPressure(port: number, size = ENDPOINTS): UdpFleet {
  return new UdpFleet({
    server: { address: "127.0.0.1", port },
    size,
    profile: SENSOR,
    lifetime: 86400,
    rate: 0,
    window: WINDOW,
    pressure: WINDOW,
  });
}

/** One before the fleet that is measured, and kept, so that nothing takes its place: code and young heap have then grown. */
async function firstFleet(port: number): Promise<UdpFleet> {
  const fleet = underPressure(port, FIRST_FLEET);
  await fleet.open();
  fleet.start();
  while (fleet.tally.counts.updates < 10 * FIRST_FLEET) await sleep(5);
  await fleet.stop();
  return fleet;
}

/** Has the agent's code compiled before anything is measured; that of limit-fleet is in its first milliseconds. */
async function warmUp(port: number): Promise<void> {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    const fleet = underPressure(port);
    await fleet.open();
    fleet.start();
    while (fleet.tally.counts.updates < ENDPOINTS) await sleep(5);
    await fleet.stop();
    fleet.close();
  }
}

function memory(): NodeJS.MemoryUsage {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage();
}

function microseconds(usage: NodeJS.CpuUsage): number {
  return usage.user + usage.system;
}

/** Where more is what counts: the best rate, the worst loss. */
const HIGHEST: ReadonlySet<string> = new Set(["updatesPerSecond", "lost"]);

/** Member by member. */
function best<T extends object>(runs: readonly T[]): T {
  const entries = Object.keys(runs[0]).map((name) => {
    const values = runs.map((run) => (run as Record<string, number>)[name]);
    return [name, HIGHEST.has(name) ? Math.max(...values) : Math.min(...values)];
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
    `memory     ${Math.round(fleet.residentAboveSocket)} B per endpoint of ${FLEET} above its socket, ${Math.round(fleet.heapAboveSocket)} B of it heap   (goal 8192 B)`,
  );
  console.log(
    `rate       ${Math.round(fleet.updatesPerSecond)} updates/s, limit ${Math.round(limit.updatesPerSecond)}; lost ${fleet.lost}`,
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv[2] !== "--child") print(await compareFleets());
  else {
    const port = Number(process.argv[4]);
    const figures = process.argv[3] === "cpu" ? await measureCpu(port) : await measureMemory(port);
    process.send?.(figures, () => process.exit(0));
  }
}
