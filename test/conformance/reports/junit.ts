/** A run as JUnit XML, in the form that CI systems have in common. */
import type { CaseResult } from "../case.ts";
import type { RunReport } from "./run.ts";
import { summaryOf } from "./summary.ts";
import { escapeMarkup } from "./xml.ts";

/** Inconclusive counts as an error; not applicable and not run as skipped. */
export function junitReport(run: RunReport): string {
  const { results, subject, startedAt } = run;
  const summary = summaryOf(results);
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const counts =
    `tests="${results.length}" failures="${summary.fail}" errors="${summary.inconclusive}" ` +
    `skipped="${summary.notApplicable + summary.notRun}" time="${seconds.toFixed(3)}"`;
  const name = escapeMarkup(`${subject}, as a ${run.role}`);
  const timestamp = new Date(startedAt).toISOString().slice(0, 19);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeMarkup(run.harness)}" ${counts}>`,
    `  <testsuite name="${name}" timestamp="${timestamp}" ${counts}>`,
    ...results.map(testCase),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase(result: CaseResult): string {
  const { id, title, version, seconds } = result;
  const attributes =
    `classname="${escapeMarkup(`LwM2M ${version}`)}" name="${escapeMarkup(`${id} ${title}`)}" ` +
    `time="${seconds.toFixed(3)}"`;
  const body = bodyOf(result);
  return body === ""
    ? `    <testcase ${attributes}/>`
    : `    <testcase ${attributes}>\n${body}\n    </testcase>`;
}

function bodyOf({ verdict, why, criterion, ladder }: CaseResult): string {
  const message = escapeMarkup(criterion === undefined ? why : `${criterion}: ${why}`);
  const exchange = escapeMarkup(ladder);
  switch (verdict) {
    case "pass":
      return "";
    case "fail":
      return `      <failure type="fail" message="${message}">${exchange}</failure>`;
    case "inconclusive":
      return `      <error type="inconclusive" message="${message}">${exchange}</error>`;
    default:
      return `      <skipped message="${escapeMarkup(`${verdict}: `)}${message}"/>`;
  }
}
