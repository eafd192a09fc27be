/** `dormouse conform`: judges any LwM2M client or server, case by case. */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import { resolveServer } from "../simulator/udp-fleet.ts";
import { type DeviceProfile, readProfile } from "../test/conformance/adapters/claims.ts";
import { commandControl } from "../test/conformance/adapters/command.ts";
import { inProcessAdapter } from "../test/conformance/adapters/in-process.ts";
import { manualControl } from "../test/conformance/adapters/manual.ts";
import {
  type DeviceControl,
  type UdpClientAdapter,
  udpClientAdapter,
} from "../test/conformance/adapters/udp-client.ts";
import { udpServerAdapter } from "../test/conformance/adapters/udp-server.ts";
import {
  type CaseResult,
  type ConformanceCase,
  FEATURES,
  type Version,
} from "../test/conformance/case.ts";
import { CLIENT_CASES, SERVER_CASES } from "../test/conformance/cases/catalogue.ts";
import { GROUPS, groupOf, LEVELS, type Level } from "../test/conformance/cases/groups.ts";
import type { ClientAdapter } from "../test/conformance/client-under-test.ts";
import { formatName } from "../test/conformance/content.ts";
import { runCases } from "../test/conformance/harness.ts";
import { learnProfile } from "../test/conformance/learning.ts";
import { deviceConnectorOperator } from "../test/conformance/operators/device-connector.ts";
import { isLeshan, leshanOperator } from "../test/conformance/operators/leshan.ts";
import { manualOperator } from "../test/conformance/operators/manual.ts";
import { selectCases } from "../test/conformance/selection.ts";
import { runServerCases, type ServerCase } from "../test/conformance/server-harness.ts";
import type { Operator } from "../test/conformance/server-under-test.ts";
import {
  addReportOptions,
  conclude,
  REPORT_HELP,
  type ReportOptions,
  readBaseline,
} from "./conform-reports.ts";
import { hostOption, portOption, productVersion, repeated } from "./daemon.ts";

interface SelectionOptions {
  only: readonly string[];
  group: readonly string[];
  level?: Level;
}

interface ListOptions extends SelectionOptions {
  json?: boolean;
  details?: boolean;
}

interface ClientOptions extends SelectionOptions, ReportOptions {
  adapter: "in-process" | "command" | "manual";
  lwm2m: Version;
  profile?: string;
  learn?: true | string;
  commands?: string;
  host: string;
  port: number;
}

interface ServerOptions extends SelectionOptions, ReportOptions {
  lwm2m: Version;
  rest?: string;
  api?: "device-connector" | "leshan";
  key?: string;
  name?: string;
}

const GROUP_HELP = `
Groups:
${GROUPS.map(({ name, title }) => `  ${name.padEnd(20)}${title}`).join("\n")}
`;

const CLIENT_HELP = `
Adapters:
  in-process  Dormouse's own agent, in virtual time: a check of the harness and of the agent
  command     shell commands start, stop and change the client: --commands FILE with
              { "start": "my-client {server} {endpoint} {lifetime}", "stop": "...",
                "set": "...", "send": "...", "device": { ... } }; only start is needed
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

const SERVER_HELP = `
The harness is a raw client that forges, withholds and repeats. What the server is to do
is ordered through its REST API: --rest URL, in the form of mbed Device Connector with
--key KEY (or DORMOUSE_KEY in the environment), or of Eclipse Leshan's demo server
(--api leshan). Without --rest a person at the server's own screens is asked. Each case
registers as an endpoint of its own, conform-...
${GROUP_HELP}${REPORT_HELP}
Examples:
  dormouse conform server --rest http://127.0.0.1:8080 --key "$KEY" coap://127.0.0.1:5683
  dormouse conform server --rest http://127.0.0.1:8081 --api leshan coap://127.0.0.1:5684
  dormouse conform server coap://192.0.2.7:5683 --group registration --html report.html
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
    .option("--host <address>", "where the harness's servers listen", hostOption, "127.0.0.1")
    .option("--port <port>", "port of the first of them, 0 for any", portOption, 5683);
  addReportOptions(addSelectionOptions(client)).addHelpText("after", CLIENT_HELP).action(runClient);
  addServerCommand(conform);
}

