/** A client that can do all that cases ask for: our agent, with what CoAP leaves to each server, and one that reads smartcards. What it does wrong on purpose is in mutants/. */
import { type InProcessOptions, inProcessAdapter } from "../../conformance/adapters/in-process.ts";
import {
  type Arrival,
  C_1,
  type ClientAdapter,
  type ClientSetup,
  type ClientUnderTest,
  FEATURES,
  type Smartcard,
  withValues,
} from "../../conformance/index.ts";
import { CoapExtras } from "./coap-extras.ts";
import { SLOW_PATH } from "./slow-resource.ts";

export function capableAdapter(options: InProcessOptions = {}): ClientAdapter {
  const base = inProcessAdapter(options);
  return {
    ...base,
    name: "a client that can do everything",
    claims: {
      ...base.claims,
      features: FEATURES,
      objects: [0, ...base.claims.objects],
      paths: { separate: SLOW_PATH },
    },
    canInsertCard: true,
    prepare: async (setup) => {
      const client = await base.prepare(setup);
      // Over streams our agent can do all that is asked for.
      if (setup.configuration.transport === "tcp") return client;
      const { servers: count = 0, hasBootstrapServer } = setup.configuration;
      const hasCard = count > 1 && hasBootstrapServer !== true;
      return hasCard ? new SmartcardClient(base, setup, client, count) : new CoapExtras(client);
    },
  };
}

/** One that, with a card in it, is another client: with the account on the card, at another of the harness's servers. */
class SmartcardClient implements ClientUnderTest {
  readonly tolerance = 0;
  readonly serverUris: readonly string[];
  private readonly adapter: ClientAdapter;
  private readonly setup: ClientSetup;
  private client: ClientUnderTest;
  /** The harness's number of the server that the client's only account is at. */
  private server = 0;
  private elapsed = 0;

  constructor(adapter: ClientAdapter, setup: ClientSetup, client: ClientUnderTest, count: number) {
    this.adapter = adapter;
    this.setup = setup;
    this.client = client;
    this.serverUris = Array.from({ length: count }, (_, i) => `coap://server-${i + 1}.test`);
  }

  now(): number {
    return this.elapsed + this.client.now();
  }

  start(): Promise<void> {
    return this.client.start();
  }

  set(...args: Parameters<ClientUnderTest["set"]>): Promise<void> {
    return this.client.set(...args);
  }

  async powerCycle(): Promise<void> {
    await this.client.powerCycle?.();
  }

  async insertCard({ shortServerId, uri, lifetime }: Smartcard): Promise<void> {
    this.elapsed = this.now();
    this.server = this.serverUris.indexOf(uri);
    const configuration = withValues(C_1, 1, 0, { 0: shortServerId, 1: lifetime });
    this.client = await this.adapter.prepare({ ...this.setup, configuration });
    await this.client.start();
  }

  async send(server: number, datagram: Uint8Array): Promise<void> {
    if (server === this.server) await this.client.send(0, datagram);
  }

  async receive(until: number): Promise<Arrival | undefined> {
    const arrival = await this.client.receive(until - this.elapsed);
    return arrival === undefined ? undefined : { ...arrival, server: this.server };
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
