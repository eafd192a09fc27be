/**
 * Our own agent as the client under test: in this process, in virtual time, through its public interface alone.
 *
 * The network delivers at once and loses nothing, but for what arrives while the agent's radio is off; streams cross it like datagrams. Runs are the same bit for
 * bit.
 */
import { Agent, type AgentConfiguration } from "../../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../../firmware/agent/all-codecs.ts";
import { PACKAGE_CLAIMS } from "../../../firmware/agent/management/package-uploads.ts";
import type { Profile } from "../../../firmware/agent/registration/profiles.ts";
import type { ServerLink } from "../../../firmware/agent/server-link.ts";
import { countDatagram } from "../../../firmware/objects/connectivity-statistics.ts";
import { deviceObject } from "../../../firmware/objects/device.ts";
import type { LwM2mObject } from "../../../firmware/objects/lwm2m-object.ts";
import type { CoapSettings } from "../../../protocol/coap/coap-endpoint.ts";
import {
  LWM2M_JSON,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
} from "../../../protocol/coap/content-formats.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import { LWM2M_JSON_CODEC } from "../../../protocol/content/lwm2m-json.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { CONNECTIVITY_STATISTICS } from "../../../protocol/model/objects/connectivity-statistics.ts";
import {
  DEVICE,
  DEVICE_CURRENT_TIME,
  DEVICE_FIRMWARE_VERSION,
} from "../../../protocol/model/objects/device.ts";
import {
  SERVER,
  SERVER_BINDING,
  SERVER_LIFETIME,
  SERVER_SHORT_SERVER_ID,
} from "../../../protocol/model/objects/server.ts";
import type { Milliseconds } from "../../../protocol/time/duration.ts";
import { NEVER, SECOND } from "../../../protocol/time/duration.ts";
import { SeededRandom } from "../../../simulator/random.ts";
import {
  type Arrival,
  type ClientAdapter,
  type ClientClaims,
  ClientFault,
  type ClientSetup,
  type ClientUnderTest,
} from "../client-under-test.ts";
import { C_1, pathOfText, serverCountOf, type Values } from "../configurations.ts";
import { Modem } from "./in-process-modem.ts";
import {
  DeviceMemory,
  IN_PROCESS_FIRMWARE,
  inProcessObject,
  type Surroundings,
} from "./in-process-objects.ts";

export interface InProcessOptions {
  /** Changes to every agent's configuration. */
  readonly agent?: Partial<AgentConfiguration>;
  /** Of tokens, Message IDs and timeouts. */
  readonly seed?: number;
  /** Seconds of its time that pass in one of ours; as many as can be unless given. */
  readonly speed?: number;
}

const CLAIMS: ClientClaims = {
  versions: ["1.0", "1.1", "1.2"],
  contentFormats: [
    ...ALL_CODECS.map((codec) => codec.format),
    LWM2M_JSON,
    SENML_ETCH_JSON,
    SENML_ETCH_CBOR,
  ],
  features: [
    "queue mode",
    "reboot",
    "disable",
    "observe parameters",
    "evaluation periods",
    "composite",
    "block-wise",
    "send",
    "bootstrap",
    "bootstrap pack",
    "firmware update",
    "firmware cancel",
    "firmware deferral",
    "statistics",
    "profile id",
    "several servers",
    "cellular",
    "confirmable notifications",
    "non-confirmable notifications",
    "well-known core",
    "tcp",
  ],
  objects: [1, 2, 3, 4, 5, 6, 7, 10, 11, 13, 16, 19, 20, 3442],
  firmware: IN_PROCESS_FIRMWARE,
};

/** Stands for what the ETS calls C.1. */
const PROFILE: Profile = {
  id: "v:c-1",
  paths: Object.entries(C_1.objects).flatMap(([object, instances]) =>
    Object.keys(instances).map((instance) => `/${object}/${instance}`),
  ),
};

/** How long the device takes to come up again. */
const BOOT_TIME: Milliseconds = 2 * SECOND;
/** 2026-01-01, as the device believes when it is switched on. */
const EPOCH_SECONDS = 1767225600;
/** Of object 0, as C.13 has it. */
const BOOTSTRAP_ACCOUNT = 1;
/** Steps within one instant after which the agent is taken to be caught in a circle. */
const MAX_STEPS = 10000;

