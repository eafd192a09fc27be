import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import type { FakeBoard } from "./fake-board.ts";

/** A stand-in of a board at a port of this machine, as its telnet console would be. */
export class FakeBoardServer {
  readonly board: FakeBoard;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(board: FakeBoard) {
    this.board = board;
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      const line = board.open({
        onText: (text) => socket.write(text, "latin1"),
        onClose: () => socket.end(),
      });
      socket.on("data", (bytes) => line.write(bytes.toString("latin1")));
      socket.on("error", () => {});
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  static async start(board: FakeBoard): Promise<FakeBoardServer> {
    const started = new FakeBoardServer(board);
    await new Promise<void>((resolve) => started.server.listen(0, "127.0.0.1", resolve));
    return started;
  }

  /** As `--port` takes it. */
  get port(): string {
    return `tcp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
