import { beforeAll, describe, expect, test } from "vitest";
import {
  BOOTSTRAP_SERVER_CASES,
  type CaseResult,
  runBootstrapServerCases,
} from "../../conformance/index.ts";
import { BOOTSTRAP_SERVER_MUTANTS } from "./bootstrap-server-mutants.ts";

/** Of which every case is. */
const VERSION = "1.2";
const CASES = BOOTSTRAP_SERVER_CASES.filter(({ missing }) => missing === undefined);

/** By name of the mutant. */
const results = new Map<string, readonly CaseResult[]>();

beforeAll(async () => {
  for (const { name, adapter } of BOOTSTRAP_SERVER_MUTANTS) {
    results.set(name, await runBootstrapServerCases(CASES, adapter, VERSION));
  }
}, 120_000);

/** `case criterion` of what a mutant fails; the sound server passes all. */
function caught(name: string): string[] {
  const failed = (results.get(name) ?? []).filter(({ verdict }) => verdict === "fail");
  return failed.map(({ id, criterion }) => `${id} ${criterion}`);
}

describe("a Bootstrap-Server that", () => {
  test.each(BOOTSTRAP_SERVER_MUTANTS)("$name is caught by the right case", ({ name, caughtBy }) => {
    expect(caught(name)).toEqual(expect.arrayContaining([...caughtBy]));
  });
});

test("mutants make cases fail or inconclusive, and never the harness itself", () => {
  const all = [...results.values()].flat();
  expect(all.filter(({ why }) => why.startsWith("the harness itself failed"))).toEqual([]);
  expect(all.filter(({ verdict }) => verdict.startsWith("not "))).toEqual([]);
});

test("every criterion of every case is caught by a mutant", () => {
  const open = new Set(
    CASES.flatMap(({ id, criteria }) => Object.keys(criteria).map((name) => `${id} ${name}`)),
  );
  for (const { name } of BOOTSTRAP_SERVER_MUTANTS) {
    for (const failed of caught(name)) open.delete(failed);
  }
  expect([...open]).toEqual([]);
});

test("the catch matrix is as it was when it was looked at", async () => {
  const lines = BOOTSTRAP_SERVER_MUTANTS.flatMap(({ name }) => [
    `a Bootstrap-Server that ${name}`,
    ...caught(name).map((failed) => `  fails         ${failed}`),
    ...(results.get(name) ?? [])
      .filter(({ verdict }) => verdict === "inconclusive")
      .map(({ id, why }) => `  inconclusive  ${id}: ${why}`),
  ]);
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("bootstrap-server-catch-matrix.txt");
});