/** The adapter for our agent. */
export function inProcessAdapter(options: InProcessOptions = {}): ClientAdapter {
  return {
    name: "Dormouse agent, in process",
    claims: CLAIMS,
    canSetValues: true,
    canReport: true,
    canPowerCycle: true,
    // A board's sockets are each for one server: what comes from elsewhere is lost.
    hasStranger: true,
    takesStreams: true,
    prepare: async (setup) => new InProcessClient(setup, options),
  };
}

class InProcessClient implements ClientUnderTest, Surroundings {
  readonly tolerance = 0;
  private readonly setup: ClientSetup;
  private readonly options: InProcessOptions;
  readonly settings: CoapSettings;
  readonly memory: DeviceMemory = new DeviceMemory();
  modem: Modem = new Modem(() => this.readdress());
  /** Counts the device's addresses. */
  private address = 1;
  private isReaddressed = false;
  private readonly outbox: Arrival[] = [];
  private time: Milliseconds = 0;
  private bootAt: Milliseconds = NEVER;
  private clockOffset = EPOCH_SECONDS;
  private agent: Agent;
  readonly serverUris: readonly string[];

  constructor(setup: ClientSetup, options: InProcessOptions) {
    this.setup = setup;
    this.options = options;
    this.settings = {
      random: new SeededRandom(options.seed ?? 1),
      transmission: DEFAULT_TRANSMISSION,
      blockSize: 1024,
      maxBody: 65536,
      rememberedMessages: 32,
      maxRequests: 4,
      inPieces: PACKAGE_CLAIMS,
      longestMessage: 8704,
    };
    const servers = serverCountOf(setup.configuration);
    const scheme = setup.configuration.transport === "tcp" ? "coap+tcp" : "coap";
    const uris = Array.from({ length: servers }, (_, i) => `${scheme}://server-${i + 1}.test`);
    if (setup.configuration.hasBootstrapServer) uris.push("coap://bootstrap.test");
    this.serverUris = uris;
    this.agent = this.build();
  }

  now(): Milliseconds {
    return this.time;
  }

  async start(): Promise<void> {
    this.guard(() => this.agent.start(this.time));
  }

  async set(path: string, value: Value): Promise<void> {
    const [objectId, instanceId, resourceId, resourceInstanceId] = pathOfText(path);
    const object = this.agent.object(objectId);
    if (object === undefined) throw new Error(`there is no object ${objectId}`);
    if (resourceInstanceId === undefined) object.set(instanceId, resourceId, value);
    else object.setOne(instanceId, resourceId, resourceInstanceId, value);
  }

  async report(paths: readonly string[]): Promise<void> {
    this.guard(() => this.agent.send(this.time, paths));
  }

  async send(server: number, datagram: Uint8Array): Promise<void> {
    const link = this.linkTo(server);
    // What comes from a stranger, or while the device boots or its radio is off, is lost.
    if (link === undefined || this.bootAt !== NEVER || !link.isAwake()) return;
    this.count(datagram, false);
    this.guard(() => this.agent.handleDatagram(this.time, link, datagram));
    if (this.isReaddressed) this.guard(() => this.agent.handleAddressChange(this.time));
    this.isReaddressed = false;
  }

  async receive(until: Milliseconds): Promise<Arrival | undefined> {
    for (let steps = 0; ; steps++) {
      this.guard(() => this.drain());
      const arrival = this.outbox.shift();
      if (arrival !== undefined) return arrival;
      const next = Math.min(this.bootAt, this.bootAt === NEVER ? this.agent.deadline() : NEVER);
      if (next > until) {
        await this.passTo(until);
        return undefined;
      }
      if (next > this.time) {
        await this.passTo(next);
        steps = 0;
      } else if (steps > MAX_STEPS) {
        throw new ClientFault(`the client comes to no rest ${this.time / SECOND} s after power-on`);
      }
      if (this.time >= this.bootAt) this.boot();
      this.guard(() => this.agent.handleTimeout(this.time));
    }
  }

  async powerCycle(): Promise<void> {
    this.outbox.length = 0;
    this.boot();
  }

  async close(): Promise<void> {}

