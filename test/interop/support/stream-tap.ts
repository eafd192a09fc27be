/**
 * A wire tap for streams: a TCP port that passes everything on to another one and back, and keeps a copy. Its connections can be cut, as a
 * network does.
 */
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { CapturedDatagram } from "./capture.ts";

const LOOPBACK = "127.0.0.1";

export class StreamTap {
  readonly port: number;
  /** As if the peers had talked to the target directly: the tap itself does not show. */
  readonly pieces: CapturedDatagram[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(server: Server, target: number) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (peer) => this.join(peer, target));
  }

  static async open(target: number): Promise<StreamTap> {
    const server = createServer({ noDelay: true });
    server.listen(0, LOOPBACK);
    await once(server, "listening");
    return new StreamTap(server, target);
  }

  /** Cuts the connections that there are. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.server.close();
    this.cut();
  }

  private join(peer: Socket, target: number): void {
    const onward = connect({ host: LOOPBACK, port: target, noDelay: true });
    const peerPort = peer.remotePort ?? 0;
    const pass = (source: Socket, sink: Socket, from: number, to: number) => {
      this.sockets.add(source);
      source.on("data", (bytes) => {
        this.pieces.push({ at: Date.now(), from, to, bytes });
        sink.write(bytes);
      });
      source.on("end", () => sink.end());
      source.on("error", () => {});
      source.on("close", () => {
        this.sockets.delete(source);
        sink.destroySoon();
      });
    };
    pass(peer, onward, peerPort, target);
    pass(onward, peer, target, peerPort);
  }
}
