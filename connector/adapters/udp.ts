/** One UDP socket for all devices. */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";

/** A bound socket. */
export interface DatagramSocket {
  readonly host: string;
  readonly port: number;
  /** Sends a datagram to `127.0.0.1:40001`; what goes wrong is told to `onError`. */
  send(address: string, datagram: Uint8Array): void;
  close(): Promise<void>;
}

export interface UdpSettings {
  /** An address of this machine: numbers, no name. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A datagram has come from `address`, `127.0.0.1:40001`. Its bytes are the receiver's. */
  readonly onDatagram: (address: string, datagram: Uint8Array) => void;
  /** Something could not be sent or received; the socket goes on. */
  readonly onError: (error: Error) => void;
}

/** Bytes. What arrives while the event loop is busy waits here: 4 MB hold about 10,000 registrations. */
const RECEIVE_BUFFERS = [4 << 20, 1 << 20];

/**
 * Datagrams go out from a slab of this size. Handing each array itself to the socket would have the engine move it off its heap first,
 * which costs more than all of CoAP.
 */
const SLAB = 1 << 18;

export class UdpSocket implements DatagramSocket {
  private readonly socket: Socket;
  private slab = Buffer.allocUnsafeSlow(SLAB);
  private slabUsed = 0;

  /** Binds a socket; rejects with the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`). */
  static open(settings: UdpSettings): Promise<UdpSocket> {
    const family = isIPv6(settings.host) ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      // Peers are numbers: to look them up would cost a turn of the event loop for each datagram.
      lookup: (host, _options, callback) => callback(null, host, family),
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ port: settings.port, address: settings.host, exclusive: true }, () => {
        socket.off("error", reject);
        resolve(new UdpSocket(socket, settings));
      });
    });
  }

  private constructor(socket: Socket, settings: UdpSettings) {
    this.socket = socket;
    for (const size of RECEIVE_BUFFERS) {
      try {
        socket.setRecvBufferSize(size);
        break;
      } catch {
        // The system allows less; its own size is left when it allows none of these.
      }
    }
    socket.on("error", settings.onError);
    socket.on("message", (buffer, { address, port }) => {
      // As a plain array, whose views cost half of a Buffer's.
      const datagram = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
      settings.onDatagram(`${address}:${port}`, datagram);
    });
  }

  get host(): string {
    return this.socket.address().address;
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(address: string, datagram: Uint8Array): void {
    const colon = address.lastIndexOf(":");
    const { length } = datagram;
    if (this.slabUsed + length > SLAB) this.turnSlab();
    const at = this.slabUsed;
    this.slab.set(datagram, at);
    this.slabUsed += length;
    const port = Number(address.slice(colon + 1));
    this.socket.send(this.slab, at, length, port, address.slice(0, colon));
  }

  /** Starts the slab anew, or another one while the system still holds datagrams of this one. */
  private turnSlab(): void {
    if (this.socket.getSendQueueCount() > 0) this.slab = Buffer.allocUnsafeSlow(SLAB);
    this.slabUsed = 0;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(resolve));
  }
}
