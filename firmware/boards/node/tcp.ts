/**
 * TCP on Node: a connection per server, made when there is something to send.
 */
import { connect, type Socket } from "node:net";
import type { Channel, Streams } from "../../ports.ts";

/** What an ended connection is told by. */
const END = new Uint8Array(0);
/** Bytes that may wait to be sent: a server beyond it takes nothing any more. */
const MAX_WAITING = 1 << 20;
/** A connection that says nothing is probed after so long, ms: the other end may be gone without a word. */
const PROBE_AFTER = 300_000;

/** The connections of one device. */
export class NodeStreams implements Streams {
  private readonly channels = new Set<NodeStream>();

  open(host: string, port: number, receive: (bytes: Uint8Array) => void): Channel {
    const channel = new NodeStream(host, port, receive);
    this.channels.add(channel);
    return {
      send: (bytes) => channel.send(bytes),
      close: () => {
        this.channels.delete(channel);
        channel.close();
      },
    };
  }

  /**
   * Gives up connections whose own address the machine does not have any more.
   *
   * @param addresses that the machine has
   */
  leave(addresses: ReadonlySet<string>): void {
    for (const channel of this.channels) channel.leave(addresses);
  }
}

class NodeStream implements Channel {
  private readonly host: string;
  private readonly port: number;
  private readonly receive: (bytes: Uint8Array) => void;
  /** The connection that counts. */
  private socket: Socket | undefined = undefined;

  constructor(host: string, port: number, receive: (bytes: Uint8Array) => void) {
    this.host = host;
    this.port = port;
    this.receive = receive;
  }

  send(bytes: Uint8Array): void {
    if (bytes.length === 0) {
      this.close();
      return;
    }
    const socket = this.socket ?? this.connect();
    if (socket.writableLength > MAX_WAITING) socket.destroy();
    // What the server asks for is not read while it does not take what it has asked for.
    else if (!socket.write(bytes)) socket.pause();
  }

  /** After what was sent. */
  close(): void {
    const { socket } = this;
    this.socket = undefined;
    if (socket?.connecting === true) socket.destroy();
    else socket?.destroySoon();
  }

  leave(addresses: ReadonlySet<string>): void {
    const own = this.socket?.localAddress;
    if (own !== undefined && !addresses.has(own)) this.socket?.destroy();
  }

  private connect(): Socket {
    const socket = connect({
      host: this.host,
      port: this.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_AFTER,
    });
    this.socket = socket;
    socket.on("data", (bytes) => {
      if (this.socket === socket) this.receive(bytes);
    });
    socket.on("drain", () => socket.resume());
    // What went wrong matters to nobody: the connection has ended.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.receive(END);
    });
    return socket;
  }
}
