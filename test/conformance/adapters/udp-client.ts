/**
 * A client that is reached over UDP, or TCP, and by the real clock, whoever starts and stops it: a person, a command.
 *
 * The harness's servers have ports of their own, which stay the same from case to case, so that a device on the desk is told their
 * addresses once. A device that stays on between cases is called back: the harness executes its Registration Update Trigger and answers
 * the Update with 4.04, upon which it registers anew.
 */
import { isRequest, NOT_FOUND, POST } from "../../../protocol/coap/codes.ts";
import {
  ACK,
  CON,
  decodeMessage,
  encodeMessage,
  type Message,
  NO_BYTES,
  NO_OPTIONS,
} from "../../../protocol/coap/message.ts";
import { URI_PATH } from "../../../protocol/coap/options.ts";
import { pathOf, pathOptions } from "../../../protocol/coap/uri.ts";
import { isMalformed } from "../../../protocol/malformed.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import {
  type Arrival,
  type ClientAdapter,
  type ClientClaims,
  ClientFault,
  type ClientSetup,
  type ClientUnderTest,
  type Pace,
  type Smartcard,
  USUAL_PACE,
} from "../client-under-test.ts";
import { serverCountOf, strangerOf } from "../configurations.ts";
import { firstMessageId } from "../scripted-server.ts";
import { openTcpPort, openUdpPort, type Port, type UdpPort } from "./ports.ts";

/** Who configures, starts and stops the device. */
export interface DeviceControl {
  readonly name: string;
  readonly claims: ClientClaims;
  readonly canSetValues: boolean;
  /** Stays on from case to case, and is called back by the harness. */
  readonly staysOn: boolean;
  /**
   * Configures the device for a case and leaves it switched off.
   *
   * @param servers their addresses, `coap://127.0.0.1:5683`, by instance of object 1; then that of the bootstrap server, if there is one
   */
  prepare(setup: ClientSetup, servers: readonly string[]): Promise<void>;
  start(): Promise<void>;
  set(path: string, value: Value): Promise<void>;
  /** Has the client send the values of these paths of its own accord; absent where it cannot be told to. */
  report?(paths: readonly string[]): Promise<void>;
  /** Takes its power away and gives it back; absent where nobody can. */
  powerCycle?(): Promise<void>;
  /** Switches it off, puts a card in and switches it on; absent where nobody can. */
  insertCard?(card: Smartcard): Promise<void>;
  stop(): Promise<void>;
  /** How many times as fast as ours its clock runs; 1 unless given. */
  readonly clock?: number;
  /** Why it has ended although nobody stopped it; undefined while it runs, and where nobody can know. */
  ended?(): string | undefined;
}

export interface UdpClientSettings {
  /** The address to listen at. */
  readonly host: string;
  /** Of the first server; the others follow. 0 takes any free ones. */
  readonly port: number;
  /** How far a moment may be off. */
  readonly tolerance?: Milliseconds;
}

/** An adapter that has sockets to let go of. */
export interface UdpClientAdapter extends ClientAdapter {
  close(): Promise<void>;
}

const MESSAGE_IDS = 0x10000;
/** More than a case uses; those of the hundred cases before are not used again. */
const MESSAGE_IDS_OF_A_CASE = 0x200;
const DEFAULT_TOLERANCE: Milliseconds = SECOND;
/** How late this process may be by the real clock, which a fast clock of the client's magnifies. */
const JITTER: Milliseconds = SECOND / 10;
/** How long a device that is called back may take. */
const RECALL_PERIOD: Milliseconds = 20 * SECOND;
/** How often it is looked whether the client is still there, by the real clock. */
const LOOK_INTERVAL: Milliseconds = SECOND / 2;
/** Datagrams kept until somebody looks at them. */
const MOST_ARRIVALS = 10_000;

export function udpClientAdapter(
  control: DeviceControl,
  settings: UdpClientSettings,
): UdpClientAdapter {
  const udp: Port[] = [];
  const tcp: Port[] = [];
  let stranger: UdpPort | undefined;
  let hasRegistered = false;
  // Of an earlier run nobody knows them.
  let messageIds = Math.floor(Math.random() * MESSAGE_IDS);
  return {
    name: control.name,
    claims: control.claims,
    canSetValues: control.canSetValues,
    canReport: control.report !== undefined,
    canPowerCycle: control.powerCycle !== undefined,
    canInsertCard: control.insertCard !== undefined,
    clock: control.clock,
    hasStranger: true,
    takesStreams: true,
    async prepare(setup) {
      const { configuration } = setup;
      const bootstrap = configuration.hasBootstrapServer === true;
      const isStream = configuration.transport === "tcp";
      const [ports, open] = isStream ? [tcp, openTcpPort] : [udp, openUdpPort];
      const count = serverCountOf(configuration) + (bootstrap ? 1 : 0);
      while (ports.length < count) {
        const port = settings.port === 0 ? 0 : settings.port + ports.length;
        ports.push(await open(settings.host, port));
      }
      stranger ??= await openUdpPort(settings.host, 0);
      for (const port of [...udp, ...tcp, stranger]) port.forget();
      const chosen = { ports: ports.slice(0, count), stranger };
      // A client that is to bootstrap, or to connect, cannot be called back: it begins anew.
      const isOn = hasRegistered && !bootstrap && !isStream;
      messageIds = (messageIds + MESSAGE_IDS_OF_A_CASE) % MESSAGE_IDS;
      const at = { isOn, messageIds, strangerNumber: strangerOf(configuration) };
      const client = new UdpClient(control, chosen, settings, at);
      await control.prepare(setup, client.serverUris);
      hasRegistered = control.staysOn;
      return client;
    },
    async close() {
      await control.stop();
      await Promise.all([...udp, ...tcp].map((port) => port.close()));
      await stranger?.close();
    },
  };
}

