/**
 * A fleet of devices as one machine: who starts when, who is due, what was counted. Knows neither sockets nor clocks.
 *
 * Devices register at a steady rate, each at a random moment of its slot, and only so many at once: a server sees a ramp, not
 * a wall. They leave in the same way. What carries their datagrams is a `Carrier`: sockets (udp-fleet.ts) or a virtual
 * network (fleet.ts).
 */
import type { AgentEvent } from "../firmware/agent/agent.ts";
import { NO_RESPONSE } from "../firmware/agent/registration/registration.ts";
import type { CoapSettings } from "../protocol/coap/coap-endpoint.ts";
import { DELETE, formatCode, isSuccess } from "../protocol/coap/codes.ts";
import { DEFAULT_TRANSMISSION, type TransmissionParameters } from "../protocol/coap/parameters.ts";
import type { Random } from "../protocol/ports.ts";
import { Deadlines } from "../protocol/time/deadlines.ts";
import { type Milliseconds, NEVER, SECOND } from "../protocol/time/duration.ts";
import { ExchangeWatch } from "./exchange-watch.ts";
import type { Profile } from "./profiles/profile.ts";
import { memberSeed, noise } from "./random.ts";
import { Tally } from "./report/tally.ts";
import { DeviceKind, VirtualDevice } from "./virtual-device.ts";
import type { Timed } from "./virtual-time.ts";

/** What a fleet consists of and how it comes and goes. Plain data, so that it can be sent to another process. */
export interface FleetPlan {
  /** How many devices. */
  readonly size: number;
  readonly profile: Profile;
  /** The number of the first device in its name, when this is a part of a larger fleet. Default 0. */
  readonly firstIndex?: number | undefined;
  /** Endpoint names are this, a dash and six digits. Default `fleet`. */
  readonly prefix?: string | undefined;
  /** Registration lifetime in seconds, instead of the profile's. */
  readonly lifetime?: number | undefined;
  /** Registrations per second; 0 is no limit. Default 1,000. */
  readonly rate?: number | undefined;
  /** How many may register or de-register at the same moment. Default 128. */
  readonly window?: number | undefined;
  /**
   * How many Updates to keep under way at any time once all have registered, to find out what a server can take. Default 0:
   * devices update when their lifetime asks for it.
   */
  readonly pressure?: number | undefined;
  /** The devices' values follow from it, and the jitter of their arrival. Default 1. */
  readonly seed?: number | undefined;
  /** Default: those of RFC 7252. */
  readonly transmission?: TransmissionParameters | undefined;
}

/** What takes the devices' datagrams to the server. */
export interface Carrier {
  /** @param index the device that sends, 0 to size - 1 */
  send(index: number, datagram: Uint8Array): void;
}

/** Settings of a simulated peer. @param random where its tokens and Message IDs come from */
export function coapSettings(
  random: Random,
  transmission: TransmissionParameters = DEFAULT_TRANSMISSION,
): CoapSettings {
  return {
    random,
    transmission,
    blockSize: 1024,
    maxBody: 65536,
    rememberedMessages: 8,
    maxRequests: 4,
  };
}

const DEFAULT_RATE = 1000;
const DEFAULT_WINDOW = 128;

// What a device is at. It moves on only downwards in this list.
/** Has not had the outcome of its first Register. */
const ARRIVING = 1;
const PRESENT = 2;
const LEAVING = 3;
const GONE = 4;

// What has become of it, as bits.
const HAS_REGISTERED = 1;
const HAS_LOST = 2;

export class FleetEngine implements Timed {
  readonly tally = new Tally();
  private readonly plan: FleetPlan;
  private readonly carrier: Carrier;
  private readonly kind: DeviceKind;
  private readonly window: number;
  /** Duration of one device's slot while the fleet registers. */
  private readonly slot: Milliseconds;
  private readonly devices: VirtualDevice[] = [];
  private readonly stages: Uint8Array;
  private readonly records: Uint8Array;
  private readonly deadlines: Deadlines;
  private readonly watch: ExchangeWatch;
  private begunAt: Milliseconds = NEVER;
  /** How many have begun to register: the devices below this index. */
  private started = 0;
  private arriving = 0;
  /** The next device to leave; negative while the fleet stays. */
  private nextToLeave = -1;
  private leaving = 0;
  /** Updates under way because of the plan's pressure, and whose they are. */
  private pressed = 0;
  private nextToPress = 0;
  private readonly isPressed: Uint8Array;

