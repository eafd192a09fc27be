/** ETS 1.2 group 200-299: composite operations of device management. */
import { CHANGED } from "../../../protocol/coap/codes.ts";
import { SENML_CBOR, SENML_JSON } from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { COMPOSITE_NEEDS, expectAbsent, readComposite, writeComposite } from "../composite.ts";
import { C_1, C_6, C_12, configuredValues } from "../configurations.ts";
import { expectUpdateWithLifetime } from "./expectations.ts";

const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];
const READ_CLAUSES = ["LwM2M Core 1.1.1 §6.3.8", "LwM2M Transport 1.1.1 §6.4.4", "RFC 8132 §2"];
const WRITE_CLAUSES = ["LwM2M Core 1.1.1 §6.3.9", "LwM2M Transport 1.1.1 §6.4.4", "RFC 8132 §3"];

/** Objects that a device management server sees nothing of. */
const HIDDEN = ["/0", "/21", "/23"];

/** Of 229 and 236. What is to come for a path that lies below another one of the same request is nowhere defined. */
const NOT_BELOW = "without the paths that lie below another of the list";

interface Reading {
  readonly number: number;
  readonly title: string;
  readonly paths: readonly string[];
  /** Of these paths nothing is there, or nothing readable. */
  readonly absent: readonly string[];
  /** True when nothing but what was asked for may come. */
  readonly isExact?: boolean;
  readonly correction?: string;
}

/** A Read-Composite of some paths gives what is configured there, and leaves out what is not. */
export function readCase({
  number,
  title,
  paths,
  absent,
  isExact,
  correction,
}: Reading): ConformanceCase {
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title,
    versions: SINCE_1_1,
    clauses: READ_CLAUSES,
    configuration: C_1,
    begins: "registered",
    needs: COMPOSITE_NEEDS,
    correction,
    criteria: {
      read: `FETCH of ${paths.join(", ")} is answered by 2.05 with what is there`,
      omitted: absent.length > 0 ? `${absent.join(", ")} are left out` : "and nothing else",
    },
    async procedure(bench) {
      const found = paths.filter((path) => !absent.includes(path));
      const wanted: Record<string, Value> = {};
      for (const path of found) Object.assign(wanted, configuredValues(bench.configuration, path));
      const answer = await readComposite(bench, paths);
      const values = bench.expectValues("read", answer, wanted, SENML_CBOR);
      expectAbsent(bench, "omitted", answer, values, absent);
      if (isExact !== true) return;
      const isAsked = (at: string) =>
        found.some((path) => at === path || at.startsWith(`${path}/`));
      const more = [...values.keys()].find((at) => !isAsked(at));
      bench.expect("omitted", more === undefined, `${more} came, which nobody asked for`);
    },
  });
}

const WRITE_COMPOSITE = clientCase({
  id: "LightweightM2M-1.1-int-230",
  title: "Write-Composite Operation",
  versions: SINCE_1_1,
  clauses: WRITE_CLAUSES,
  configuration: C_12,
  begins: "registered",
  needs: COMPOSITE_NEEDS,
  criteria: {
    write: "one iPATCH of lifetime, storing and four identities is answered by 2.04",
    update: "an Update with lt=61 follows",
    changed: "the written values are read back",
    unchanged: "the others are as before",
  },
  async procedure(bench) {
    const written = {
      "/1/0/1": 61,
      "/1/0/6": true,
      "/16/0/0/0": "aa",
      "/16/0/0/1": "bb",
      "/16/0/0/2": "cc",
      "/16/0/0/3": "dd",
    };
    bench.step("the server writes two objects at once");
    bench.expectCode("write", await writeComposite(bench, written), CHANGED);
    await expectUpdateWithLifetime(bench, 61, "update");
    const server = await bench.read("/1/0", SENML_CBOR);
    bench.expectValues("changed", server, { "/1/0/1": 61, "/1/0/6": true });
    const { "/1/0/1": _, "/1/0/6": __, ...identities } = written;
    bench.expectValues("changed", await bench.read("/16/0", SENML_CBOR), identities);
    const {
      "/1/0/1": ___,
      "/1/0/6": ____,
      ...rest
    } = configuredValues(bench.configuration, "/1/0");
    bench.expectValues("unchanged", server, rest);
  },
});

