/** ETS 1.2 group 300-399: observations of several paths at once. */
import { CHANGED, CONTENT, CREATED, DELETED } from "../../../protocol/coap/codes.ts";
import { SENML_CBOR } from "../../../protocol/coap/content-formats.ts";
import { OBSERVE, uintOf } from "../../../protocol/coap/options.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type Bench, type ObservedPath, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { COMPOSITE_NEEDS, cancelComposite, expectAbsent, observeComposite } from "../composite.ts";
import { C_1, C_12, configuredValues } from "../configurations.ts";
import { encodeValues } from "../content.ts";
import type { Uplink } from "../scripted-server.ts";
import { expectWindows, NO_SEQUENCE } from "./expectations.ts";

const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §6.4.4", "LwM2M Core 1.1.1 §5.1.2", "RFC 8132 §2"];
const PATHS = ["/1/0/1", "/3/0/11/0", "/3/0/16"];

const OBSERVE_COMPOSITE = clientCase({
  id: "LightweightM2M-1.1-int-304",
  title: "Observe-Composite Operation",
  versions: SINCE_1_1,
  clauses: CLAUSES,
  configuration: C_1,
  begins: "registered",
  needs: COMPOSITE_NEEDS,
  correction: "notifications carry the Observe option of the answer, where 1 is printed",
  criteria: {
    observe: "FETCH of three paths with Observe=0 is answered by 2.05 with the Observe option",
    first: "and the three values",
    windows: "a notification comes 30 to 45 s later",
    values: "with all three values",
  },
  async procedure(bench) {
    await bench.givenAttributes("/1/0/1", "pmin=30", "pmax=45");
    const observed = await expectComposite(bench, ["observe", "first"], PATHS);
    await bench.wait(50 * SECOND);
    const notifications = bench.takeAll("notification", observed.token);
    expectWindows(bench, "windows", observed, notifications, [30, 45]);
    expectNotified(bench, "values", observed, notifications, valuesOf(bench, PATHS));
  },
});

const CANCEL_COMPOSITE = clientCase({
  id: "LightweightM2M-1.1-int-305",
  title: "Cancel Observation-Composite Operation",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.5", "RFC 7641 §3.6"],
  configuration: C_1,
  begins: "registered",
  needs: COMPOSITE_NEEDS,
  criteria: {
    answer: "FETCH of the same paths with Observe=1 is answered by 2.05 without the option",
    silence: "no notification comes from then on",
  },
  async procedure(bench) {
    await bench.givenAttributes("/1/0/1", "pmin=5", "pmax=10");
    const observed = await observeComposite(bench, PATHS);
    bench.given(observed.answer.code === CONTENT, `${was(observed.answer)}, not by 2.05`);
    await bench.wait(25 * SECOND);
    const before = bench.takeAll("notification", observed.token);
    bench.given(before.length > 0, "no notification came in 25 s, with pmax=10");
    bench.step("the server cancels the observation");
    const answer = await cancelComposite(bench, PATHS, observed);
    bench.expectCode("answer", answer, CONTENT);
    const hasOption = uintOf(answer.options, OBSERVE, NO_SEQUENCE) !== NO_SEQUENCE;
    bench.expect("answer", !hasOption, `${was(answer)} with the Observe option`);
    bench.takeAll("notification", observed.token);
    await bench.wait(60 * SECOND);
    const late = bench.take("notification", observed.token);
    bench.expect("silence", late === undefined, "a notification came");
  },
});