  /**
   * @param serverUri as devices see it, `coap://HOST:PORT`
   * @param random tokens and Message IDs. Against a server that outlives the fleet it must not repeat those of an earlier run:
   *   they would be taken for duplicates.
   */
  constructor(plan: FleetPlan, serverUri: string, carrier: Carrier, random: Random) {
    const { size, profile, lifetime, rate = DEFAULT_RATE, window, seed = 1 } = plan;
    this.plan = plan;
    this.carrier = carrier;
    const settings = coapSettings(random, plan.transmission);
    this.kind = new DeviceKind(profile, settings, lifetime);
    this.window = window ?? DEFAULT_WINDOW;
    this.slot = rate > 0 ? SECOND / rate : 0;
    this.stages = new Uint8Array(size);
    this.records = new Uint8Array(size);
    this.isPressed = new Uint8Array(size);
    this.deadlines = new Deadlines(size);
    this.watch = new ExchangeWatch(size);
    for (let index = 0; index < size; index++) {
      const own = memberSeed(seed, (plan.firstIndex ?? 0) + index);
      this.devices.push(new VirtualDevice(this.kind, this.nameOf(index), own, serverUri));
    }
  }

  /** Brings up to date what the devices in queue mode tell of their radios. */
  readEnergy(now: Milliseconds): void {
    if (this.plan.profile.queueMode !== true) return;
    let radioOn = 0;
    let accounted = 0;
    let wakeUps = 0;
    for (let index = 0; index < this.started; index++) {
      const { energy } = this.devices[index].agent;
      if (energy === undefined || this.stages[index] === GONE) continue;
      radioOn += energy.radioOn(now);
      accounted += energy.elapsed(now);
      wakeUps += energy.wakeUps;
    }
    // Once all have left the last look stands.
    if (accounted === 0) return;
    const { counts } = this.tally;
    counts.radioOnSeconds = radioOn / SECOND;
    counts.accountedSeconds = accounted / SECOND;
    counts.wakeUps = wakeUps;
  }

  /** The endpoint name of a device. */
  nameOf(index: number): string {
    const { prefix = "fleet", firstIndex = 0 } = this.plan;
    return `${prefix}-${String(firstIndex + index).padStart(6, "0")}`;
  }

  deviceAt(index: number): VirtualDevice {
    return this.devices[index];
  }

  start(now: Milliseconds): void {
    this.begunAt = now;
    this.handleTimeout(now);
  }

  /** Nobody registers any more; those that did de-register. */
  stop(now: Milliseconds): void {
    this.nextToLeave = 0;
    this.handleTimeout(now);
  }

  isStopped(): boolean {
    return this.leaving === 0 && this.nextToLeave >= this.started;
  }

  /** True once every device has had the outcome of its first Register, good or bad. */
  isSettled(): boolean {
    return this.started === this.plan.size && this.arriving === 0;
  }

  /** Ends it here: whatever a device still wanted from the server counts as lost. */
  abandon(): void {
    for (let index = 0; index < this.started; index++) {
      if (this.stages[index] === GONE) continue;
      const isAsking = this.watch.methodUnderWay(index) !== 0;
      if (isAsking || this.devices[index].link.isRegistered()) this.recordLost(index);
      this.handleGone(index);
    }
    this.nextToLeave = this.started;
    this.leaving = 0;
  }

  handleDatagram(now: Milliseconds, index: number, datagram: Uint8Array): void {
    const device = this.devices[index];
    if (!device.handleDatagram(now, datagram)) {
      this.tally.counts.missedAsleep++;
      return;
    }
    const ending = this.watch.handleReceived(now, index, datagram);
    if (ending !== undefined) {
      this.tally.latency.record(ending.latency);
      if (!isSuccess(ending.code)) this.tally.recordError(formatCode(ending.code));
    }
    this.pump(now, index);
    this.comeAndGo(now);
  }

  handleTimeout(now: Milliseconds): void {
    this.comeAndGo(now);
    // A device that stays due is served again at the next call: it cannot keep the others waiting.
    for (let turns = this.started; turns > 0 && this.deadlines.next() <= now; turns--) {
      const index = this.deadlines.first();
      this.devices[index].handleTimeout(now);
      this.pump(now, index);
    }
    this.comeAndGo(now);
  }