/** Adds `conform server`. */
function addServerCommand(conform: Command): void {
  const server = conform
    .command("server")
    .description("judge a server: the harness is its clients")
    .argument("<uri>", "where the server takes registrations: coap://HOST:PORT")
    .addOption(
      new Option("--lwm2m <version>", "which version of the enabler it is judged by")
        .choices(["1.0", "1.1", "1.2"])
        .default("1.1"),
    )
    .option("--rest <url>", "the server's REST API")
    .addOption(
      new Option("--api <kind>", "whose form it has; found out unless given").choices([
        "device-connector",
        "leshan",
      ]),
    )
    .addOption(new Option("--key <key>", "an access key for it").env("DORMOUSE_KEY"))
    .option("--name <text>", "names the server in reports");
  addReportOptions(addSelectionOptions(server)).addHelpText("after", SERVER_HELP).action(runServer);
}

function addSelectionOptions(command: Command): Command {
  return command
    .option(
      "--only <id>",
      "this case: an id, its number, or a part with *; repeatable",
      repeated,
      [],
    )
    .option("--group <name>", "this group; repeatable", repeated, [])
    .addOption(
      new Option("--level <level>", "the TestFest's minimum, or up to a version").choices(LEVELS),
    );
}

function selected<C extends Pick<ConformanceCase, "id" | "versions">>(
  cases: readonly C[],
  { only, group, level }: SelectionOptions,
): C[] {
  const some = (list: readonly string[]) => (list.length === 0 ? undefined : list);
  const found = selectCases(cases, { only: some(only), groups: some(group), level });
  if (found.length === 0) throw new Error("No case is left: choose fewer conditions.");
  return found;
}

function runList(options: ListOptions): void {
  const { details } = options;
  const cases = orFail(() => selected([...CLIENT_CASES, ...SERVER_CASES], options));
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
      const { firmware: _, ...profile } = claims;
      writeFileSync(options.learn, `${JSON.stringify(profile, null, 2)}\n`);
    }
    return { ...adapter, claims };
  } catch (error) {
    await close(adapter);
    return couldNotRun((error as Error).message);
  }
}

/** What a case needs; with details also what it judges and how. */
function detailsOf(one: ConformanceCase | ServerCase, isWhole: boolean): string[] {
  const needs = needsOf(one);
  const lines = needs === "" ? [] : [`needs ${needs}`];
  if (!isWhole) return lines;
  if (one.role === "client") lines.push(`configuration ${one.configuration.name}`);
  for (const [name, words] of Object.entries(one.criteria)) lines.push(`- ${name}: ${words}`);
  const steps = one.role === "client" ? (one.steps ?? []) : [];
  steps.forEach((words, i) => lines.push(`${i + 1}. ${words}`));
  if (one.correction !== undefined) lines.push(`corrected: ${one.correction}`);
  return lines;
}

function needsOf(one: ConformanceCase | ServerCase): string {
  if (one.role === "server") return (one.needs ?? []).join(", ");
  const {
    formats = [],
    features = [],
    firmware = [],
    paths = [],
    setsValues,
    sends,
    missing,
  } = one.needs ?? {};
  const words: string[] = [...features, ...(one.needs?.resources ?? [])];
  if (missing !== undefined) words.unshift(`what the harness has not: ${missing}`);
  words.push(...formats.map(formatName), ...firmware.map((item) => `firmware "${item}"`));
  words.push(...paths.map((item) => `path "${item}"`));
  if (setsValues === true) words.push("values that change on the device");
  if (sends === true) words.push("a device that sends when it is told to");
  return words.join(", ");
}

