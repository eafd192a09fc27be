/**
 * TCP in virtual time: boards whose streams lead to one server, with latency, breaks, a server that is down, and bytes that vanish. Time
 * and alarms of the boards are the network's.
 */
import type { Alarm, Board, Channel, Streams } from "../../firmware/ports.ts";
import { countingRandom } from "./coap-pair.ts";

/** Who listens. Each connection has an address of its own. */
export interface StreamServer {
  handleOpened(now: number, address: string): void;
  handleBytes(now: number, address: string, bytes: Uint8Array): void;
  handleClosed(now: number, address: string): void;
  /** The next bytes of a connection; none: its end. */
  pollTransmit(): { readonly peer: string; readonly datagram: Uint8Array } | undefined;
  deadline(): number;
  handleTimeout(now: number): void;
  /** Called when the server has done something: time to look at its events. */
  settle?(now: number): void;
}

interface Happening {
  readonly at: number;
  readonly run: () => void;
}

interface Connection {
  readonly address: string;
  readonly receive: (bytes: Uint8Array) => void;
  isOpen: boolean;
}

const END = new Uint8Array(0);

export class StreamNetwork {
  now = 0;
  readonly latency: number;
  readonly server: StreamServer;
  /** False: connections are refused. */
  listens = true;
  /** True: what is sent does not arrive, and nobody is told. */
  isBlackHole = false;
  /** Addresses of all connections that there were. */
  readonly opened: string[] = [];
  private happenings: Happening[] = [];
  private connections: Connection[] = [];

  constructor(server: StreamServer, latency = 10) {
    this.server = server;
    this.latency = latency;
  }

  /** A board with nothing but TCP. */
  board(changes: Partial<Board> = {}): Board {
    return {
      streams: this.streams(),
      clock: { now: () => this.now },
      calendar: { seconds: () => this.now / 1000, setSeconds: () => false },
      alarm: new VirtualAlarm(this),
      random: countingRandom(1),
      power: { setRadio: () => {}, reboot: () => {}, factoryReset: () => {} },
      ...changes,
    };
  }

  streams(): Streams {
    return { open: (_host, _port, receive) => this.channel(receive) };
  }

  /** Cuts all connections: both ends are told at once, and what is on its way is lost. */
  breakAll(): void {
    for (const connection of this.connections.filter(({ isOpen }) => isOpen)) {
      connection.isOpen = false;
      this.server.handleClosed(this.now, connection.address);
      connection.receive(END);
    }
    this.flush();
  }

  at(at: number, run: () => void): Happening {
    const happening = { at, run };
    this.happenings.push(happening);
    return happening;
  }

  cancel(happening: Happening): void {
    this.happenings = this.happenings.filter((each) => each !== happening);
  }

  /** Lets everything happen until `until`. */
  drive(until: number): this {
    for (let step = 0; step < 1_000_000; step++) {
      this.flush();
      let next = this.server.deadline();
      for (const { at } of this.happenings) next = Math.min(next, at);
      if (next > until) {
        this.now = Math.max(this.now, until);
        return this;
      }
      this.now = Math.max(this.now, next);
      const due = this.happenings.findIndex(({ at }) => at <= this.now);
      if (due >= 0) this.happenings.splice(due, 1)[0].run();
      this.server.handleTimeout(this.now);
    }
    throw new Error("the network does not come to rest");
  }

  wait(period: number): this {
    return this.drive(this.now + period);
  }

  private channel(receive: (bytes: Uint8Array) => void): Channel {
    let current: Connection | undefined;
    return {
      send: (bytes) => {
        if (bytes.length === 0) {
          if (current !== undefined) this.closeByDevice(current);
          current = undefined;
          return;
        }
        if (current === undefined) {
          const opened = this.connect((received) => {
            if (current !== opened) return;
            if (received.length === 0) current = undefined;
            receive(received);
          });
          current = opened;
        }
        const { address } = current;
        this.carry(current, () => this.server.handleBytes(this.now, address, bytes));
      },
      close: () => {
        if (current !== undefined) this.closeByDevice(current);
        current = undefined;
      },
    };
  }

  private connect(receive: (bytes: Uint8Array) => void): Connection {
    const address = `tcp:192.0.2.1:${40_000 + this.opened.length}`;
    const connection = { address, receive, isOpen: this.listens };
    if (!this.listens) {
      this.at(this.now + this.latency, () => receive(END));
      return connection;
    }
    this.opened.push(address);
    this.connections.push(connection);
    this.carry(connection, () => this.server.handleOpened(this.now, address));
    return connection;
  }

  private closeByDevice(connection: Connection): void {
    if (!connection.isOpen) return;
    this.carry(connection, () => {
      connection.isOpen = false;
      this.server.handleClosed(this.now, connection.address);
    });
  }

  /** In order: happenings of one moment keep theirs. */
  private carry(connection: Connection, deliver: () => void): void {
    if (this.isBlackHole) return;
    this.at(this.now + this.latency, () => {
      if (connection.isOpen) deliver();
    });
  }

  private flush(): void {
    this.server.settle?.(this.now);
    for (let sent = this.server.pollTransmit(); sent; sent = this.server.pollTransmit()) {
      const { peer, datagram } = sent;
      const connection = this.connections.find(({ address }) => address === peer);
      if (connection === undefined) continue;
      this.carry(connection, () => {
        if (datagram.length === 0) connection.isOpen = false;
        connection.receive(datagram);
      });
    }
  }
}

class VirtualAlarm implements Alarm {
  private readonly network: StreamNetwork;
  private armed: Happening | undefined = undefined;

  constructor(network: StreamNetwork) {
    this.network = network;
  }

  arm(at: number, ring: () => void): void {
    if (this.armed !== undefined) this.network.cancel(this.armed);
    this.armed = at === Infinity ? undefined : this.network.at(at, ring);
  }
}
