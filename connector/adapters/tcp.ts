/**
 * Connections of devices: one listening socket, and for each connection an address that no other ever had (peer-address.ts).
 *
 * What a stranger can take up here is bounded: connections, altogether and of one address, and bytes that wait to be sent. While a device
 * does not take what it asked for, nothing more is read of it. How long it may be silent, and how long a message may take, the core says.
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { addressGroup } from "../access/rate-limit.ts";
import { streamAddress } from "../peer-address.ts";

export interface TcpLimits {
  readonly maxConnections: number;
  /** Of one address, or 64 bits of IPv6: whole sites have one behind a NAT. */
  readonly maxPerAddress: number;
  /** Bytes that wait for a device to take them; beyond it its connection is cut. */
  readonly maxUnsent: number;
}

export const TCP_LIMITS: TcpLimits = {
  maxConnections: 50_000,
  maxPerAddress: 1_000,
  maxUnsent: 1 << 20,
};

export interface TcpSettings {
  /** An address of this machine: numbers, no name. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly limits: TcpLimits;
  /** A connection has come; false closes it. */
  readonly onOpened: (address: string) => boolean;
  /** Its bytes are the receiver's for the time of the call. */
  readonly onBytes: (address: string, bytes: Uint8Array) => void;
  /** It has ended, and not because of an empty piece sent. */
  readonly onClosed: (address: string) => void;
  /** No connection could be taken; the listener goes on. */
  readonly onError: (error: Error) => void;
}

interface Connection {
  readonly socket: Socket;
  isCorked: boolean;
}

/** How long a connection that is closed may take to deliver what was sent before, ms. */
const LINGER = 10_000;
/** The same when the connector stops. */
const LAST_LINGER = 1_000;

export class TcpListener {
  /** Connections that were refused for want of room. */
  refused = 0;
  private readonly settings: TcpSettings;
  private readonly server: Server;
  private readonly connections = new Map<string, Connection>();
  /** Those on their way out among them. */
  private readonly sockets = new Set<Socket>();
  private readonly byGroup = new Map<string, number>();

  /** Listens; rejects with the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`). */
  static open(settings: TcpSettings): Promise<TcpListener> {
    const server = createServer({ noDelay: true });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      const { host, port } = settings;
      server.listen({ host, port, exclusive: true, backlog: 4096 }, () => {
        server.off("error", reject);
        resolve(new TcpListener(server, settings));
      });
    });
  }

  private constructor(server: Server, settings: TcpSettings) {
    this.server = server;
    this.settings = settings;
    server.on("connection", (socket) => this.take(socket));
    server.on("error", settings.onError);
  }

  get host(): string {
    return this.listening().address;
  }

  get port(): number {
    return this.listening().port;
  }

  /** Sends a piece; an empty one closes the connection after what was sent before. */
  send(address: string, bytes: Uint8Array): void {
    const connection = this.connections.get(address);
    if (connection === undefined) return;
    const { socket } = connection;
    if (bytes.length === 0) {
      this.connections.delete(address);
      socket.setTimeout(LINGER, () => socket.destroy());
      socket.destroySoon();
    } else if (socket.writableLength > this.settings.limits.maxUnsent) socket.destroy();
    else {
      this.cork(connection);
      if (!socket.write(bytes)) socket.pause();
    }
  }

  /** Cuts a connection of which something is lost; `onClosed` follows. */
  abort(address: string): void {
    this.connections.get(address)?.socket.destroy();
  }

  /** Lets go of all connections, after what was sent. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.connections.clear();
      for (const socket of this.sockets) {
        socket.setTimeout(LAST_LINGER, () => socket.destroy());
        socket.destroySoon();
      }
    });
  }

  private take(socket: Socket): void {
    const { limits, onOpened, onBytes, onClosed } = this.settings;
    const { remoteAddress, remotePort } = socket;
    // It has gone again.
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const group = addressGroup(remoteAddress);
    const ofGroup = this.byGroup.get(group) ?? 0;
    const address = streamAddress(remoteAddress, remotePort, randomBytes(4).toString("hex"));
    const isFull = this.sockets.size >= limits.maxConnections || ofGroup >= limits.maxPerAddress;
    if (isFull || !onOpened(address)) {
      this.refused++;
      socket.destroy();
      return;
    }
    this.connections.set(address, { socket, isCorked: false });
    this.sockets.add(socket);
    this.byGroup.set(group, ofGroup + 1);
    socket.on("data", (bytes) => {
      if (this.connections.has(address)) onBytes(address, bytes);
    });
    socket.on("drain", () => socket.resume());
    // What went wrong matters to nobody: the connection has ended.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.sockets.delete(socket);
      this.leave(group);
      if (this.connections.delete(address)) onClosed(address);
    });
  }

  private leave(group: string): void {
    const left = (this.byGroup.get(group) ?? 1) - 1;
    if (left === 0) this.byGroup.delete(group);
    else this.byGroup.set(group, left);
  }

  /** What is sent in one turn leaves in one piece. */
  private cork(connection: Connection): void {
    if (connection.isCorked) return;
    connection.isCorked = true;
    connection.socket.cork();
    process.nextTick(() => {
      connection.isCorked = false;
      connection.socket.uncork();
    });
  }

  private listening(): { readonly address: string; readonly port: number } {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return address;
  }
}
