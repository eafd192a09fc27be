/** A wire between boards and a server that loses datagrams, by a seed. */
import { createSocket, type Socket } from "node:dgram";

export class LossyRelay {
  /** Datagrams that went through, and that did not. */
  passed = 0;
  lost = 0;
  private readonly front: Socket = createSocket("udp4");
  /** A socket towards the server for each port of a board. */
  private readonly backs = new Map<number, Socket>();
  private readonly server: number;
  private readonly loss: number;
  private random: number;

  private constructor(server: number, loss: number, seed: number) {
    this.server = server;
    this.loss = loss;
    this.random = seed;
  }

  /** @param server its port on this machine @param loss 0..1 */
  static async start(server: number, loss: number, seed = 1): Promise<LossyRelay> {
    const relay = new LossyRelay(server, loss, seed);
    relay.front.on("message", (datagram, { port }) => relay.forward(port, datagram));
    await new Promise<void>((resolve) => relay.front.bind(0, "127.0.0.1", resolve));
    return relay;
  }

  get uri(): string {
    return `coap://127.0.0.1:${this.front.address().port}`;
  }

  close(): void {
    this.front.close();
    for (const back of this.backs.values()) back.close();
  }

  private forward(port: number, datagram: Buffer): void {
    let back = this.backs.get(port);
    if (back === undefined) {
      back = createSocket("udp4");
      back.on("message", (answer) => {
        if (!this.isLost()) this.front.send(answer, port, "127.0.0.1");
      });
      this.backs.set(port, back);
    }
    if (!this.isLost()) back.send(datagram, this.server, "127.0.0.1");
  }

  private isLost(): boolean {
    this.random = (this.random * 1103515245 + 12345) % 2 ** 31;
    const isLost = this.random / 2 ** 31 < this.loss;
    if (isLost) this.lost++;
    else this.passed++;
    return isLost;
  }
}
