/**
 * `dormouse fleet`: many simulated devices against any LwM2M server.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { PROFILES, profileNamed } from "../simulator/profiles/catalogue.ts";
import {
  progressLine,
  progressPanel,
  type RunTitle,
  reportText,
} from "../simulator/report/terminal.ts";
import { type RunningFleet, resolveServer } from "../simulator/udp-fleet.ts";
import { fleetOf } from "../simulator/worker-fleet.ts";

interface FleetOptions {
  server: string;
  count: number;
  profile: string;
  duration?: number;
  lifetime?: number;
  rate: number;
  window: number;
  pressure: number;
  processes: number;
  prefix: string;
  seed: number;
  json?: string;
}

const PROFILE_NAMES = PROFILES.map(({ name }) => name).join(", ");
const REDRAW_INTERVAL = 250;
const LINE_INTERVAL = 5000;
/** How long a server may stay silent from the start before the run is given up, ms. */
const PATIENCE = 20000;
/** The longest that de-registering may take, ms: MAX_TRANSMIT_WAIT (RFC 7252 §4.8.2) of the last request, and a little. */
const LEAVE_LIMIT = 100000;
/** When the server's port is closed while the fleet de-registers, it is given this long to come back, ms. */
const REFUSAL_PATIENCE = 5000;

const HELP = `
Profiles:
${PROFILES.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join("\n")}

The fleet de-registers at the end and on Ctrl-C; a second Ctrl-C quits at once.

"Lost" in the report counts every Register, Update and De-register that was never
answered (after all retransmissions, 93 s), and every device that was answered but
never got registered. The exit code is 1 if anything was lost.

Examples:
  dormouse fleet --server coap://127.0.0.1:5683 --count 100 --duration 60
  dormouse fleet --server coap://[::1]:5683 --count 20000 --rate 2000 --profile meter --json run.json
`;

export function fleetCommand(program: Command): void {
  program
    .command("fleet")
    .description("run many simulated devices, each with its own UDP port, against an LwM2M server")
    .requiredOption("--server <uri>", "where the server is: coap://HOST:PORT")
    .requiredOption("--count <n>", "how many devices", wholeNumber(1, 1000000))
    .option("--profile <name>", `what they are: ${PROFILE_NAMES}`, "sensor")
    .option(
      "--duration <seconds>",
      "how long they stay once all have registered (default: until Ctrl-C)",
      wholeNumber(0, 100000000),
    )
    .option(
      "--lifetime <seconds>",
      "registration lifetime, instead of the profile's",
      wholeNumber(1, 4294967295),
    )
    .option("--rate <n>", "registrations per second; 0 is no limit", wholeNumber(0, 1000000), 1000)
    .option(
      "--window <n>",
      "how many may register or de-register at the same moment",
      wholeNumber(1, 100000),
      128,
    )
    .option(
      "--pressure <n>",
      "keep so many Updates under way, to see what the server can take; 0: as lifetimes ask",
      wholeNumber(0, 100000),
      0,
    )
    .option("--processes <n>", "share the devices between processes", wholeNumber(1, 240), 1)
    .option("--prefix <name>", "endpoint names are NAME-000000, NAME-000001, ...", "fleet")
    .option("--seed <n>", "the same seed shows the same values", wholeNumber(0, 4294967295), 1)
    .option("--json <file>", "write the end report to a file")
    .addHelpText("after", HELP)
    .action(runFleet);
}

async function runFleet(options: FleetOptions, command: Command): Promise<void> {
  const profile = profileNamed(options.profile);
  if (profile === undefined) {
    command.error(`There is no profile ${options.profile}. Profiles: ${PROFILE_NAMES}`);
  }
  let fleet: RunningFleet;
  try {
    if (options.json !== undefined) appendFileSync(options.json, "");
    const server = await resolveServer(options.server);
    const { count, lifetime, rate, window, pressure, prefix, seed } = options;
    fleet = fleetOf(
      { server, size: count, profile, lifetime, rate, window, pressure, prefix, seed },
      options.processes,
    );
    await fleet.open();
  } catch (error) {
    command.error((error as Error).message);
  }
  const run = new Run(fleet, options);
  process.exitCode = (await run.toEnd()) ? 0 : 1;
}

/** One run of a fleet, from the first Register to the report. */
class Run {
  private readonly fleet: RunningFleet;
  private readonly options: FleetOptions;
  private readonly title: RunTitle;
  private readonly startedAt = performance.now();
  private phase = "registering";
  private interrupts = 0;
  private panelHeight = 0;
  private drawnAt = Number.NEGATIVE_INFINITY;

