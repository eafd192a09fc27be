/**
 * The connector's core against the least that a Node server can do: CPU per Register and per Update, as ratios of one run.
 *
 * limit-server.mjs and the connector, without a store and with one, run in turns in a process of their own under the same closed loop:
 * many sockets, a window of requests under way. What is compared is the CPU time of the server's process with all its threads, since
 * wall-clock rates of shared cores vary. Needs Linux (/proc).
 *
 *     npx tsx test/load/bench-connector.ts           (BENCH=short for a few seconds)
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Report } from "./bench-report.ts";
import { median, printReports } from "./bench-report.ts";

const DEVICES = 15_000;
const WINDOW = 128;
const LINKS =
  '</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>,</4/0>,</5/0>,</3303/0>,</3303/1>,</3304/0>,</3311/0>';

/** CPU microseconds per exchange, and bytes of heap for each registration. */
interface Figures {
  readonly register: number;
  readonly update: number;
  readonly heap: number | undefined;
}

/** Measures and reports; `isShort` only shows that it works. */
export async function benchConnector(isShort: boolean): Promise<Report> {
  const rounds = isShort ? 1 : 3;
  const figures: Record<"limit" | "without" | "with", Figures[]> = {
    limit: [],
    without: [],
    with: [],
  };
  const folder = mkdtempSync(join(tmpdir(), "dormouse-bench-"));
  const limit = fileURLToPath(new URL("limit/limit-server.mjs", import.meta.url));
  const connector = fileURLToPath(new URL("connector-under-load.ts", import.meta.url));
  const asModule = ["--expose-gc", "--import", "tsx", connector];
  try {
    for (let round = 0; round < rounds; round++) {
      figures.limit.push(await measure((port) => [limit, "--port", port], isShort));
      figures.without.push(await measure((port) => [...asModule, port], isShort));
      const store = join(folder, String(round));
      figures.with.push(await measure((port) => [...asModule, port, store], isShort));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const of = (who: Figures[], what: "register" | "update") => median(who.map((one) => one[what]));
  const row = (what: "register" | "update", store: "without" | "with") => ({
    what: `${what}, ${store} a store`,
    ours: of(figures[store], what),
    unit: "us CPU" as const,
    against: "limit-server",
    theirs: of(figures.limit, what),
    goal: 2,
  });
  return {
    title: "Connector, per exchange",
    measurements: [
      row("register", "without"),
      row("update", "without"),
      row("register", "with"),
      row("update", "with"),
      {
        what: "heap of a registration, its peer included",
        ours: median(figures.without.map(({ heap }) => heap ?? 0)) / 1024,
        unit: "KB",
        against: undefined,
        theirs: undefined,
        goal: 4,
      },
    ],
  };
}

async function measure(args: (port: string) => string[], isShort: boolean): Promise<Figures> {
  const port = await freePort();
  const server = spawn(process.execPath, args(String(port)), {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const kill = () => server.kill();
  process.on("exit", kill);
  const exit = once(server, "exit");
  await Promise.race([once(server.stdout!, "data"), exit]);
  if (server.exitCode !== null) throw new Error(`The server did not start: ${args("PORT")}`);
  const pid = server.pid ?? 0;
  const load = await Load.open(port, isShort ? 500 : DEVICES);
  const milliseconds = isShort ? 500 : 3000;
  const cost = async (send: (index: number) => Uint8Array) => {
    // First to let the compiler finish.
    await load.run(send, milliseconds / 3);
    const before = cpuMicroseconds(pid);
    const exchanges = await load.run(send, milliseconds);
    return (cpuMicroseconds(pid) - before) / exchanges;
  };
  try {
    const before = await heapOf(server);
    await load.run(load.register, milliseconds);
    const after = await heapOf(server);
    const register = await cost(load.register);
    const update = await cost(load.update);
    const isTold = before !== undefined && after !== undefined;
    const heap = isTold ? (after.bytes - before.bytes) / after.size : undefined;
    return { register, update, heap };
  } finally {
    load.close();
    process.off("exit", kill);
    kill();
    await exit;
  }
}

/** A UDP port that nobody has at this moment. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** User and system time of a process with all its threads. */
function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Asks the connector for its heap, and how many registrations it holds; the limit server does not answer. */
async function heapOf(server: ChildProcess): Promise<{ bytes: number; size: number } | undefined> {
  server.send("heap");
  const answer = await Promise.race([once(server, "message"), sleep(3000)]);
  return answer?.[0];
}

/** Many sockets, a device on each, and a window of requests under way. */
class Load {
  private readonly sockets: Socket[] = [];
  private readonly messageIds: Uint16Array;
  private readonly isBusy: Uint8Array;
  /** The location as Uri-Path options. */
  private readonly locations: (Uint8Array | undefined)[] = [];
  private readonly template: Buffer;
  private readonly nameAt: number;
  private turn = 0;
  private underWay = 0;
  private exchanges = 0;
  private send: ((index: number) => Uint8Array) | undefined = undefined;

  static async open(port: number, count: number): Promise<Load> {
    const load = new Load(count);
    // Whatever else runs on this machine has other addresses.
    const address = `127.1.${process.pid & 255}.1`;
    for (let i = 0; i < count; i++) {
      const socket = createSocket({ type: "udp4", lookup: (host, _, done) => done(null, host, 4) });
      socket.on("message", (datagram) => load.handleDatagram(i, datagram));
      await new Promise<void>((resolve, reject) => {
        socket.on("error", reject);
        socket.bind({ address, port: 10_000 + i, exclusive: true }, () => {
          socket.connect(port, "127.0.0.1", resolve);
        });
      });
      load.sockets.push(socket);
    }
    return load;
  }

  private constructor(count: number) {
    this.messageIds = new Uint16Array(count);
    this.isBusy = new Uint8Array(count);
    const queries = ["ep=device-00000000", "lt=86400", "lwm2m=1.1", "b=U"];
    this.template = Buffer.concat([
      Buffer.from([0x44, 2, 0, 0, 0, 0, 0, 0, 0xb2, 0x72, 0x64, 0x11, 40]),
      ...queries.map((query, i) => option(i === 0 ? 3 : 0, query)),
      Buffer.from([0xff]),
      Buffer.from(LINKS),
    ]);
    this.nameAt = this.template.indexOf("00000000");
  }

  /** A Register of the device on this socket, the first or one more. */
  readonly register = (index: number): Uint8Array => {
    const datagram = Buffer.from(this.template);
    datagram.write(String(index).padStart(8, "0"), this.nameAt, "latin1");
    return datagram;
  };

  /** An Update that changes nothing. */
  readonly update = (index: number): Uint8Array => {
    const location = this.locations[index] ?? new Uint8Array([0xb2, 0x72, 0x64]);
    const datagram = new Uint8Array(8 + location.length);
    datagram[0] = 0x44;
    datagram[1] = 2;
    datagram.set(location, 8);
    return datagram;
  };

  /** Keeps the window full for some time. Returns how many exchanges were completed. */
  async run(send: (index: number) => Uint8Array, milliseconds: number): Promise<number> {
    this.exchanges = 0;
    this.send = send;
    while (this.underWay < Math.min(WINDOW, this.sockets.length)) this.sendNext();
    await sleep(milliseconds);
    this.send = undefined;
    for (let waited = 0; this.underWay > 0 && waited < 100; waited++) await sleep(10);
    // What is still under way was lost.
    this.isBusy.fill(0);
    this.underWay = 0;
    return this.exchanges;
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }

  private sendNext(): void {
    if (this.send === undefined) return;
    do this.turn = (this.turn + 1) % this.sockets.length;
    while (this.isBusy[this.turn] === 1);
    const index = this.turn;
    const datagram = this.send(index);
    const messageId = ++this.messageIds[index];
    datagram[2] = messageId >> 8;
    datagram[3] = messageId;
    this.isBusy[index] = 1;
    this.underWay++;
    this.sockets[index].send(datagram);
  }

  private handleDatagram(index: number, datagram: Buffer): void {
    const isAnswer = ((datagram[2] << 8) | datagram[3]) === this.messageIds[index];
    if (this.isBusy[index] === 0 || !isAnswer) return;
    if (datagram[1] === 0x41) {
      const location = new Uint8Array(datagram.subarray(8));
      // From Location-Path to Uri-Path: only the first option's delta differs.
      location[0] = 0xb0 | (location[0] & 0x0f);
      this.locations[index] = location;
    } else if (datagram[1] !== 0x44) {
      throw new Error(`The server answered ${datagram[1] >> 5}.${datagram[1] & 31}`);
    }
    this.isBusy[index] = 0;
    this.underWay--;
    this.exchanges++;
    this.sendNext();
  }
}

function option(delta: number, text: string): Buffer {
  const value = Buffer.from(text);
  const head = value.length < 13 ? [value.length] : [13, value.length - 13];
  head[0] |= delta << 4;
  return Buffer.concat([Buffer.from(head), value]);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  printReports([await benchConnector(process.env["BENCH"] === "short")]);
}
