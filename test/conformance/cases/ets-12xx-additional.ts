/** ETS 1.2 groups 1200-1399 and 1900-2099: cellular connectivity, binary application data, event log. */
import { CHANGED } from "../../../protocol/coap/codes.ts";
import { OCTET_STREAM, TLV } from "../../../protocol/coap/content-formats.ts";
import { attributeOf } from "../../../protocol/coap/link-format.ts";
import { SECOND } from "../../../protocol/time/duration.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { type BaseConfiguration, C_10, C_11, C_15, C_16 } from "../configurations.ts";
import { bytesOf } from "../content.ts";
import {
  expectListed,
  expectObserved,
  expectRead,
  expectSequence,
  expectWindows,
} from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
const READ = "LwM2M Core 1.1.1 §6.3.1";

const CELLULAR_READ = clientCase({
  id: "LightweightM2M-1.1-int-1200",
  title: "Cellular Connectivity Object: Read",
  versions: ALL,
  clauses: [READ],
  configuration: C_10,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: { read: "/10/0 is read as TLV with what is configured" },
  async procedure(bench) {
    await expectRead(bench, "read", "/10/0", TLV);
  },
});

const CELLULAR_READ_1_1 = clientCase({
  id: "LightweightM2M-1.1-int-1201",
  title: "Cellular Connectivity Object version 1.1: Discover and Read",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.2", READ],
  configuration: C_11,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    version: "Discover of /10 says ver=1.1",
    listed: "and lists 4, 5, 6, 8, 9, 11, 13 and 14",
    read: "/10/0 is read as TLV with what is configured",
  },
  async procedure(bench) {
    const links = bench.expectLinks("version", await bench.discover("/10"));
    const object = links.get("/10");
    const version = object === undefined ? undefined : attributeOf(object, "ver");
    bench.expect("version", version === "1.1", `/10 has ver=${version}`);
    const resources = [4, 5, 6, 8, 9, 11, 13, 14].map((id) => `/10/0/${id}`);
    expectListed(bench, "listed", links, resources);
    await expectRead(bench, "read", "/10/0", TLV);
  },
});

const POWER_SAVING = clientCase({
  id: "LightweightM2M-1.1-int-1202",
  title: "Cellular Connectivity Object: Setting the power saving mode",
  versions: SINCE_1_1,
  clauses: [READ, "LwM2M Core 1.1.1 §6.3.3"],
  configuration: C_11,
  begins: "registered",
  needs: { formats: [TLV] },
  correction: "TLV C1 0E 02, where C10 0D 02 is printed",
  criteria: {
    supported: "/10/0/13 is read",
    write: "Write of /10/0/14 is answered by 2.04",
    changed: "the written value is read back",
  },
  async procedure(bench) {
    await expectRead(bench, "supported", "/10/0/13", TLV);
    bench.expectCode("write", await bench.put("/10/0/14", TLV, bytesOf("C1 0E 02")), CHANGED);
    bench.expectValues("changed", await bench.read("/10/0/14", TLV), { "/10/0/14": 2 }, TLV);
  },
});

const POWER_SAVING_OBSERVE = observeCase(
  1203,
  "Cellular Connectivity Object: Observing power saving modes",
  C_11,
  { "/10/0/13": [5, 15], "/10/0/14": [10, 20] },
);
const TIMERS_OBSERVE = observeCase(1204, "Cellular Connectivity Object: Observing timers", C_11, {
  "/10/0/4": [5, 15],
  "/10/0/5": [10, 20],
});

const APP_DATA_OBSERVE = clientCase({
  id: "LightweightM2M-1.1-int-1900",
  title: "Binary Application Data Container: Observe",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.4.2"],
  configuration: C_15,
  begins: "registered",
  needs: { setsValues: true },
  correction: "object 19 has version 1.0 in the registry, where ver=1.1 is wanted in print",
  criteria: {
    observe: "Observe of /19/0/0 is answered by 2.05 with the Observe option",
    notified: "new data comes in a notification, not sooner than pmin",
  },
  async procedure(bench) {
    await bench.givenAttributes("/19/0/0", "pmin=300", "pmax=3600");
    const observed = await expectObserved(bench, "observe", "/19/0/0");
    await bench.client.set("/19/0/0/0", bytesOf("0A 0B 0C"));
    const until = bench.now() + 300 * SECOND + bench.pace.patience;
    const notification = await bench.next("notification", until, observed.token);
    if (notification === undefined) {
      return bench.expect("notified", false, "no notification came after 300 s, which is pmin");
    }
    const gap = notification.at - observed.answer.at;
    const isSooner = gap < 300 * SECOND - bench.client.tolerance;
    bench.expect("notified", !isSooner, `a notification came after ${gap / SECOND} s`);
    const { code, options, payload } = notification.message;
    const notified = { ...observed.answer, code, options, payload };
    bench.expectValues("notified", notified, { "/19/0/0/0": bytesOf("0A 0B 0C") });
  },
});

