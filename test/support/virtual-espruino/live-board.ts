/** A virtual board in real time on real sockets of this machine. Only for tests that need them. */
import { createSocket, type Socket } from "node:dgram";
import type { BoardOutput } from "./board-api.ts";
import { VirtualBoard, type VirtualBoardOptions } from "./virtual-board.ts";

export class LiveBoard {
  readonly board: VirtualBoard;
  private readonly sockets = new Map<number, Socket>();
  private readonly begunAt = performance.now();
  private timer: NodeJS.Timeout | undefined;

  constructor(options: VirtualBoardOptions) {
    this.board = new VirtualBoard(options);
    this.board.onOutput = (output) => this.handle(output);
    this.board.switchOn();
    this.arm();
  }

  output(): string {
    return this.board.printed.join("\n");
  }

  /** Sends from anywhere to the board's open sockets. */
  async disturb(datagram: Uint8Array): Promise<void> {
    for (const socket of [...this.sockets.values()]) {
      const stranger = createSocket("udp4");
      await new Promise<void>((resolve) =>
        stranger.send(datagram, socket.address().port, "127.0.0.1", () => {
          stranger.close(() => resolve());
        }),
      );
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
    this.board.dispose();
  }

  private handle(output: BoardOutput): void {
    if (output.kind === "open") this.open(output.socket, output.port);
    else if (output.kind === "close") this.close(output.socket);
    else if (output.kind === "send") {
      const datagram = Buffer.from(output.hex, "hex");
      this.sockets.get(output.socket)?.send(datagram, output.port, output.host);
    } else if (output.kind === "reboot" || output.kind === "deepSleep") {
      for (const id of [...this.sockets.keys()]) this.close(id);
    }
  }

  private open(id: number, port: number): void {
    const socket = createSocket("udp4");
    this.sockets.set(id, socket);
    socket.on("message", (datagram, { address, port: from }) => {
      this.pass(() => this.board.deliver(id, datagram, address, from));
    });
    socket.bind(port, "127.0.0.1");
  }

  private close(id: number): void {
    this.sockets.get(id)?.close();
    this.sockets.delete(id);
  }

  private pass(happening: () => void = () => {}): void {
    this.board.handleTimeout(performance.now() - this.begunAt);
    happening();
    this.arm();
  }

  private arm(): void {
    clearTimeout(this.timer);
    const at = this.board.deadline();
    if (at === Infinity) return;
    const wait = Math.max(at - (performance.now() - this.begunAt), 0);
    this.timer = setTimeout(() => this.pass(), Math.min(wait, 60_000));
  }
}
