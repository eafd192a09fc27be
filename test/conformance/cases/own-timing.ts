/** Notifications to the second, against the oracle of notification-oracle.ts. */
import { CHANGED, GET, isSuccess } from "../../../protocol/coap/codes.ts";
import { TEXT } from "../../../protocol/coap/content-formats.ts";
import { type Milliseconds, SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, type ObservedPath, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_4 } from "../configurations.ts";
import { decodeValues } from "../content.ts";
import { type Moment, notificationsOf } from "../notification-oracle.ts";
import type { Uplink } from "../scripted-server.ts";
import { CONDITION_SCENARIOS, PERIOD_SCENARIOS, type Scenario } from "./timing-table.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §5.1.2", "LwM2M Core 1.1.1 §6.4.2", "LwM2M Core 1.2.2 §7.3.2"];
const BATTERY = "/3/0/9";
const ATTRIBUTES = ["gt", "lt", "st", "pmin", "pmax"];
/** How late what is due at a whole second may be. */
const TICK: Milliseconds = SECOND;

/** Sets the attributes of a scenario, runs it, and compares what came with what the oracle says. */
async function expectScenario<Criterion extends string>(
  bench: Bench<Criterion>,
  scenario: Scenario<Criterion>,
): Promise<void> {
  const { criterion, conditions } = scenario;
  const query = Object.entries(conditions).map(([name, value]) => `${name}=${value}`);
  const set = await bench.writeAttributes(BATTERY, query);
  // A pmax below pmin may be refused, since it would have to be ignored.
  if (set.code !== CHANGED && criterion === "ignored") return bench.expect(criterion, true, "");
  bench.given(set.code === CHANGED, `${was(set)}, not by 2.04`);
  await expectOracle(bench, query.join("&"), scenario);
  await bench.givenAttributes(BATTERY, ...ATTRIBUTES);
}

/** With the conditions in force, however that came. @param named them, in words */
async function expectOracle<Criterion extends string>(
  bench: Bench<Criterion>,
  named: string,
  { criterion, conditions, initial, changes, until }: Scenario<Criterion>,
): Promise<void> {
  await bench.client.set(BATTERY, initial);
  const observed = await bench.observeBy({ method: GET, path: BATTERY, accept: TEXT });
  const { answer, token, tokenBytes } = observed;
  bench.given(isSuccess(answer.code), `${was(answer)}, not by 2.05`);
  for (const { second, value } of changes) {
    await bench.wait(answer.at + second * SECOND - bench.now());
    await bench.client.set(BATTERY, value);
  }
  await bench.wait(answer.at + until * SECOND + TICK - 1 - bench.now());
  const came = bench.takeAll("notification", token);
  expectTold(
    bench,
    criterion,
    named,
    observed,
    came,
    notificationsOf(conditions, initial, changes, until),
  );
  await bench.ask({ method: GET, path: BATTERY, observe: 1, token: tokenBytes });
}

function expectTold<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  named: string,
  observed: ObservedPath,
  came: readonly Uplink[],
  due: readonly Moment[],
): void {
  const { tolerance } = bench.client;
  const start = observed.answer.at;
  for (const [i, { second, value }] of due.entries()) {
    const late = (came[i]?.at ?? Number.NaN) - start - second * SECOND;
    const isOnTime = late >= -tolerance && late <= TICK + tolerance;
    const holds = isOnTime && levelIn(came[i], observed) === value;
    const said = came[i] === undefined ? "nothing came" : describe(came[i], observed);
    bench.expect(criterion, holds, `${named}: ${value} was due at second ${second}, and ${said}`);
  }
  const more = came[due.length];
  const said = more === undefined ? "" : describe(more, observed);
  bench.expect(criterion, more === undefined, `${named}: ${said}, and was not due`);
}

function levelIn({ message }: Uplink, { path, answer }: ObservedPath): number {
  const values = decodeValues(answer.format, message.payload, path);
  return typeof values === "string" ? Number.NaN : Number(values.get(path));
}

function describe(uplink: Uplink, observed: ObservedPath): string {
  const second = (uplink.at - observed.answer.at) / SECOND;
  return `${levelIn(uplink, observed)} came at second ${second}`;
}

const PERIODS = clientCase({
  id: "dormouse-timing-periods",
  title: "pmin and pmax to the second",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true },
  criteria: {
    held: "of changes within pmin the last is told when it is over, and no other",
    "at-pmin": "a change at the second when pmin is over is told at once",
    prompt: "so is one when it has long been over, and every one when it is 0",
    pmax: "without a change a notification comes every pmax, counted from the last one",
    equal: "with pmax equal to pmin one comes at each of them, whatever changes",
    ignored: "a pmax of 0, and one below pmin, brings none",
  },
  async procedure(bench) {
    for (const scenario of PERIOD_SCENARIOS) await expectScenario(bench, scenario);
  },
});