const APP_DATA_WRITE = clientCase({
  id: "LightweightM2M-1.1-int-1901",
  title: "Binary Application Data Container: Write",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.3"],
  configuration: C_15,
  begins: "registered",
  needs: { formats: [OCTET_STREAM] },
  criteria: {
    write: "Write of /19/1/0/0 is answered by 2.04",
    changed: "the same bytes are read back",
  },
  async procedure(bench) {
    const sent = bytesOf("DE AD BE EF");
    bench.expectCode("write", await bench.put("/19/1/0/0", OCTET_STREAM, sent), CHANGED);
    bench.expectValues("changed", await bench.read("/19/1/0/0"), { "/19/1/0/0": sent });
  },
});

const RUNNING_OR_NOT = 1;

const EVENT_LOG_START = clientCase({
  id: "LightweightM2M-1.1-int-2000",
  title: "Event Log Object: Start",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.5"],
  configuration: C_16,
  begins: "registered",
  correction:
    "Execute of /20/0/4011, which is executable in the registry, where a Write is printed",
  criteria: {
    start: "Execute of /20/0/4011 is answered by 2.04",
    running: "/20/0/4013 says that the log runs: its lowest bit is 0",
  },
  async procedure(bench) {
    bench.expectCode("start", await bench.execute("/20/0/4011"), CHANGED);
    const values = bench.expectValues("running", await bench.read("/20/0/4013"), {});
    const status = Number(values.get("/20/0/4013"));
    const runs = Number.isInteger(status) && (status & RUNNING_OR_NOT) === 0;
    bench.expect("running", runs, `the status is ${status}`);
  },
});

const EVENT_LOG_READ = clientCase({
  id: "LightweightM2M-1.1-int-2001",
  title: "Event Log Object: Read",
  versions: SINCE_1_1,
  clauses: [READ],
  configuration: C_16,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: { read: "/20/0 is read as TLV with what is configured" },
  async procedure(bench) {
    await expectRead(bench, "read", "/20/0", TLV);
  },
});

/** Notifications of two resources keep to their pmin and pmax, each pair in seconds. */
function observeCase(
  number: number,
  title: string,
  configuration: BaseConfiguration,
  windows: Readonly<Record<string, readonly [number, number]>>,
): ConformanceCase {
  const paths = Object.keys(windows);
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title,
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §6.4.2", "LwM2M Core 1.1.1 §5.1.2"],
    configuration,
    begins: "registered",
    criteria: {
      observe: `Observes of ${paths.join(" and ")} are answered by 2.05 with the Observe option`,
      windows: "notifications keep to pmin and pmax of each",
      sequence: "with growing numbers",
    },
    async procedure(bench: Bench<"observe" | "windows" | "sequence">) {
      const observations = [];
      for (const [path, [pmin, pmax]] of Object.entries(windows)) {
        await bench.givenAttributes(path, `pmin=${pmin}`, `pmax=${pmax}`);
        observations.push(await expectObserved(bench, "observe", path));
      }
      await bench.wait(60 * SECOND);
      for (const observed of observations) {
        const notifications = bench.takeAll("notification", observed.token);
        expectWindows(bench, "windows", observed, notifications, windows[observed.path]);
        expectSequence(bench, "sequence", observed, notifications);
      }
    },
  });
}

export const ADDITIONAL_OBJECT_CASES: readonly ConformanceCase[] = [
  CELLULAR_READ,
  CELLULAR_READ_1_1,
  POWER_SAVING,
  POWER_SAVING_OBSERVE,
  TIMERS_OBSERVE,
  APP_DATA_OBSERVE,
  APP_DATA_WRITE,
  EVENT_LOG_START,
  EVENT_LOG_READ,
];