  constructor(fleet: RunningFleet, options: FleetOptions) {
    this.fleet = fleet;
    this.options = options;
    this.title = { count: options.count, profile: options.profile, server: options.server };
  }

  /** Runs, de-registers and reports. Resolves to true when nothing was lost. */
  async toEnd(): Promise<boolean> {
    const interrupt = () => this.handleInterrupt();
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", interrupt);
    this.fleet.start();
    const silence = await this.untilAnswered();
    if (silence !== undefined) {
      this.fleet.close();
      this.erasePanel();
      console.error(silence);
      return false;
    }
    await this.while(() => !this.fleet.isSettled());
    this.phase = "running";
    const end = performance.now() + (this.options.duration ?? Infinity) * 1000;
    await this.while(() => performance.now() < end);
    await this.leave();
    this.fleet.close();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    return this.report();
  }

  /** Waits for the first answer. Resolves to what to tell the user when there is none. */
  private async untilAnswered(): Promise<string | undefined> {
    const { server } = this.options;
    const end = performance.now() + PATIENCE;
    const isAnswered = () => this.fleet.tally.latency.total > 0;
    const isRefused = () => this.fleet.tally.counts.refused > 0;
    await this.while(() => !isAnswered() && !isRefused() && performance.now() < end);
    if (isAnswered() || this.interrupts > 0) return undefined;
    return isRefused()
      ? `Nothing listens at ${server}: start the server first, or check host and port.`
      : `No answer from ${server} within ${PATIENCE / 1000} s: is an LwM2M server listening there?`;
  }

  /** De-registers; gives up when the server is gone for good or at the second Ctrl-C. */
  private async leave(): Promise<void> {
    this.phase = "de-registering";
    const { fleet } = this;
    const interrupts = this.interrupts;
    const limit = performance.now() + LEAVE_LIMIT;
    let isStopped = false;
    const stopped = fleet.stop().then(() => {
      isStopped = true;
    });
    let answered = fleet.tally.latency.total;
    let refused = fleet.tally.counts.refused;
    let answeredAt = performance.now();
    while (!isStopped && performance.now() < limit && this.interrupts === interrupts) {
      await Promise.race([stopped, sleep(REDRAW_INTERVAL)]);
      this.draw();
      const { latency, counts } = fleet.tally;
      if (latency.total > answered || counts.refused === refused) answeredAt = performance.now();
      if (performance.now() - answeredAt > REFUSAL_PATIENCE) break;
      answered = latency.total;
      refused = counts.refused;
    }
    if (!isStopped) fleet.abandon();
    await stopped;
  }

  /** Shows progress as long as the condition holds and nobody has pressed Ctrl-C. */
  private async while(isPending: () => boolean): Promise<void> {
    while (isPending() && this.interrupts === 0) {
      this.draw();
      await sleep(REDRAW_INTERVAL);
    }
  }

  private handleInterrupt(): void {
    this.interrupts++;
    if (this.interrupts === 1) {
      this.erasePanel();
      console.error("Stopping: devices de-register. Press Ctrl-C again to quit at once.");
    }
  }

  private draw(): void {
    const now = performance.now();
    const elapsed = now - this.startedAt;
    const { tally } = this.fleet;
    if (process.stderr.isTTY) {
      const panel = progressPanel(this.title, tally, this.phase, elapsed);
      this.erasePanel();
      process.stderr.write(`${panel.join("\n")}\n`);
      this.panelHeight = panel.length;
    } else if (now - this.drawnAt >= LINE_INTERVAL) {
      this.drawnAt = now;
      console.error(progressLine(this.title, tally, this.phase, elapsed));
    }
  }

  private erasePanel(): void {
    if (this.panelHeight > 0) process.stderr.write(`\x1b[${this.panelHeight}F\x1b[0J`);
    this.panelHeight = 0;
  }

  private report(): boolean {
    this.erasePanel();
    const { tally } = this.fleet;
    const report = tally.report(this.options.count, performance.now() - this.startedAt);
    console.log(reportText(this.title, tally, report));
    if (this.options.json !== undefined) {
      writeFileSync(this.options.json, `${JSON.stringify(report)}\n`);
    }
    return report.lost === 0;
  }
}

/** Reads an option's whole number within bounds. */
function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < min || number > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return number;
  };
}
