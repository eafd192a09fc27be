/**
 * UDP on Node: a connected socket per server, so that the kernel drops what anybody else sends.
 */
import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns";
import type { Channel, Datagrams } from "../../ports.ts";

/** Datagrams that wait while a host name is being resolved. */
const MAX_WAITING = 16;

/** The sockets of one device. */
export class NodeDatagrams implements Datagrams {
  private readonly channels = new Set<NodeChannel>();

  open(host: string, port: number, receive: (datagram: Uint8Array) => void): Channel {
    const channel = new NodeChannel(host, port, receive);
    this.channels.add(channel);
    return {
      send: (datagram) => channel.send(datagram),
      close: () => {
        this.channels.delete(channel);
        channel.close();
      },
    };
  }

  /**
   * Gives up sockets whose own address the machine does not have any more; each opens anew with the next datagram.
   *
   * @param addresses that the machine has
   * @returns true when there was such a socket, or one that could not be opened
   */
  leave(addresses: ReadonlySet<string>): boolean {
    let hasLeft = false;
    for (const channel of this.channels) hasLeft = channel.leave(addresses) || hasLeft;
    return hasLeft;
  }
}

/** A name that does not resolve, or a closed port, loses datagrams; the next one sent tries again. */
class NodeChannel implements Channel {
  private readonly host: string;
  private readonly port: number;
  private readonly receive: (datagram: Uint8Array) => void;
  private socket: Socket | undefined = undefined;
  private isConnecting = false;
  private isClosed = false;
  private waiting: Uint8Array[] = [];

  constructor(host: string, port: number, receive: (datagram: Uint8Array) => void) {
    this.host = host;
    this.port = port;
    this.receive = receive;
  }

  send(datagram: Uint8Array): void {
    if (this.socket !== undefined) this.socket.send(datagram);
    else {
      if (this.waiting.length < MAX_WAITING) this.waiting.push(datagram);
      if (!this.isConnecting) this.connect();
    }
  }

  leave(addresses: ReadonlySet<string>): boolean {
    if (this.socket === undefined) return !this.isConnecting;
    if (addresses.has(this.socket.address().address)) return false;
    this.socket.close();
    this.socket = undefined;
    return true;
  }

  close(): void {
    this.isClosed = true;
    this.socket?.close();
    this.socket = undefined;
  }

  private connect(): void {
    this.isConnecting = true;
    lookup(this.host, (error, address, family) => {
      if (error !== null || this.isClosed) {
        this.isConnecting = false;
        this.waiting = [];
        return;
      }
      const socket = createSocket(family === 6 ? "udp6" : "udp4", this.receive);
      // ECONNREFUSED and its like: the datagram is lost, and CoAP repeats it.
      socket.on("error", () => {});
      // Without a network there is an argument: why it failed.
      socket.connect(this.port, address, (...failure: unknown[]) => {
        this.isConnecting = false;
        if (this.isClosed || failure[0] !== undefined) {
          this.waiting = [];
          socket.close();
          return;
        }
        this.socket = socket;
        const waiting = this.waiting;
        this.waiting = [];
        for (const datagram of waiting) socket.send(datagram);
      });
    });
  }
}
