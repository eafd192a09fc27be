/** ETS 1.2 group 300-399, Information Reporting. */

import { CHANGED, CONTENT, GET } from "../../../protocol/coap/codes.ts";
import { OBSERVE, uintOf } from "../../../protocol/coap/options.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, type ObservedPath, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_4, configuredValues } from "../configurations.ts";
import type { Uplink } from "../scripted-server.ts";
import {
  expectObserved,
  expectSequence,
  expectWindows,
  NO_SEQUENCE,
  rejectNext,
} from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];

const POWER_RESOURCES = ["/3/0/7", "/3/0/8"];

const OBSERVE_AND_NOTIFY = clientCase({
  id: "LightweightM2M-1.1-int-301",
  title: "Observation and Notification of parameter values",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.1", "LwM2M Core 1.1.1 §6.4.2", "LwM2M Core 1.1.1 §5.1.2"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: POWER_RESOURCES },
  criteria: {
    attributes: "Write-Attributes of /3/0/7 and /3/0/8 are answered by 2.04",
    observe: "both Observes are answered by 2.05 with the Observe option",
    windows: "notifications come no sooner than pmin and no later than pmax after the one before",
    sequence: "each has the Observe option, with growing numbers",
    values: "each holds the value",
  },
  async procedure(bench) {
    bench.step("the server sets 5..15 s for the voltage and 10..20 s for the current");
    const voltage = await bench.writeAttributes("/3/0/7", ["pmin=5", "pmax=15"]);
    bench.expectCode("attributes", voltage, CHANGED);
    const current = await bench.writeAttributes("/3/0/8", ["pmin=10", "pmax=20"]);
    bench.expectCode("attributes", current, CHANGED);
    const first = await expectObserved(bench, "observe", "/3/0/7");
    const second = await expectObserved(bench, "observe", "/3/0/8");
    bench.step("two minutes pass");
    await bench.wait(120 * SECOND);
    for (const [observed, pmin, pmax] of [
      [first, 5, 15],
      [second, 10, 20],
    ] as const) {
      const notifications = bench.takeAll("notification", observed.token);
      expectWindows(bench, "windows", observed, notifications, [pmin, pmax]);
      expectSequence(bench, "sequence", observed, notifications);
      expectConfigured(bench, "values", observed, notifications);
    }
  },
});

const CANCEL_BY_RESET = clientCase({
  id: "LightweightM2M-1.1-int-302",
  title: "Cancel Observations using Reset Operation",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.3", "RFC 7641 §3.6"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: POWER_RESOURCES },
  criteria: {
    first: "after a Reset to a notification of /3/0/7 no more come",
    other: "those of /3/0/8 still do",
    second: "until one of them gets a Reset, too",
  },
  async procedure(bench) {
    const [voltage, current] = await givenTwoObserved(bench);
    bench.step("the server answers the next notification of /3/0/7 by a Reset");
    await rejectNext(bench, voltage);
    await bench.wait(60 * SECOND);
    const late = bench.take("notification", voltage.token);
    bench.expect("first", late === undefined, `a notification came ${secondsAt(late)}`);
    const still = bench.takeAll("notification", current.token);
    bench.expect("other", still.length > 1, "the notifications of /3/0/8 stopped as well");
    bench.step("the server answers the next notification of /3/0/8 by a Reset");
    await rejectNext(bench, current);
    await bench.wait(60 * SECOND);
    const last = bench.take("notification");
    bench.expect("second", last === undefined, `a notification came ${secondsAt(last)}`);
  },
});

