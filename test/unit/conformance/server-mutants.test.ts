import { beforeAll, describe, expect, test } from "vitest";
import { type CaseResult, runServerCases, SERVER_CASES } from "../../conformance/index.ts";
import { SERVER_MUTANTS } from "./server-mutants.ts";

const VERSION = "1.1";

/** By name of the mutant. */
const results = new Map<string, readonly CaseResult[]>();

beforeAll(async () => {
  for (const { name, adapter } of SERVER_MUTANTS) {
    results.set(name, await runServerCases(SERVER_CASES, adapter, VERSION));
  }
}, 60_000);

/** `case criterion` of what a mutant fails; the sound server passes all. */
function caught(name: string): string[] {
  const failed = (results.get(name) ?? []).filter(({ verdict }) => verdict === "fail");
  return failed.map(({ id, criterion }) => `${id} ${criterion}`);
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

test("every criterion of every case is caught by a mutant", () => {
  const open = new Set(
    SERVER_CASES.flatMap(({ id, criteria }) =>
      Object.keys(criteria).map((name) => `${id} ${name}`),
    ),
  );
  for (const { name } of SERVER_MUTANTS) for (const failed of caught(name)) open.delete(failed);
  expect([...open]).toEqual([]);
});

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
