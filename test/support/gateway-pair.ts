/**
 * A gateway between scripted servers and real agents on lines, in virtual time.
 */
import { Agent, type AgentConfiguration, type AgentEvent } from "../../firmware/agent/agent.ts";
import { ALL_CODECS } from "../../firmware/agent/all-codecs.ts";
import {
  Gateway,
  type GatewayEvent,
  type GatewaySettings,
} from "../../firmware/gateway/gateway.ts";
import type { GatewayDevice } from "../../firmware/gateway/gateway-device.ts";
import { formatCode } from "../../protocol/coap/codes.ts";
import { AgentPair, type Companion, type PairOptions } from "./agent-pair.ts";
import { coapSettings, countingRandom } from "./coap-pair.ts";

/** A device at the other end of a line. */
export class LineDevice {
  agent: Agent;
  readonly line: GatewayDevice;
  readonly events: AgentEvent[] = [];
  /** False: all that is sent is lost. */
  isPluggedIn = true;
  missedAsleep = 0;
  private seed: number;

  constructor(gateway: Gateway, configuration: Partial<AgentConfiguration>, seed: number) {
    this.line = gateway.addDevice();
    this.seed = seed;
    this.agent = this.boot(configuration);
  }

  /** After a power cut: it remembers nothing. */
  reboot(now: number, configuration: Partial<AgentConfiguration>): void {
    this.seed += 0x400;
    this.agent = this.boot(configuration);
    this.agent.start(now);
  }

  private boot(configuration: Partial<AgentConfiguration>): Agent {
    const settings = coapSettings({ random: countingRandom(this.seed) });
    const usual = { endpointName: "cellar", codecs: ALL_CODECS };
    const agent = new Agent({ ...usual, ...configuration, settings });
    agent.addServer({ shortServerId: 1, uri: "coap://gateway.test" });
    return agent;
  }
}

export class GatewayPair extends AgentPair implements Companion {
  readonly gateway: Gateway;
  readonly devices: LineDevice[] = [];
  private readonly told: GatewayEvent[] = [];

  constructor(
    settings: Partial<GatewaySettings> = {},
    configuration: Partial<AgentConfiguration> = {},
    options: PairOptions = {},
  ) {
    super({ endpointName: "gateway", codecs: ALL_CODECS, ...configuration }, options);
    const coap = coapSettings({ random: countingRandom(0x1000) });
    this.gateway = new Gateway(this.agent, { coap, ...settings });
    this.companion = this;
    this.started();
  }

  /** A device is plugged in and registers. */
  device(configuration: Partial<AgentConfiguration> = {}): LineDevice {
    const seed = 0x2000 * (this.devices.length + 1);
    const device = new LineDevice(this.gateway, configuration, seed);
    this.devices.push(device);
    device.agent.start(this.now);
    this.wait(0);
    return device;
  }

  /** What happened at the gateway since the last call, a line each. */
  gatewayLines(): string[] {
    return this.told.splice(0).map((event) => {
      if (event.kind === "relayed") return `${event.path} -> ${formatCode(event.code)}`;
      return `${event.kind} ${event.endpointName}`;
    });
  }

  deadline(): number {
    let at = this.gateway.deadline();
    for (const { agent } of this.devices) at = Math.min(at, agent.deadline());
    return at;
  }

  handleTimeout(now: number): void {
    for (const { agent } of this.devices) agent.handleTimeout(now);
    this.gateway.handleTimeout(now);
  }

  exchange(now: number): boolean {
    let isBusy = false;
    for (const device of this.devices) {
      const { agent, line, events } = device;
      const [link] = agent.links;
      for (let sent = link.pollTransmit(); sent; sent = link.pollTransmit()) {
        isBusy = true;
        if (device.isPluggedIn) this.gateway.handleDatagram(now, line, sent);
      }
      for (let sent = line.pollTransmit(); sent; sent = line.pollTransmit()) {
        isBusy = true;
        if (!link.isAwake()) device.missedAsleep++;
        else if (device.isPluggedIn) agent.handleDatagram(now, link, sent);
      }
      for (let event = agent.pollEvent(); event; event = agent.pollEvent()) events.push(event);
    }
    for (let event = this.gateway.pollEvent(); event; event = this.gateway.pollEvent()) {
      this.told.push(event);
    }
    return isBusy;
  }
}
