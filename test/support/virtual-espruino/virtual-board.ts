/**
 * A virtual Espruino board with power: what outlives a reboot (its Storage, and the clock unless the power is cut), boots, deep sleeps.
 * Time passes when `handleTimeout` says so; what the board does is given to `onOutput`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import type { BoardOrder, BoardOutput, BoardSettings } from "./board-api.ts";
import { NODE_REALMS, type Realm, type RealmMaker } from "./script-engine.ts";

/** From power or a reset until the program runs, ms. */
const BOOT_TIME = 200;
/** 2027-01-15T08:00:00Z. */
export const CALENDAR = 1_800_000_000;

export interface VirtualBoardOptions
  extends Partial<Pick<BoardSettings, "wifi" | "esp32" | "watchdog" | "temperature" | "dht22">> {
  readonly realms?: RealmMaker;
  /** Whose API the board has. Default Espruino's. */
  readonly api?: BoardApi;
  /** What the board runs when it starts. */
  readonly program: string;
  /** Files of the Storage beside it, as text. */
  readonly files?: Readonly<Record<string, string>>;
  /** Bytes of the Storage. */
  readonly storage?: number;
  readonly serial?: string;
  readonly seed?: number;
  /** False: the clock is as the factory left it until something sets it. Default true. */
  readonly hasClock?: boolean;
}

/** The folders of the imitations beside this one. */
export type BoardApi = "virtual-espruino" | "virtual-kaluma";

const scripts = new Map<BoardApi, string>();

/** The board's API as a script that makes `board`. */
export function boardScript(settings: BoardSettings, api: BoardApi = "virtual-espruino"): string {
  return `var board = (function (root) { var exports = {}; ${apiScript(api)}
return exports.installBoard(root, ${JSON.stringify(settings)}); })(this);`;
}

function apiScript(api: BoardApi): string {
  let script = scripts.get(api);
  if (script === undefined) {
    const source = readFileSync(join(import.meta.dirname, "..", api, "board-api.ts"), "utf8");
    script = ts.transpileModule(source, {
      compilerOptions: {
        target: ts.ScriptTarget.ES5,
        module: ts.ModuleKind.CommonJS,
        ignoreDeprecations: "6.0",
      },
    }).outputText;
    scripts.set(api, script);
  }
  return script;
}

/** The state of a board after an order. */
interface Report {
  readonly outputs: BoardOutput[];
  readonly deadline: number | null;
  readonly now: number;
  readonly calendar: number;
  readonly steps: number;
}

export class VirtualBoard {
  /** Milliseconds since it was made. */
  now = 0;
  /** Contents of the Storage. */
  files: Record<string, string>;
  /** All that it printed. */
  readonly printed: string[] = [];
  /** `software`, `watchdog`, `deepSleep`, one for each end of a boot. */
  readonly ends: string[] = [];
  /** Writes to the Storage. */
  writes = 0;
  /** Steps of the present boot, where its program counts them. */
  steps = 0;
  /** A handler of the next boot is cut short there; 0 never. */
  cutAt = 0;
  /** Time spent in deep sleep, ms. */
  asleep = 0;
  onOutput: (output: BoardOutput) => void = () => {};
  readonly options: VirtualBoardOptions;
  private readonly realms: RealmMaker;
  private realm: Realm | undefined;
  private due = Infinity;
  private bootAt = Infinity;
  private wakeupCause = 0;
  private seed: number;
  private calendar: number;
  /** When `calendar` was read. */
  private readAt = 0;
  private networks: BoardSettings["wifi"];

  constructor(options: VirtualBoardOptions) {
    this.options = options;
    this.realms = options.realms ?? NODE_REALMS;
    this.files = { ...options.files };
    this.seed = options.seed ?? 1;
    this.calendar = options.hasClock === false ? 0 : CALENDAR;
    this.networks = options.wifi;
  }

  /** The program runs. */
  get isOn(): boolean {
    return this.realm !== undefined;
  }

