/** Scenarios for notifications of the battery level: attributes, what the level does, and for how long it is watched. */
import type { Conditions, Moment } from "../notification-oracle.ts";

export interface Scenario<Criterion extends string = string> {
  readonly criterion: Criterion;
  readonly conditions: Conditions;
  /** Of the level, before. */
  readonly initial: number;
  readonly changes: readonly Moment[];
  /** Seconds. */
  readonly until: number;
}

/** `[second, value]`. */
type Step = readonly [number, number];

function scenario<Criterion extends string>(
  criterion: Criterion,
  conditions: Conditions,
  until: number,
  initial: number,
  ...steps: readonly Step[]
): Scenario<Criterion> {
  const changes = steps.map(([second, value]) => ({ second, value }));
  return { criterion, conditions, initial, changes, until };
}

export type PeriodCriterion = "held" | "at-pmin" | "prompt" | "pmax" | "equal" | "ignored";

export const PERIOD_SCENARIOS: readonly Scenario<PeriodCriterion>[] = [
  scenario("held", { pmin: 10, pmax: 3600 }, 45, 80, [3, 75], [13, 74], [14, 73], [19, 72]),
  scenario("held", { pmin: 20, pmax: 3600 }, 70, 80, [1, 70], [2, 69], [3, 68], [21, 67]),
  scenario("at-pmin", { pmin: 10, pmax: 3600 }, 35, 80, [10, 70], [20, 60], [31, 50]),
  scenario("prompt", { pmin: 5, pmax: 3600 }, 60, 80, [30, 70], [50, 60]),
  scenario("prompt", { pmin: 0, pmax: 3600 }, 8, 80, [1, 79], [2, 78], [3, 77], [7, 76]),
  scenario("pmax", { pmin: 0, pmax: 7 }, 30, 80),
  scenario("pmax", { pmin: 3, pmax: 15 }, 60, 80, [4, 70], [25, 60], [26, 59]),
  scenario("pmax", { pmax: 12 }, 40, 80, [5, 70], [31, 60]),
  scenario("equal", { pmin: 10, pmax: 10 }, 45, 80, [4, 70], [15, 60], [16, 59]),
  scenario("equal", { pmin: 1, pmax: 1 }, 6, 80),
  scenario("ignored", { pmin: 20, pmax: 10 }, 65, 80, [5, 70]),
  scenario("ignored", { pmin: 5, pmax: 0 }, 60, 80, [8, 70]),
];

export type ConditionCriterion = "gt" | "lt" | "st" | "together" | "held" | "pmax";

export const CONDITION_SCENARIOS: readonly Scenario<ConditionCriterion>[] = [
  // biome-ignore format: one walk per line
  scenario("gt", { pmin: 0, pmax: 3600, gt: 50 }, 30, 40, [2, 45], [4, 51], [6, 60], [8, 55], [10, 49], [12, 30], [14, 70]),
  scenario(
    "lt",
    { pmin: 0, pmax: 3600, lt: 20 },
    30,
    40,
    [2, 25],
    [4, 19],
    [6, 5],
    [8, 18],
    [10, 21],
    [12, 90],
  ),
  scenario(
    "st",
    { pmin: 0, pmax: 3600, st: 10 },
    30,
    50,
    [2, 55],
    [4, 59],
    [6, 60],
    [8, 51],
    [10, 50],
    [12, 30],
    [14, 39],
  ),
  // biome-ignore format: one walk per line
  scenario("together", { pmin: 0, pmax: 3600, gt: 80, lt: 20, st: 15 }, 40, 50, [2, 60], [4, 65], [6, 79], [8, 81], [10, 95], [12, 90], [14, 79], [16, 22], [18, 19], [20, 10], [22, 21]),
  scenario(
    "together",
    { pmin: 0, pmax: 3600, gt: 60, lt: 40 },
    30,
    50,
    [3, 59],
    [6, 61],
    [9, 39],
    [12, 50],
    [15, 41],
  ),
  scenario(
    "held",
    { pmin: 10, pmax: 3600, st: 5 },
    60,
    80,
    [2, 70],
    [12, 68],
    [15, 63],
    [40, 60],
    [45, 40],
  ),
  scenario("held", { pmin: 10, pmax: 3600, gt: 50 }, 60, 40, [3, 55], [22, 45], [24, 44], [40, 48]),
  scenario("pmax", { pmin: 0, pmax: 15, st: 20 }, 60, 80, [4, 70], [20, 55], [32, 34], [36, 40]),
  scenario("pmax", { pmin: 4, pmax: 10, gt: 90 }, 45, 80, [6, 85], [13, 95], [28, 70]),
];
