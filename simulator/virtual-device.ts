/**
 * One simulated device: a real agent, and values that change by themselves.
 *
 * It has the agent's own machine contract, so whoever can drive an agent can drive a device. What devices of a kind have in
 * common is made once, as a `DeviceKind`; a device adds its agent and a few numbers.
 *
 * Values change at their ticks, but a tick that nobody would notice costs nothing: as long as the server observes nothing, they
 * are brought up to date only when it asks. Each is the same then as if it had changed step by step.
 */
import { Agent, type AgentConfiguration, type AgentEvent } from "../firmware/agent/agent.ts";
import { ALL_CODECS } from "../firmware/agent/all-codecs.ts";
import type { ServerLink } from "../firmware/agent/server-link.ts";
import { LwM2mObject, twinOf } from "../firmware/objects/lwm2m-object.ts";
import type { CoapSettings } from "../protocol/coap/coap-endpoint.ts";
import { isRequest } from "../protocol/coap/codes.ts";
import { SERVER_MUTE_SEND, SERVER_UPDATE_TRIGGER } from "../protocol/model/objects/server.ts";
import { NamedResource, type NamedResourceOptions } from "../protocol/resources/named-resource.ts";
import { type Milliseconds, NEVER } from "../protocol/time/duration.ts";
import { valueAt } from "./behaviours/behaviour.ts";
import type { Change, Profile } from "./profiles/profile.ts";
import { noise } from "./random.ts";

const SHORT_SERVER_ID = 1;
/** The place of Sends among what a device's seed decides. */
const SENDS = 0x5e4d;

/** Where a changing value lives: in an object instance, or in the named resource with this place in the profile. */
interface Target {
  readonly change: Change;
  /** Places in the profile's lists; the other one is -1. */
  readonly object: number;
  readonly resource: number;
  readonly objectInstanceId: number;
  readonly resourceId: number;
}

/** A kind of device: what its members share. */
export class DeviceKind {
  readonly profile: Profile;
  readonly settings: CoapSettings;
  readonly lifetime: number;
  readonly targets: readonly Target[];
  /** With the profile's first values; members hold copies, which cost what differs. */
  readonly objects: readonly LwM2mObject[];
  readonly resourceOptions: readonly NamedResourceOptions[];

  /** @param lifetime seconds, instead of the profile's */
  constructor(profile: Profile, settings: CoapSettings, lifetime = profile.lifetime) {
    this.profile = profile;
    this.settings = settings;
    this.lifetime = lifetime;
    this.objects = profile.objects.map(({ definition, instances }) => {
      const object = new LwM2mObject(definition);
      instances.forEach((values, instanceId) => object.create(instanceId, values));
      return object;
    });
    this.resourceOptions = profile.resources.map(({ type, observable, value }) => ({
      type,
      observable,
      value,
    }));
    this.targets = profile.changes.map((change) => targetOf(profile, change));
  }
}

export class VirtualDevice {
  readonly agent: Agent;
  readonly link: ServerLink;
  private readonly kind: DeviceKind;
  private readonly seed: number;
  /** The latest tick of each value, in the order of the kind's targets; undefined while all are still the profile's. */
  private ticks: number[] | undefined = undefined;
  /** When the first value changes next; NEVER while nobody would notice. */
  private nextChangeAt: Milliseconds = NEVER;
  private startedAt: Milliseconds = 0;
  /** When it sends next without being asked; NEVER for most kinds. */
  private nextSendAt: Milliseconds = NEVER;

  /** @param seed of this device alone: its values follow from it */
  constructor(kind: DeviceKind, endpointName: string, seed: number, serverUri: string) {
    const { profile } = kind;
    const configuration: AgentConfiguration = {
      endpointName,
      endpointType: profile.endpointType,
      lifetime: kind.lifetime,
      version: profile.version,
      queueMode: profile.queueMode,
      accountsEnergy: profile.queueMode,
      objects: kind.objects.map((object) => twinOf(object)),
      resources: profile.resources.map(
        ({ path }, i) => new NamedResource(path, kind.resourceOptions[i]),
      ),
      settings: kind.settings,
      // A Send is in a format that names its values.
      codecs: profile.sends === undefined ? undefined : ALL_CODECS,
    };
    this.kind = kind;
    this.seed = seed;
    this.agent = new Agent(configuration);
    this.link = this.agent.addServer({ shortServerId: SHORT_SERVER_ID, uri: serverUri });
    if (profile.sends !== undefined) this.agent.servers.set(0, SERVER_MUTE_SEND, false);
  }

  /** The device is switched on: its values begin to change and it registers. */
  start(now: Milliseconds): void {
    const { sends } = this.kind.profile;
    this.startedAt = now;
    // Spread over the period, as devices that were switched on at different times.
    if (sends !== undefined) this.nextSendAt = now + sends.every * (1 - noise(this.seed, SENDS));
    this.agent.start(now);
  }

  /** De-registers. */
  stop(now: Milliseconds): void {
    this.agent.stop(now);
  }

