/** Results counted, and their order of gravity. */
import type { CaseResult, Verdict } from "../case.ts";

export interface Summary {
  readonly pass: number;
  readonly fail: number;
  readonly inconclusive: number;
  readonly notApplicable: number;
  readonly notRun: number;
}

/** How often each verdict was given. */
export function summaryOf(results: readonly CaseResult[]): Summary {
  const count = (verdict: Verdict) => results.filter((one) => one.verdict === verdict).length;
  return {
    pass: count("pass"),
    fail: count("fail"),
    inconclusive: count("inconclusive"),
    notApplicable: count("not applicable"),
    notRun: count("not run"),
  };
}

/** `75 cases: 70 pass, 0 fail, ...` */
export function summaryLine(results: readonly CaseResult[]): string {
  const { pass, fail, inconclusive, notApplicable, notRun } = summaryOf(results);
  return (
    `${results.length} cases: ${pass} pass, ${fail} fail, ${inconclusive} inconclusive, ` +
    `${notApplicable} not applicable, ${notRun} not run`
  );
}
