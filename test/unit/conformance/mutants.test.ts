import { beforeAll, describe, expect, test } from "vitest";
import {
  type CaseResult,
  CLIENT_CASES,
  type ConformanceCase,
  runCase,
  runCases,
} from "../../conformance/index.ts";
import { capableAdapter } from "./capable-client.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { sweep } from "./sweep.ts";
import { touches } from "./tampered-client.ts";

/** LwM2M 1.2: the version that all cases apply to. */
const VERSION = "1.2";

/** A case that waits for something the harness has not cannot fail yet. */
const RUNNABLE_CASES = CLIENT_CASES.filter(({ needs }) => needs?.missing === undefined);

/** By name of the mutant. */
const results = new Map<string, readonly CaseResult[]>();
let sound: readonly CaseResult[] = [];

beforeAll(async () => {
  sound = await runCases(RUNNABLE_CASES, capableAdapter(), VERSION);
  for (const mutant of MUTANTS) {
    const all: CaseResult[] = [];
    for (const [i, stated] of RUNNABLE_CASES.entries()) {
      all.push(isTouched(mutant, i) ? await runCase(stated, mutant.adapter, VERSION) : sound[i]);
    }
    results.set(mutant.name, all);
  }
}, 120_000);

/** False when a mutant's fault has no occasion to show in the sound client's exchange: then the mutant has the same. */
function isTouched({ tamper }: Mutant, at: number): boolean {
  return tamper === undefined || touches(tamper(), sound[at].packets);
}

const failureOf = ({ id, criterion }: CaseResult) => `${id} ${criterion}`;

/** Results of a mutant with this verdict, where the sound client has another. */
function changed(name: string, verdict: CaseResult["verdict"]): CaseResult[] {
  const all = results.get(name) ?? [];
  return all.filter(
    (one, i) =>
      one.verdict === verdict && (one.criterion !== sound[i].criterion || one.why !== sound[i].why),
  );
}

/** `case criterion` of what a mutant fails and the sound client does not. */
function caught(name: string): string[] {
  return changed(name, "fail").map(failureOf);
}

describe("a client that", () => {
  test.each(MUTANTS)("$name is caught by the right case", ({ name, caughtBy }) => {
    expect(caught(name)).toEqual(expect.arrayContaining([...caughtBy]));
  });
});

test("mutants make cases fail or inconclusive, and never the harness itself", () => {
  const all = [...results.values()].flat();
  expect(all.filter(({ why }) => why.startsWith("the harness itself failed"))).toEqual([]);
  expect(all.filter(({ verdict }) => verdict === "not run")).toEqual([]);
});

test("the catch matrix is as it was when it was looked at", async () => {
  const lines = MUTANTS.flatMap(({ name }) => [
    `a client that ${name}`,
    ...caught(name).map((failed) => `  fails         ${failed}`),
    ...changed(name, "inconclusive").map(({ id, why }) => `  inconclusive  ${id}: ${why}`),
  ]);
  const counts = MUTANTS.map(({ name }) => {
    const [fails, open] = [caught(name).length, changed(name, "inconclusive").length];
    return `${`${fails}`.padStart(3)} fail ${`${open}`.padStart(3)} inconclusive  ${name}`;
  });
  console.log(`the catch matrix, of ${RUNNABLE_CASES.length} cases:\n${counts.join("\n")}`);
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("catch-matrix.txt");
});

test("every criterion of every case can fail", async () => {
  const open = new Set(RUNNABLE_CASES.flatMap((stated) => criteriaOf(stated)));
  for (const { name } of MUTANTS) for (const failed of caught(name)) open.delete(failed);
  for (const adapter of sweep()) {
    for (const stated of RUNNABLE_CASES) {
      if (!criteriaOf(stated).some((criterion) => open.has(criterion))) continue;
      const result = await runCase(stated, adapter, VERSION);
      expect(result.why).not.toContain("the harness itself failed");
      if (result.verdict === "fail") open.delete(failureOf(result));
    }
  }
  // A case that the sound client does not get through hides its later criteria.
  const hidden = sound.filter(({ verdict }) => verdict !== "pass").map(({ id }) => id);
  const left = [...open].filter((criterion) => !hidden.includes(criterion.split(" ")[0]));
  expect(left).toEqual([]);
}, 120_000);

function criteriaOf({ id, criteria }: ConformanceCase): string[] {
  return Object.keys(criteria).map((criterion) => `${id} ${criterion}`);
}
