/** `dormouse conform server`: judges any LwM2M server, through clients of the harness and its operator interface. */
import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import { resolveServer } from "../simulator/udp-fleet.ts";
import { udpServerAdapter } from "../test/conformance/adapters/udp-server.ts";
import type { CaseResult, Version } from "../test/conformance/case.ts";
import { SERVER_CASES } from "../test/conformance/cases/catalogue.ts";
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
  addSelectionOptions,
  askForText,
  couldNotRun,
  durationText,
  GROUP_HELP,
  orFail,
  type SelectionOptions,
  selected,
} from "./conform-options.ts";
import {
  addReportOptions,
  conclude,
  REPORT_HELP,
  type ReportOptions,
  readBaseline,
} from "./conform-reports.ts";
import { productVersion } from "./daemon.ts";

interface ServerOptions extends SelectionOptions, ReportOptions {
  lwm2m: Version;
  rest?: string;
  api?: "device-connector" | "leshan";
  key?: string;
  name?: string;
  parallel?: number;
}

/** Cases at the same time: as many as a small server takes easily, and a person can look after. */
const PARALLEL_BY_REST = 8;
const PARALLEL_BY_HAND = 1;
const MOST_PARALLEL = 64;

const SERVER_HELP = `
The harness is a raw client that forges, withholds and repeats. What the server is to do
is ordered through its REST API: --rest URL, in the form of mbed Device Connector with
--key KEY (or DORMOUSE_KEY in the environment), or of Eclipse Leshan's demo server
(--api leshan, and --key KEY where it wants one). Without --rest a person at the server's
own screens is asked. Each case registers as an endpoint of its own, conform-...; those
that would disturb others run alone.
${GROUP_HELP}${REPORT_HELP}
Examples:
  dormouse conform server --rest http://127.0.0.1:8080 --key "$KEY" coap://127.0.0.1:5683
  dormouse conform server --rest http://127.0.0.1:8081 --api leshan coap://127.0.0.1:5684
  dormouse conform server coap://192.0.2.7:5683 --group registration --html report.html
`;

/** Adds `conform server`. */
export function addServerCommand(conform: Command): void {
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
    .option("--name <text>", "names the server in reports")
    .option(
      "--parallel <count>",
      `cases at the same time (default: ${PARALLEL_BY_REST}, without --rest ${PARALLEL_BY_HAND})`,
      parallelOption,
    );
  addReportOptions(addSelectionOptions(server)).addHelpText("after", SERVER_HELP).action(runServer);
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
  const usual = options.rest === undefined ? PARALLEL_BY_HAND : PARALLEL_BY_REST;
  const parallel = options.parallel ?? usual;
  const report = progressOf(cases, options, parallel);
  const startedAt = Date.now();
  const name = options.name ?? uri;
  let results: CaseResult[];
  try {
    const adapter = udpServerAdapter({ name, host: address.address, port: address.port, operator });
    // What an earlier run has left at the server is of other endpoints.
    const prefix = `conform-${randomBytes(2).toString("hex")}-`;
    results = await runServerCases(cases, adapter, options.lwm2m, { report, parallel, prefix });
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
  if (api === "leshan" || (!isTold && (await isLeshan(rest)))) return leshanOperator(rest, { key });
  if (key === undefined) throw new Error("--rest needs an access key: --key KEY, or DORMOUSE_KEY.");
  return deviceConnectorOperator(rest, key);
}

/** Says at the start how long the run may take, and then each result as it comes. */
function progressOf(
  cases: readonly ServerCase[],
  { lwm2m, quiet }: ServerOptions,
  parallel: number,
): ((result: CaseResult) => void) | undefined {
  if (quiet === true) return undefined;
  const running = cases.filter(({ versions }) => versions.includes(lwm2m));
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
