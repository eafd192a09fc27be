/** Our connector's core as the server under test: in this process, in virtual time. */
import { Connector } from "../../../connector/connector.ts";
import type { ConnectorEvent } from "../../../connector/contract.ts";
import { defaultSettings } from "../../../connector/settings.ts";
import { MemoryStore } from "../../../connector/store/memory-store.ts";
import { decodeUtf8, encodeUtf8 } from "../../../protocol/bytes/utf8.ts";
import { DELETE, GET, POST, PUT } from "../../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { SeededRandom } from "../../../simulator/random.ts";
import type {
  Arrival,
  KnownClient,
  Operator,
  Order,
  Outcome,
  ServerAdapter,
  ServerUnderTest,
} from "../../conformance/index.ts";

/** What a broken server does to datagrams and to what its operator is told. */
export interface ServerTamper {
  /** Undefined loses the datagram; several are sent one after the other. */
  fromServer?(datagram: Uint8Array): Uint8Array | readonly Uint8Array[] | undefined;
  toServer?(datagram: Uint8Array): Uint8Array | undefined;
  known?(client: KnownClient | undefined): KnownClient | undefined;
  outcome?(outcome: Outcome | undefined, order: Order): Outcome | undefined;
  told?(values: readonly string[]): readonly string[];
  order?(order: Order): Order | undefined;
}

export function inProcessServerAdapter(tamper: () => ServerTamper = () => ({})): ServerAdapter {
  return {
    name: "Dormouse connector, in process",
    claims: {
      versions: ["1.0", "1.1", "1.2"],
      abilities: ["list", "read", "write", "execute", "delete", "observe", "queue mode"],
    },
    prepare: async () => new InProcessServer(tamper()),
  };
}

const METHODS = { read: GET, write: PUT, execute: POST, delete: DELETE } as const;
const REQUEST_EXPIRY = 3600 * SECOND;

class InProcessServer implements ServerUnderTest, Operator {
  readonly operator = this;
  readonly tolerance = 0;
  readonly slice = SECOND / 4;
  readonly name = "in process";
  readonly claims = inProcessServerAdapter().claims;
  private readonly tamper: ServerTamper;
  private readonly connector: Connector;
  private readonly store = new MemoryStore();
  private readonly arrivals: Arrival[] = [];
  private readonly addresses: string[] = [];
  private readonly outcomes = new Map<string, Outcome>();
  private readonly orders = new Map<string, Order>();
  private readonly values = new Map<string, string[]>();
  private time: Milliseconds = 0;
  private lastPort = 40_000;

  constructor(tamper: ServerTamper) {
    this.tamper = tamper;
    this.connector = new Connector(defaultSettings(new SeededRandom(1)), this.store);
  }

  now(): Milliseconds {
    return this.time;
  }

  async send(client: number, datagram: Uint8Array): Promise<void> {
    this.addresses[client] ??= this.newAddress();
    const arriving = this.tamper.toServer === undefined ? datagram : this.tamper.toServer(datagram);
    if (arriving === undefined) return;
    this.connector.handleDatagram(this.time, this.addresses[client], arriving);
    this.drain();
  }

  async receive(until: Milliseconds): Promise<Arrival | undefined> {
    for (;;) {
      this.drain();
      const arrival = this.arrivals.shift();
      if (arrival !== undefined) return arrival;
      const next = this.connector.deadline();
      if (next > until) {
        this.time = Math.max(this.time, until);
        return undefined;
      }
      this.time = Math.max(this.time, next);
      this.connector.handleTimeout(this.time);
    }
  }

  async rebind(client: number): Promise<void> {
    this.addresses[client] = this.newAddress();
  }

  async close(): Promise<void> {}

  // The operator.

  async find(endpointName: string): Promise<KnownClient | undefined> {
    const registration = this.connector.registration(endpointName);
    const client =
      registration === undefined
        ? undefined
        : {
            queueMode: registration.queueMode,
            paths: registration.links.map(({ uri }) => uri),
          };
    return this.tamper.known === undefined ? client : this.tamper.known(client);
  }

  async order(endpointName: string, given: Order): Promise<string> {
    const order = this.tamper.order === undefined ? given : this.tamper.order(given);
    const id =
      order === undefined ? `dropped ${this.orders.size}` : this.submit(endpointName, order);
    this.orders.set(id, given);
    this.drain();
    return id;
  }

  outcome(orderId: string): Outcome | undefined {
    const outcome = this.outcomes.get(orderId);
    const order = this.orders.get(orderId);
    if (this.tamper.outcome === undefined || order === undefined) return outcome;
    return this.tamper.outcome(outcome, order);
  }

  told(endpointName: string, path: string): readonly string[] {
    const values = this.values.get(`${endpointName}${path}`) ?? [];
    return this.tamper.told === undefined ? values : this.tamper.told(values);
  }

  private submit(endpointName: string, order: Order): string {
    const { kind, path } = order;
    if (kind === "cancel") {
      this.connector.cancelObservation(this.time, endpointName, path);
      const id = `cancel ${this.orders.size}`;
      this.outcomes.set(id, { isSuccess: true, words: "204", value: undefined });
      return id;
    }
    if (kind === "create") throw new Error("not here");
    const submission =
      kind === "observe"
        ? this.connector.observe(this.time, endpointName, path)
        : this.connector.submit(this.time, endpointName, {
            method: METHODS[kind],
            path,
            payload: kind === "write" ? encodeUtf8(String(order.value)) : NO_BYTES,
            confirmable: true,
            expiresIn: REQUEST_EXPIRY,
          });
    if ("id" in submission) return submission.id;
    const id = `refused ${this.orders.size}`;
    this.outcomes.set(id, { isSuccess: false, words: submission.refusal, value: undefined });
    return id;
  }

  private drain(): void {
    const { connector } = this;
    for (let event = connector.pollEvent(); event !== undefined; event = connector.pollEvent()) {
      this.note(event);
    }
    this.store.commitNow();
    for (let sent = connector.pollTransmit(); sent !== undefined; sent = connector.pollTransmit()) {
      const client = this.addresses.indexOf(sent.peer);
      if (client >= 0) this.deliver(client, sent.datagram);
    }
  }

  private deliver(client: number, sent: Uint8Array): void {
    const leaving = this.tamper.fromServer === undefined ? sent : this.tamper.fromServer(sent);
    if (leaving === undefined) return;
    const datagrams = leaving instanceof Uint8Array ? [leaving] : leaving;
    for (const datagram of datagrams) this.arrivals.push({ server: client, datagram });
  }

  private note(event: ConnectorEvent): void {
    if (event.kind === "response") {
      const isSuccess = event.status < 400;
      const value = isSuccess ? decodeUtf8(event.payload) : undefined;
      this.outcomes.set(event.id, { isSuccess, words: `${event.status}`, value });
      if (isSuccess) this.tell(event.endpointName, event.path, event.payload);
    } else if (event.kind === "notification") {
      this.tell(event.endpointName, event.path, event.payload);
    }
  }

  private tell(endpointName: string, path: string, payload: Uint8Array): void {
    const at = `${endpointName}${path}`;
    const values = this.values.get(at) ?? [];
    values.push(decodeUtf8(payload));
    this.values.set(at, values);
  }

  private newAddress(): string {
    return `192.0.2.1:${++this.lastPort}`;
  }
}
