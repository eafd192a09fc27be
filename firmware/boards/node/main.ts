/**
 * A device on Node: an agent on this board, started, rebooted and stopped.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CoapSettings } from "../../../protocol/coap/coap-endpoint.ts";
import { DEFAULT_TRANSMISSION } from "../../../protocol/coap/parameters.ts";
import type { AgentConfiguration, AgentEvent, AgentServerAccount } from "../../agent/agent.ts";
import { Agent } from "../../agent/agent.ts";
import { ALL_CODECS } from "../../agent/all-codecs.ts";
import type { BootstrapAccount } from "../../agent/bootstrap/bootstrap-account.ts";
import { PACKAGE_CLAIMS } from "../../agent/management/package-uploads.ts";
import type { Reported } from "../../agent/reporting/samples.ts";
import type { SendOptions } from "../../agent/reporting/send-queue.ts";
import type { KeptBoard } from "../../kept-loop.ts";
import {
  ACCOUNTS_RECORD,
  forget,
  REGISTRATIONS_RECORD,
  restore,
  runKept,
  withStore,
} from "../../kept-loop.ts";
import type { Loop } from "../../loop.ts";
import type { Board, Datagrams, Store, Streams } from "../../ports.ts";
import { NODE_CLOCK, NodeAlarm, NodeCalendar } from "./clock.ts";
import { NODE_RANDOM } from "./entropy.ts";
import { Machine } from "./machine.ts";
import { NetworkWatch } from "./network.ts";
import { NodePower } from "./power.ts";
import { MemoryStore } from "./store.ts";
import { NodeStreams } from "./tcp.ts";
import { NodeDatagrams } from "./udp.ts";

/** Bytes: eight blocks of 1024 at once, with room for options. */
const LONGEST_MESSAGE = 8704;

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
  longestMessage: LONGEST_MESSAGE,
};

/** The ports of one device. */
export class NodeBoard implements Board {
  readonly sockets: NodeDatagrams = new NodeDatagrams();
  readonly datagrams: Datagrams = this.sockets;
  readonly connections: NodeStreams = new NodeStreams();
  readonly streams: Streams = this.connections;
  readonly network: NetworkWatch = new NetworkWatch();
  readonly clock = NODE_CLOCK;
  readonly calendar: NodeCalendar = new NodeCalendar();
  readonly alarm: NodeAlarm = new NodeAlarm();
  readonly random = NODE_RANDOM;
  readonly power: NodePower = new NodePower();
}

/** An account; without a Short Server ID it has its place in the list, from 1. */
export type NodeServerAccount = Omit<AgentServerAccount, "shortServerId"> &
  Partial<Pick<AgentServerAccount, "shortServerId">>;

export interface NodeDeviceOptions extends Omit<AgentConfiguration, "settings"> {
  /** `coap://host:port` or `coap+tcp://host:port`; the account of one server with the usual settings. May be left to bootstrap. */
  readonly server?: string;
  /** Accounts with settings, after `server`. */
  readonly servers?: readonly NodeServerAccount[];
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
  /**
   * Where what a device has to know after a power cut is kept, `new FileStore(folder)`: registrations, observations, accounts. Without it
   * this program begins anew each time.
   */
  readonly store?: Store;
  /** Called at a factory reset: time to take back what servers have written. */
  readonly forget?: () => void;
}

export type EventHandler = (event: AgentEvent) => void;

/** Whom the device was told to talk to, by whoever started it. */
const CONFIGURATION_RECORD = "configuration";
const REFRESH_INTERVAL = 5000;
/** How long `stop` waits for the server to confirm, ms. */
const STOP_PATIENCE = 2000;

export class NodeDevice {
  private readonly options: NodeDeviceOptions;
  private readonly board: NodeBoard;
  private current: Agent;
  private readonly kept: KeptBoard;
  private loop: Loop | undefined = undefined;
  private refreshing: NodeJS.Timeout | undefined = undefined;

  /** Throws `agent/server-uri`. */
  constructor(options: NodeDeviceOptions) {
    this.options = options;
    this.board = options.board ?? new NodeBoard();
    this.kept = withStore(this.board, options.store ?? new MemoryStore());
    this.forgetOthers();
    this.current = this.boot();
  }

  /** Another one after each reboot. */
  get agent(): Agent {
    return this.current;
  }

  /** Registers, and runs until `stop`. Everything that happens goes to `handle`. */
  start(handle: EventHandler): void {
    this.loop = runKept(this.current, this.kept, handle);
    this.board.power.onReboot = (toFactory) => {
      // A reboot that a server asked for is meant to begin again; what servers have configured stays.
      this.kept.store.write(ACCOUNTS_RECORD, this.current.exportAccounts());
      this.kept.store.remove(REGISTRATIONS_RECORD);
      if (toFactory) forget(this.kept);
      if (toFactory) this.options.forget?.();
      this.reboot(handle);
    };
    this.board.network.start((addresses) => {
      this.board.connections.leave(addresses);
      if (this.board.sockets.leave(addresses)) {
        this.current.handleAddressChange(this.board.clock.now());
      }
    });
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

  /** The server hears nothing until this device registers again. */
  private reboot(handle: EventHandler): void {
    this.loop?.close();
    this.halt();
    this.current = this.boot();
    this.start(handle);
  }

  /** What was kept for another configuration of this device is of no use to this one. */
  private forgetOthers(): void {
    const { store } = this.kept;
    const { server, servers, bootstrap, endpointName, version } = this.options;
    const uri = typeof bootstrap === "string" ? bootstrap : bootstrap?.uri;
    const configuration = JSON.stringify([server, servers, uri, endpointName, version]);
    const former = store.read(CONFIGURATION_RECORD);
    if (former !== undefined && new TextDecoder().decode(former) === configuration) return;
    forget(this.kept);
    store.write(CONFIGURATION_RECORD, new TextEncoder().encode(configuration));
  }

  private halt(): void {
    clearInterval(this.refreshing);
    this.board.network.stop();
    this.loop = undefined;
    this.board.power.onReboot = undefined;
  }

  private boot(): Agent {
    const { server, servers, bootstrap, ...others } = this.options;
    const { board: _board, refresh: _refresh, store: _store, ...rest } = others;
    const agent = new Agent({
      codecs: ALL_CODECS,
      calendar: this.board.calendar,
      ...rest,
      settings: NODE_SETTINGS,
    });
    const accounts: readonly NodeServerAccount[] = [
      ...(server === undefined ? [] : [{ uri: server }]),
      ...(servers ?? []),
    ];
    accounts.forEach((account, i) => {
      agent.addServer({ shortServerId: i + 1, ...account });
    });
    if (bootstrap !== undefined) {
      agent.addBootstrapServer(typeof bootstrap === "string" ? { uri: bootstrap } : bootstrap);
    }
    restore(agent, this.kept);
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