  /** Makes the time pass: at once, or as fast as the options say. */
  private async passTo(time: Milliseconds): Promise<void> {
    const { speed = Number.POSITIVE_INFINITY } = this.options;
    const wait = (time - this.time) / speed;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    this.time = Math.max(this.time, time);
  }

  reboot(): void {
    this.bootAt = this.time + BOOT_TIME;
  }

  private count({ length }: Uint8Array, isSent: boolean): void {
    const statistics = this.agent.object(CONNECTIVITY_STATISTICS.id);
    if (statistics !== undefined) countDatagram(statistics, length, isSent);
  }

  private drain(): void {
    for (const link of this.agent.links) {
      const server = this.serverUris.indexOf(link.uri);
      for (let sent = link.pollTransmit(); sent !== undefined; sent = link.pollTransmit()) {
        this.count(sent, true);
        this.outbox.push({ server, datagram: sent, from: `device:${this.address}` });
      }
    }
    while (this.agent.pollEvent() !== undefined);
  }

  /** The newest: after a bootstrap the former one may have a word to say still. */
  private linkTo(server: number): ServerLink | undefined {
    return this.agent.links.findLast(({ uri }) => uri === this.serverUris[server]);
  }

  /** The device has another address, as soon as it has said what it has to say. */
  private readdress(): void {
    this.address++;
    this.isReaddressed = true;
  }

  private boot(): void {
    this.bootAt = NEVER;
    this.agent = this.build();
    this.agent.start(this.time);
  }

  /** What the agent throws is its crash. */
  private guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw new ClientFault(`the client crashed: ${what}`);
    }
  }

  private build(): Agent {
    this.modem = new Modem(() => this.readdress());
    const { configuration, endpointName, version } = this.setup;
    const accounts = configuration.objects[SERVER.id] ?? {};
    const agent = new Agent({
      endpointName,
      version,
      queueMode: configuration.queueMode,
      confirmableNotifications: configuration.notifications === "confirmable",
      objects: Object.entries(configuration.objects)
        .filter(([objectId]) => Number(objectId) !== SERVER.id)
        .map(([objectId, instances]) => this.object(Number(objectId), instances)),
      codecs: [...ALL_CODECS, LWM2M_JSON_CODEC],
      calendar: { seconds: () => this.clockOffset + Math.floor(this.time / SECOND) },
      settings: this.settings,
      profiles: configuration.profileId === undefined ? undefined : [PROFILE],
      ...this.options.agent,
    });
    Object.values(accounts).forEach((values, instanceId) => {
      agent.addServer({
        shortServerId: values[SERVER_SHORT_SERVER_ID] as number,
        uri: this.serverUris[instanceId],
        lifetime: values[SERVER_LIFETIME] as number,
      });
      for (const [resourceId, value] of Object.entries(values)) {
        // The agent itself chooses the binding, which in LwM2M 1.0 says queue mode.
        if (OF_THE_ACCOUNT.includes(Number(resourceId))) continue;
        agent.servers.set(instanceId, Number(resourceId), value as Value);
      }
    });
    if (configuration.hasBootstrapServer) {
      agent.addBootstrapServer({
        uri: this.serverUris[serverCountOf(configuration)],
        instanceId: BOOTSTRAP_ACCOUNT,
        pack: version === "1.2",
      });
    }
    return agent;
  }

  private object(objectId: number, instances: Readonly<Record<number, Values>>): LwM2mObject {
    if (objectId === DEVICE.id) return this.device(instances[0]);
    return inProcessObject(objectId, instances, this);
  }

  private device(values: Values): LwM2mObject {
    const seconds = () => this.clockOffset + Math.floor(this.time / SECOND);
    const setSeconds = (wanted: number) => {
      this.clockOffset += wanted - seconds();
      return true;
    };
    if (typeof values[DEVICE_CURRENT_TIME] === "number") setSeconds(values[DEVICE_CURRENT_TIME]);
    const reboot = () => this.reboot();
    const power = { setRadio: () => {}, reboot, factoryReset: reboot };
    const device = deviceObject({ seconds, setSeconds }, power, values);
    if (this.memory.hasNewFirmware) device.set(0, DEVICE_FIRMWARE_VERSION, "2.0");
    return device;
  }
}

const OF_THE_ACCOUNT = [SERVER_SHORT_SERVER_ID, SERVER_LIFETIME, SERVER_BINDING];
