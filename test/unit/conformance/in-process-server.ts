/** Our connector's core as the server under test: in this process, in virtual time. */
import { Connector } from "../../../connector/connector.ts";
import { streamAddress } from "../../../connector/peer-address.ts";
import { defaultSettings } from "../../../connector/settings.ts";
import { MemoryStore } from "../../../connector/store/memory-store.ts";
import { LONGEST_TOKEN } from "../../../protocol/coap/message.ts";
import {
  encodeStreamMessage,
  StreamDecoder,
  type StreamMessage,
} from "../../../protocol/coap/stream-framing.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { SeededRandom } from "../../../simulator/random.ts";
import {
  ABILITIES,
  type Arrival,
  type KnownClient,
  type Operator,
  type Order,
  type Outcome,
  type ServerAdapter,
  type ServerConnection,
  type ServerUnderTest,
} from "../../conformance/index.ts";
import { Told } from "../../conformance/operators/rest.ts";
import { ConnectorOrders } from "./connector-orders.ts";

/** Bytes of the longest message on a connection. */
const MOST_BYTES = 65_536;

/** Says something to a raw client in the server's stead. */
export type Say = (datagram: Uint8Array, client: number) => void;

/** What a broken server does to datagrams and to what its operator is told. */
export interface ServerTamper {
  /** Undefined loses the datagram; several are sent one after the other. */
  fromServer?(
    datagram: Uint8Array,
    client: number,
    say: Say,
  ): Uint8Array | readonly Uint8Array[] | undefined;
  /** The server hears what is returned, from the address of that client. */
  toServer?(datagram: Uint8Array, client: number, say: Say): Uint8Array | undefined;
  /** The client for whom the server takes this one. */
  hearsAs?(client: number): number;
  /** What the server says on connections; none of them swallows the message. */
  streamFromServer?(message: StreamMessage): readonly StreamMessage[];
  known?(client: KnownClient | undefined): KnownClient | undefined;
  outcome?(outcome: Outcome | undefined, order: Order): Outcome | undefined;
  told?(values: readonly string[], path: string): readonly string[];
  order?(order: Order): Order | undefined;
}

export function inProcessServerAdapter(tamper: () => ServerTamper = () => ({})): ServerAdapter {
  return {
    name: "Dormouse connector, in process",
    claims: { versions: ["1.0", "1.1", "1.2"], abilities: ABILITIES },
    takesStreams: true,
    prepare: async () => new InProcessServer(tamper()),
  };
}

/** What comes over one connection. */
class Connection {
  readonly pieces: Uint8Array[] = [];
  private readonly tamper: ServerTamper;
  private readonly decoder = new StreamDecoder(MOST_BYTES, LONGEST_TOKEN);

  constructor(tamper: ServerTamper) {
    this.tamper = tamper;
  }

  take(piece: Uint8Array): void {
    const { streamFromServer } = this.tamper;
    if (streamFromServer === undefined || piece.length === 0) {
      this.pieces.push(piece);
      return;
    }
    this.decoder.push(piece);
    for (let next = this.decoder.poll(); next !== undefined; next = this.decoder.poll()) {
      if (isMalformed(next)) return;
      this.pieces.push(...streamFromServer(next).map(encodeStreamMessage));
    }
  }
}

class InProcessServer implements ServerUnderTest, Operator {
  readonly operator = this;
  readonly tolerance = 0;
  readonly slice = SECOND / 4;
  readonly name = "in process";
  readonly claims = inProcessServerAdapter().claims;
  private readonly tamper: ServerTamper;
  private readonly connector: Connector;
  private readonly store = new MemoryStore();
  private readonly orders: ConnectorOrders;
  private readonly given = new Map<string, Order>();
  private readonly values = new Told();
  private readonly arrivals: Arrival[] = [];
  private readonly addresses: string[] = [];
  private readonly connections = new Map<string, Connection>();
  private time: Milliseconds = 0;
  private lastPort = 40_000;

  private readonly say: Say = (datagram, client) => {
    this.arrivals.push({ server: client, datagram });
  };

