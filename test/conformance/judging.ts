/** What every bench has: criteria that are judged, what they build on, and the ladder that shows it. */
import type { Milliseconds } from "../../protocol/time/duration.ts";
import type { Verdict } from "./case.ts";
import type { Ladder } from "./ladder.ts";

/** Thrown to end a case. */
export class Ended extends Error {
  readonly verdict: Verdict;
  readonly criterion: string | undefined;

  constructor(verdict: Verdict, why: string, criterion: string | undefined) {
    super(why);
    this.verdict = verdict;
    this.criterion = criterion;
  }
}

export abstract class Judging<Criterion extends string> {
  abstract readonly ladder: Ladder;
  /** Criteria that have been judged. */
  readonly judged = new Set<string>();

  /** Since the case began. */
  abstract now(): Milliseconds;

  /** Says in the ladder what comes now. */
  step(text: string): void {
    this.ladder.step(this.now(), text);
  }

  /** A criterion: the case fails with `otherwise` when it does not hold. */
  expect(criterion: Criterion, holds: boolean, otherwise: string): void {
    this.judged.add(criterion);
    if (!holds) throw new Ended("fail", otherwise, criterion);
  }

  /** What the client shows itself to have: without it the case is not about this client. */
  applies(holds: boolean, otherwise: string): void {
    if (!holds) throw new Ended("not applicable", otherwise, undefined);
  }

  /** What the criteria build on: without it the case is inconclusive. */
  given(holds: boolean, otherwise: string): void {
    if (!holds) throw new Ended("inconclusive", otherwise, undefined);
  }
}
