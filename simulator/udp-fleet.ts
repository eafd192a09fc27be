/**
 * A fleet over real sockets: every device has a UDP socket of its own, connected to the server, and all share one alarm.
 *
 * One process holds as many devices as it may open files; more take several (worker.ts).
 */
import { randomInt } from "node:crypto";
import { createSocket, type Socket, type SocketType } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import type { Milliseconds } from "../protocol/time/duration.ts";
import { FleetEngine, type FleetPlan } from "./fleet-engine.ts";
import { SeededRandom } from "./random.ts";
import type { Tally } from "./report/tally.ts";

/** Where the server is, as an address that sockets can be connected to. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

export interface UdpFleetOptions extends FleetPlan {
  readonly server: ServerAddress;
  /** Which of the processes of a fleet this is, 0..239: each has a loopback address of its own. Default 0. */
  readonly part?: number;
}

/** A fleet that runs by itself; here or in other processes. */
export interface RunningFleet {
  /** What has happened so far. */
  readonly tally: Tally;
  /** Opens the sockets. Rejects when the host refuses them. */
  open(): Promise<void>;
  /** Begins to register. */
  start(): void;
  /** De-registers every device and resolves when all is answered, given up, or cut off by `abandon`. */
  stop(): Promise<void>;
  /** Gives up what is under way; its unanswered messages count as lost. */
  abandon(): void;
  /** Closes the sockets without another word. */
  close(): void;
  /** True once each device has been answered or given up for the first time. */
  isSettled(): boolean;
}

interface DeviceSocket extends Socket {
  fleet: UdpFleet;
  index: number;
}

/**
 * Ports of fleets end below 32768, where most systems begin to hand out ephemeral ports: a process that holds one of those on a
 * loopback address keeps others from binding it on all.
 */
const FIRST_PORT = 10000;
const PORTS_PER_ADDRESS = 20000;
/**
 * V8 keeps the bytes of typed arrays up to this length on its own heap, and moves them out, one allocation each, when a socket
 * asks for their address. Copying them into arrays that are outside already is cheaper.
 */
const LONGEST_ON_HEAP = 64;
/** A datagram leaves at once unless its socket's buffer is full, which takes more than a device ever has under way. */
const COPIES = 256;
const SEEDS = 2 ** 32;
const LONGEST_TIMER: Milliseconds = 0x7fffffff;

export class UdpFleet implements RunningFleet {
  private readonly options: UdpFleetOptions;
  private readonly engine: FleetEngine;
  private readonly sockets: DeviceSocket[] = [];
  /** The next address and port to try, as a number. */
  private candidate = 0;
  /** The second byte of our loopback addresses: a run does not take up those of the run before it. */
  private readonly network: number;
  private connected = 0;
  private failedBinds = 0;
  /** Reused for small datagrams, by length. */
  private readonly copies: Uint8Array[][] = [];
  private nextCopy = 0;
  private opened: { resolve: () => void; reject: (error: Error) => void } | undefined = undefined;
  private stopped: (() => void) | undefined = undefined;
  private timer: NodeJS.Timeout | undefined = undefined;
  private armedAt: Milliseconds = Infinity;

  constructor(options: UdpFleetOptions) {
    this.options = options;
    const random = new SeededRandom(randomInt(SEEDS));
    this.engine = new FleetEngine(options, uriOf(options.server), this, random);
    this.network = 2 + randomInt(250);
    if (!hasLoopbackBlock(options.server.address)) this.candidate = randomInt(PORTS_PER_ADDRESS);
  }

  get server(): ServerAddress {
    return this.options.server;
  }

