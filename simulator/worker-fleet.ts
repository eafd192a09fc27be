/**
 * A fleet in several processes, for more devices than one process may open sockets.
 *
 * This side only commands and adds up; the parts run by themselves (worker.ts).
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Tally, type TallySnapshot } from "./report/tally.ts";
import { type RunningFleet, UdpFleet, type UdpFleetOptions } from "./udp-fleet.ts";
import type { Command, PartReport } from "./worker.ts";

/** Files that a process holds open beside its devices' sockets. */
const SPARE_FILES = 100;
/** Where the host tells no limit. */
const DEFAULT_FILES = 16384;
/** Each part has a loopback address of its own, the last byte telling them apart. */
const MOST_PARTS = 240;

interface Part {
  readonly child: ChildProcess;
  readonly options: UdpFleetOptions;
  tally: TallySnapshot | undefined;
  isSettled: boolean;
  isStopped: boolean;
}

/** How many devices one process can hold: the host's limit of open files, less what Node needs itself. */
export function devicesPerProcess(): number {
  const report = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: number | string } };
  };
  const soft = report.userLimits?.open_files?.soft;
  if (soft === "unlimited") return 100000;
  return (typeof soft === "number" ? soft : DEFAULT_FILES) - SPARE_FILES;
}

/**
 * The fleet for these options, in this process when it can hold all devices.
 *
 * @param processes how many processes to use at least; 1 unless more cores shall work
 */
export function fleetOf(options: UdpFleetOptions, processes: number): RunningFleet {
  const needed = Math.max(processes, Math.ceil(options.size / devicesPerProcess()));
  if (needed > MOST_PARTS) {
    throw new Error(
      `${options.size} devices would take ${needed} processes, more than ${MOST_PARTS}: raise the limit of open files (ulimit -n)`,
    );
  }
  return needed <= 1 ? new UdpFleet(options) : new WorkerFleet(options, needed);
}

export class WorkerFleet implements RunningFleet {
  private readonly parts: Part[] = [];
  private readonly options: UdpFleetOptions;
  private readonly processes: number;
  private opened = 0;
  private opening: { resolve: () => void; reject: (error: Error) => void } | undefined = undefined;
  private stopping: (() => void) | undefined = undefined;

  constructor(options: UdpFleetOptions, processes: number) {
    this.options = options;
    this.processes = processes;
  }

  get tally(): Tally {
    const sum = new Tally();
    for (const part of this.parts) if (part.tally !== undefined) sum.merge(part.tally);
    return sum;
  }

  open(): Promise<void> {
    const { size, rate, window, pressure, firstIndex } = this.options;
    const share = Math.ceil(size / this.processes);
    return new Promise((resolve, reject) => {
      this.opening = { resolve, reject };
      for (let first = 0; first < size; first += share) {
        this.fork({
          ...this.options,
          size: Math.min(share, size - first),
          firstIndex: (firstIndex ?? 0) + first,
          part: this.parts.length,
          rate: rate === undefined ? undefined : rate / this.processes,
          window: window === undefined ? undefined : Math.ceil(window / this.processes),
          pressure: pressure === undefined ? undefined : Math.ceil(pressure / this.processes),
        });
      }
    });
  }

  start(): void {
    this.command({ kind: "start" });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.stopping = resolve;
      this.command({ kind: "stop" });
    });
  }

  abandon(): void {
    this.command({ kind: "abandon" });
  }

  close(): void {
    for (const { child } of this.parts) child.kill("SIGKILL");
  }

  isSettled(): boolean {
    return this.parts.every((part) => part.isSettled);
  }

  private fork(options: UdpFleetOptions): void {
    const own = fileURLToPath(import.meta.url);
    // Structured clones, not JSON: a profile's definitions are typed arrays.
    const child = fork(own.replace(/worker-fleet(\.[jt]s)$/, "worker$1"), {
      serialization: "advanced",
    });
    const part = { child, options, tally: undefined, isSettled: false, isStopped: false };
    this.parts.push(part);
    child.on("message", (message: PartReport) => this.handleReport(part, message));
    child.on("exit", (code) => this.handleExit(part, code));
    const command: Command = { kind: "open", options };
    child.send(command);
  }

  private command(command: Command): void {
    for (const { child } of this.parts) if (child.connected) child.send(command);
  }

  private handleReport(part: Part, report: PartReport): void {
    switch (report.kind) {
      case "opened":
        if (++this.opened === this.parts.length) this.opening?.resolve();
        break;
      case "failed":
        this.opening?.reject(new Error(report.message));
        break;
      case "tally":
        part.tally = report.tally;
        part.isSettled = report.isSettled;
        break;
      case "stopped":
        part.tally = report.tally;
        part.isStopped = true;
        this.endIfAllStopped();
        break;
    }
  }

  /** A part that ends without having stopped takes its devices with it: all of them are lost. */
  private handleExit(part: Part, code: number | null): void {
    if (part.isStopped) return;
    part.isStopped = true;
    part.isSettled = true;
    const tally = new Tally();
    if (part.tally !== undefined) tally.merge(part.tally);
    tally.counts.unanswered += part.options.size - tally.counts.deregistered;
    part.tally = tally.snapshot();
    this.opening?.reject(new Error(`A process of the fleet ended by itself (exit code ${code})`));
    this.endIfAllStopped();
  }

  private endIfAllStopped(): void {
    if (this.parts.every((part) => part.isStopped)) this.stopping?.();
  }
}
