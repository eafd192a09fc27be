/** A run as JSON: what programs read, and what `--baseline` compares with. */
import type { Verdict } from "../case.ts";
import type { RunReport } from "./run.ts";
import { type Summary, summaryOf } from "./summary.ts";

/** The members that programs may rely on. */
export interface JsonReport {
  readonly subject: string;
  readonly role: "client" | "server";
  readonly harness: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly summary: Summary;
  readonly cases: readonly JsonCase[];
}

export interface JsonCase {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  readonly verdict: Verdict;
  readonly why: string;
  /** The criterion that did not hold. */
  readonly criterion?: string;
  readonly clauses: readonly string[];
  readonly seconds: number;
  readonly ladder?: string;
}

export function jsonReport(run: RunReport): JsonReport {
  return {
    subject: run.subject,
    role: run.role,
    harness: run.harness,
    startedAt: new Date(run.startedAt).toISOString(),
    summary: summaryOf(run.results),
    cases: run.results.map((result) => ({
      id: result.id,
      title: result.title,
      version: result.version,
      verdict: result.verdict,
      why: result.why,
      criterion: result.criterion,
      clauses: result.clauses,
      seconds: result.seconds,
      ladder: result.ladder === "" ? undefined : result.ladder,
    })),
  };
}
