/**
 * A client that shell commands start, stop and change: `dormouse conform client --adapter command --commands FILE`.
 *
 * In a command these are replaced: {server} {server2} {bootstrap} (coap://..., empty where the configuration has none), {host} and {port}
 * (of the server, or of the bootstrap server where that is to write the account), {endpoint}, {lifetime}, {version}, {queue} (true or
 * false), {notifications} (confirmable, non-confirmable, or empty where that is the client's choice), {config} (a JSON file with the whole
 * configuration), in `set` {path} and {value}, in `send` {paths}, in `card` {card}, each quoted for the shell where it has to be.
 *
 * A command that ends before it is stopped is a client that has crashed, unless `restarts` says that with this exit status it
 * ends in order to reboot: then it is started again, as a board would be.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Value } from "../../../protocol/model/data-types.ts";
import type { ClientSetup } from "../client-under-test.ts";
import { serverCountOf } from "../configurations.ts";
import { Ended } from "../judging.ts";
import { type DeviceProfile, readProfile } from "./claims.ts";
import type { DeviceControl } from "./udp-client.ts";

export interface Commands {
  /** Runs until the case is over; then it gets SIGTERM, and SIGKILL if it stays. */
  readonly start: string;
  /** Instead of the signals. */
  readonly stop?: string;
  /** Changes a value as the device itself would. Without it cases that need that are not run. */
  readonly set?: string;
  /** Has the client send the values of paths. Without it cases of Send are not run. */
  readonly send?: string;
  /** Cuts the client's power and restores it. Without it the client is killed and started again. */
  readonly powerCycle?: string;
  /** Puts a smartcard in, the client being off: {card} is its account as JSON. Without it cases of smartcards are not run. */
  readonly card?: string;
  /** The exit status of a client that ends in order to reboot; true for 0. */
  readonly restarts?: boolean | number;
  /** How many times as fast as ours the client's clock runs, as under libfaketime. */
  readonly clock?: number;
}

/** How long a command may take to stop or to set, ms. */
const COMMAND_PERIOD = 10_000;
/** How often a client is started again in one case: one that ends at once each time has crashed. */
const MOST_RESTARTS = 10;
const FASTEST_CLOCK = 1000;
/** What is kept of a client's output, to say why it ended. */
const LAST_WORDS = 400;

/**
 * Reads the file of commands, already parsed as JSON: `{ "start": "...", "stop": "...", "set": "...", "send": "...",
 * "device": { ... } }`, `device` being a profile.
 *
 * @throws Error whose message names the member and what it may be
 */
export function commandControl(given: unknown): DeviceControl {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new Error("The file of commands must hold a JSON object.");
  }
  const { start, stop, set, send, powerCycle, card, restarts, clock, device, ...rest } =
    given as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw new Error(
      `There is no command "${unknown}"; there are start, stop, set, send, powerCycle, card, restarts, clock and device.`,
    );
  }
  if (typeof start !== "string") throw new Error('"start" must be a command.');
  for (const [name, command] of Object.entries({ stop, set, send, powerCycle, card })) {
    if (command !== undefined && typeof command !== "string") {
      throw new Error(`"${name}" must be a command.`);
    }
  }
  const isStatus = typeof restarts === "boolean" || Number.isInteger(restarts);
  if (restarts !== undefined && !isStatus) {
    throw new Error('"restarts" must be true, or the exit status that means a reboot.');
  }
  const isClock = typeof clock === "number" && clock > 0 && clock <= FASTEST_CLOCK;
  if (clock !== undefined && !isClock) {
    throw new Error(`"clock" must be a number up to ${FASTEST_CLOCK}: how many times as fast.`);
  }
  const commands = { start, stop, set, send, powerCycle, card, restarts, clock } as Commands;
  return new CommandControl(commands, readProfile(device ?? {}));
}

class CommandControl implements DeviceControl {
  readonly name: string;
  readonly claims: DeviceProfile;
  readonly canSetValues: boolean;
  readonly staysOn = false;
  readonly report: DeviceControl["report"];
  readonly insertCard: DeviceControl["insertCard"];
  readonly clock: number;
  private readonly commands: Commands;
  private readonly folder = mkdtempSync(join(tmpdir(), "dormouse-conform-"));
  private variables: Record<string, string> = {};
  private running: ChildProcess | undefined;
  private lastWords = "";
  private restartsLeft = 0;

