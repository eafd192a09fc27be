/** A connection of the harness's to a server, by the real clock. */
import { connect, type Socket } from "node:net";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import type { ServerConnection } from "../server-under-test.ts";

/** Pieces kept until somebody looks at them; then the other end has to wait. */
const MOST_PIECES = 1000;

export class TcpConnection implements ServerConnection {
  private readonly socket: Socket;
  private readonly pieces: Uint8Array[] = [];
  private wake: (() => void) | undefined;

  /** Rejects when nobody listens there. */
  static open(host: string, port: number): Promise<TcpConnection> {
    const socket = connect({ host, port, noDelay: true });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new TcpConnection(socket));
      });
    });
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      this.take(new Uint8Array(bytes));
      if (this.pieces.length >= MOST_PIECES) socket.pause();
    });
    socket.on("close", () => this.take(new Uint8Array(0)));
  }

  async send(piece: Uint8Array): Promise<void> {
    this.socket.write(piece);
  }

  async receive(until: Milliseconds): Promise<Uint8Array | undefined> {
    if (this.pieces.length === 0) await this.arrival(until - performance.now());
    const piece = this.pieces.shift();
    if (this.pieces.length === 0) this.socket.resume();
    return piece;
  }

  close(): void {
    this.socket.destroy();
  }

  private take(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.wake?.();
  }

  private async arrival(patience: Milliseconds): Promise<void> {
    if (patience <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}
