/** Runs cases against a server and gives each a verdict. */
import type { CaseResult, Missing, Version } from "./case.ts";
import {
  type Finding,
  found,
  judge,
  result,
  type Stated,
  unlessStopped,
  wordsOf,
} from "./harness.ts";
import { ServerBench } from "./server-bench.ts";
import type { Ability, ServerAdapter, ServerUnderTest } from "./server-under-test.ts";

export interface ServerCase<Criterion extends string = string> extends Stated {
  readonly role: "server";
  /** What the operator must be able to have done. */
  readonly needs?: readonly Ability[];
  /** True when it is about connections: then the server's address over TCP has to be known. */
  readonly isOverTcp?: boolean;
  /** What stops the harness from running the case. */
  readonly missing?: Missing;
  /** About how long it takes, seconds; a moment unless it says so. */
  readonly lasts?: number;
  /** True when it would disturb cases that run at the same time. */
  readonly isAlone?: boolean;
  readonly criteria: Readonly<Record<Criterion, string>>;
  /** The procedure in words, for cases that cannot be run yet; of the others the ladder shows it. */
  readonly steps?: readonly string[];
  procedure(bench: ServerBench<Criterion>): Promise<void>;
}

/** Criteria of every case, whatever it is about. */
export const SERVER_CRITERIA = {
  "well-formed": "every datagram is a well-formed CoAP message (RFC 7252 §3)",
  "legal-request": "every request to the client is an operation of its version of LwM2M",
  bounded: "the server does not send without end",
} as const;

/** States a case for servers; the names of its criteria are checked against their use. */
export function serverCase<Criterion extends string>(
  stated: Omit<ServerCase<Criterion>, "role">,
): ServerCase {
  return { ...stated, role: "server" };
}

/** A case for servers that waits for something the harness has not: everything but the procedure is there. */
export function plannedServerCase(
  stated: Omit<ServerCase, "role" | "procedure" | "missing" | "steps"> & {
    readonly missing: Missing;
    readonly steps: readonly string[];
  },
): ServerCase {
  const procedure = () => Promise.reject(new Error(`it needs ${stated.missing}`));
  return { ...stated, role: "server", procedure };
}

export interface ServerRun {
  /** Told each result as it comes. */
  readonly report?: (result: CaseResult) => void;
  /** How many cases run at the same time; 1 unless it says so. */
  readonly parallel?: number;
  /** What the names of the endpoints begin with; `conform-` unless it says so. Another for each run keeps what one left behind out of the next. */
  readonly prefix?: string;
  /** Ends the run where it is: cases under way and those after them are not run. */
  readonly stopped?: AbortSignal | undefined;
}

/**
 * Runs the cases, each with clients and an endpoint of its own: several at a time, and alone those that would disturb others.
 *
 * @returns results in the order of the cases
 */
export async function runServerCases(
  cases: readonly ServerCase[],
  adapter: ServerAdapter,
  version: Version,
  run: ServerRun = {},
): Promise<CaseResult[]> {
  const { report = () => {}, parallel = 1 } = run;
  const results = new Array<CaseResult>(cases.length);
  const carryOut = async (at: number) => {
    const judge = () => runServerCase(cases[at], adapter, version, run.prefix);
    results[at] = await unlessStopped(cases[at], version, judge, run.stopped);
    if (run.stopped?.aborted !== true) report(results[at]);
  };
  const places = cases.map((_, at) => at);
  if (parallel < 2) {
    for (const at of places) await carryOut(at);
    return results;
  }
  const waiting = places.filter((at) => cases[at].isAlone !== true);
  // The longest first, so that none of them is left for the end; but one goes the other way, so that there is something to see.
  waiting.sort((one, other) => (cases[other].lasts ?? 0) - (cases[one].lasts ?? 0));
  const work = async (take: () => number | undefined) => {
    for (let at = take(); at !== undefined; at = take()) await carryOut(at);
  };
  const workers = Array.from({ length: parallel }, (_, i) =>
    work(() => (i === 0 ? waiting.pop() : waiting.shift())),
  );
  await Promise.all(workers);
  for (const at of places) if (cases[at].isAlone === true) await carryOut(at);
  return results;
}

/** What such a case takes when nothing holds it up, seconds. */
const A_MOMENT = 1;

/** About how long a run takes, seconds, when so many cases run at the same time. */
export function expectedSeconds(cases: readonly ServerCase[], parallel: number): number {
  let longest = 0;
  let together = 0;
  let alone = 0;
  for (const { lasts = A_MOMENT, isAlone, missing } of cases) {
    if (missing !== undefined) continue;
    if (isAlone === true && parallel > 1) alone += lasts;
    else {
      together += lasts;
      longest = Math.max(longest, lasts);
    }
  }
  return alone + Math.max(longest, together / parallel);
}

export async function runServerCase(
  stated: ServerCase,
  adapter: ServerAdapter,
  version: Version,
  prefix?: string,
): Promise<CaseResult> {
  const obstacle = obstacleOf(stated, adapter, version);
  if (obstacle !== undefined) return resultOf(stated, version, obstacle);
  let server: ServerUnderTest;
  try {
    server = await adapter.prepare();
  } catch (error) {
    const why = `${adapter.name} could not be reached: ${wordsOf(error)}`;
    return resultOf(stated, version, found("not run", why));
  }
  const bench = new ServerBench(server, version, endpointNameOf(stated, prefix));
  try {
    const finding = await judge(stated, bench, () => stated.procedure(bench));
    return resultOf(stated, version, withLegality(finding, bench), bench);
  } finally {
    await bench.leave().catch(() => {});
    await server.close();
  }
}

/** What all cases judge comes last: what a case is about says more. */
function withLegality(finding: Finding, { illegal }: ServerBench): Finding {
  if (finding.verdict !== "pass" || illegal === undefined) return finding;
  return found("fail", illegal, "legal-request");
}

function resultOf(
  stated: ServerCase,
  version: Version,
  finding: Finding,
  bench?: ServerBench,
): CaseResult {
  return result(stated, version, finding, bench, SERVER_CRITERIA);
}

/** Each case has an endpoint of its own: what one leaves behind is not another's. */
function endpointNameOf({ id }: Stated, prefix = "conform-"): string {
  return `${prefix}${id.replace("LightweightM2M-", "").replaceAll("_", "-").toLowerCase()}`;
}

function obstacleOf(stated: ServerCase, adapter: ServerAdapter, version: Version) {
  const { name, claims } = adapter;
  if (!stated.versions.includes(version)) {
    return found("not applicable", `it is for LwM2M ${stated.versions.join(", ")}`);
  }
  if (!claims.versions.includes(version)) {
    return found("not applicable", `the server does not claim LwM2M ${version}`);
  }
  if (stated.missing !== undefined) return found("not run", `needs ${stated.missing}`);
  if (stated.isOverTcp === true && adapter.takesStreams !== true) {
    return found("not run", "needs the server's address over TCP (--tcp coap+tcp://HOST:PORT)");
  }
  const missing = stated.needs?.find((ability) => !claims.abilities.includes(ability));
  if (missing === undefined) return undefined;
  return found("not run", `the operator interface of ${name} has no "${missing}"`);
}
