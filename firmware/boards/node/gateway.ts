/**
 * A gateway on Node: this machine as a device, and the devices on its lines behind it.
 */
import type { Agent, AgentEvent } from "../../agent/agent.ts";
import { Gateway, type GatewayEvent, type GatewaySettings } from "../../gateway/gateway.ts";
import type { GatewayDevice } from "../../gateway/gateway-device.ts";
import { NODE_CLOCK, NodeAlarm } from "./clock.ts";
import { type LineAddress, NodeLine } from "./line.ts";
import {
  createNodeDevice,
  NODE_SETTINGS,
  type NodeDevice,
  type NodeDeviceOptions,
} from "./main.ts";

export interface NodeGatewayOptions extends NodeDeviceOptions {
  /** One device may be on each. */
  readonly lines: readonly LineAddress[];
  readonly gateway?: Partial<GatewaySettings>;
}

export type NodeGatewayEvent =
  | AgentEvent
  | GatewayEvent
  /** The line with this place in the options works, or does not. */
  | { readonly kind: "line-up"; readonly line: number }
  | { readonly kind: "line-down"; readonly line: number; readonly reason: string }
  /** What a board printed. */
  | { readonly kind: "line-text"; readonly line: number; readonly text: string };

interface LineEnd {
  readonly line: NodeLine;
  device: GatewayDevice;
}

export class NodeGateway {
  private readonly options: NodeGatewayOptions;
  private readonly device: NodeDevice;
  private readonly alarm = new NodeAlarm();
  private gateway!: Gateway;
  private ends: LineEnd[] = [];
  private handle: (event: NodeGatewayEvent) => void = () => {};

  /** Throws `agent/server-uri`, `gateway/queue-mode`. */
  constructor(options: NodeGatewayOptions) {
    this.options = options;
    const { lines: _lines, gateway: _gateway, ...device } = options;
    this.device = createNodeDevice({ ...device, onBoot: (agent) => this.attach(agent) });
  }

  /** Registers, and runs until `stop`. Everything that happens goes to `handle`. */
  start(handle: (event: NodeGatewayEvent) => void): void {
    this.handle = handle;
    this.ends = this.options.lines.map((address, place) => this.open(address, place));
    this.device.start(handle);
  }

  /** De-registers and gives the lines back. */
  async stop(): Promise<void> {
    for (const { line } of this.ends) line.close();
    this.ends = [];
    await this.device.stop();
    this.alarm.arm(Infinity, () => {});
  }

  /** Called for the agent of each boot: devices register with the new one when the old one's answer is missing. */
  private attach(agent: Agent): void {
    this.gateway = new Gateway(agent, { coap: NODE_SETTINGS, ...this.options.gateway });
    this.gateway.nudge = () => this.alarm.arm(NODE_CLOCK.now(), () => this.pump());
    for (const end of this.ends) end.device = this.gateway.addDevice();
  }

  private open(address: LineAddress, place: number): LineEnd {
    const line = new NodeLine(address, {
      datagram: (datagram) => {
        this.gateway.handleDatagram(NODE_CLOCK.now(), end.device, datagram);
        this.pump();
      },
      state: (isUp, reason) =>
        this.handle(
          isUp ? { kind: "line-up", line: place } : { kind: "line-down", line: place, reason },
        ),
      text: (text) => this.handle({ kind: "line-text", line: place, text }),
    });
    const end = { line, device: this.gateway.addDevice() };
    return end;
  }

  private pump(): void {
    const { gateway } = this;
    gateway.handleTimeout(NODE_CLOCK.now());
    for (const { line, device } of this.ends) {
      for (let sent = device.pollTransmit(); sent !== undefined; sent = device.pollTransmit()) {
        line.send(sent);
      }
    }
    for (let event = gateway.pollEvent(); event !== undefined; event = gateway.pollEvent()) {
      this.handle(event);
    }
    this.alarm.arm(gateway.deadline(), () => this.pump());
  }
}