  deadline(): Milliseconds {
    const { size } = this.plan;
    const mayStart = this.nextToLeave < 0 && this.started < size && this.arriving < this.window;
    const starting = mayStart ? this.startOf(this.started) : NEVER;
    return Math.min(starting, this.deadlines.next());
  }

  private comeAndGo(now: Milliseconds): void {
    if (this.nextToLeave >= 0) this.dismiss(now);
    else {
      this.admit(now);
      this.press(now);
    }
  }

  /** Starts those whose time has come. */
  private admit(now: Milliseconds): void {
    const { size } = this.plan;
    while (
      this.started < size &&
      this.arriving < this.window &&
      this.startOf(this.started) <= now
    ) {
      const index = this.started++;
      this.stages[index] = ARRIVING;
      this.arriving++;
      this.devices[index].start(now);
      this.pump(now, index);
    }
  }

  /** Lets as many leave as may at once. */
  private dismiss(now: Milliseconds): void {
    while (this.leaving < this.window && this.nextToLeave < this.started) {
      const index = this.nextToLeave++;
      if (this.stages[index] === ARRIVING) this.arriving--;
      this.stages[index] = LEAVING;
      this.leaving++;
      this.devices[index].stop(now);
      this.pump(now, index);
    }
  }

  private startOf(index: number): Milliseconds {
    const { seed = 1 } = this.plan;
    return this.begunAt + this.slot * (index + noise(seed, index));
  }

  /** Drains a device and sets its alarm. */
  private pump(now: Milliseconds, index: number): void {
    const device = this.devices[index];
    for (let next = device.pollTransmit(); next !== undefined; next = device.pollTransmit()) {
      if (this.watch.handleSent(now, index, next)) this.tally.counts.notifications++;
      this.carrier.send(index, next);
    }
    for (let event = device.pollEvent(); event !== undefined; event = device.pollEvent()) {
      this.handleEvent(index, event);
    }
    if (this.stages[index] === LEAVING && device.isStopped()) {
      this.leaving--;
      this.handleGone(index);
    } else this.deadlines.set(index, device.deadline());
  }

  private handleEvent(index: number, event: AgentEvent): void {
    const { counts } = this.tally;
    switch (event.kind) {
      case "registered":
        counts.registrations++;
        if ((this.records[index] & HAS_REGISTERED) === 0) counts.registered++;
        this.records[index] |= HAS_REGISTERED;
        this.handleArrival(index);
        break;
      case "registration-failed":
        if (event.code === NO_RESPONSE) this.recordLost(index);
        this.handleArrival(index);
        break;
      case "updated":
        counts.updates++;
        this.handlePressed(index);
        break;
      case "update-failed":
        if (event.code === NO_RESPONSE) this.recordLost(index);
        this.handlePressed(index);
        break;
      case "deregistered":
        if (this.watch.methodUnderWay(index) === DELETE) this.recordLost(index);
        else if (this.stages[index] === LEAVING) counts.deregistered++;
        break;
      case "request":
        counts.requestsAnswered++;
        break;
    }
  }

  /** The first Register came to an end, good or bad. */
  private handleArrival(index: number): void {
    if (this.stages[index] !== ARRIVING) return;
    this.stages[index] = PRESENT;
    this.arriving--;
  }

  private handleGone(index: number): void {
    this.stages[index] = GONE;
    this.deadlines.set(index, NEVER);
    // A device whose Register went unanswered is lost already; this one was answered, but with a refusal.
    if (this.records[index] === 0) this.tally.counts.neverRegistered++;
  }

  /** A request went unanswered. */
  private recordLost(index: number): void {
    this.watch.handleGivenUp(index);
    this.records[index] |= HAS_LOST;
    this.tally.counts.unanswered++;
  }

  /** Keeps as many Updates under way as the plan's pressure asks for, each device in its turn. */
  private press(now: Milliseconds): void {
    const { size, pressure = 0 } = this.plan;
    if (this.pressed >= pressure || !this.isSettled()) return;
    for (let tries = size; tries > 0 && this.pressed < pressure; tries--) {
      const index = this.nextToPress++ % size;
      if (this.isPressed[index] !== 0 || !this.devices[index].link.isRegistered()) continue;
      this.isPressed[index] = 1;
      this.pressed++;
      this.devices[index].update(now);
      this.pump(now, index);
    }
  }

  /** An Update ended; when it was one of the pressure's, another may take its place. */
  private handlePressed(index: number): void {
    if (this.isPressed[index] === 0) return;
    this.isPressed[index] = 0;
    this.pressed--;
  }
}