const READ_ROOT = clientCase({
  id: "LightweightM2M-1.1-int-235",
  title: "Read-Composite Operation on root path",
  versions: SINCE_1_1,
  clauses: READ_CLAUSES,
  configuration: C_1,
  begins: "registered",
  needs: COMPOSITE_NEEDS,
  criteria: {
    read: "FETCH of / is answered by 2.05 with everything that is readable",
    hidden: "without /0, /21 and /23",
  },
  async procedure(bench) {
    const answer = await readComposite(bench, ["/"]);
    const wanted = configuredValues(bench.configuration, "/");
    const values = bench.expectValues("read", answer, wanted, SENML_CBOR);
    expectAbsent(bench, "hidden", answer, values, HIDDEN);
  },
});

/** Int-257 in both formats that its samples are printed in: the second write takes the first one back. */
const WRITE_SERVER_AND_DEVICE = clientCase({
  id: "LightweightM2M-1.1-int-257",
  title: "Write-Composite Operation on Server and Device",
  versions: SINCE_1_1,
  clauses: WRITE_CLAUSES,
  configuration: C_6,
  begins: "registered",
  needs: { ...COMPOSITE_NEEDS, formats: [SENML_CBOR, SENML_JSON] },
  criteria: {
    "write-json": "iPATCH of /1/0/2, /1/0/6 and /3/0/13 in SenML JSON is answered by 2.04",
    "write-cbor": "and one in SenML CBOR",
    changed: "the values of each are read back; the clock goes on from the time written",
  },
  async procedure(bench) {
    const first = { "/1/0/2": 101, "/1/0/6": true, "/3/0/13": 0 };
    const second = { "/1/0/2": 7, "/1/0/6": false, "/3/0/13": 1367491215 };
    for (const [criterion, values, format] of [
      ["write-json", first, SENML_JSON],
      ["write-cbor", second, SENML_CBOR],
    ] as const) {
      bench.expectCode(criterion, await writeComposite(bench, values, format), CHANGED);
      const { "/3/0/13": time, ...steady } = values;
      bench.expectValues("changed", await bench.read("/1/0", format), steady);
      const read = bench.expectValues("changed", await bench.read("/3/0/13"), {});
      const clock = Number(read.get("/3/0/13"));
      const runs = clock >= time && clock <= time + 5;
      bench.expect("changed", runs, `the time is ${clock}, not soon after ${time}`);
    }
  },
});

export const COMPOSITE_CASES: readonly ConformanceCase[] = [
  readCase({
    number: 229,
    title: "Read-Composite Operation",
    paths: ["/3", "/1/0"],
    absent: [],
    isExact: true,
    correction: `${NOT_BELOW}; ETS 1.2.1 leaves the case out in favor of int-280`,
  }),
  WRITE_COMPOSITE,
  READ_ROOT,
  readCase({
    number: 236,
    title: "Read-Composite Operation - Partial Presence",
    paths: ["/1/0", "/3/0/11/0", "/3339/0/5522", "/3353/0/6030"],
    absent: ["/3339/0/5522", "/3353/0/6030"],
    correction: NOT_BELOW,
  }),
  WRITE_SERVER_AND_DEVICE,
  readCase({
    number: 280,
    title: "Successful Read-Composite Operation",
    paths: ["/3/0/16", "/3/0/11/0", "/1/0"],
    absent: [],
    isExact: true,
  }),
  readCase({
    number: 281,
    title: "Partially Successful Read-Composite Operation",
    paths: ["/1/0/1", "/1/0/7", "/1/0/8"],
    absent: ["/1/0/8"],
    isExact: true,
  }),
];
