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
  /** What a reader should know although no standard says how it has to be. */
  readonly notes: string[] = [];

  /** Since the case began. */
  abstract now(): Milliseconds;

  /** Says in the ladder what comes now. */
  step(text: string): void {
    this.ladder.step(this.now(), text);
  }

  /** A criterion: the case fails with `otherwise` when it does not hold. */
  expect(criterion: Criterion, holds: boolean, otherwise: string): void {
    this.judged.add(criterion);
    if (!holds) this.fail(criterion, otherwise);
  }

  /** A criterion that does not hold. */
  fail(criterion: Criterion, why: string): never {
    this.judged.add(criterion);
    throw new Ended("fail", why, criterion);
  }

  /** What the client shows itself to have: without it the case is not about this client. */
  applies(holds: boolean, otherwise: string): void {
    if (!holds) throw new Ended("not applicable", otherwise, undefined);
  }

  /** A criterion: there is one of something. */
  expectFound<T>(criterion: Criterion, found: T | undefined, otherwise: string): T {
    this.expect(criterion, found !== undefined, otherwise);
    return found as T;
  }

  /** What the criteria build on: without it the case is inconclusive. */
  given(holds: boolean, otherwise: string): void {
    if (!holds) this.lack(otherwise);
  }

  /** What the criteria build on is not there. */
  lack(why: string): never {
    throw new Ended("inconclusive", why, undefined);
  }

  /** What the criteria build on: there is one of something. */
  givenFound<T>(found: T | undefined, otherwise: string): T {
    this.given(found !== undefined, otherwise);
    return found as T;
  }

  /** Whoever is judged has, as it turns out, nothing that the case is about. */
  notApplicable(why: string): never {
    throw new Ended("not applicable", why, undefined);
  }

  /** A fact for the reader, which is no criterion: one sentence without its period. */
  note(text: string): void {
    this.notes.push(text);
    this.step(`note: ${text}`);
  }
}
