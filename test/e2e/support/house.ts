/** A connector and devices on loopback, over real UDP and HTTP. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "../../../connector/adapters/entropy.ts";
import {
  DeviceConnector,
  type DeviceConnectorSettings,
} from "../../../connector/device-connector.ts";
import { defaultSettings } from "../../../connector/settings.ts";
import { LmdbStore } from "../../../connector/store/lmdb-store.ts";
import type { Agent, AgentEvent } from "../../../firmware/agent/agent.ts";
import { NodeDevice, type NodeDeviceOptions } from "../../../firmware/boards/node/main.ts";

/** How long devices in queue mode listen, and the connector believes them to, ms. */
export const AWAKE_FOR = 200;

export class House {
  readonly folder = mkdtempSync(join(tmpdir(), "dormouse-e2e-"));
  connector!: DeviceConnector;
  private readonly devices = new Set<RunningDevice>();

  async start(
    ports: { httpPort: number; coapPort: number; coapTcpPort?: number } = {
      httpPort: 0,
      coapPort: 0,
    },
    customers: DeviceConnectorSettings["customers"] = {},
  ): Promise<void> {
    const settings = defaultSettings(systemRandom());
    this.connector = await DeviceConnector.start({
      store: new LmdbStore(this.folder),
      host: "127.0.0.1",
      ...ports,
      allowedCallbacks: ["127.0.0.0/8"],
      customers,
      product: "Dormouse end to end",
      connector: { ...settings, session: { ...settings.session, awakeFor: AWAKE_FOR } },
      log: (line) => console.error(line),
    });
  }

  newKey(): string {
    const created = this.connector.access.createFirstKey();
    return created.key;
  }

  /** Starts a device and waits until it is registered. */
  async device(options: Omit<NodeDeviceOptions, "server">): Promise<RunningDevice> {
    const device = new RunningDevice({ ...options, server: this.connector.coapUrl });
    this.devices.add(device);
    await device.until((event) => event.kind === "registered");
    return device;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.devices].map((device) => device.stop()));
    await this.connector.close();
    rmSync(this.folder, { recursive: true });
  }
}

export class RunningDevice {
  private readonly device: NodeDevice;
  private readonly events: AgentEvent[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(options: NodeDeviceOptions) {
    this.device = new NodeDevice(options);
    this.device.start((event) => {
      this.events.push(event);
      for (const look of this.waiting) look();
    });
  }

  /** Resolves with the first event that fits, one that has happened already included. */
  until(fits: (event: AgentEvent) => boolean): Promise<AgentEvent> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.events.find(fits);
        if (found === undefined) return;
        this.waiting.delete(look);
        resolve(found);
      };
      this.waiting.add(look);
      look();
    });
  }

  get agent(): Agent {
    return this.device.agent;
  }

  /** Forgets what has happened. */
  forget(): void {
    this.events.length = 0;
  }

  stop(): Promise<void> {
    return this.device.stop();
  }
}
