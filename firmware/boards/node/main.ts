/**
 * A device on Node: an agent on this board, started, rebooted and stopped.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CoapSettings } from "../../../protocol/coap/coap-endpoint.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import type { AgentConfiguration, AgentEvent } from "../../agent/agent.ts";
import { Agent } from "../../agent/agent.ts";
import { ALL_CODECS } from "../../agent/all-codecs.ts";
import type { BootstrapAccount } from "../../agent/bootstrap-account.ts";
import { PACKAGE_CLAIMS } from "../../agent/package-uploads.ts";
import type { Reported } from "../../agent/samples.ts";
import type { SendOptions } from "../../agent/send-queue.ts";
import type { Loop } from "../../loop.ts";
import { run } from "../../loop.ts";
import type { Board } from "../../ports.ts";
import { NODE_CLOCK, NodeAlarm, NodeCalendar } from "./clock.ts";
import { NODE_RANDOM } from "./entropy.ts";
import { Machine } from "./machine.ts";
import { NodePower } from "./power.ts";
import { NODE_DATAGRAMS } from "./udp.ts";

/** CoAP as a machine with memory to spare has it. */
export const NODE_SETTINGS: CoapSettings = {
  random: NODE_RANDOM,
  transmission: DEFAULT_TRANSMISSION,
  blockSize: 1024,
  maxBody: 1024 * 1024,
  rememberedMessages: 64,
  maxRequests: 4,
  longestToken: 128,
  inPieces: PACKAGE_CLAIMS,
};

/** The ports of one device. */
export class NodeBoard implements Board {
  readonly datagrams = NODE_DATAGRAMS;
  readonly clock = NODE_CLOCK;
  readonly calendar: NodeCalendar = new NodeCalendar();
  readonly alarm: NodeAlarm = new NodeAlarm();
  readonly random = NODE_RANDOM;
  readonly power: NodePower = new NodePower();
}

export interface NodeDeviceOptions extends Omit<AgentConfiguration, "settings"> {
  /** `coap://host:port`; may be left to bootstrap. */
  readonly server?: string;
  /** The bootstrap server, by its address or with how it is asked. */
  readonly bootstrap?: string | BootstrapAccount;
  /** Made beforehand when objects need its ports. */
  readonly board?: NodeBoard;
  /** Called every `refreshInterval` while the device runs: time to measure, and to `set` what changed. */
  readonly refresh?: () => void;
  /** Milliseconds; default 5000. */
  readonly refreshInterval?: number;
  /** Called with the agent of each boot, before it starts. */
  readonly onBoot?: (agent: Agent) => void;
  /** Called at a factory reset: time to take back what servers have written. */
  readonly forget?: () => void;
}

export type EventHandler = (event: AgentEvent) => void;

const SHORT_SERVER_ID = 1;
const REFRESH_INTERVAL = 5000;
/** How long `stop` waits for the server to confirm, ms. */
const STOP_PATIENCE = 2000;

export class NodeDevice {
  private readonly options: NodeDeviceOptions;
  private readonly board: NodeBoard;
  private current: Agent;
  /** Accounts as they were at the last reboot; undefined as the device left the factory. */
  private accounts: Uint8Array | undefined = undefined;
  private loop: Loop | undefined = undefined;
  private refreshing: NodeJS.Timeout | undefined = undefined;

  /** Throws `agent/server-uri`. */
  constructor(options: NodeDeviceOptions) {
    this.options = options;
    this.board = options.board ?? new NodeBoard();
    this.current = this.boot();
  }

  /** Another one after each reboot. */
  get agent(): Agent {
    return this.current;
  }

  /** Registers, and runs until `stop`. Everything that happens goes to `handle`. */
  start(handle: EventHandler): void {
    this.loop = run(this.current, this.board, handle);
    this.board.power.onReboot = (toFactory) => {
      this.accounts = toFactory ? undefined : this.current.exportAccounts();
      if (toFactory) this.options.forget?.();
      this.reboot(handle);
    };
    const { refresh, refreshInterval } = this.options;
    if (refresh !== undefined) {
      this.refreshing = setInterval(refresh, refreshInterval ?? REFRESH_INTERVAL);
    }
  }

  /** Sends values without being asked, as `Agent.send` does; 0 while the device is not running. */
  send(reported: readonly Reported[], options?: SendOptions): number {
    if (this.loop === undefined) return 0;
    const id = this.current.send(this.board.clock.now(), reported, options);
    this.current.wake();
    return id;
  }

  /** De-registers. Settles when that is done, or when the server has not confirmed it for `patience` milliseconds. */
  async stop(patience = STOP_PATIENCE): Promise<void> {
    const loop = this.loop;
    this.halt();
    if (loop === undefined) return;
    const waiting = new AbortController();
    const confirmed = new Promise<void>((resolve) => loop.stop(resolve));
    const gaveUp = sleep(patience, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([confirmed, gaveUp]);
    waiting.abort();
    loop.close();
  }

  /** As after a power cut: the server hears nothing until this device registers again. */
  private reboot(handle: EventHandler): void {
    this.loop?.close();
    this.halt();
    this.current = this.boot();
    this.start(handle);
  }

  private halt(): void {
    clearInterval(this.refreshing);
    this.loop = undefined;
    this.board.power.onReboot = undefined;
  }

  private boot(): Agent {
    const { server, bootstrap, board: _board, refresh: _refresh, ...configuration } = this.options;
    const agent = new Agent({
      codecs: ALL_CODECS,
      calendar: this.board.calendar,
      ...configuration,
      settings: NODE_SETTINGS,
    });
    if (server !== undefined) agent.addServer({ shortServerId: SHORT_SERVER_ID, uri: server });
    if (bootstrap !== undefined) {
      agent.addBootstrapServer(typeof bootstrap === "string" ? { uri: bootstrap } : bootstrap);
    }
    if (this.accounts !== undefined) agent.importAccounts(this.accounts);
    this.options.onBoot?.(agent);
    return agent;
  }
}

/** This machine as a device: its real readings as objects, beside those in `options`, which win where both have one. */
export function createNodeDevice(options: NodeDeviceOptions): NodeDevice {
  const board = options.board ?? new NodeBoard();
  const machine = new Machine(board);
  const objects = options.objects ?? [];
  const own = new Set(objects.map(({ definition }) => definition.id));
  return new NodeDevice({
    ...options,
    board,
    objects: [...machine.objects.filter(({ definition }) => !own.has(definition.id)), ...objects],
    resources: [...machine.resources, ...(options.resources ?? [])],
    refresh: () => {
      machine.refresh();
      options.refresh?.();
    },
    forget: () => {
      machine.forget();
      options.forget?.();
    },
  });
}
