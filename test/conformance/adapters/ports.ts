/** A port of the harness's, and where its client was heard last: for datagrams, or for connections. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface Port {
  /** As the client reaches it, `coap://127.0.0.1:5683`. */
  readonly uri: string;
  /** Where its client was heard last; undefined for streams. */
  readonly client?: Place;
  /** A datagram came, or a piece of a stream; an empty piece is its end. `from` tells addresses apart. */
  onArrival: (bytes: Uint8Array, from?: string) => void;
  send(bytes: Uint8Array): void;
  /** What comes of a case that is over is nobody's. */
  forget(): void;
  close(): Promise<void>;
}

/** @param port 0 takes any free one */
export async function openUdpPort(host: string, port: number): Promise<UdpPort> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, host, () => {
      socket.off("error", reject);
      resolve();
    });
  });
  return new UdpPort(socket);
}

/** @param port 0 takes any free one */
export async function openTcpPort(host: string, port: number): Promise<Port> {
  const server = createServer({ noDelay: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return new TcpPort(server);
}

export class UdpPort implements Port {
  onArrival: (datagram: Uint8Array, from?: string) => void = () => {};
  private readonly socket: UdpSocket;
  client: Place | undefined;

  constructor(socket: UdpSocket) {
    this.socket = socket;
    socket.on("message", (datagram, { address, port: from }) => {
      this.client = { address, port: from };
      this.onArrival(new Uint8Array(datagram), `${address} ${from}`);
    });
    socket.on("error", () => {});
  }

  get uri(): string {
    return uriOf("coap", this.socket.address());
  }

  send(datagram: Uint8Array): void {
    this.sendTo(datagram, this.client);
  }

  /** Nothing is sent to nobody. */
  sendTo(datagram: Uint8Array, place: Place | undefined): void {
    if (place !== undefined) this.socket.send(datagram, place.port, place.address);
  }

  forget(): void {
    this.onArrival = () => {};
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }
}

/** Of several connections the newest counts. */
class TcpPort implements Port {
  onArrival: (piece: Uint8Array) => void = () => {};
  private readonly server: Server;
  private readonly connections = new Set<Socket>();
  private newest: Socket | undefined;

  constructor(server: Server) {
    this.server = server;
    server.on("connection", (socket) => this.take(socket));
    server.on("error", () => {});
  }

  get uri(): string {
    return uriOf("coap+tcp", this.server.address() as AddressInfo);
  }

  send(piece: Uint8Array): void {
    if (piece.length === 0) this.newest?.end();
    else this.newest?.write(piece);
  }

  forget(): void {
    this.onArrival = () => {};
    for (const connection of this.connections) connection.destroy();
  }

  close(): Promise<void> {
    this.forget();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private take(socket: Socket): void {
    this.newest = socket;
    this.connections.add(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      if (this.newest === socket) this.onArrival(new Uint8Array(bytes));
    });
    socket.on("close", () => {
      this.connections.delete(socket);
      if (this.newest !== socket) return;
      this.newest = undefined;
      this.onArrival(new Uint8Array(0));
    });
  }
}

function uriOf(scheme: string, { address, port }: { address: string; port: number }): string {
  return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
