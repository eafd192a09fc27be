/** Our connector's core as the Bootstrap-Server under test, and as the LwM2M Server beside it: in this process, in virtual time. */
import { DeviceRecords } from "../../../connector/access/devices.ts";
import { Domains } from "../../../connector/access/domains.ts";
import { ServerSecret } from "../../../connector/access/server-secret.ts";
import { BOOTSTRAP_DEFAULTS } from "../../../connector/bootstrap/bootstrap-server.ts";
import { BootstrapSide } from "../../../connector/bootstrap/bootstrap-side.ts";
import { Connector } from "../../../connector/connector.ts";
import { defaultSettings } from "../../../connector/settings.ts";
import { MemoryStore } from "../../../connector/store/memory-store.ts";
import { POST } from "../../../protocol/coap/codes.ts";
import { NO_BYTES } from "../../../protocol/coap/message.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { SeededRandom } from "../../../simulator/random.ts";
import type {
  Arrival,
  BootstrapOperator,
  BootstrapOutcome,
  BootstrapPlan,
  BootstrapServerAdapter,
  BootstrapServerUnderTest,
  KnownClient,
  Operator,
  Order,
  Outcome,
  ServerUnderTest,
} from "../../conformance/index.ts";
import { documentOf } from "../../conformance/operators/bootstrap-connector.ts";

/** A datagram of the server's, and the raw client that it goes to. */
export interface Sent {
  readonly client: number;
  readonly datagram: Uint8Array;
}

/** What a broken server does to datagrams, to what it is configured to do, and to what its operator is told. */
export interface BootstrapTamper {
  /** What goes out instead. */
  fromServer?(sent: Sent): readonly Sent[];
  /** What comes in instead, and from whom; undefined loses it. @param say sends something in the server's name */
  toServer?(arriving: Sent, say: (sent: Sent) => void): Sent | undefined;
  plan?(plan: BootstrapPlan): BootstrapPlan;
  outcome?(outcome: BootstrapOutcome | undefined): BootstrapOutcome | undefined;
  /** Orders to the LwM2M Server; undefined drops one. */
  order?(order: Order): Order | undefined;
}

const CLAIMS: BootstrapOperator["claims"] = {
  versions: ["1.0", "1.1", "1.2"],
  abilities: ["configure", "discover", "read", "single resources", "outcomes"],
};
const REQUEST_EXPIRY = 3600 * SECOND;

export function inProcessBootstrapServerAdapter(
  tamper: () => BootstrapTamper = () => ({}),
): BootstrapServerAdapter {
  return {
    name: "Dormouse connector, in process",
    claims: CLAIMS,
    hasLwm2mServer: true,
    prepare: async () => new InProcess(tamper()).bootstrapServer,
  };
}

/** One connector with two faces, each with clients at addresses of their own. */
class InProcess {
  time: Milliseconds = 0;
  readonly connector: Connector;
  readonly side: BootstrapSide;
  readonly tamper: BootstrapTamper;
  readonly outcomes = new Map<string, Outcome>();
  readonly bootstrapServer: BootstrapServerUnderTest;
  private readonly store = new MemoryStore();
  private readonly faces: readonly Face[];

  constructor(tamper: BootstrapTamper) {
    this.tamper = tamper;
    const secret = new ServerSecret(new Uint8Array(32).fill(7));
    const devices = new DeviceRecords(this.store, new Domains(this.store), secret);
    const calendarNow = () => this.time;
    this.side = new BootstrapSide({ store: this.store, secret, devices, calendarNow }, true);
    const settings = {
      ...defaultSettings(new SeededRandom(1)),
      bootstrap: { ...BOOTSTRAP_DEFAULTS, accounts: this.side.accounts },
    };
    this.connector = new Connector(settings, this.store);
    const lwm2m = new Lwm2mFace(this);
    this.bootstrapServer = new BootstrapFace(this, lwm2m);
    this.faces = [lwm2m, this.bootstrapServer as BootstrapFace];
  }

  /** Goes on to the next thing that happens; false when that is not before `until`. */
  advance(until: Milliseconds): boolean {
    const next = this.connector.deadline();
    const isDue = next <= until;
    this.time = Math.max(this.time, isDue ? next : until);
    if (isDue) this.connector.handleTimeout(this.time);
    return isDue;
  }

  drain(): void {
    const { connector, outcomes } = this;
    for (let event = connector.pollEvent(); event !== undefined; event = connector.pollEvent()) {
      this.side.handleEvent(event);
      if (event.kind === "response") {
        const isSuccess = event.status < 400;
        outcomes.set(event.id, { isSuccess, words: `${event.status}`, value: undefined });
      }
    }
    this.store.commitNow();
    for (let sent = connector.pollTransmit(); sent !== undefined; sent = connector.pollTransmit()) {
      for (const face of this.faces) face.take(sent.peer, sent.datagram);
    }
  }
}

