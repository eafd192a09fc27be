import { beforeAll, describe, expect, test } from "vitest";
import type { ServerAdapter } from "../../conformance/index.ts";
import {
  type CaseResult,
  runServerCase,
  SERVER_CASES,
  type ServerCase,
} from "../../conformance/index.ts";
import { SERVER_MUTANTS } from "./server-mutants.ts";
import { serverSweep } from "./server-sweep.ts";

/** A case that waits for something the harness has not cannot fail yet. */
const RUNNABLE_CASES = SERVER_CASES.filter(({ missing }) => missing === undefined);

/** By name of the mutant. */
const results = new Map<string, readonly CaseResult[]>();

/** By the last version that the case is for. */
function run(stated: ServerCase, adapter: ServerAdapter): Promise<CaseResult> {
  return runServerCase(stated, adapter, stated.versions[stated.versions.length - 1]);
}

beforeAll(async () => {
  for (const { name, adapter } of SERVER_MUTANTS) {
    const all: CaseResult[] = [];
    for (const stated of RUNNABLE_CASES) all.push(await run(stated, adapter));
    results.set(name, all);
  }
}, 300_000);

const failureOf = ({ id, criterion }: CaseResult) => `${id} ${criterion}`;

/** `case criterion` of what a mutant fails; the sound server passes all. */
function caught(name: string): string[] {
  const failed = (results.get(name) ?? []).filter(({ verdict }) => verdict === "fail");
  return failed.map(failureOf);
}

describe("a server that", () => {
  test.each(SERVER_MUTANTS)("$name is caught by the right case", ({ name, caughtBy }) => {
    expect(caught(name)).toEqual(expect.arrayContaining([...caughtBy]));
  });
});

test("mutants make cases fail or inconclusive, and never the harness itself", () => {
  const all = [...results.values()].flat();
  expect(all.filter(({ why }) => why.startsWith("the harness itself failed"))).toEqual([]);
  expect(all.filter(({ verdict }) => verdict === "not run")).toEqual([]);
});

test("every criterion of every case can fail", async () => {
  const open = new Set(RUNNABLE_CASES.flatMap(criteriaOf));
  for (const { name } of SERVER_MUTANTS) for (const failed of caught(name)) open.delete(failed);
  for (const adapter of serverSweep()) {
    for (const stated of RUNNABLE_CASES) {
      if (!criteriaOf(stated).some((criterion) => open.has(criterion))) continue;
      const result = await run(stated, adapter);
      expect(result.why).not.toContain("the harness itself failed");
      if (result.verdict === "fail") open.delete(failureOf(result));
    }
  }
  expect([...open]).toEqual([]);
}, 300_000);

test("the catch matrix is as it was when it was looked at", async () => {
  const lines = SERVER_MUTANTS.flatMap(({ name }) => [
    `a server that ${name}`,
    ...caught(name).map((failed) => `  fails         ${failed}`),
    ...(results.get(name) ?? [])
      .filter(({ verdict }) => verdict === "inconclusive")
      .map(({ id, why }) => `  inconclusive  ${id}: ${why}`),
  ]);
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("server-catch-matrix.txt");
});

function criteriaOf({ id, criteria }: ServerCase): string[] {
  return Object.keys(criteria).map((criterion) => `${id} ${criterion}`);
}
