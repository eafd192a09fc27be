/**
 * Runs cases against a client and gives each a verdict.
 */
import { SERVER } from "../../protocol/model/objects/server.ts";
import { SECOND } from "../../protocol/time/duration.ts";
import { Bench } from "./bench.ts";
import {
  type CaseResult,
  type ConformanceCase,
  UNIVERSAL_CRITERIA,
  type Verdict,
  type Version,
} from "./case.ts";
import { type ClientAdapter, type ClientUnderTest, Fault } from "./client-under-test.ts";
import { asDeviceHas } from "./configurations.ts";
import { formatName, formatsOfVersion } from "./content.ts";
import { Ended, type Judging } from "./judging.ts";

/** Of every client under test. */
export const ENDPOINT_NAME = "dormouse-conformance";

/** What a case says of itself, whoever it judges. */
export type Stated = Pick<
  ConformanceCase,
  "id" | "title" | "clauses" | "criteria" | "correction" | "versions"
>;

/** What came of a case, before the exchange is added. */
export interface Finding {
  readonly verdict: Verdict;
  readonly why: string;
  readonly criterion: string | undefined;
}

/**
 * Runs the cases one after the other, each with a fresh client. Says each result as it comes to `report`.
 *
 * @param stopped ends the run where it is: the case under way and those after it are not run
 */
export async function runCases(
  cases: readonly ConformanceCase[],
  adapter: ClientAdapter,
  version: Version,
  report: (result: CaseResult) => void = () => {},
  stopped?: AbortSignal,
): Promise<CaseResult[]> {
  return runInTurn(cases, version, (one) => runCase(one, adapter, version), report, stopped);
}

/** Cases of any role, one after the other. */
export async function runInTurn<Case extends Stated>(
  cases: readonly Case[],
  version: Version,
  run: (stated: Case) => Promise<CaseResult>,
  report: (result: CaseResult) => void,
  stopped: AbortSignal | undefined,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const stated of cases) {
    const result = await unlessStopped(stated, version, () => run(stated), stopped);
    results.push(result);
    if (stopped?.aborted !== true) report(result);
  }
  return results;
}

/** What a case comes to; not run, when the run is stopped before that. What is under way then is left to whoever closes the adapter. */
export async function unlessStopped(
  stated: Stated,
  version: Version,
  run: () => Promise<CaseResult>,
  stopped: AbortSignal | undefined,
): Promise<CaseResult> {
  if (stopped === undefined) return run();
  const notRun = () => result(stated, version, found("not run", "the run was stopped"));
  if (stopped.aborted) return notRun();
  let stop = () => {};
  const stopping = new Promise<CaseResult>((resolve) => {
    stop = () => resolve(notRun());
  });
  stopped.addEventListener("abort", stop);
  try {
    return await Promise.race([run(), stopping]);
  } finally {
    stopped.removeEventListener("abort", stop);
  }
}

export async function runCase(
  stated: ConformanceCase,
  adapter: ClientAdapter,
  version: Version,
): Promise<CaseResult> {
  const obstacle = obstacleOf(stated, adapter, version);
  if (obstacle !== undefined) return result(stated, version, obstacle);
  const configuration = asDeviceHas(stated.configuration, adapter.claims.values ?? {});
  let client: ClientUnderTest;
  try {
    client = await adapter.prepare({ endpointName: ENDPOINT_NAME, version, configuration });
  } catch (error) {
    const finding = found("not run", `${adapter.name} could not be prepared: ${wordsOf(error)}`);
    return result(stated, version, finding);
  }
  const bench = new Bench(client, configuration, version, ENDPOINT_NAME, adapter.claims);
  let finding: Finding;
  try {
    finding = await judge(stated, bench, async () => {
      if (stated.begins === "registered") await bench.register();
      await stated.procedure(bench);
    });
  } finally {
    await client.close();
  }
  return result(stated, version, finding, bench);
}

