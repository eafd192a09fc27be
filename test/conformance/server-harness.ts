/** Runs cases against a server and gives each a verdict. */
import type { CaseResult, Version } from "./case.ts";
import { found, judge, result, type Stated, wordsOf } from "./harness.ts";
import { ServerBench } from "./server-bench.ts";
import type { Ability, ServerAdapter, ServerUnderTest } from "./server-under-test.ts";

export interface ServerCase<Criterion extends string = string> extends Stated {
  readonly role: "server";
  /** What the operator must be able to have done. */
  readonly needs?: readonly Ability[];
  readonly criteria: Readonly<Record<Criterion, string>>;
  procedure(bench: ServerBench<Criterion>): Promise<void>;
}

/** States a case for servers; the names of its criteria are checked against their use. */
export function serverCase<Criterion extends string>(
  stated: Omit<ServerCase<Criterion>, "role">,
): ServerCase {
  return { ...stated, role: "server" };
}

/** Runs the cases one after the other, each with clients of its own. Says each result as it comes to `report`. */
export async function runServerCases(
  cases: readonly ServerCase[],
  adapter: ServerAdapter,
  version: Version,
  report: (result: CaseResult) => void = () => {},
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const stated of cases) {
    const one = await runServerCase(stated, adapter, version);
    results.push(one);
    report(one);
  }
  return results;
}

export async function runServerCase(
  stated: ServerCase,
  adapter: ServerAdapter,
  version: Version,
): Promise<CaseResult> {
  const obstacle = obstacleOf(stated, adapter, version);
  if (obstacle !== undefined) return result(stated, version, obstacle);
  let server: ServerUnderTest;
  try {
    server = await adapter.prepare();
  } catch (error) {
    const why = `${adapter.name} could not be reached: ${wordsOf(error)}`;
    return result(stated, version, found("not run", why));
  }
  const bench = new ServerBench(server, version, endpointNameOf(stated));
  try {
    const finding = await judge(stated, bench, () => stated.procedure(bench));
    return result(stated, version, finding, bench);
  } finally {
    await server.close();
  }
}

/** Each case has an endpoint of its own: what one leaves behind is not another's. */
function endpointNameOf({ id }: Stated): string {
  return `conform-${id.replace("LightweightM2M-", "").toLowerCase()}`;
}

function obstacleOf(stated: ServerCase, { name, claims }: ServerAdapter, version: Version) {
  if (!stated.versions.includes(version)) {
    return found("not applicable", `it is for LwM2M ${stated.versions.join(", ")}`);
  }
  if (!claims.versions.includes(version)) {
    return found("not applicable", `the server does not claim LwM2M ${version}`);
  }
  const missing = stated.needs?.find((ability) => !claims.abilities.includes(ability));
  if (missing === undefined) return undefined;
  return found("not run", `the operator interface of ${name} has no "${missing}"`);
}
