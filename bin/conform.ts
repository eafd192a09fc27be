/** `dormouse conform`: judges any LwM2M client or server, case by case. */
import { readFileSync, writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import {
  type DeviceProfile,
  profileJson,
  readProfile,
} from "../test/conformance/adapters/claims.ts";
import { commandControl } from "../test/conformance/adapters/command.ts";
import { inProcessAdapter } from "../test/conformance/adapters/in-process.ts";
import { manualControl } from "../test/conformance/adapters/manual.ts";
import {
  type DeviceControl,
  type UdpClientAdapter,
  udpClientAdapter,
} from "../test/conformance/adapters/udp-client.ts";
import type { BootstrapServerCase } from "../test/conformance/bootstrap-harness.ts";
import {
  type CaseResult,
  type ConformanceCase,
  FEATURES,
  type Version,
} from "../test/conformance/case.ts";
import { AS_PRINTED_CASES, byTheLetter } from "../test/conformance/cases/as-printed.ts";
import {
  BOOTSTRAP_SERVER_CASES,
  CLIENT_CASES,
  SERVER_CASES,
} from "../test/conformance/cases/catalogue.ts";
import { GROUPS, groupOf } from "../test/conformance/cases/groups.ts";
import type { ClientAdapter } from "../test/conformance/client-under-test.ts";
import { formatName } from "../test/conformance/content.ts";
import { runCases } from "../test/conformance/harness.ts";
import { learnProfile } from "../test/conformance/learning.ts";
import type { ServerCase } from "../test/conformance/server-harness.ts";
import {
  addSelectionOptions,
  askForText,
  couldNotRun,
  durationText,
  GROUP_HELP,
  orFail,
  type SelectionOptions,
  selected,
  stopSignal,
} from "./conform-options.ts";
import {
  addReportOptions,
  conclude,
  REPORT_HELP,
  type ReportOptions,
  readBaseline,
} from "./conform-reports.ts";
import { addServerCommand } from "./conform-server.ts";
import { hostOption, portOption, productVersion } from "./daemon.ts";

interface ListOptions extends SelectionOptions {
  json?: boolean;
  details?: boolean;
  asPrinted?: boolean;
}

interface ClientOptions extends SelectionOptions, ReportOptions {
  adapter: "in-process" | "command" | "manual";
  realTime?: boolean;
  asPrinted?: boolean;
  lwm2m: Version;
  profile?: string;
  learn?: true | string;
  commands?: string;
  host: string;
  port: number;
}

const CLIENT_HELP = `
Adapters:
  in-process  Dormouse's own agent, in virtual time: a check of the harness and of the agent
  command     shell commands start, stop and change the client: --commands FILE with
              { "start": "my-client {server} {endpoint} {lifetime}", "stop": "...",
                "set": "...", "send": "...", "powerCycle": "...", "restarts": true,
                "clock": 10, "device": { ... } }; only start is needed
  manual      a person does what the harness says; the device is pointed at its address

--profile FILE says what the device claims, as JSON: { "name": "Sensor 4711",
"versions": ["1.0", "1.1"], "contentFormats": [0, 11542], "features": ["queue mode"],
"objects": [1, 3, 4], "values": { "/3/0/0": "Acme" } }. What it does not claim makes a
case not applicable; features are:
${inLines(FEATURES, 80)}.
"paths" names where the device does what LwM2M has no path for: { "separate": "/3303/0/5700" }
is a resource whose Read is not answered at once.
"firmware" names images and addresses for updates: { "image": "good.bin", "uri": "coap://..." }.
--learn fills the profile with what the device registers and says of /1 and /3.
${GROUP_HELP}${REPORT_HELP}
Examples:
  dormouse conform client --adapter in-process
  dormouse conform client --adapter manual --host 192.0.2.7 --level testfest --html report.html
  dormouse conform client --adapter command --commands my-client.json --only 101 --only "201"
`;

/** A list in lines of at most so many characters. */
function inLines(words: readonly string[], width: number): string {
  const lines = [""];
  for (const word of words) {
    const last = lines[lines.length - 1];
    const longer = last === "" ? word : `${last}, ${word}`;
    if (longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join(",\n");
}

export function conformCommand(program: Command): void {
  const conform = program
    .command("conform")
    .description("judge an LwM2M client or server, case by OMA test case");
  addSelectionOptions(
    conform
      .command("list")
      .description("print every case with what it proves")
      .option("--details", "with criteria, steps and corrections")
      .option("--as-printed", "those that the ETS misprints, as they are printed")
      .option("--json", "as JSON"),
  )
    .addHelpText("after", GROUP_HELP)
    .action(runList);
  const client = conform
    .command("client")
    .description("judge a client: the harness is its servers")
    .addOption(
      new Option("--adapter <name>", "how the client is reached")
        .choices(["in-process", "command", "manual"])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--lwm2m <version>", "which version of the enabler it is judged by")
        .choices(["1.0", "1.1", "1.2"])
        .default("1.1"),
    )
    .option("--profile <file>", "what the device claims (JSON), for the manual adapter")
    .option(
      "--learn [file]",
      "fill the profile with what the client shows first, and write it to the file",
    )
    .option("--commands <file>", "the commands (JSON), for the command adapter")
    .option("--real-time", "let our own agent's time pass as ours does")
    .option("--as-printed", "run the cases that the ETS misprints as they are printed")
    .option("--host <address>", "where the harness's servers listen", hostOption, "127.0.0.1")
    .option("--port <port>", "port of the first of them, 0 for any", portOption, 5683);
  addReportOptions(addSelectionOptions(client)).addHelpText("after", CLIENT_HELP).action(runClient);
  addServerCommand(conform);
}

function runList(options: ListOptions): void {
  const { details } = options;
  const usual = [...CLIENT_CASES, ...SERVER_CASES, ...BOOTSTRAP_SERVER_CASES];
  const all = options.asPrinted === true ? AS_PRINTED_CASES : usual;
  const cases = orFail(() => selected(all, options));
  if (options.json === true) {
    const rows = cases.map((one) => ({
      id: one.id,
      title: one.title,
      role: one.role,
      group: groupOf(one.id).name,
      versions: one.versions,
      clauses: one.clauses,
      configuration: "configuration" in one ? one.configuration.name : undefined,
      criteria: one.criteria,
      needs: one.needs,
      steps: "steps" in one ? one.steps : undefined,
      correction: one.correction,
    }));
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  for (const { name, title } of GROUPS) {
    const inGroup = cases.filter(({ id }) => groupOf(id).name === name);
    if (inGroup.length === 0) continue;
    console.log(`\n${title}`);
    for (const one of inGroup) {
      console.log(`  ${one.id}  ${one.title} (${one.role}, LwM2M ${one.versions.join(" ")})`);
      console.log(`      ${one.clauses.join("; ")}`);
      for (const line of detailsOf(one, details === true)) console.log(`      ${line}`);
    }
  }
}

/** The adapter, with claims that the client itself showed where that was asked for. */
async function learned(adapter: ClientAdapter, options: ClientOptions): Promise<ClientAdapter> {
  if (options.learn === undefined) return adapter;
  try {
    const claims = await learnProfile(adapter, options.lwm2m);
    if (typeof options.learn === "string") {
      writeFileSync(options.learn, `${JSON.stringify(profileJson(claims), null, 2)}\n`);
    }
    return { ...adapter, claims };
  } catch (error) {
    await close(adapter);
    return couldNotRun((error as Error).message);
  }
}

type AnyCase = ConformanceCase | ServerCase | BootstrapServerCase;

/** What a case needs; with details also what it judges and how. */
function detailsOf(one: AnyCase, isWhole: boolean): string[] {
  const needs = needsOf(one);
  const lines = needs === "" ? [] : [`needs ${needs}`];
  if (!isWhole) return lines;
  if (one.role === "client") lines.push(`configuration ${one.configuration.name}`);
  for (const [name, words] of Object.entries(one.criteria)) lines.push(`- ${name}: ${words}`);
  const steps = "steps" in one ? (one.steps ?? []) : [];
  steps.forEach((words, i) => lines.push(`${i + 1}. ${words}`));
  if (one.correction !== undefined) lines.push(`corrected: ${one.correction}`);
  return lines;
}

function needsOf(one: AnyCase): string {
  if (one.role === "server") {
    const { needs = [], missing } = one;
    const lacking = missing === undefined ? [] : [`what the harness has not: ${missing}`];
    return [...lacking, ...needs].join(", ");
  }
  if (one.role === "bootstrap server") return bootstrapNeedsOf(one);
  const {
    formats = [],
    features = [],
    firmware = [],
    oneOfFormats = [],
    paths = [],
    setsValues,
    sends,
    stranger,
    missing,
  } = one.needs ?? {};
  const words: string[] = [...features, ...(one.needs?.resources ?? [])];
  if (missing !== undefined) words.unshift(`what the harness has not: ${missing}`);
  words.push(...formats.map(formatName), ...firmware.map((item) => `firmware "${item}"`));
  if (oneOfFormats.length > 0) words.push(`one of ${oneOfFormats.map(formatName).join(", ")}`);
  words.push(...paths.map((item) => `path "${item}"`));
  if (setsValues === true) words.push("values that change on the device");
  if (sends === true) words.push("a device that sends when it is told to");
  if (stranger === true) words.push("another port to send from");
  return words.join(", ");
}

function bootstrapNeedsOf({ needs = [], needsLwm2mServer, missing }: BootstrapServerCase): string {
  const words: string[] = [...needs];
  if (needsLwm2mServer === true) words.unshift("an LwM2M Server beside it");
  if (missing !== undefined) words.unshift(`what the harness has not: ${missing}`);
  return words.join(", ");
}

async function runClient(options: ClientOptions): Promise<void> {
  const chosen = orFail(() => selected(CLIENT_CASES, options));
  const cases = options.asPrinted === true ? byTheLetter(chosen) : chosen;
  const baseline = orFail(() => readBaseline(options.baseline));
  const plain = orFail(() => adapterOf(options));
  const adapter = await learned(plain, options);
  const startedAt = Date.now();
  const progress = await progressOf(cases, adapter, options);
  const stopped = stopSignal();
  let results: CaseResult[];
  try {
    results = await runCases(cases, adapter, options.lwm2m, progress, stopped);
  } finally {
    await close(adapter);
  }
  const harness = `Dormouse conformance harness ${productVersion()}`;
  const run = { subject: adapter.name, role: "client", harness, startedAt, results } as const;
  const status = conclude(run, options, baseline);
  // What is left of the case that was under way would keep the process.
  if (stopped.aborted) process.exit(2);
  process.exitCode = status;
}

function adapterOf(options: ClientOptions): ClientAdapter | UdpClientAdapter {
  if (options.adapter === "in-process") {
    return inProcessAdapter({ speed: options.realTime === true ? 1 : undefined });
  }
  return udpClientAdapter(controlOf(options), { host: options.host, port: options.port });
}

function controlOf({ adapter, profile, commands }: ClientOptions): DeviceControl {
  if (adapter === "manual") return manualControl(profileOf(profile), askPerson);
  if (commands === undefined) {
    throw new Error("The command adapter needs --commands FILE; --help shows what is in it.");
  }
  return commandControl(readJsonFile(commands));
}

function profileOf(file: string | undefined): DeviceProfile {
  return readProfile(file === undefined ? {} : readJsonFile(file));
}

function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`);
  }
}

async function askPerson(text: string): Promise<void> {
  await askForText(text);
}

async function close(adapter: ClientAdapter | UdpClientAdapter): Promise<void> {
  if ("close" in adapter) await adapter.close();
}

/** Says each result as it comes, and how long the rest may take: what the cases take our own agent, in its time. */
async function progressOf(
  cases: readonly ConformanceCase[],
  adapter: ClientAdapter,
  { adapter: kind, lwm2m, quiet, realTime }: ClientOptions,
): Promise<((result: CaseResult) => void) | undefined> {
  if (quiet === true || (kind === "in-process" && realTime !== true)) return undefined;
  const estimates = await runCases(cases, { ...inProcessAdapter(), claims: adapter.claims }, lwm2m);
  const clock = adapter.clock ?? 1;
  let left = estimates.reduce((sum, { seconds }) => sum + seconds, 0) / clock;
  let done = 0;
  console.error(`${cases.length} cases, about ${durationText(left)}.`);
  return ({ id, verdict }) => {
    left -= estimates[done].seconds / clock;
    done++;
    const rest = done < cases.length ? `, about ${durationText(left)} left` : "";
    console.error(`[${done}/${cases.length}] ${id}: ${verdict}${rest}`);
  };
}
