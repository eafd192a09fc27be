/** `dormouse conform server`: judges any LwM2M Server and Bootstrap-Server, through clients of the harness and operator interfaces. */
import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseStreamUri } from "../firmware/agent/stream-address.ts";
import { resolveServer } from "../simulator/udp-fleet.ts";
import { udpServerAdapter } from "../test/conformance/adapters/udp-server.ts";
import {
  type BootstrapServerCase,
  runBootstrapServerCases,
} from "../test/conformance/bootstrap-harness.ts";
import type { CaseResult, Version } from "../test/conformance/case.ts";
import { BOOTSTRAP_SERVER_CASES, SERVER_CASES } from "../test/conformance/cases/catalogue.ts";
import { deviceConnectorOperator } from "../test/conformance/operators/device-connector.ts";
import { isLeshan, leshanOperator } from "../test/conformance/operators/leshan.ts";
import { manualOperator } from "../test/conformance/operators/manual.ts";
import {
  expectedSeconds,
  runServerCases,
  type ServerCase,
} from "../test/conformance/server-harness.ts";
import type { Operator } from "../test/conformance/server-under-test.ts";
import {
  addBootstrapOptions,
  BOOTSTRAP_HELP,
  type BootstrapOptions,
  bootstrapServerOf,
} from "./conform-bootstrap.ts";
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
import { productVersion } from "./daemon.ts";

interface ServerOptions extends SelectionOptions, ReportOptions, BootstrapOptions {
  lwm2m: Version;
  tcp?: string;
  parallel?: number;
}

type AnyServerCase = ServerCase | BootstrapServerCase;

/** Cases at the same time: as many as a small server takes easily, and a person can look after. */
const PARALLEL_BY_REST = 8;
const PARALLEL_BY_HAND = 1;
const MOST_PARALLEL = 64;

const SERVER_HELP = `
The harness is a raw client that forges, withholds and repeats. What the server is to do
is ordered through its REST API: --rest URL, in the form of mbed Device Connector with
--key KEY (or DORMOUSE_KEY in the environment), or of Eclipse Leshan's demo server
(--api leshan, and --key KEY where it wants one). Without --rest a person at the server's
own screens is asked. --tcp names where it takes CoAP over TCP as well. Each case registers as an endpoint of its own, conform-...; those
that would disturb others run alone.
${BOOTSTRAP_HELP}${GROUP_HELP}${REPORT_HELP}
Examples:
  dormouse conform server --rest http://127.0.0.1:8080 --key "$KEY" coap://127.0.0.1:5683
  dormouse conform server --rest http://127.0.0.1:8081 --api leshan coap://127.0.0.1:5684
  dormouse conform server coap://192.0.2.7:5683 --group registration --html report.html
  dormouse conform server --bootstrap coap://127.0.0.1:5693 --rest http://127.0.0.1:8080 --key "$KEY"
`;

/** Adds `conform server`. */
export function addServerCommand(conform: Command): void {
  const server = conform
    .command("server")
    .description("judge a server, a Bootstrap-Server or both: the harness is their clients")
    .argument("[uri]", "where the server takes registrations: coap://HOST:PORT")
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
    .option("--tcp <uri>", "where it takes connections as well: coap+tcp://HOST:PORT")
    .addOption(new Option("--key <key>", "an access key for it").env("DORMOUSE_KEY"))
    .option("--name <text>", "names the server in reports")
    .option(
      "--parallel <count>",
      `cases at the same time (default: ${PARALLEL_BY_REST}, without --rest ${PARALLEL_BY_HAND})`,
      parallelOption,
    );
  addReportOptions(addSelectionOptions(addBootstrapOptions(server)))
    .addHelpText("after", SERVER_HELP)
    .action(runServer);
}

async function runServer(uri: string | undefined, options: ServerOptions): Promise<void> {
  const cases = orFail(() => casesOf(uri, options));
  const baseline = orFail(() => readBaseline(options.baseline));
  const startedAt = Date.now();
  const name = options.name ?? [uri, options.bootstrap].filter((one) => one).join(" and ");
  const stopped = stopSignal();
  const results = await resultsOf(uri, options, cases, stopped);
  const harness = `Dormouse conformance harness ${productVersion()}`;
  const run = { subject: name, role: "server", harness, startedAt, results } as const;
  const status = conclude(run, options, baseline);
  // What is left of the cases that were under way would keep the process.
  if (stopped.aborted) process.exit(2);
  process.exitCode = status;
}

