/**
 * At the end of `npm run interop`: every operation that was done with a real peer, in which direction and formats, and how it went.
 * INTEROP_PAGE names a file that gets the same as a page (docs/interop.md).
 */
import { readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** A test, as the list needs it. */
export interface Outcome {
  /** Title of its outermost suite: who with whom. */
  readonly suite: string;
  /** Its name, behind those of the suites in between. */
  readonly name: string;
  /** What `shows` says; empty when it says nothing. */
  readonly operations: readonly string[];
  readonly state: "passed" | "failed" | "skipped" | "pending";
}

/** One line of the list. */
export interface Row {
  readonly suite: string;
  readonly operation: string;
  readonly formats: string;
  readonly result: string;
}

/** What `shows` says in one test of a file. Lines from 1. */
export interface Shown {
  readonly from: number;
  readonly to: number;
  readonly operations: readonly string[];
}

const FORMATS = /\b(SenML JSON|SenML CBOR|LwM2M JSON|LwM2M CBOR|TLV|CBOR|text|(?<=as '?)bytes)\b/g;
const CLAUSES = /(?<=^|: )(LwM2M|RFC) [^:]*: /g;
const REASON = / \(([^()]* is missing: .*)\)$/;

export class OperationsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = rowsOf(modules.flatMap(outcomesOf));
    if (rows.length === 0) return;
    console.log(`\n${listOf(rows)}`);
    const page = process.env["INTEROP_PAGE"];
    if (page !== undefined) writeFileSync(page, pageOf(rows));
  }
}

function outcomesOf(module: TestModule): Outcome[] {
  const shown = shownIn(readFileSync(module.moduleId, "utf8"));
  return [...module.children.allTests()].map((test) => {
    const line = test.location?.line ?? 0;
    const names = namesOf(test);
    return {
      suite: names[0],
      name: names.slice(1).join(": "),
      operations: shown.find(({ from, to }) => from <= line && line <= to)?.operations ?? [],
      state: test.result().state,
    };
  });
}

/** Of the outermost suite, of those in between, of the test. */
function namesOf(test: TestCase): string[] {
  const names = [test.name];
  for (let at = test.parent; at.type === "suite"; at = at.parent) names.unshift(at.name);
  return names;
}

/** Every `shows(...)` of a file, with the lines of the test that it stands in. */
export function shownIn(text: string): Shown[] {
  const file = ts.createSourceFile("interop.test.ts", text, ts.ScriptTarget.ESNext, true);
  const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1;
  const found: Shown[] = [];
  const visit = (node: ts.Node, test: ts.Node | undefined): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === "shows" && test) {
      const operations = node.arguments.filter(ts.isStringLiteralLike).map((each) => each.text);
      found.push({ from: lineAt(test.getStart()), to: lineAt(test.getEnd()), operations });
    }
    const isTest = ts.isCallExpression(node) && /^test\b/.test(node.expression.getText());
    ts.forEachChild(node, (child) => visit(child, isTest ? node : test));
  };
  visit(file, undefined);
  return found;
}

/** One row for each operation of a suite, in the order in which they come. */
export function rowsOf(outcomes: readonly Outcome[]): Row[] {
  const groups = new Map<string, { suite: string; operation: string; of: Outcome[] }>();
  for (const outcome of outcomes) {
    const { suite, name, operations } = outcome;
    for (const operation of operations.length > 0 ? operations : [withoutClause(name)]) {
      const key = `${suite}\n${operation}`;
      const group = groups.get(key) ?? { suite, operation, of: [] };
      group.of.push(outcome);
      groups.set(key, group);
    }
  }
  return [...groups.values()].map(({ suite, operation, of }) => ({
    suite: suite.replace(REASON, ""),
    operation,
    formats: formatsOf(of),
    result: resultOf(of),
  }));
}

function withoutClause(name: string): string {
  return name.replaceAll(CLAUSES, "");
}

/** Those that the tests' names name. */
function formatsOf(outcomes: readonly Outcome[]): string {
  const named = outcomes
    .filter(({ operations }) => operations.length > 0)
    .flatMap(({ name }) => withoutClause(name).match(FORMATS) ?? []);
  return [...new Set(named)].join(", ");
}

function resultOf(outcomes: readonly Outcome[]): string {
  const count = (state: Outcome["state"]) =>
    outcomes.filter((outcome) => outcome.state === state).length;
  const run = outcomes.length - count("skipped");
  if (count("passed") < run) return `FAILED ${run - count("passed")} of ${run}`;
  if (run === 0) return `skipped${reasonOf(outcomes[0].suite)}`;
  return run === 1 ? "passed" : `passed (${run})`;
}

function reasonOf(suite: string): string {
  const reason = REASON.exec(suite)?.[1];
  return reason === undefined ? "" : `: ${reason}`;
}

/** For a terminal. */
export function listOf(rows: readonly Row[]): string {
  const operations = Math.max(...rows.map(({ operation }) => Math.min(operation.length, 60)));
  const results = Math.max(...rows.map(({ result }) => Math.min(result.length, 14)));
  return bySuite(rows)
    .map(([suite, own]) => {
      const lines = own.map(({ operation, formats, result }) =>
        `  ${operation.padEnd(operations)}  ${result.padEnd(results)}  ${formats}`.trimEnd(),
      );
      return [suite, ...lines].join("\n");
    })
    .join("\n\n");
}

/** For docs/. */
export function pageOf(rows: readonly Row[]): string {
  const suites = bySuite(rows).map(([suite, own]) => {
    const lines = own.map(
      ({ operation, formats, result }) => `| ${operation} | ${formats} | ${result} |`,
    );
    return [`## ${suite}`, "", "| operation | formats | result |", "| --- | --- | --- |", ...lines];
  });
  return `# What was done with other implementations

Written by \`INTEROP_PAGE=docs/interop.md npm run interop\`, which prints the same; not by hand. The tests are in \`test/interop\`, each group below is
a suite of theirs. A number behind *passed* counts tests.

${suites.map((lines) => lines.join("\n")).join("\n\n")}
`;
}

function bySuite(rows: readonly Row[]): [string, Row[]][] {
  const suites = new Map<string, Row[]>();
  for (const row of rows) suites.set(row.suite, [...(suites.get(row.suite) ?? []), row]);
  return [...suites];
}
