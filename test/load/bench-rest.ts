/**
 * How the REST side carries many applications: long polls that wait, and callbacks of which half never answer.
 *
 * The connector with its device is a process of its own, and so is what plays the applications. What is measured is the way of a value
 * from the device's application to that of the key that is subscribed: notification, channel, HTTP.
 *
 *     npx tsx test/load/bench-rest.ts           (BENCH=short for a few seconds)
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { printReports, type Report } from "./bench-report.ts";

const MEGABYTE = 1024 * 1024;
const PAUSE = 20;

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly keys: readonly string[];
}

/** Measures and reports; `isShort` only shows that it works. */
export async function benchRest(isShort: boolean): Promise<Report> {
  const polls = isShort ? 500 : 15_000;
  const callbacks = isShort ? 100 : 1000;
  const polled = await withConnector(polls, 50, (served) =>
    measurePolls(served, isShort ? 20 : 200),
  );
  const called = await withConnector(callbacks, 0, (served) => measureCallbacks(served, isShort));
  const row = (what: string, ours: number, unit: "ms" | "MB", goal?: number) => ({
    what,
    ours,
    unit,
    against: undefined,
    theirs: undefined,
    goal,
  });
  return {
    title: `REST: ${polls} long polls, then ${callbacks} callbacks of which half never answer`,
    measurements: [
      row("wake one of the waiting polls, p99", polled.wake, "ms", 200),
      row("wake all of them, the last one", polled.wakeAll, "ms"),
      row("memory with all of them waiting", polled.rss / MEGABYTE, "MB", 600),
      row("reach a callback that answers, p99", called.p99, "ms", 1000),
      row("memory after all these events", called.rss / MEGABYTE, "MB", 600),
    ],
  };
}

async function withConnector<T>(
  keys: number,
  resources: number,
  measure: (served: Served) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-bench-"));
  const script = fileURLToPath(new URL("rest-under-load.ts", import.meta.url));
  const child = fork(script, [folder, `${keys}`, `${resources}`], {
    execArgv: ["--import", "tsx"],
  });
  try {
    const [ready] = (await once(child, "message")) as [{ url: string; keys: string[] }];
    return await measure({ child, ...ready });
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
    rmSync(folder, { recursive: true });
  }
}

/** One application that polls, over the least of HTTP that a connection needs. */
class Poller {
  isConnected = false;
  private readonly port: number;
  private readonly request: string;
  private readonly onValue: (took: number) => void;
  private socket: Socket;
  private text = "";
  private isClosed = false;

  /** @param onValue takes the milliseconds that a value took to get here */
  constructor(port: number, key: string, onValue: (took: number) => void) {
    this.request = `GET /v2/notification/pull HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${key}\r\n\r\n`;
    this.port = port;
    this.onValue = onValue;
    this.socket = this.open();
  }

  close(): void {
    this.isClosed = true;
    this.socket.destroy();
  }

  private open(): Socket {
    const socket = connect(this.port, "127.0.0.1", () => {
      this.isConnected = true;
      socket.write(this.request);
    });
    socket.on("data", (chunk) => this.read(chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isConnected = false;
      if (!this.isClosed) this.socket = this.open();
    });
    return socket;
  }

  private read(chunk: string): void {
    this.text += chunk;
    const body = this.text.split("\r\n\r\n")[1];
    const isEmpty = this.text.startsWith("HTTP/1.1 204");
    if (body === undefined || (!isEmpty && !body.endsWith("]}"))) return;
    this.text = "";
    for (const took of tookOf(body)) this.onValue(took);
    this.socket.write(this.request);
  }
}

/** How long the values in a message took, and the devices that are named by the time of their registration, milliseconds. */
function tookOf(body: string): number[] {
  const now = process.hrtime.bigint();
  const message = body === "" ? {} : (JSON.parse(body) as Told);
  const values = (message.notifications ?? []).map(({ payload }) =>
    Buffer.from(payload, "base64").toString(),
  );
  const names = (message.registrations ?? []).map(({ ep }) => ep);
  // First values, and the device of all these values, are no times.
  return [...values, ...names]
    .filter((text) => /^\d{2,}$/.test(text))
    .map((text) => Number(now - BigInt(text)) / 1e6);
}

interface Told {
  readonly notifications?: readonly { readonly payload: string }[];
  readonly registrations?: readonly { readonly ep: string }[];
}

