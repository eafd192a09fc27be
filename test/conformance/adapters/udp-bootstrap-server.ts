/** A Bootstrap-Server that is reached over UDP and by the real clock, whoever configures it. */
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import type {
  BootstrapOperator,
  BootstrapServerAdapter,
  BootstrapServerUnderTest,
} from "../bootstrap-under-test.ts";
import type { Arrival } from "../client-under-test.ts";
import type { Operator, ServerAdapter, ServerUnderTest } from "../server-under-test.ts";
import { udpServerAdapter } from "./udp-server.ts";

export interface UdpBootstrapServerSettings {
  /** Names the server in reports. */
  readonly name: string;
  /** An address, resolved. */
  readonly host: string;
  readonly port: number;
  readonly bootstrap: BootstrapOperator;
  /** The LwM2M Server beside it, where there is one. */
  readonly lwm2m?: ServerAdapter | undefined;
  readonly tolerance?: Milliseconds;
}

/** Of an LwM2M Server that is not there: it can have nothing done. */
const NO_OPERATOR: Operator = {
  name: "nobody",
  claims: { versions: [], abilities: [] },
  find: async () => undefined,
  order: () => Promise.reject(new Error("there is no LwM2M Server")),
  outcome: () => undefined,
  told: () => [],
  close: async () => {},
};

export function udpBootstrapServerAdapter(
  settings: UdpBootstrapServerSettings,
): BootstrapServerAdapter {
  const { name, bootstrap, lwm2m } = settings;
  const udp = udpServerAdapter({ ...settings, operator: NO_OPERATOR });
  return {
    name,
    claims: bootstrap.claims,
    hasLwm2mServer: lwm2m?.claims.abilities.includes("execute") === true,
    prepare: async () =>
      new UdpBootstrapServer(await udp.prepare(), bootstrap, await lwm2m?.prepare()),
  };
}

class UdpBootstrapServer implements BootstrapServerUnderTest {
  readonly bootstrap: BootstrapOperator;
  readonly lwm2m: ServerUnderTest | undefined;
  readonly operator: Operator;
  readonly tolerance: Milliseconds;
  readonly slice: Milliseconds;
  readonly messageIds: number | undefined;
  private readonly udp: ServerUnderTest;

  constructor(
    udp: ServerUnderTest,
    bootstrap: BootstrapOperator,
    lwm2m: ServerUnderTest | undefined,
  ) {
    this.udp = udp;
    this.bootstrap = bootstrap;
    this.lwm2m = lwm2m;
    this.operator = lwm2m?.operator ?? NO_OPERATOR;
    this.tolerance = udp.tolerance;
    this.slice = udp.slice;
    this.messageIds = udp.messageIds;
  }

  now(): Milliseconds {
    return this.udp.now();
  }

  send(client: number, datagram: Uint8Array): Promise<void> {
    return this.udp.send(client, datagram);
  }

  receive(until: Milliseconds): Promise<Arrival | undefined> {
    return this.udp.receive(until);
  }

  rebind(client: number): Promise<void> {
    return this.udp.rebind(client);
  }

  async close(): Promise<void> {
    await this.udp.close();
    await this.lwm2m?.close();
  }
}