abstract class Face implements ServerUnderTest {
  readonly tolerance = 0;
  readonly slice = SECOND / 4;
  abstract readonly operator: Operator;
  protected readonly host: InProcess;
  protected readonly arrivals: Arrival[] = [];
  protected readonly addresses: string[] = [];
  private readonly network: string;
  private lastPort = 40_000;

  constructor(host: InProcess, network: string) {
    this.host = host;
    this.network = network;
  }

  now(): Milliseconds {
    return this.host.time;
  }

  async send(client: number, datagram: Uint8Array): Promise<void> {
    this.addresses[client] ??= this.newAddress();
    this.host.connector.handleDatagram(this.host.time, this.addresses[client], datagram);
    this.host.drain();
  }

  async receive(until: Milliseconds): Promise<Arrival | undefined> {
    for (;;) {
      this.host.drain();
      const arrival = this.arrivals.shift();
      if (arrival !== undefined || !this.host.advance(until)) return arrival;
    }
  }

  async rebind(client: number): Promise<void> {
    this.addresses[client] = this.newAddress();
  }

  async close(): Promise<void> {}

  /** Takes a datagram if it is for one of its clients. */
  take(peer: string, datagram: Uint8Array): void {
    const client = this.addresses.indexOf(peer);
    if (client >= 0) this.deliver({ client, datagram });
  }

  protected deliver({ client, datagram }: Sent): void {
    this.arrivals.push({ server: client, datagram });
  }

  private newAddress(): string {
    return `${this.network}:${++this.lastPort}`;
  }
}

class BootstrapFace extends Face implements BootstrapServerUnderTest, BootstrapOperator {
  readonly name = "in process";
  readonly claims = CLAIMS;
  readonly bootstrap = this;
  readonly operator: Operator;
  readonly lwm2m: ServerUnderTest;
  private told: object | undefined = undefined;

  constructor(host: InProcess, lwm2m: Lwm2mFace) {
    super(host, "192.0.2.1");
    this.lwm2m = lwm2m;
    this.operator = lwm2m.operator;
  }

  override async send(client: number, datagram: Uint8Array): Promise<void> {
    const { tamper } = this.host;
    const say = (sent: Sent) => this.deliver(sent);
    const sent = { client, datagram };
    const arriving = tamper.toServer === undefined ? sent : tamper.toServer(sent, say);
    if (arriving !== undefined) await super.send(arriving.client, arriving.datagram);
  }

  override take(peer: string, datagram: Uint8Array): void {
    const client = this.addresses.indexOf(peer);
    if (client < 0) return;
    const { tamper } = this.host;
    const sent = { client, datagram };
    for (const each of tamper.fromServer?.(sent) ?? [sent]) this.deliver(each);
  }

  async configure(endpointName: string, plan: BootstrapPlan): Promise<void> {
    const changed = this.host.tamper.plan?.(plan) ?? plan;
    this.host.side.accounts.putConfiguration(endpointName, documentOf(changed));
  }

  async remove(endpointName: string): Promise<void> {
    this.host.side.accounts.removeConfiguration(endpointName);
  }

  async outcome(endpointName: string): Promise<BootstrapOutcome | undefined> {
    const [last] = this.host.side.outcomes.of(endpointName);
    const { tamper } = this.host;
    const isNews = last !== undefined && last !== this.told;
    this.told = last;
    const told = isNews
      ? { isSuccess: last.outcome === "finished", words: last.reason ?? last.outcome }
      : undefined;
    return tamper.outcome === undefined ? told : tamper.outcome(told);
  }
}

class Lwm2mFace extends Face implements Operator {
  readonly name = "in process";
  readonly claims: Operator["claims"] = {
    versions: CLAIMS.versions,
    abilities: ["list", "execute"],
  };
  readonly operator = this;

  constructor(host: InProcess) {
    super(host, "192.0.2.2");
  }

  async find(endpointName: string): Promise<KnownClient | undefined> {
    const registration = this.host.connector.registration(endpointName);
    return registration && { queueMode: registration.queueMode, paths: undefined };
  }

  async order(endpointName: string, given: Order): Promise<string> {
    const { connector, tamper } = this.host;
    const order = tamper.order === undefined ? given : tamper.order(given);
    if (order === undefined) return "dropped";
    const submission = connector.submit(this.host.time, endpointName, {
      method: POST,
      path: "path" in order ? order.path : "/",
      payload: NO_BYTES,
      confirmable: true,
      expiresIn: REQUEST_EXPIRY,
    });
    this.host.drain();
    if ("refusal" in submission) throw new Error(submission.refusal);
    return submission.id;
  }

  outcome(orderId: string): Outcome | undefined {
    return this.host.outcomes.get(orderId);
  }

  told(): readonly string[] {
    return [];
  }
}