async function resultsOf(
  uri: string | undefined,
  options: ServerOptions,
  cases: readonly AnyServerCase[],
  stopped: AbortSignal,
): Promise<CaseResult[]> {
  const { lwm2m } = options;
  const opened: { close(): Promise<void> }[] = [];
  const usual = options.rest === undefined ? PARALLEL_BY_HAND : PARALLEL_BY_REST;
  const parallel = options.parallel ?? usual;
  const report = progressOf(cases, options, parallel);
  const results: CaseResult[] = [];
  try {
    const server = uri === undefined ? undefined : await serverOf(uri, options);
    if (server !== undefined) opened.push(server.operator);
    const bootstrap = await bootstrapServerOf(options, server?.adapter, askForText);
    if (bootstrap !== undefined) opened.push(bootstrap.operator);
    const [plain, ofBootstrap] = byRole(cases);
    if (server !== undefined) {
      // What an earlier run has left at the server is of other endpoints.
      const prefix = `conform-${randomBytes(2).toString("hex")}-`;
      const run = { report, parallel, prefix, stopped };
      results.push(...(await runServerCases(plain, server.adapter, lwm2m, run)));
    }
    if (bootstrap !== undefined) {
      const { adapter } = bootstrap;
      results.push(
        ...(await runBootstrapServerCases(ofBootstrap, adapter, lwm2m, report, stopped)),
      );
    }
    return results;
  } catch (error) {
    return couldNotRun((error as Error).message);
  } finally {
    for (const one of opened) await one.close();
  }
}

async function serverOf(uri: string, options: ServerOptions) {
  const { address: host, port } = await resolveServer(uri);
  const operator = await operatorOf(options);
  const name = options.name ?? uri;
  const stream = options.tcp === undefined ? undefined : parseStreamUri(options.tcp);
  return { adapter: udpServerAdapter({ name, host, port, tcp: stream, operator }), operator };
}

/** The cases that the selection leaves, of the servers that are named. @throws Error fit for the user */
function casesOf(uri: string | undefined, options: ServerOptions): AnyServerCase[] {
  if (uri === undefined && options.bootstrap === undefined) {
    throw new Error(
      "Name what is judged: coap://HOST:PORT, --bootstrap coap://HOST:PORT, or both.",
    );
  }
  const all: AnyServerCase[] = [...SERVER_CASES, ...BOOTSTRAP_SERVER_CASES];
  const isNamed = {
    server: uri !== undefined,
    "bootstrap server": options.bootstrap !== undefined,
  };
  const named = selected(all, options).filter(({ role }) => isNamed[role]);
  if (named.length > 0) return named;
  throw new Error(
    isNamed.server
      ? "What is chosen judges a Bootstrap-Server: --bootstrap coap://HOST:PORT names it."
      : "What is chosen judges an LwM2M Server: name it, coap://HOST:PORT.",
  );
}

function byRole(cases: readonly AnyServerCase[]): [ServerCase[], BootstrapServerCase[]] {
  const plain = cases.filter((one): one is ServerCase => one.role === "server");
  const others = cases.filter((one): one is BootstrapServerCase => one.role !== "server");
  return [plain, others];
}

async function operatorOf({ rest, key, api }: ServerOptions): Promise<Operator> {
  if (rest === undefined) return manualOperator(askForText);
  const isTold = api !== undefined || key !== undefined;
  if (api === "leshan" || (!isTold && (await isLeshan(rest)))) return leshanOperator(rest, { key });
  if (key === undefined) throw new Error("--rest needs an access key: --key KEY, or DORMOUSE_KEY.");
  return deviceConnectorOperator(rest, key);
}

/** Says at the start how long the run may take, and then each result as it comes. */
function progressOf(
  cases: readonly AnyServerCase[],
  { lwm2m, quiet }: ServerOptions,
  parallel: number,
): ((result: CaseResult) => void) | undefined {
  if (quiet === true) return undefined;
  const [plain] = byRole(cases);
  const running = plain.filter(({ versions }) => versions.includes(lwm2m));
  const at = parallel === 1 ? "one after the other" : `${parallel} at a time`;
  const estimate = durationText(expectedSeconds(running, parallel));
  console.error(`${cases.length} cases, ${at}: about ${estimate}.`);
  let done = 0;
  return ({ id, verdict, seconds }) => {
    done++;
    const took = seconds < 1 ? "" : ` after ${durationText(seconds)}`;
    console.error(`[${done}/${cases.length}] ${id}: ${verdict}${took}`);
  };
}

function parallelOption(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_PARALLEL) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_PARALLEL}.`);
}
