import { describe, expect, test } from "vitest";
import { CONDITION_SCENARIOS, PERIOD_SCENARIOS } from "../../conformance/cases/timing-table.ts";
import { notificationsOf, READINGS } from "../../conformance/notification-oracle.ts";

const told = (...[conditions, initial, steps, until]: Told) =>
  notificationsOf(
    conditions,
    initial,
    steps.map(([second, value]) => ({ second, value })),
    until,
  ).map(({ second, value }) => `${second}: ${value}`);

type Told = [
  conditions: Parameters<typeof notificationsOf>[0],
  initial: number,
  steps: readonly (readonly [number, number])[],
  until: number,
];

describe("LwM2M Core 1.2.2 §7.3.2", () => {
  test("a change within pmin is told when it is over, the latest value", () => {
    expect(
      told(
        { pmin: 10 },
        1,
        [
          [3, 2],
          [4, 3],
        ],
        30,
      ),
    ).toEqual(["10: 3"]);
  });

  test("pmax counts from the last notification, also one that a change brought", () => {
    expect(told({ pmax: 10 }, 1, [[4, 2]], 30)).toEqual(["4: 2", "14: 2", "24: 2"]);
  });

  test("a pmax below pmin is ignored", () => {
    expect(told({ pmin: 20, pmax: 10 }, 1, [[5, 2]], 60)).toEqual(["20: 2"]);
  });

  test("gt and lt are crossed in both directions", () => {
    const steps = [
      [1, 6],
      [2, 7],
      [3, 4],
      [4, 1],
      [5, 2],
    ] as const;
    expect(told({ gt: 5, lt: 2 }, 3, steps, 10)).toEqual(["1: 6", "3: 4", "4: 1", "5: 2"]);
  });

  test("st counts from the value told last, however it got there", () => {
    expect(
      told(
        { st: 5 },
        0,
        [
          [1, 3],
          [2, 5],
          [3, 9],
          [4, 10],
        ],
        10,
      ),
    ).toEqual(["2: 5", "4: 10"]);
  });
});

describe("no scenario depends on what the standard leaves open", () => {
  test.each([...PERIOD_SCENARIOS, ...CONDITION_SCENARIOS])("%o", (scenario) => {
    const { conditions, initial, changes, until } = scenario;
    const [first, ...others] = READINGS.map((reading) =>
      notificationsOf(conditions, initial, changes, until, reading),
    );
    for (const other of others) expect(other).toEqual(first);
  });

  test.each([
    ...PERIOD_SCENARIOS,
    ...CONDITION_SCENARIOS,
  ])("nor on what comes first within a second: %o", (scenario) => {
    const { conditions, initial, changes, until } = scenario;
    const { pmax = 0 } = conditions;
    const moments = notificationsOf(conditions, initial, changes, until);
    const before = [0, ...moments.map(({ second }) => second)];
    for (const { second } of changes) {
      expect(before.map((last) => last + pmax)).not.toContain(pmax === 0 ? -1 : second);
    }
  });
});