const CONDITIONS = clientCase({
  id: "dormouse-timing-conditions",
  title: "gt, lt and st with pmin and pmax, to the second",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true },
  criteria: {
    gt: "a value that crosses gt, upwards or downwards, is told, and no other",
    lt: "so with lt",
    st: "a value that is st away from the one told last is told, and no other",
    together: "of several conditions one suffices",
    held: "what meets a condition within pmin is told when it is over",
    pmax: "pmax tells the value whatever it is, and steps are counted from it",
  },
  async procedure(bench) {
    for (const scenario of CONDITION_SCENARIOS) await expectScenario(bench, scenario);
  },
});

const DEFAULTS = clientCase({
  id: "dormouse-timing-defaults",
  title: "The account's pmin and pmax to the second, and attributes before them",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.1.1 §E.2"],
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true, resources: ["/1/0/2", "/1/0/3"], formats: [TEXT] },
  criteria: {
    defaults: "without attributes notifications keep to /1/0/2 and /1/0/3",
    attributes: "a pmin of 0 counts before /1/0/2, and /1/0/3 stays",
  },
  async procedure(bench) {
    // Whatever the device's own defaults were.
    for (const [path, seconds] of [
      ["/1/0/2", "15"],
      ["/1/0/3", "40"],
    ]) {
      const write = await bench.put(path, TEXT, seconds);
      bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
    }
    const changes = [
      { second: 4, value: 70 },
      { second: 60, value: 60 },
    ];
    const plain = { initial: 80, changes, until: 105 };
    const [byAccount, byOwn] = [
      { pmin: 15, pmax: 40 },
      { pmin: 0, pmax: 40 },
    ];
    const first = { ...plain, criterion: "defaults", conditions: byAccount } as const;
    await expectOracle(bench, "/1/0/2=15, /1/0/3=40", first);
    await bench.givenAttributes(BATTERY, "pmin=0");
    const second = { ...plain, criterion: "attributes", conditions: byOwn } as const;
    await expectOracle(bench, "pmin=0 with /1/0/2=15, /1/0/3=40", second);
  },
});

/** What is observed, what changes, and whether that is told. */
const LEVELS: readonly (readonly [
  observed: string,
  changed: string,
  value: number,
  isTold: boolean,
  since: Version,
])[] = [
  ["/3", BATTERY, 70, true, "1.0"],
  ["/3/0", BATTERY, 60, true, "1.0"],
  ["/3/0", "/3/0/7/1", 4000, true, "1.0"],
  ["/3/0/7", "/3/0/7/1", 4100, true, "1.0"],
  ["/3/0/7", BATTERY, 50, false, "1.0"],
  ["/3/0/7/1", "/3/0/7/1", 4200, true, "1.1"],
  ["/3/0/7/0", "/3/0/7/1", 4300, false, "1.1"],
];

const TREE = clientCase({
  id: "dormouse-timing-levels",
  title: "What is observed is everything at and below its path",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.1.1 §6.4.1"],
  configuration: C_4,
  begins: "registered",
  needs: { setsValues: true },
  criteria: {
    below: "a change at or below what is observed is told when pmin is over",
    beside: "one beside it is not",
  },
  async procedure(bench) {
    await bench.givenAttributes("/3", "pmin=5", "pmax=3600");
    for (const [observed, changed, value, isTold, since] of LEVELS) {
      if (bench.version < since) continue;
      const { answer, token, tokenBytes } = await bench.givenObserved(observed);
      await bench.wait(2 * SECOND);
      await bench.client.set(changed, value);
      await bench.wait(answer.at + 8 * SECOND - bench.now());
      const [first, ...more] = bench.takeAll("notification", token);
      const what = `${changed} changed while ${observed} was observed`;
      const late = (first?.at ?? Number.NaN) - answer.at - 5 * SECOND;
      const { tolerance } = bench.client;
      const isOnTime = late >= -tolerance && late <= TICK + tolerance && more.length === 0;
      const why = `${what}, and ${first === undefined ? "nothing came" : "something came"}`;
      if (isTold) bench.expect("below", isOnTime, `${why}, due at second 5`);
      else bench.expect("beside", first === undefined, why);
      await bench.ask({ method: GET, path: observed, observe: 1, token: tokenBytes });
    }
  },
});

export const OWN_TIMING_CASES: readonly ConformanceCase[] = [PERIODS, CONDITIONS, DEFAULTS, TREE];
