/** A server that is reached over UDP and by the real clock, with an operator interface of whatever kind. */
import { createSocket, type Socket } from "node:dgram";
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import type { Arrival } from "../client-under-test.ts";
import type {
  Operator,
  ServerAdapter,
  ServerConnection,
  ServerUnderTest,
} from "../server-under-test.ts";
import { TcpConnection } from "./tcp-connection.ts";

export interface UdpServerSettings {
  /** Names the server in reports. */
  readonly name: string;
  /** An address, resolved. */
  readonly host: string;
  readonly port: number;
  readonly operator: Operator;
  /** Where it takes connections: an address, resolved. */
  readonly tcp?: { readonly host: string; readonly port: number } | undefined;
  readonly tolerance?: Milliseconds;
}

const DEFAULT_TOLERANCE: Milliseconds = SECOND;
const SLICE: Milliseconds = 50;
/** Datagrams kept until somebody looks at them. */
const MOST_ARRIVALS = 10_000;

export function udpServerAdapter(settings: UdpServerSettings): ServerAdapter {
  return {
    name: settings.name,
    claims: settings.operator.claims,
    takesStreams: settings.tcp !== undefined,
    prepare: async () => new UdpServer(settings),
  };
}

class UdpServer implements ServerUnderTest {
  readonly operator: Operator;
  readonly tolerance: Milliseconds;
  readonly slice = SLICE;
  readonly messageIds = Math.floor(Math.random() * 0x10000);
  private readonly settings: UdpServerSettings;
  private readonly sockets: Socket[] = [];
  private readonly connections: ServerConnection[] = [];
  private readonly arrivals: Arrival[] = [];
  private wake: (() => void) | undefined;

  constructor(settings: UdpServerSettings) {
    this.settings = settings;
    this.operator = settings.operator;
    this.tolerance = settings.tolerance ?? DEFAULT_TOLERANCE;
  }

  now(): Milliseconds {
    return performance.now();
  }

  async send(client: number, datagram: Uint8Array): Promise<void> {
    const { host, port } = this.settings;
    this.sockets[client] ??= await this.open(client);
    const socket = this.sockets[client];
    await new Promise<void>((resolve, reject) => {
      socket.send(datagram, port, host, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  async receive(until: Milliseconds): Promise<Arrival | undefined> {
    const arrival = this.arrivals.shift();
    const wait = until - this.now();
    if (arrival !== undefined || wait <= 0) return arrival;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
    return this.arrivals.shift();
  }

  async connect(): Promise<ServerConnection> {
    const { tcp } = this.settings;
    if (tcp === undefined) throw new Error("the server has no address over TCP");
    const connection = await TcpConnection.open(tcp.host, tcp.port);
    this.connections.push(connection);
    return connection;
  }

  async rebind(client: number): Promise<void> {
    const former = this.sockets[client];
    this.sockets[client] = await this.open(client);
    former?.close();
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.close();
    const closing = this.sockets.filter((socket) => socket !== undefined);
    await Promise.all(
      closing.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
    );
  }

  private async open(client: number): Promise<Socket> {
    const socket = createSocket(this.settings.host.includes(":") ? "udp6" : "udp4");
    socket.on("message", (datagram) => {
      if (this.arrivals.length >= MOST_ARRIVALS) return;
      this.arrivals.push({ server: client, datagram: new Uint8Array(datagram) });
      this.wake?.();
    });
    socket.on("error", () => {});
    await new Promise<void>((resolve) => socket.bind(0, resolve));
    return socket;
  }
}
