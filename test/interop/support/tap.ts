/**
 * A wire tap: a UDP port that passes everything on to another one and back, and keeps a copy. Each peer that talks to it gets
 * a port of its own towards the target, so that the target can tell them apart.
 */
import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import type { CapturedDatagram } from "./capture.ts";

const LOOPBACK = "127.0.0.1";

export class Tap {
  readonly port: number;
  /** As if the peers had talked to the target directly: the tap itself does not show. */
  readonly datagrams: CapturedDatagram[] = [];
  private readonly target: number;
  private readonly socket: Socket;
  private readonly onward = new Map<number, Socket>();

  private constructor(socket: Socket, target: number) {
    this.socket = socket;
    this.port = socket.address().port;
    this.target = target;
    socket.on("message", (bytes, from) => {
      this.datagrams.push({ at: Date.now(), from: from.port, to: target, bytes });
      this.onwardOf(from.port).send(bytes, target, LOOPBACK);
    });
  }

  static async open(target: number): Promise<Tap> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
    return new Tap(socket, target);
  }

  close(): void {
    this.socket.close();
    for (const socket of this.onward.values()) socket.close();
  }

  private onwardOf(peer: number): Socket {
    let socket = this.onward.get(peer);
    if (socket === undefined) {
      socket = createSocket("udp4");
      socket.on("message", (bytes) => {
        this.datagrams.push({ at: Date.now(), from: this.target, to: peer, bytes });
        this.socket.send(bytes, peer, LOOPBACK);
      });
      this.onward.set(peer, socket);
    }
    return socket;
  }
}
