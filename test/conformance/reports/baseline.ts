/** Compares a run with an earlier one: what has got better, what has got worse. */
import type { CaseResult, Verdict } from "../case.ts";
import type { JsonReport } from "./json.ts";

export interface Change {
  readonly id: string;
  /** "absent" for a case that the earlier run had not. */
  readonly before: Verdict | "absent";
  readonly now: Verdict;
}

export interface Comparison {
  /** Passed before, and does not now; or failed only now. */
  readonly worse: readonly Change[];
  readonly better: readonly Change[];
  /** Neither: not applicable before, not run now, and the like. */
  readonly other: readonly Change[];
  /** Cases of the earlier run that this one has not. */
  readonly gone: readonly string[];
}

/** How good a verdict is; between equals nothing is better. */
const RANKS: Readonly<Record<Verdict | "absent", number>> = {
  pass: 2,
  "not applicable": 1,
  "not run": 1,
  absent: 1,
  inconclusive: 0,
  fail: -1,
};

export function compare(earlier: JsonReport, results: readonly CaseResult[]): Comparison {
  const before = new Map(earlier.cases.map((one) => [keyOf(one), one.verdict]));
  const worse: Change[] = [];
  const better: Change[] = [];
  const other: Change[] = [];
  for (const result of results) {
    const was = before.get(keyOf(result)) ?? "absent";
    before.delete(keyOf(result));
    if (was === result.verdict) continue;
    const change: Change = { id: result.id, before: was, now: result.verdict };
    const difference = RANKS[result.verdict] - RANKS[was];
    if (difference < 0) worse.push(change);
    else if (difference > 0) better.push(change);
    else other.push(change);
  }
  return { worse, better, other, gone: [...before.keys()] };
}

/** A case may have been run for several versions. */
function keyOf({ id, version }: { readonly id: string; readonly version: string }): string {
  return `${id} (${version})`;
}

/** One line per change, what got worse first. */
export function renderComparison({ worse, better, other, gone }: Comparison): string {
  const lines: string[] = [];
  const say = (title: string, changes: readonly Change[]) => {
    if (changes.length === 0) return;
    lines.push(`${title}:`);
    for (const { id, before, now } of changes) lines.push(`  ${id}: ${before} -> ${now}`);
  };
  say("worse than the baseline", worse);
  say("better than the baseline", better);
  say("otherwise changed", other);
  if (gone.length > 0) lines.push("not part of this run:", ...gone.map((id) => `  ${id}`));
  return lines.length === 0 ? "as the baseline" : lines.join("\n");
}
