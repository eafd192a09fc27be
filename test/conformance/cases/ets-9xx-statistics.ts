/** ETS 1.2 group 900-949, Connectivity Statistics. */
import { CHANGED } from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_9 } from "../configurations.ts";
import { expectObserved, expectSequence, expectWindows } from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §E.8"];
const NEEDS = { features: ["statistics"], formats: [TLV, TEXT] } as const;

const COLLECT = clientCase({
  id: "LightweightM2M-1.1-int-901",
  title: "Connectivity Statistics Object: Start and Stop",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.5", ...CLAUSES],
  configuration: C_9,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    start: "Execute of /7/0/6 is answered by 2.04",
    stop: "Execute of /7/0/7 is answered by 2.04",
    counted: "/7/0 then has counters that go together: what was said in between was counted",
  },
  async procedure(bench) {
    bench.expectCode("start", await bench.execute("/7/0/6"), CHANGED);
    for (let i = 0; i < 5; i++) await bench.read("/3/0", TLV);
    bench.expectCode("stop", await bench.execute("/7/0/7"), CHANGED);
    const values = bench.expectValues("counted", await bench.read("/7/0", TLV), {}, TLV);
    const [sent, received] = [Number(values.get("/7/0/2")), Number(values.get("/7/0/3"))];
    const isCounted = sent + received > 0;
    bench.expect("counted", isCounted, `2 and 3 are ${sent} and ${received}: nothing was counted`);
    const [largest, average] = [Number(values.get("/7/0/4")), Number(values.get("/7/0/5"))];
    const why = `the average size, ${average}, is more than the largest, ${largest}`;
    bench.expect("counted", average <= largest, why);
  },
});

const PERIOD = clientCase({
  id: "LightweightM2M-1.1-int-905",
  title: "Connectivity Statistics Object: Collection period",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", ...CLAUSES],
  configuration: C_9,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    write: "Write of /7/0/8 is answered by 2.04",
    changed: "the written value is read back",
  },
  async procedure(bench) {
    bench.expectCode("write", await bench.put("/7/0/8", TEXT, "30"), CHANGED);
    bench.expectValues("changed", await bench.read("/7/0/8"), { "/7/0/8": 30 });
  },
});

const OBSERVE = clientCase({
  id: "LightweightM2M-1.1-int-910",
  title: "Connectivity Statistics Object: Observe",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.4.2", ...CLAUSES],
  configuration: C_9,
  begins: "registered",
  needs: NEEDS,
  criteria: {
    observe: "Observe of /7/0 is answered by 2.05 with the Observe option",
    start: "Execute of /7/0/6 is answered by 2.04",
    windows: "notifications keep to pmin=2 and pmax=10",
    sequence: "with growing numbers",
  },
  async procedure(bench) {
    await bench.givenAttributes("/7/0", "pmin=2", "pmax=10");
    const observed = await expectObserved(bench, "observe", "/7/0");
    bench.expectCode("start", await bench.execute("/7/0/6"), CHANGED);
    await bench.wait(60 * SECOND);
    const notifications = bench.takeAll("notification", observed.token);
    expectWindows(bench, "windows", observed, notifications, [2, 10]);
    expectSequence(bench, "sequence", observed, notifications);
  },
});

export const STATISTICS_CASES: readonly ConformanceCase[] = [COLLECT, PERIOD, OBSERVE];
