/**
 * Results as text for a terminal.
 */
import type { CaseResult, Verdict } from "../case.ts";
import { summaryLine } from "./summary.ts";

export interface RenderOptions {
  /** Show the exchanges of these verdicts. Default: fail and inconclusive. */
  readonly ladders?: readonly Verdict[];
}

/** One line per case, why it did not pass, the exchanges that matter, and the count at the end. */
export function renderResults(
  results: readonly CaseResult[],
  { ladders = ["fail", "inconclusive"] }: RenderOptions = {},
): string {
  const width = Math.max(0, ...results.map(({ id }) => id.length));
  const lines: string[] = [];
  for (const { id, title, verdict, why, criterion, ladder, seconds } of results) {
    lines.push(`${verdict.padEnd(14)}  ${id.padEnd(width)}  ${title}`);
    const judged = criterion === undefined ? why : `${criterion}: ${why}`;
    if (verdict !== "pass") lines.push(`${" ".repeat(16)}${judged}`);
    if (!ladders.includes(verdict) || ladder === "") continue;
    lines.push("", `${" ".repeat(4)}the exchange, ${Number(seconds.toFixed(3))} s:`);
    lines.push(...ladder.split("\n").map((line) => `${" ".repeat(4)}${line}`), "");
  }
  lines.push("", summaryLine(results));
  return lines.join("\n");
}