async function runClient(options: ClientOptions): Promise<void> {
  const cases = orFail(() => selected(CLIENT_CASES, options));
  const baseline = orFail(() => readBaseline(options.baseline));
  const plain = orFail(() => adapterOf(options));
  const adapter = await learned(plain, options);
  const startedAt = Date.now();
  const progress = await progressOf(cases, adapter, options);
  let results: CaseResult[];
  try {
    results = await runCases(cases, adapter, options.lwm2m, progress);
  } finally {
    await close(adapter);
  }
  const harness = `Dormouse conformance harness ${productVersion()}`;
  const run = { subject: adapter.name, role: "client", harness, startedAt, results } as const;
  process.exitCode = conclude(run, options, baseline);
}

async function runServer(uri: string, options: ServerOptions): Promise<void> {
  const cases = orFail(() => selected(SERVER_CASES, options));
  const baseline = orFail(() => readBaseline(options.baseline));
  let operator: Operator;
  let address: { readonly address: string; readonly port: number };
  try {
    address = await resolveServer(uri);
    operator = await operatorOf(options);
  } catch (error) {
    return couldNotRun((error as Error).message);
  }
  const name = options.name ?? uri;
  const startedAt = Date.now();
  let done = 0;
  const progress = ({ id, verdict }: CaseResult) => {
    done++;
    if (options.quiet !== true) console.error(`[${done}/${cases.length}] ${id}: ${verdict}`);
  };
  let results: CaseResult[];
  try {
    const adapter = udpServerAdapter({ name, host: address.address, port: address.port, operator });
    results = await runServerCases(cases, adapter, options.lwm2m, progress);
  } finally {
    await operator.close();
  }
  const harness = `Dormouse conformance harness ${productVersion()}`;
  const run = { subject: name, role: "server", harness, startedAt, results } as const;
  process.exitCode = conclude(run, options, baseline);
}

async function operatorOf({ rest, key, api }: ServerOptions): Promise<Operator> {
  if (rest === undefined) return manualOperator(askForText);
  const isTold = api !== undefined || key !== undefined;
  if (api === "leshan" || (!isTold && (await isLeshan(rest)))) return leshanOperator(rest);
  if (key === undefined) throw new Error("--rest needs an access key: --key KEY, or DORMOUSE_KEY.");
  return deviceConnectorOperator(rest, key);
}

function adapterOf(options: ClientOptions): ClientAdapter | UdpClientAdapter {
  if (options.adapter === "in-process") return inProcessAdapter();
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

async function askForText(text: string): Promise<string> {
  if (process.stdin.isTTY !== true) {
    // Nobody can press Enter: what was asked is taken to be done by whoever started this.
    console.error(text);
    return "";
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(`\n${text} `);
  } finally {
    terminal.close();
  }
}

async function close(adapter: ClientAdapter | UdpClientAdapter): Promise<void> {
  if ("close" in adapter) await adapter.close();
}

/** Says each result as it comes, and how long the rest may take: what the cases take our own agent, in its time. */
async function progressOf(
  cases: readonly ConformanceCase[],
  adapter: ClientAdapter,
  { adapter: kind, lwm2m, quiet }: ClientOptions,
): Promise<((result: CaseResult) => void) | undefined> {
  if (quiet === true || kind === "in-process") return undefined;
  const estimates = await runCases(cases, { ...inProcessAdapter(), claims: adapter.claims }, lwm2m);
  let left = estimates.reduce((sum, { seconds }) => sum + seconds, 0);
  let done = 0;
  console.error(`${cases.length} cases, about ${durationText(left)}.`);
  return ({ id, verdict }) => {
    left -= estimates[done].seconds;
    done++;
    const rest = done < cases.length ? `, about ${durationText(left)} left` : "";
    console.error(`[${done}/${cases.length}] ${id}: ${verdict}${rest}`);
  };
}

function durationText(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

/** Ends the process with status 2 and one line when the run cannot be made. */
function orFail<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    return couldNotRun((error as Error).message);
  }
}

function couldNotRun(message: string): never {
  console.error(message);
  process.exit(2);
}