  /** Power comes; the program runs at once. */
  switchOn(): void {
    this.wakeupCause = 0;
    this.boot();
  }

  /** Without warning. The calendar begins anew where nothing keeps it. */
  cutPower(): void {
    if (this.realm !== undefined) this.stop();
    this.bootAt = Infinity;
    this.readAt = this.now;
    this.calendar = 0;
  }

  /** A reset that leaves the clock. */
  reset(): void {
    if (this.realm !== undefined) this.stop();
    this.bootAt = this.now + BOOT_TIME;
  }

  deadline(): number {
    return Math.min(this.bootAt, this.due);
  }

  handleTimeout(now: number): void {
    while (this.deadline() <= now) {
      this.now = Math.max(this.now, this.deadline());
      if (this.bootAt <= this.now) this.boot();
      else this.order({ kind: "advance", to: this.now });
    }
    this.now = Math.max(this.now, now);
    if (this.realm !== undefined) this.order({ kind: "advance", to: this.now });
  }

  order(...orders: BoardOrder[]): void {
    if (this.realm === undefined) return;
    this.take(JSON.parse(this.realm.call("order", JSON.stringify(orders))) as Report);
  }

  /** What arrives at one of its sockets. */
  deliver(socket: number, datagram: Uint8Array, address: string, port: number): void {
    const hex = Buffer.from(datagram).toString("hex");
    this.order({ kind: "datagram", socket, hex, address, port });
  }

  /** Access points come and go. */
  setNetworks(networks: Readonly<Record<string, string>>): void {
    this.networks = networks;
    this.order({ kind: "wifi", networks });
  }

  dispose(): void {
    if (this.realm !== undefined) this.stop();
    this.bootAt = Infinity;
  }

  private boot(): void {
    this.bootAt = Infinity;
    const { options } = this;
    const settings: BoardSettings = {
      now: this.now,
      calendar: this.calendar + (this.now - this.readAt) / 1000,
      seed: this.seed++,
      files: this.files,
      storage: options.storage ?? 65536,
      serial: options.serial ?? "0123456789ab",
      wakeupCause: this.wakeupCause,
      wifi: this.networks,
      esp32: options.esp32 ?? false,
      watchdog: options.watchdog ?? false,
      temperature: options.temperature,
      dht22: options.dht22,
      cutAt: this.cutAt,
    };
    this.cutAt = 0;
    // Kaluma parses programs so.
    const mode = options.api === "virtual-kaluma" ? '"use strict";' : "";
    this.realm = this.realms.make();
    this.realm.run(boardScript(settings, options.api));
    this.realm.run(`board.run(function () { ${mode}${options.program}\n});`);
    this.order({ kind: "advance", to: this.now });
  }

  private take({ outputs, deadline, calendar, steps }: Report): void {
    this.due = deadline ?? Infinity;
    this.calendar = calendar;
    this.readAt = this.now;
    this.steps = steps;
    for (const output of outputs) {
      if (output.kind === "print") this.printed.push(output.text);
      else if (output.kind === "write") this.writes++;
      else if (output.kind === "reboot") this.restart(output.cause, BOOT_TIME, 0);
      else if (output.kind === "deepSleep") {
        const period = output.microseconds / 1000;
        // Taken as unsigned by the chip: the board would not come back.
        if (period < 0) throw new Error("deepSleep with more than 2^31 microseconds");
        this.asleep += period;
        this.restart("deepSleep", period + BOOT_TIME, 4);
      }
      this.onOutput(output);
    }
  }

  private restart(why: string, after: number, cause: number): void {
    this.ends.push(why);
    this.stop();
    this.wakeupCause = cause;
    this.bootAt = this.now + after;
  }

  private stop(): void {
    const realm = this.realm as Realm;
    this.files = JSON.parse(realm.call("files", "")) as Record<string, string>;
    this.realm = undefined;
    this.due = Infinity;
    realm.dispose();
  }
}
