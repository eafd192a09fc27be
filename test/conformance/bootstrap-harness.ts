/** Runs cases against a Bootstrap-Server and gives each a verdict. */
import { BootstrapBench } from "./bootstrap-bench.ts";
import type {
  BootstrapAbility,
  BootstrapServerAdapter,
  BootstrapServerUnderTest,
} from "./bootstrap-under-test.ts";
import type { CaseResult, Missing, Version } from "./case.ts";
import { found, judge, result, runInTurn, type Stated, wordsOf } from "./harness.ts";

export interface BootstrapServerCase<Criterion extends string = string> extends Stated {
  readonly role: "bootstrap server";
  /** What the operator must be able to see to. */
  readonly needs?: readonly BootstrapAbility[];
  /** An LwM2M Server is needed too, whose operator can have something executed. */
  readonly needsLwm2mServer?: true;
  /** What stops the harness from running the case. */
  readonly missing?: Missing;
  readonly criteria: Readonly<Record<Criterion, string>>;
  /** The procedure in words, for cases that cannot be run yet. */
  readonly steps?: readonly string[];
  procedure(bench: BootstrapBench<Criterion>): Promise<void>;
}

/** States a case for Bootstrap-Servers; the names of its criteria are checked against their use. */
export function bootstrapServerCase<Criterion extends string>(
  stated: Omit<BootstrapServerCase<Criterion>, "role">,
): BootstrapServerCase {
  return { ...stated, role: "bootstrap server" };
}

/** A case that waits for something the harness has not: everything but the procedure is there. */
export function plannedBootstrapServerCase(
  stated: Omit<BootstrapServerCase, "role" | "procedure" | "missing" | "steps"> & {
    readonly missing: Missing;
    readonly steps: readonly string[];
  },
): BootstrapServerCase {
  return {
    ...stated,
    role: "bootstrap server",
    procedure: () => Promise.reject(new Error(`it needs ${stated.missing}`)),
  };
}

/** Runs the cases one after the other, each with clients of its own. Says each result as it comes to `report`. */
export async function runBootstrapServerCases(
  cases: readonly BootstrapServerCase[],
  adapter: BootstrapServerAdapter,
  version: Version,
  report: (result: CaseResult) => void = () => {},
  stopped?: AbortSignal,
): Promise<CaseResult[]> {
  const run = (stated: BootstrapServerCase) => runBootstrapServerCase(stated, adapter, version);
  return runInTurn(cases, version, run, report, stopped);
}

export async function runBootstrapServerCase(
  stated: BootstrapServerCase,
  adapter: BootstrapServerAdapter,
  version: Version,
): Promise<CaseResult> {
  const obstacle = obstacleOf(stated, adapter, version);
  if (obstacle !== undefined) return result(stated, version, obstacle);
  let server: BootstrapServerUnderTest;
  try {
    server = await adapter.prepare();
  } catch (error) {
    const why = `${adapter.name} could not be reached: ${wordsOf(error)}`;
    return result(stated, version, found("not run", why));
  }
  const bench = new BootstrapBench(server, version, endpointNameOf(stated));
  try {
    const finding = await judge(stated, bench, () => stated.procedure(bench));
    return result(stated, version, finding, bench);
  } finally {
    await bench.tidy();
    await server.close();
  }
}

/** Each case has an endpoint of its own: what one leaves behind is not another's. */
export function endpointNameOf({ id }: Pick<Stated, "id">): string {
  return `conform-${id.replace("LightweightM2M-", "").toLowerCase()}`;
}

function obstacleOf(
  stated: BootstrapServerCase,
  { name, claims, hasLwm2mServer }: BootstrapServerAdapter,
  version: Version,
) {
  if (!stated.versions.includes(version)) {
    return found("not applicable", `it is for LwM2M ${stated.versions.join(", ")}`);
  }
  if (!claims.versions.includes(version)) {
    return found("not applicable", `the server does not claim LwM2M ${version}`);
  }
  if (stated.missing !== undefined) return found("not run", `needs ${stated.missing}`);
  const lacking = stated.needs?.find((ability) => !claims.abilities.includes(ability));
  if (lacking !== undefined) {
    return found("not run", `the operator interface of ${name} has no "${lacking}"`);
  }
  if (stated.needsLwm2mServer === true && !hasLwm2mServer) {
    return found("not run", "it needs an LwM2M Server beside the Bootstrap-Server");
  }
  return undefined;
}