const CANCEL_BY_OBSERVE = clientCase({
  id: "LightweightM2M-1.1-int-303",
  title: "Cancel observations using Observe with Cancel parameter",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.3", "RFC 7641 §3.6"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: POWER_RESOURCES },
  correction: "each observation is cancelled where it was made, not at /3/0",
  criteria: {
    answer: "a GET with Observe=1 is answered by 2.05 without the Observe option",
    first: "no more notifications of /3/0/7 come",
    other: "those of /3/0/8 still do",
    second: "until it is cancelled, too",
  },
  async procedure(bench) {
    const [voltage, current] = await givenTwoObserved(bench);
    bench.step("the server cancels the observation of /3/0/7");
    await expectCancelled(bench, "answer", voltage);
    await bench.wait(60 * SECOND);
    const late = bench.take("notification", voltage.token);
    bench.expect("first", late === undefined, `a notification came ${secondsAt(late)}`);
    const still = bench.takeAll("notification", current.token);
    bench.expect("other", still.length > 1, "the notifications of /3/0/8 stopped as well");
    bench.step("the server cancels the observation of /3/0/8");
    await expectCancelled(bench, "answer", current);
    await bench.wait(60 * SECOND);
    const last = bench.take("notification");
    bench.expect("second", last === undefined, `a notification came ${secondsAt(last)}`);
  },
});

const OBSERVE_WITH_PARAMETERS = clientCase({
  id: "LightweightM2M-1.2-int-312",
  title: "Observe with parameters",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2 §6.4.1"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: ["/3/0/7"], features: ["observe parameters"] },
  criteria: {
    observe: "an Observe of /3/0/7?pmin=5&pmax=15 is answered by 2.05 with the Observe option",
    windows: "notifications come at least every 15 s, and not sooner than after 5 s",
  },
  async procedure(bench) {
    const observed = await expectObserved(bench, "observe", "/3/0/7", ["pmin=5", "pmax=15"]);
    await bench.wait(60 * SECOND);
    const notifications = bench.takeAll("notification", observed.token);
    expectWindows(bench, "windows", observed, notifications, [5, 15]);
  },
});

const PARAMETERS_OVERRIDE = clientCase({
  id: "LightweightM2M-1.2-int-313",
  title: "Observe parameters override attached attributes",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2 §6.4.1"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: ["/3/0/7"], features: ["observe parameters"] },
  criteria: {
    observe: "an Observe of /3/0/7?pmax=10 is answered by 2.05 with the Observe option",
    windows: "notifications come at least every 10 s, though pmax=60 is attached",
  },
  async procedure(bench) {
    await bench.givenAttributes("/3/0/7", "pmax=60");
    const observed = await expectObserved(bench, "observe", "/3/0/7", ["pmax=10"]);
    await bench.wait(60 * SECOND);
    const notifications = bench.takeAll("notification", observed.token);
    expectWindows(bench, "windows", observed, notifications, [0, 10]);
  },
});

/** Observations of voltage and current that notify every 15 and 20 s. */
export async function givenTwoObserved(
  bench: Bench,
): Promise<readonly [ObservedPath, ObservedPath]> {
  await bench.givenAttributes("/3/0/7", "pmin=5", "pmax=15");
  await bench.givenAttributes("/3/0/8", "pmin=10", "pmax=20");
  return [await bench.givenObserved("/3/0/7"), await bench.givenObserved("/3/0/8")];
}

async function expectCancelled<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { path, tokenBytes, token }: ObservedPath,
): Promise<void> {
  const answer = await bench.ask({ method: GET, path, observe: 1, token: tokenBytes });
  bench.expectCode(criterion, answer, CONTENT);
  const hasOption = uintOf(answer.options, OBSERVE, NO_SEQUENCE) !== NO_SEQUENCE;
  bench.expect(criterion, !hasOption, `${was(answer)} with the Observe option`);
  bench.takeAll("notification", token);
}

/** Every notification is a 2.05 with the configured values. */
function expectConfigured<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { path, answer }: ObservedPath,
  notifications: readonly Uplink[],
): void {
  const wanted = configuredValues(bench.configuration, path);
  for (const { message } of notifications) {
    const { code, options, payload } = message;
    bench.expectValues(criterion, { ...answer, code, options, payload }, wanted);
  }
}

function secondsAt(uplink: Uplink | undefined): string {
  return uplink === undefined ? "never" : `at ${uplink.at / SECOND} s`;
}

export const REPORTING_CASES: readonly ConformanceCase[] = [
  OBSERVE_AND_NOTIFY,
  CANCEL_BY_RESET,
  CANCEL_BY_OBSERVE,
  OBSERVE_WITH_PARAMETERS,
  PARAMETERS_OVERRIDE,
];