/** Why a case cannot or need not be run. */
function obstacleOf(
  stated: ConformanceCase,
  adapter: ClientAdapter,
  version: Version,
): Finding | undefined {
  const { claims } = adapter;
  const { formats = [], features = [], resources = [] } = stated.needs ?? {};
  const { firmware = [], paths = [], oneOfFormats, missing } = stated.needs ?? {};
  const { setsValues, sends, powerCycles, insertsCard, stranger } = stated.needs ?? {};
  const notApplicable = (why: string) => found("not applicable", why);
  if (!stated.versions.includes(version)) {
    return notApplicable(`it is for LwM2M ${stated.versions.join(", ")}`);
  }
  if (!claims.versions.includes(version)) {
    return notApplicable(`the client does not claim LwM2M ${version}`);
  }
  if (missing !== undefined) return found("not run", `needs ${missing}`);
  const format = formats.find((one) => !claims.contentFormats.includes(one));
  if (format !== undefined) return notApplicable(`the client does not claim ${formatName(format)}`);
  const choice = oneOfFormats?.filter((one) => formatsOfVersion(version).includes(one));
  if (choice !== undefined && !choice.some((one) => claims.contentFormats.includes(one))) {
    return notApplicable(`the client claims none of ${choice.map(formatName).join(", ")}`);
  }
  const feature = features.find((one) => !claims.features.includes(one));
  if (feature !== undefined) return notApplicable(`the client does not claim ${feature}`);
  const lacking = resources.find((path) => claims.values?.[path] === null);
  if (lacking !== undefined) return notApplicable(`the client lacks ${lacking}`);
  const objects = Object.keys(stated.configuration.objects).map(Number);
  const object = objects.find((id) => !claims.objects.includes(id));
  if (object !== undefined) return notApplicable(`the client does not claim object ${object}`);
  const accounts = Object.keys(stated.configuration.objects[SERVER.id] ?? {}).length;
  if (accounts > 1 && !claims.features.includes("several servers")) {
    return notApplicable("the client does not claim several servers");
  }
  if (setsValues && !adapter.canSetValues) {
    return found("not run", `${adapter.name} cannot change values on the client's side`);
  }
  if (stated.configuration.transport === "tcp" && adapter.takesStreams !== true) {
    return found("not run", `${adapter.name} cannot be reached over TCP`);
  }
  const item = firmware.find((one) => claims.firmware?.[one] === undefined);
  if (item !== undefined) return found("not run", `the profile gives no "${item}" of firmware`);
  const path = paths.find((one) => claims.paths?.[one] === undefined);
  if (path !== undefined) return found("not run", `the profile gives no path "${path}"`);
  if (sends && adapter.canReport !== true) {
    return found("not run", `${adapter.name} cannot tell the client to send`);
  }
  if (powerCycles && adapter.canPowerCycle !== true) {
    return found("not run", `${adapter.name} cannot cut the client's power`);
  }
  if (insertsCard && adapter.canInsertCard !== true) {
    return found("not run", `${adapter.name} cannot put a smartcard in`);
  }
  if (stranger && adapter.hasStranger !== true) {
    return found("not run", `${adapter.name} cannot send from elsewhere`);
  }
  return undefined;
}

/** Runs a procedure and says what came of it. */
export async function judge(
  stated: Stated,
  bench: Judging<string>,
  run: () => Promise<void>,
): Promise<Finding> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Ended) return found(error.verdict, error.message, error.criterion);
    if (error instanceof Fault) return found("fail", error.message, "alive");
    return found("inconclusive", `the harness itself failed: ${wordsOf(error)}`);
  }
  const criteria = Object.keys(stated.criteria);
  const open = criteria.filter((name) => !bench.judged.has(name));
  if (open.length > 0) return found("inconclusive", `not judged: ${open.join(", ")}`);
  const count =
    criteria.length === 1 ? "its criterion holds" : `all ${criteria.length} criteria hold`;
  return found("pass", [count, ...bench.notes].join("; "));
}

export function found(
  verdict: Verdict,
  why: string,
  criterion: string | undefined = undefined,
): Finding {
  return { verdict, why, criterion };
}

export function result(
  { id, title, clauses, criteria, correction }: Stated,
  version: Version,
  { verdict, why, criterion }: Finding,
  bench?: Judging<string>,
  common: Readonly<Record<string, string>> = UNIVERSAL_CRITERIA,
): CaseResult {
  return {
    id,
    title,
    version,
    verdict,
    why,
    criterion,
    clauses,
    criteria: { ...criteria, ...common },
    correction,
    seconds: bench === undefined ? 0 : bench.now() / SECOND,
    get ladder() {
      return bench === undefined ? "" : bench.ladder.toString();
    },
    get packets() {
      return bench === undefined ? [] : bench.ladder.packets();
    },
  };
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