  get tally(): Tally {
    this.engine.readEnergy(performance.now());
    return this.engine.tally;
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.opened = { resolve, reject };
      for (let index = 0; index < this.options.size; index++) this.openSocket(index);
      if (this.options.size === 0) resolve();
    });
  }

  start(): void {
    this.engine.start(performance.now());
    this.arm();
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.stopped = resolve;
      this.engine.stop(performance.now());
      this.arm();
    });
  }

  abandon(): void {
    this.engine.abandon();
    this.arm();
  }

  close(): void {
    clearTimeout(this.timer);
    for (const socket of this.sockets) socket.close();
    this.sockets.length = 0;
  }

  isSettled(): boolean {
    return this.engine.isSettled();
  }

  /** The engine's way out: a device sends a datagram. */
  send(index: number, datagram: Uint8Array): void {
    const small = datagram.length <= LONGEST_ON_HEAP;
    this.sockets[index].send(small ? this.offHeap(datagram) : datagram);
  }

  /** A datagram from the server came in at a device's socket. */
  handleDatagram(index: number, datagram: Uint8Array): void {
    this.engine.handleDatagram(performance.now(), index, datagram);
    this.arm();
  }

  handleSocketOpen(): void {
    if (++this.connected === this.options.size) this.opened?.resolve();
  }

  handleSocketError(socket: DeviceSocket, error: NodeJS.ErrnoException): void {
    if (this.connected === this.options.size) {
      this.tally.counts.refused++;
    } else if (error.code === "EADDRINUSE" && this.failedBinds < PORTS_PER_ADDRESS) {
      this.failedBinds++;
      socket.close();
      // Not at once: the system refuses within `bind`, and a range of used ports would use up the stack.
      setImmediate(() => this.openSocket(socket.index));
    } else this.opened?.reject(error);
  }

  /** A copy that the socket can take as it is, valid until `COPIES` more of its length are made. */
  private offHeap(datagram: Uint8Array): Uint8Array {
    const { length } = datagram;
    this.copies[length] ??= Array.from({ length: COPIES }, () => Buffer.allocUnsafeSlow(length));
    this.nextCopy = (this.nextCopy + 1) % COPIES;
    const copy = this.copies[length][this.nextCopy];
    for (let i = 0; i < length; i++) copy[i] = datagram[i];
    return copy;
  }

  private openSocket(index: number): void {
    const { address } = this.options.server;
    const type: SocketType = isIPv6(address) ? "udp6" : "udp4";
    const socket = createSocket({ type, lookup: takeAddressAsIs }) as DeviceSocket;
    socket.fleet = this;
    socket.index = index;
    this.sockets[index] = socket;
    socket.on("listening", connect);
    socket.on("connect", reportOpen);
    socket.on("message", receive);
    socket.on("error", reportError);
    const candidate = this.candidate++;
    const port = FIRST_PORT + (candidate % PORTS_PER_ADDRESS);
    const block = Math.floor(candidate / PORTS_PER_ADDRESS);
    socket.bind({
      address: this.localAddress(block),
      port,
      exclusive: true,
    });
  }

  /** On the loopback an address for each block of ports, else whatever the route to the server gives. */
  private localAddress(block: number): string {
    const { server, part = 0 } = this.options;
    if (hasLoopbackBlock(server.address)) return `127.${this.network}.${block}.${1 + part}`;
    if (server.address.startsWith("127.")) return "127.0.0.1";
    if (server.address === "::1") return "::1";
    return isIPv6(server.address) ? "::" : "0.0.0.0";
  }

  /** One alarm for all devices. Waking early does no harm, so it is only ever moved forward. */
  private arm(): void {
    if (this.stopped !== undefined && this.engine.isStopped()) {
      this.stopped();
      this.stopped = undefined;
    }
    const next = this.engine.deadline();
    if (next >= this.armedAt) return;
    clearTimeout(this.timer);
    this.armedAt = next;
    const delay = Math.max(0, Math.ceil(next - performance.now()));
    this.timer = setTimeout(wake, Math.min(delay, LONGEST_TIMER), this);
  }

  handleAlarm(): void {
    this.armedAt = Infinity;
    this.engine.handleTimeout(performance.now());
    this.arm();
  }
}

function wake(fleet: UdpFleet): void {
  fleet.handleAlarm();
}

// One listener each for all sockets: a closure per socket would cost more than its device's whole state.

function connect(this: Socket): void {
  const socket = this as DeviceSocket;
  const { address, port } = socket.fleet.server;
  socket.connect(port, address);
}

function reportOpen(this: Socket): void {
  (this as DeviceSocket).fleet.handleSocketOpen();
}

function receive(this: Socket, datagram: Uint8Array): void {
  const socket = this as DeviceSocket;
  socket.fleet.handleDatagram(socket.index, datagram);
}

function reportError(this: Socket, error: NodeJS.ErrnoException): void {
  const socket = this as DeviceSocket;
  socket.fleet.handleSocketError(socket, error);
}

/** The addresses are numbers already; asking the resolver for each would cost more than the datagram. */
function takeAddressAsIs(
  address: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, address, isIPv6(address) ? 6 : 4);
}

/** All of 127.0.0.0/8 is ours to bind, except on systems that give the loopback interface 127.0.0.1 alone. */
function hasLoopbackBlock(server: string): boolean {
  return (
    server.startsWith("127.") && (process.platform === "linux" || process.platform === "win32")
  );
}

function uriOf({ address, port }: ServerAddress): string {
  return `coap://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/**
 * Reads a server's URI and resolves its host, IPv4 first.
 *
 * @param uri `coap://HOST` or `coap://HOST:PORT`; the port is 5683 when absent
 * @throws an Error whose message says what to change
 */
export async function resolveServer(uri: string): Promise<ServerAddress> {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol === "coaps:") {
    throw new Error(`${uri}: fleets speak plain CoAP so far; use coap://HOST:PORT`);
  }
  if (url?.protocol === "coap+tcp:") {
    throw new Error(`${uri}: fleets speak CoAP over UDP so far; use coap://HOST:PORT`);
  }
  if (url?.protocol !== "coap:" || url.hostname === "" || !/^\/?$/.test(url.pathname)) {
    throw new Error(`${uri} is no server address; use coap://HOST:PORT`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? 5683 : Number(url.port);
  try {
    const found = await lookup(host, { all: true });
    const chosen = found.find(({ family }) => family === 4) ?? found[0];
    return { address: chosen.address, port };
  } catch {
    throw new Error(`${host} has no address: check the host name in ${uri}`);
  }
}