/** Where a case begins. */
interface Beginning {
  /** The device is on from the case before. */
  readonly isOn: boolean;
  readonly messageIds: number;
  readonly strangerNumber: number;
}

class UdpClient implements ClientUnderTest {
  readonly tolerance: Milliseconds;
  readonly pace: Pace;
  readonly serverUris: readonly string[];
  readonly messageIds: number;
  private readonly control: DeviceControl;
  private readonly ports: readonly Port[];
  private readonly stranger: UdpPort;
  private readonly isOn: boolean;
  private readonly clock: number;
  private readonly arrivals: Arrival[] = [];
  private wake: (() => void) | undefined;

  constructor(
    control: DeviceControl,
    { ports, stranger }: { ports: readonly Port[]; stranger: UdpPort },
    settings: UdpClientSettings,
    { isOn, messageIds, strangerNumber }: Beginning,
  ) {
    this.control = control;
    this.ports = ports;
    this.stranger = stranger;
    this.isOn = isOn;
    this.messageIds = messageIds;
    this.clock = control.clock ?? 1;
    this.tolerance = settings.tolerance ?? Math.max(DEFAULT_TOLERANCE, JITTER * this.clock);
    this.pace = control.claims.pace ?? USUAL_PACE;
    this.serverUris = ports.map((port) => port.uri);
    ports.forEach((port, server) => {
      port.onArrival = (datagram, from) => this.take({ server, datagram, from });
    });
    stranger.onArrival = (datagram) => this.take({ server: strangerNumber, datagram });
  }

  now(): Milliseconds {
    return performance.now() * this.clock;
  }

  async start(): Promise<void> {
    if (this.isOn && (await this.recall())) return;
    await this.control.start();
  }

  set(path: string, value: Value): Promise<void> {
    return this.control.set(path, value);
  }

  async report(paths: readonly string[]): Promise<void> {
    await this.control.report?.(paths);
  }

  async powerCycle(): Promise<void> {
    await this.control.powerCycle?.();
  }

  async insertCard(card: Smartcard): Promise<void> {
    await this.control.insertCard?.(card);
  }

  async send(server: number, datagram: Uint8Array): Promise<void> {
    const port = this.ports[server];
    if (port !== undefined) port.send(datagram);
    else this.stranger.sendTo(datagram, this.ports[0].client);
  }

  async receive(until: Milliseconds): Promise<Arrival | undefined> {
    for (;;) {
      const arrival = this.arrivals.shift();
      const wait = until - this.now();
      if (arrival !== undefined || wait <= 0) return arrival;
      const end = this.control.ended?.();
      if (end !== undefined) throw new ClientFault(end);
      await this.pause(Math.min(wait / this.clock, LOOK_INTERVAL));
    }
  }

  async close(): Promise<void> {
    for (const port of this.ports) port.forget();
    this.stranger.forget();
    if (!this.control.staysOn) await this.control.stop();
  }

  /** Until something arrives, and no longer than this. */
  private async pause(wait: Milliseconds): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  private take(arrival: Arrival): void {
    if (this.arrivals.length < MOST_ARRIVALS) this.arrivals.push(arrival);
    this.wake?.();
  }

  /** Makes a device that is on register anew; false when it did not. What came meanwhile is left for the case. */
  private async recall(): Promise<boolean> {
    const deadline = this.now() + RECALL_PERIOD;
    this.ports.forEach((port, server) => {
      port.send(encodeMessage(updateTrigger(server, firstMessageId(server, this.messageIds))));
    });
    const registered = new Set<number>();
    while (registered.size < this.ports.length) {
      const arrival = await this.receive(deadline);
      if (arrival === undefined) return false;
      const message = decodeMessage(arrival.datagram);
      if (isMalformed(message) || !isRequest(message.code)) continue;
      const path = pathOf(message.options, URI_PATH);
      if (message.code === POST && path === "/rd") {
        registered.add(arrival.server);
        this.arrivals.unshift(arrival);
        if (registered.size === this.ports.length) break;
      } else {
        this.ports[arrival.server].send(encodeMessage(notFound(message)));
      }
    }
    return true;
  }
}

/** Execute of /1/n/8. */
function updateTrigger(server: number, messageId: number): Message {
  return {
    type: CON,
    code: POST,
    messageId,
    token: new Uint8Array([0xfe, server]),
    options: pathOptions(URI_PATH, `/1/${server}/8`),
    payload: NO_BYTES,
  };
}

function notFound(request: Message): Message {
  const { messageId, token } = request;
  return {
    type: ACK,
    code: NOT_FOUND,
    messageId,
    token,
    options: NO_OPTIONS,
    payload: NO_BYTES,
  };
}
