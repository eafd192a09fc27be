/**
 * A fleet in virtual time over a simulated network: a day of many devices in seconds, the same every run.
 *
 *     const fleet = new Fleet({ size: 1000, profile: METER, seed: 42, network: { loss: 0.1, latency: 50 } });
 *     fleet.run({ for: hours(24) }).leave().report();
 */
import type { Milliseconds } from "../protocol/time/duration.ts";
import { HOUR, MINUTE } from "../protocol/time/duration.ts";
import { coapSettings, FleetEngine, type FleetPlan } from "./fleet-engine.ts";
import { SeededRandom } from "./random.ts";
import { Registrar, type Server } from "./registrar.ts";
import type { FleetReport, Tally } from "./report/tally.ts";
import type { VirtualDevice } from "./virtual-device.ts";
import { type Conditions, PERFECT, type Station, VirtualNetwork } from "./virtual-network.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface FleetOptions extends FleetPlan {
  /** What datagrams meet on their way, in both directions. Default: nothing. */
  readonly network?: Partial<Conditions>;
  /** What those to the devices meet instead. */
  readonly downlink?: Partial<Conditions>;
  /** The server under test. Default: a `Registrar`. */
  readonly server?: Server;
}

/** Longer than any exchange can take (RFC 7252 §4.8.2), so that leaving comes to an end. */
const LEAVE_LIMIT = HOUR;
const SERVER_HOST = "192.0.2.1:5683";

export function hours(count: number): Milliseconds {
  return count * HOUR;
}

export function minutes(count: number): Milliseconds {
  return count * MINUTE;
}

export class Fleet {
  readonly time = new VirtualTime();
  readonly network: VirtualNetwork;
  readonly server: Server;
  private readonly engine: FleetEngine;
  private readonly size: number;
  private uplink: Conditions = PERFECT;
  private downlink: Conditions = PERFECT;
  private readonly addresses: string[] = [];
  private isStarted = false;

  constructor(options: FleetOptions) {
    const { size, seed = 1, network, downlink } = options;
    this.size = size;
    this.setNetwork(network, downlink);
    const random = new SeededRandom(seed);
    this.network = new VirtualNetwork(random);
    this.engine = new FleetEngine(options, `coap://${SERVER_HOST}`, this, random);
    this.server = options.server ?? new Registrar(coapSettings(random));
    this.network.attach(SERVER_HOST, {
      handleDatagram: (now, from, datagram) => {
        this.server.handleDatagram(now, from, datagram);
        this.drainServer(now);
      },
    });
    for (let index = 0; index < size; index++) {
      this.addresses.push(addressOf(index));
      this.network.attach(this.addresses[index], new DeviceStation(this.engine, index));
    }
    this.time.add(this.network);
    this.time.add({
      deadline: () => this.server.deadline(),
      handleTimeout: (now) => {
        this.server.handleTimeout(now);
        this.drainServer(now);
      },
    });
    this.time.add(this.engine);
  }

  get tally(): Tally {
    this.engine.readEnergy(this.time.now);
    return this.engine.tally;
  }

  /** Changes what datagrams meet from now on. */
  setNetwork(network: Partial<Conditions> = {}, downlink: Partial<Conditions> = {}): void {
    this.uplink = { ...PERFECT, ...network };
    this.downlink = { ...this.uplink, ...downlink };
  }

  /** Lets time pass; the first call starts the devices. */
  run(span: { readonly for: Milliseconds }): this {
    if (!this.isStarted) {
      this.isStarted = true;
      this.engine.start(this.time.now);
    }
    this.drainServer(this.time.now);
    this.time.runFor(span.for);
    return this;
  }

  /** De-registers every device and runs until all is answered or given up. */
  leave(): this {
    this.engine.stop(this.time.now);
    const isDone = this.time.runWhile(() => !this.engine.isStopped(), LEAVE_LIMIT);
    if (!isDone) this.engine.abandon();
    return this;
  }

  report(): FleetReport {
    return this.tally.report(this.size, this.time.now);
  }

  nameOf(index: number): string {
    return this.engine.nameOf(index);
  }

  deviceAt(index: number): VirtualDevice {
    return this.engine.deviceAt(index);
  }

  /** The engine's way out. */
  send(index: number, datagram: Uint8Array): void {
    const { now } = this.time;
    this.network.send(now, this.addresses[index], SERVER_HOST, datagram, this.uplink);
  }

  private drainServer(now: Milliseconds): void {
    for (let next = this.server.pollTransmit(); next; next = this.server.pollTransmit()) {
      this.network.send(now, SERVER_HOST, next.peer, next.datagram, this.downlink);
    }
  }
}

class DeviceStation implements Station {
  private readonly engine: FleetEngine;
  private readonly index: number;

  constructor(engine: FleetEngine, index: number) {
    this.engine = engine;
    this.index = index;
  }

  handleDatagram(now: Milliseconds, _from: string, datagram: Uint8Array): void {
    this.engine.handleDatagram(now, this.index, datagram);
  }
}

/** An address for each device, out of 10.0.0.0/8. */
function addressOf(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:5683`;
}