/** Int-308 and 309: what is observed comes, or goes, while it is observed. */
function changeCase(number: 308 | 309): ConformanceCase {
  const isCreate = number === 308;
  const second = { "/16/1/0/0": "Host Device ID #1" };
  const configuration = isCreate
    ? C_12
    : {
        ...C_12,
        name: "C.12 with a second portfolio",
        objects: {
          ...C_12.objects,
          16: { ...C_12.objects[16], 1: { 0: [second["/16/1/0/0"]] } },
        },
      };
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title: `Observe-Composite and ${isCreate ? "Create" : "Delete"} Operation`,
    versions: SINCE_1_1,
    clauses: [...CLAUSES, `LwM2M Core 1.1.1 §6.3.${isCreate ? 6 : 7}`],
    configuration,
    begins: "registered",
    needs: COMPOSITE_NEEDS,
    correction: isCreate ? undefined : "Delete is answered by 2.02, where 2.04 is printed",
    criteria: {
      observe: "FETCH of /16/0 and /16/1 with Observe=0 is answered by 2.05 with the option",
      first: `and the values of ${isCreate ? "/16/0 alone" : "both"}`,
      change: `${isCreate ? "Create of /16/1 is answered by 2.01" : "Delete of /16/1 by 2.02"}`,
      notified: `later notifications hold the values of ${isCreate ? "both" : "/16/0 alone"}`,
    },
    async procedure(bench) {
      await bench.givenAttributes("/16", "pmin=30", "pmax=45");
      const paths = ["/16/0", "/16/1"];
      const observed = await expectComposite(bench, ["observe", "first"], paths);
      if (isCreate) {
        const values = bench.expectValues("first", observed.answer, {});
        expectAbsent(bench, "first", observed.answer, values, ["/16/1"]);
      }
      await bench.wait(5 * SECOND);
      bench.takeAll("notification", observed.token);
      const before = valuesOf(bench, ["/16/0"]);
      if (isCreate) {
        const payload = encodeValues(SENML_CBOR, "/16", second);
        bench.expectCode("change", await bench.post("/16", SENML_CBOR, payload), CREATED);
      } else bench.expectCode("change", await bench.delete("/16/1"), DELETED);
      await bench.wait(50 * SECOND);
      const notifications = bench.takeAll("notification", observed.token);
      const last = notifications.slice(-1);
      bench.expect("notified", last.length > 0, "no notification came in 50 s, with pmax=45");
      const wanted = isCreate ? { ...before, ...second } : before;
      const gone = isCreate ? [] : ["/16/1"];
      expectNotified(bench, "notified", observed, last, wanted, gone);
    },
  });
}

const CHANGED_ATTRIBUTES = clientCase({
  id: "LightweightM2M-1.1-int-310",
  title: "Observe-Composite and modification of attributes",
  versions: SINCE_1_1,
  clauses: [...CLAUSES, "LwM2M Core 1.1.1 §6.3.4"],
  configuration: C_1,
  begins: "registered",
  needs: COMPOSITE_NEEDS,
  correction: "Observe=0 registers, where 1 is printed; /1/0/3 is /1/0/1, which C.1 has",
  criteria: {
    observe: "FETCH of /1/0/1 and /3/0 with Observe=0 is answered by 2.05 with the option",
    first: "and the values",
    attributes: "Write-Attributes of /3, pmax=5, is answered by 2.04",
    windows: "from then on notifications come every 5 s",
  },
  async procedure(bench) {
    const paths = ["/1/0/1", "/3/0"];
    const observed = await expectComposite(bench, ["observe", "first"], paths);
    const attributes = await bench.writeAttributes("/3", ["pmin=0", "pmax=5"]);
    bench.expectCode("attributes", attributes, CHANGED);
    // What was due before does not count.
    await bench.wait(6 * SECOND);
    bench.takeAll("notification", observed.token);
    const from = { ...observed, answer: { ...observed.answer, at: bench.now() } };
    await bench.wait(30 * SECOND);
    const notifications = bench.takeAll("notification", observed.token);
    expectWindows(bench, "windows", from, notifications, [0, 5]);
  },
});

async function expectComposite<Criterion extends string>(
  bench: Bench<Criterion>,
  [observe, first]: readonly [Criterion, Criterion],
  paths: readonly string[],
): Promise<ObservedPath> {
  const observed = await observeComposite(bench, paths);
  bench.expectCode(observe, observed.answer, CONTENT);
  const sequence = uintOf(observed.answer.options, OBSERVE, NO_SEQUENCE);
  const why = `${was(observed.answer)} without the Observe option`;
  bench.expect(observe, sequence !== NO_SEQUENCE, why);
  bench.expectValues(first, observed.answer, valuesOf(bench, paths), SENML_CBOR);
  return observed;
}

/** Every notification is a 2.05 with these values, and nothing of what is gone. */
function expectNotified<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  { answer }: ObservedPath,
  notifications: readonly Uplink[],
  wanted: Readonly<Record<string, Value>>,
  gone: readonly string[] = [],
): void {
  for (const { message } of notifications) {
    const { code, options, payload } = message;
    const notified = { ...answer, asked: "the observation", code, options, payload };
    const values = bench.expectValues(criterion, notified, wanted);
    expectAbsent(bench, criterion, notified, values, gone);
  }
}

function valuesOf(bench: Bench, paths: readonly string[]): Record<string, Value> {
  return Object.assign({}, ...paths.map((path) => configuredValues(bench.configuration, path)));
}

export const COMPOSITE_REPORTING_CASES: readonly ConformanceCase[] = [
  OBSERVE_COMPOSITE,
  CANCEL_COMPOSITE,
  changeCase(308),
  changeCase(309),
  CHANGED_ATTRIBUTES,
];