  /** Sends an Update now, as when the server asks for one (LwM2M Core 1.1.1 §E.2, /1/x/8). */
  update(now: Milliseconds): void {
    this.link.handleAccount(SERVER_UPDATE_TRIGGER);
    this.agent.handleTimeout(now);
  }

  isStopped(): boolean {
    return this.agent.isStopped();
  }

  /** A datagram from the server. Returns false when the radio was off, so that it is lost. */
  handleDatagram(now: Milliseconds, datagram: Uint8Array): boolean {
    if (!this.link.isAwake()) return false;
    // What the server asks for must be the present.
    if (isRequest(datagram[1])) this.changeValues(now);
    this.agent.handleDatagram(now, this.link, datagram);
    if (this.nextChangeAt === NEVER && this.isWatched()) this.nextChangeAt = this.nextTickAt(now);
    return true;
  }

  handleTimeout(now: Milliseconds): void {
    if (now >= this.nextChangeAt) {
      this.changeValues(now);
      this.nextChangeAt = this.isWatched() ? this.nextTickAt(now) : NEVER;
    }
    if (now >= this.nextSendAt) this.send(now);
    this.agent.handleTimeout(now);
  }

  private send(now: Milliseconds): void {
    const { sends } = this.kind.profile;
    if (sends === undefined) return;
    this.nextSendAt = now + sends.every;
    if (!this.link.isRegistered()) return;
    this.changeValues(now);
    this.agent.send(now, sends.paths);
  }

  pollTransmit(): Uint8Array | undefined {
    return this.link.pollTransmit();
  }

  pollEvent(): AgentEvent | undefined {
    return this.agent.pollEvent();
  }

  deadline(): Milliseconds {
    return Math.min(this.nextChangeAt, this.nextSendAt, this.agent.deadline());
  }

  /** Whether a change could be of interest before it is asked for. */
  private isWatched(): boolean {
    return this.link.observers !== undefined && this.link.isRegistered();
  }

  /** Brings every value up to the present. */
  private changeValues(now: Milliseconds): void {
    const { targets } = this.kind;
    if (this.ticks === undefined) this.begin();
    const ticks = this.ticks as number[];
    for (let place = 0; place < targets.length; place++) {
      const number = this.tickAt(place, now);
      const previous = this.value(targets[place]);
      // A server may have deleted the instance, or written something else.
      if (number === ticks[place] || previous === undefined) continue;
      const { every, behaviour } = targets[place].change;
      const tick = { number, every, seed: this.seed + place };
      const value = valueAt(behaviour, tick, previous, ticks[place]);
      ticks[place] = number;
      this.store(targets[place], value);
    }
  }

  /** Every value leaves the profile's for the one that this device starts with. */
  private begin(): void {
    this.ticks = this.kind.targets.map((target, place) => {
      const { every, behaviour } = target.change;
      const tick = { number: 0, every, seed: this.seed + place };
      this.store(target, valueAt(behaviour, tick, 0, 0));
      return 0;
    });
  }

  /** The number of the latest tick of a value. */
  private tickAt(place: number, now: Milliseconds): number {
    return 1 + Math.floor((now - this.firstTickAt(place)) / this.kind.targets[place].change.every);
  }

  /** Devices of a fleet do not all measure in the same instant, nor a device all its values. */
  private firstTickAt(place: number): Milliseconds {
    const { every } = this.kind.targets[place].change;
    return this.startedAt + every * noise(this.seed, place);
  }

  /** When the first value changes after `now`. */
  private nextTickAt(now: Milliseconds): Milliseconds {
    const { targets } = this.kind;
    let next = NEVER;
    for (let place = 0; place < targets.length; place++) {
      const at = this.firstTickAt(place) + this.tickAt(place, now) * targets[place].change.every;
      // Rounding may put the tick of this very moment into the future.
      next = Math.min(next, at > now ? at : at + targets[place].change.every);
    }
    return next;
  }

  private value(target: Target): number | undefined {
    const { objects, resources } = this.agent.configuration;
    const value =
      target.object < 0
        ? resources?.[target.resource].value
        : objects?.[target.object].get(target.objectInstanceId, target.resourceId);
    return typeof value === "number" ? value : undefined;
  }

  private store(target: Target, value: number): void {
    const { objects, resources } = this.agent.configuration;
    if (target.object < 0) resources?.[target.resource].set(value);
    else objects?.[target.object].set(target.objectInstanceId, target.resourceId, value);
  }
}

/** @throws when the profile has no value at the change's path: the profile's author is at fault */
function targetOf(profile: Profile, change: Change): Target {
  const resource = profile.resources.findIndex(({ path }) => path === change.path);
  if (resource >= 0) {
    return { change, object: -1, resource, objectInstanceId: 0, resourceId: 0 };
  }
  const [objectId, objectInstanceId, resourceId] = change.path.slice(1).split("/").map(Number);
  const object = profile.objects.findIndex(({ definition }) => definition.id === objectId);
  if (profile.objects[object]?.instances[objectInstanceId]?.[resourceId] === undefined) {
    throw new Error(`Profile ${profile.name} has no value at ${change.path}`);
  }
  return { change, object, resource: -1, objectInstanceId, resourceId };
}