  constructor(tamper: ServerTamper) {
    this.tamper = tamper;
    this.connector = new Connector(defaultSettings(new SeededRandom(1)), this.store);
    this.orders = new ConnectorOrders(this.connector, this.values);
  }

  now(): Milliseconds {
    return this.time;
  }

  async send(client: number, datagram: Uint8Array): Promise<void> {
    this.addresses[client] ??= this.newAddress();
    const { tamper } = this;
    const from = tamper.hearsAs === undefined ? client : tamper.hearsAs(client);
    this.addresses[from] ??= this.newAddress();
    const arriving =
      tamper.toServer === undefined ? datagram : tamper.toServer(datagram, client, this.say);
    if (arriving === undefined) return;
    this.connector.handleDatagram(this.time, this.addresses[from], arriving);
    this.drain();
  }

  async receive(until: Milliseconds): Promise<Arrival | undefined> {
    this.drain();
    while (this.arrivals.length === 0 && this.pass(until));
    return this.arrivals.shift();
  }

  /** Lets time pass until something is to be done; false when nothing is until then. */
  private pass(until: Milliseconds): boolean {
    const next = this.connector.deadline();
    this.time = Math.max(this.time, Math.min(next, until));
    if (next > until) return false;
    this.connector.handleTimeout(this.time);
    this.drain();
    return true;
  }

  async connect(): Promise<ServerConnection> {
    const address = streamAddress("192.0.2.1", ++this.lastPort, "1");
    const connection = new Connection(this.tamper);
    this.connections.set(address, connection);
    this.connector.handleOpened(this.time, address);
    this.drain();
    return {
      send: async (piece) => {
        this.connector.handleBytes(this.time, address, piece);
        this.drain();
      },
      receive: async (until) => {
        while (connection.pieces.length === 0 && this.pass(until));
        return connection.pieces.shift();
      },
      close: () => this.connector.handleClosed(this.time, address),
    };
  }

  async rebind(client: number): Promise<void> {
    this.addresses[client] = this.newAddress();
  }

  async close(): Promise<void> {}

  // The operator.

  async find(endpointName: string): Promise<KnownClient | undefined> {
    const registration = this.connector.registration(endpointName);
    const client = registration && {
      queueMode: registration.queueMode,
      paths: registration.links.map(({ uri }) => uri),
      lifetime: registration.lifetime,
    };
    return this.tamper.known === undefined ? client : this.tamper.known(client);
  }

  async order(endpointName: string, given: Order): Promise<string> {
    const order = this.tamper.order === undefined ? given : this.tamper.order(given);
    const id =
      order === undefined
        ? `dropped ${this.given.size}`
        : this.orders.submit(this.time, endpointName, order);
    this.given.set(id, given);
    this.drain();
    return id;
  }

  outcome(orderId: string): Outcome | undefined {
    const outcome = this.orders.outcome(orderId);
    const order = this.given.get(orderId);
    if (this.tamper.outcome === undefined || order === undefined) return outcome;
    return this.tamper.outcome(outcome, order);
  }

  told(endpointName: string, path: string): readonly string[] {
    const values = this.values.of(endpointName, path);
    return this.tamper.told === undefined ? values : this.tamper.told(values, path);
  }

  private drain(): void {
    const { connector } = this;
    for (let event = connector.pollEvent(); event !== undefined; event = connector.pollEvent()) {
      this.orders.handleEvent(event);
    }
    this.store.commitNow();
    for (let sent = connector.pollTransmit(); sent !== undefined; sent = connector.pollTransmit()) {
      this.connections.get(sent.peer)?.take(sent.datagram);
      const client = this.addresses.indexOf(sent.peer);
      if (client >= 0) this.deliver(client, sent.datagram);
    }
  }

  private deliver(client: number, sent: Uint8Array): void {
    const { tamper } = this;
    const leaving =
      tamper.fromServer === undefined ? sent : tamper.fromServer(sent, client, this.say);
    if (leaving === undefined) return;
    const datagrams = leaving instanceof Uint8Array ? [leaving] : leaving;
    for (const datagram of datagrams) this.arrivals.push({ server: client, datagram });
  }

  private newAddress(): string {
    return `192.0.2.1:${++this.lastPort}`;
  }
}
