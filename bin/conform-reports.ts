/** What `dormouse conform` prints and writes of a run. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { badgeOf } from "../test/conformance/reports/badge.ts";
import {
  type Comparison,
  compare,
  renderComparison,
} from "../test/conformance/reports/baseline.ts";
import { anchorOf, htmlReport } from "../test/conformance/reports/html.ts";
import { type JsonReport, jsonReport } from "../test/conformance/reports/json.ts";
import { junitReport } from "../test/conformance/reports/junit.ts";
import { pcapng } from "../test/conformance/reports/pcapng.ts";
import type { RunReport } from "../test/conformance/reports/run.ts";
import { summaryOf } from "../test/conformance/reports/summary.ts";
import { renderResults } from "../test/conformance/reports/terminal.ts";

export interface ReportOptions {
  json?: string;
  junit?: string;
  html?: string;
  badge?: string;
  pcapng?: string;
  baseline?: string;
  remark?: string;
  strict?: boolean;
  quiet?: boolean;
}

export const REPORT_HELP = `
Exit status: 0 nothing failed, 1 something failed (with --strict also what was
inconclusive, with --baseline what got worse), 2 the run could not be made.
`;

/** Adds the options of reports to a command. */
export function addReportOptions(command: Command): Command {
  return command
    .option("--json <file>", "write the results as JSON")
    .option("--junit <file>", "write them as JUnit XML, for CI systems")
    .option("--html <file>", "write them as one page to hand on, packets included")
    .option("--remark <text>", "words above the results of the page: who, for whom")
    .option("--badge <file>", "write a badge (SVG)")
    .option("--pcapng <folder>", "write the packets of each case for Wireshark")
    .option("--baseline <file>", "compare with the JSON of an earlier run")
    .option("--strict", "count inconclusive cases as failed")
    .option("--quiet", "print the summary only");
}

/**
 * Reads the earlier run before the new one begins, so that a mistake in its name does not come at the end of an hour.
 *
 * @throws Error fit for the user
 */
export function readBaseline(file: string | undefined): JsonReport | undefined {
  if (file === undefined) return undefined;
  let report: JsonReport;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as JsonReport;
  } catch (error) {
    throw new Error(`The baseline ${file} cannot be read: ${(error as Error).message}`);
  }
  if (!Array.isArray(report.cases)) {
    throw new Error(`The baseline ${file} is not a report: it must be what --json wrote.`);
  }
  return report;
}

/** Prints and writes everything that was asked for; returns the exit status. */
export function conclude(
  run: RunReport,
  options: ReportOptions,
  baseline: JsonReport | undefined,
): number {
  const { results } = run;
  const text = renderResults(results);
  console.log(options.quiet === true ? text.slice(text.lastIndexOf("\n") + 1) : text);
  const comparison = baseline === undefined ? undefined : compare(baseline, results);
  if (comparison !== undefined) console.log(`\n${renderComparison(comparison)}`);
  writeReports(run, options);
  return exitStatus(run, options, comparison);
}

function writeReports(run: RunReport, options: ReportOptions): void {
  const { json, junit, html, badge, remark } = options;
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(jsonReport(run), null, 2)}\n`);
  if (junit !== undefined) writeFileSync(junit, junitReport(run));
  if (html !== undefined) writeFileSync(html, htmlReport(run, { remark }));
  if (badge !== undefined) writeFileSync(badge, badgeOf(run.results));
  if (options.pcapng !== undefined) writeCaptures(run, options.pcapng);
}

function writeCaptures(run: RunReport, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const result of run.results) {
    if (result.packets.length === 0) continue;
    const comment = `${result.id} ${result.title}: ${result.verdict}, ${result.why}`;
    const file = join(folder, `${anchorOf(result)}.pcapng`);
    writeFileSync(file, pcapng(result.packets, run.startedAt, comment));
  }
}

function exitStatus(
  { results }: RunReport,
  { strict }: ReportOptions,
  comparison: Comparison | undefined,
): number {
  const { fail, inconclusive } = summaryOf(results);
  if (comparison !== undefined) return comparison.worse.length > 0 ? 1 : 0;
  return fail > 0 || (strict === true && inconclusive > 0) ? 1 : 0;
}