  constructor(commands: Commands, profile: DeviceProfile) {
    this.commands = commands;
    this.claims = profile;
    this.name = profile.name;
    this.canSetValues = commands.set !== undefined;
    this.clock = commands.clock ?? 1;
    const { send, card } = commands;
    if (card !== undefined) {
      this.insertCard = async (account) => {
        await this.kill();
        await this.run(this.filled(card, { card: JSON.stringify(account) }));
        await this.start();
      };
    }
    if (send !== undefined) {
      this.report = (paths) => this.run(this.filled(send, { paths: paths.join(" ") }));
    }
  }

  async prepare(setup: ClientSetup, servers: readonly string[]): Promise<void> {
    const { configuration, endpointName, version } = setup;
    const config = join(this.folder, "configuration.json");
    writeFileSync(config, JSON.stringify({ endpointName, version, servers, ...configuration }));
    this.variables = {
      endpoint: endpointName,
      version,
      lifetime: `${configuration.objects[1]?.[0]?.[1] ?? 86400}`,
      queue: `${configuration.queueMode}`,
      notifications: configuration.notifications ?? "",
      config,
    };
    const accounts = Object.keys(configuration.objects[1] ?? {}).length;
    const bootstrap = servers[serverCountOf(configuration)];
    this.variables.server = "";
    this.variables.bootstrap = bootstrap ?? "";
    const { hostname, port } = new URL(accounts > 0 ? servers[0] : (bootstrap ?? servers[0]));
    this.variables.host = hostname.replace(/^\[|\]$/g, "");
    this.variables.port = port;
    this.restartsLeft = MOST_RESTARTS;
    servers.slice(0, accounts).forEach((uri, i) => {
      this.variables[i === 0 ? "server" : `server${i + 1}`] = uri;
    });
  }

  async start(): Promise<void> {
    const child = spawn("/bin/sh", ["-c", `exec ${this.filled(this.commands.start)}`], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.running = child;
    this.lastWords = "";
    const { restarts = false } = this.commands;
    if (restarts !== false) {
      child.once("exit", (code) => {
        if (
          code !== (restarts === true ? 0 : restarts) ||
          this.running !== child ||
          this.restartsLeft-- <= 0
        )
          return;
        // What keeps it from starting shows as its end.
        this.start().catch(() => {});
      });
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        this.lastWords = (this.lastWords + chunk.toString("utf8")).slice(-LAST_WORDS);
      });
    }
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", resolve);
    });
  }

  ended(): string | undefined {
    const { exitCode = null, signalCode = null } = this.running ?? {};
    if (exitCode === null && signalCode === null) return undefined;
    return `its command ended with ${signalCode ?? exitCode}; its last words: ${this.lastWords.trim()}`;
  }

  async set(path: string, value: Value): Promise<void> {
    const command = this.commands.set;
    if (command === undefined) throw new Error("there is no command to set a value");
    await this.run(this.filled(command, { path, value: String(value) }));
  }

  async powerCycle(): Promise<void> {
    const { powerCycle } = this.commands;
    if (powerCycle !== undefined) return this.run(this.filled(powerCycle));
    await this.kill();
    await this.start();
  }

  private async kill(): Promise<void> {
    const child = this.running;
    this.running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    signal(child, "SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    const child = this.running;
    this.running = undefined;
    if (child === undefined) {
      rmSync(this.folder, { recursive: true, force: true });
      return;
    }
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const giveUp = setTimeout(() => signal(child, "SIGKILL"), COMMAND_PERIOD);
    if (this.commands.stop === undefined) signal(child, "SIGTERM");
    else await this.run(this.filled(this.commands.stop));
    await ended;
    clearTimeout(giveUp);
  }

  private filled(command: string, more: Readonly<Record<string, string>> = {}): string {
    const variables = { ...this.variables, ...more };
    return command.replace(/\{(\w+)\}/g, (whole, name: string) =>
      variables[name] === undefined ? whole : quoted(variables[name]),
    );
  }

  /** A command that fails is neither the client's fault nor the harness's: rejects with what ends the case without a verdict. */
  private run(command: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn("/bin/sh", ["-c", command], { stdio: "ignore", timeout: COMMAND_PERIOD });
      child.once("error", reject);
      child.once("exit", (code) => {
        if (code === 0) resolve();
        else {
          const how =
            code === null ? `took more than ${COMMAND_PERIOD / 1000} s` : `ended with ${code}`;
          reject(new Ended("inconclusive", `the command "${command}" ${how}`, undefined));
        }
      });
    });
  }
}

/** For a shell, where it has to be. */
function quoted(text: string): string {
  return /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** To the whole group: what a shell started must not outlive the case. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    child.kill(name);
  }
}