async function measurePolls(served: Served, wakes: number) {
  const { child, url, keys } = served;
  const port = Number(new URL(url).port);
  const took: number[] = [];
  const pollers: Poller[] = [];
  for (const key of keys) {
    pollers.push(new Poller(port, key, (each) => took.push(each)));
    // No more at once than wait in the queue of a listening socket.
    if (pollers.length % 250 === 0) await sleep(PAUSE);
  }
  while (pollers.some(({ isConnected }) => !isConnected)) await sleep(PAUSE);
  await untilQuiet(served);
  const woken = keys.slice(0, 50);
  for (const [i, key] of woken.entries()) {
    await ask(served, key, "PUT", `/v2/subscriptions/clock/r/${i}`);
  }
  await sleep(500);
  took.length = 0;
  for (let i = 0; i < wakes; i++) {
    child.send({ set: `/r/${i % woken.length}` });
    await sleep(PAUSE);
  }
  await sleep(1000);
  const wake = percentile(took, 0.99);
  if (took.length !== wakes) throw new Error(`${took.length} of ${wakes} wakes arrived`);
  const rss = await rssOf(child);

  // All at once: every key is told of a registration.
  took.length = 0;
  child.send({ register: true });
  const giveUp = performance.now() + 20_000;
  while (took.length < keys.length && performance.now() < giveUp) await sleep(PAUSE);
  if (took.length !== keys.length) throw new Error(`${took.length} of ${keys.length} were told`);
  const wakeAll = percentile(took, 1);
  for (const poller of pollers) poller.close();
  return { wake, wakeAll, rss };
}

async function measureCallbacks(served: Served, isShort: boolean) {
  const { child, keys } = served;
  const took: number[] = [];
  let isArmed = false;
  const receiver = createServer((incoming, outgoing) => {
    let body = "";
    incoming.on("data", (chunk) => {
      body += chunk;
    });
    incoming.on("end", () => {
      // Everybody answers the test message, and half of them nothing after it.
      if (isArmed && incoming.url === "/dead") return;
      took.push(...tookOf(body));
      outgoing.end();
    });
  });
  const { port } = await listening(receiver);
  const rule = JSON.stringify([{ "resource-path": ["/shared"] }]);
  for (let at = 0; at < keys.length; at += 50) {
    await Promise.all(
      keys.slice(at, at + 50).map(async (key, i) => {
        const callback = `http://127.0.0.1:${port}/${i % 2 === 0 ? "alive" : "dead"}`;
        await ask(
          served,
          key,
          "PUT",
          "/v2/notification/callback",
          JSON.stringify({ url: callback }),
        );
        await ask(served, key, "PUT", "/v2/subscriptions", rule);
      }),
    );
  }
  await sleep(1000);
  isArmed = true;
  took.length = 0;
  const rounds = isShort ? 4 : 12;
  for (let i = 0; i < rounds; i++) {
    child.send({ set: "/shared" });
    await sleep(500);
  }
  await sleep(2000);
  // A device may leave out a value that another has followed, for all alike.
  const alive = keys.length / 2;
  const told = took.length / alive;
  if (!Number.isInteger(told) || told > rounds || told < 2) {
    throw new Error(`${took.length} deliveries of ${rounds} values to ${alive} arrived`);
  }
  const rss = await rssOf(child);
  receiver.closeAllConnections();
  receiver.close();
  return { p99: percentile(took, 0.99), rss };
}

async function ask(
  { url }: Served,
  key: string,
  method: string,
  path: string,
  body?: string,
): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}${path}`, { method, headers, body: body ?? null });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  await response.arrayBuffer();
}

/** Waits until the connector answers as one that has nothing else to attend to. */
async function untilQuiet(served: Served): Promise<void> {
  for (let quick = 0; quick < 5; ) {
    const start = performance.now();
    await ask(served, served.keys[0], "GET", "/v2/limits");
    quick = performance.now() - start < 20 ? quick + 1 : 0;
    await sleep(100);
  }
}

async function rssOf(child: ChildProcess): Promise<number> {
  child.send({ report: true });
  const [{ rss }] = (await once(child, "message")) as [{ rss: number }];
  return rss;
}

async function listening(server: Server): Promise<AddressInfo> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address() as AddressInfo;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  printReports([await benchRest(process.env["BENCH"] === "short")]);
}
