/** ETS 1.2 group 200-299: operations on several paths at once, as a server asks them. */
import { FETCH, IPATCH } from "../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
} from "../../../protocol/coap/content-formats.ts";
import { CONTENT_FORMAT, uintOf } from "../../../protocol/coap/options.ts";
import type { Version } from "../case.ts";
import { formatName } from "../content.ts";
import { acceptOf, type Downlink, pathsIn } from "../scripted-client.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import type { Order, PathValues } from "../server-under-test.ts";
import {
  ABSENT,
  expectDone,
  expectOrdered,
  expectToldValues,
  expectWritten,
  SINCE_1_1,
} from "./server-expectations.ts";
import { givenDevice, valuesAt } from "./server-reading.ts";
import { expectLifetimeTaken } from "./server-writing.ts";

const OMA = "LightweightM2M-1.1-int-";
const LIST = "</1/0>,</3/0>,</16/0>";
const READ_CLAUSES = ["LwM2M Core 1.1.1 §6.3.8", "RFC 8132 §2"];
const WRITE_CLAUSES = ["LwM2M Core 1.1.1 §6.3.9", "RFC 8132 §3"];

/** What the paths of a composite may be written in, and its values. */
const PATHS: Readonly<Record<Version, readonly number[]>> = {
  "1.0": [],
  "1.1": [SENML_JSON, SENML_CBOR],
  "1.2": [SENML_JSON, SENML_CBOR, SENML_ETCH_JSON, SENML_ETCH_CBOR],
};
const VALUES: Readonly<Record<Version, readonly number[]>> = {
  "1.0": [],
  "1.1": [SENML_JSON, SENML_CBOR],
  "1.2": [SENML_JSON, SENML_CBOR, LWM2M_CBOR],
};
const WRITTEN: Readonly<Record<Version, readonly number[]>> = {
  "1.0": [],
  "1.1": VALUES["1.1"],
  "1.2": [...PATHS["1.2"], LWM2M_CBOR],
};

/** A criterion: a FETCH names these paths, in formats that the client's version has. */
export function expectPaths<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  { message }: Downlink,
  paths: readonly string[],
): void {
  const format = uintOf(message.options, CONTENT_FORMAT, ABSENT);
  const isKnown = PATHS[bench.version].includes(format);
  bench.expect(criterion, isKnown, `the paths are in ${formatName(format)}`);
  const named = pathsIn(message);
  const isSame = [...named].sort().join() === [...paths].sort().join();
  bench.expect(criterion, isSame, `it names ${named.join(", ") || "no paths"}`);
  const accept = acceptOf(message);
  const isAsked = accept === ABSENT || VALUES[bench.version].includes(accept);
  bench.expect(criterion, isAsked, `it asks for ${formatName(accept)}`);
}

interface Reading {
  readonly number: number;
  readonly title: string;
  readonly paths: readonly string[];
  /** Of these paths the client has nothing. */
  readonly absent?: readonly string[];
  readonly correction?: string;
}

/** A case that orders a Read-Composite, of which the client answers what it has. */
function reading({ number, title, paths, absent = [], correction }: Reading): ServerCase {
  const found = paths.filter((path) => !absent.includes(path));
  const values: PathValues = Object.assign({}, ...found.map((path) => valuesAt(slashed(path))));
  return serverCase({
    id: `${OMA}${number}`,
    title,
    versions: SINCE_1_1,
    clauses: READ_CLAUSES,
    needs: ["composite"],
    correction,
    criteria: {
      request: "the Read-Composite that was ordered comes to the client as a FETCH on /",
      paths: `it names ${paths.join(", ")}`,
      told: "what the client answers reaches the operator, as a success",
    },
    async procedure(bench) {
      await givenDevice(bench);
      const order = { kind: "read-composite", paths } as const;
      const { orderId, request } = await expectOrdered(bench, "request", order, FETCH);
      expectPaths(bench, "paths", request, paths);
      await expectToldValues(bench, "told", orderId, values);
    },
  });
}

/** The path that all others are below: "" for the root. */
function slashed(path: string): string {
  return path === "/" ? "" : path;
}

const READS: readonly ServerCase[] = [
  reading({
    number: 229,
    title: "Read-Composite Operation",
    paths: ["/3", "/1/0"],
    correction:
      "without the paths that lie below another of the list; ETS 1.2.1 leaves the case out in favor of int-280",
  }),
  reading({ number: 235, title: "Read-Composite Operation on root path", paths: ["/"] }),
  reading({
    number: 236,
    title: "Read-Composite Operation - Partial Presence",
    paths: ["/1/0", "/3/0/11/0", "/3339/0/5522", "/3353/0/6030"],
    absent: ["/3339/0/5522", "/3353/0/6030"],
    correction: "without the path that lies below another of the list",
  }),
  reading({
    number: 280,
    title: "Successful Read-Composite Operation",
    paths: ["/3/0/16", "/3/0/11/0", "/1/0"],
  }),
  reading({
    number: 281,
    title: "Partially Successful Read-Composite Operation",
    paths: ["/1/0/1", "/1/0/7", "/1/0/8"],
    absent: ["/1/0/8"],
  }),
];

/** Orders a Write-Composite and judges what comes of it. */
async function expectWrittenAtOnce<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criteria: { readonly [name in "request" | "format" | "values" | "told"]: Criterion },
  values: PathValues,
  format?: number,
): Promise<void> {
  const order: Order = { kind: "write-composite", values, format };
  const done = await expectOrdered(bench, criteria.request, order, IPATCH);
  const formats = format === undefined ? WRITTEN[bench.version] : [format];
  expectWritten(bench, [criteria.format, criteria.values], done, values, formats);
  await expectDone(bench, criteria.told, done.orderId);
}

const WRITE_NAMES = {
  request: "request",
  format: "format",
  values: "values",
  told: "told",
} as const;

const WRITE_COMPOSITE = serverCase({
  id: `${OMA}230`,
  title: "Write-Composite Operation",
  versions: SINCE_1_1,
  clauses: WRITE_CLAUSES,
  needs: ["composite"],
  criteria: {
    request: "the Write-Composite that was ordered comes to the client as one iPATCH on /",
    format: "in a format that its version has for it",
    values: "with the values that were ordered",
    told: "its success reaches the operator",
    update: "an Update with the lifetime that was written is answered by 2.04",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: LIST });
    await expectWrittenAtOnce(bench, WRITE_NAMES, {
      "/1/0/1": 61,
      "/1/0/6": true,
      "/16/0/0/0": "aa",
      "/16/0/0/1": "bb",
      "/16/0/0/2": "cc",
      "/16/0/0/3": "dd",
    });
    await expectLifetimeTaken(bench, "update", 61);
  },
});

const WRITE_SERVER_AND_DEVICE = serverCase({
  id: `${OMA}257`,
  title: "Write-Composite Operation on Server and Device",
  versions: SINCE_1_1,
  clauses: WRITE_CLAUSES,
  needs: ["composite", "formats"],
  criteria: {
    request: "each Write-Composite that was ordered comes to the client as one iPATCH on /",
    format: "the first in SenML JSON, the second in SenML CBOR",
    values: "with the values that were ordered",
    told: "its success reaches the operator",
  },
  async procedure(bench) {
    await bench.givenRegistered({ list: LIST });
    const values = { "/1/0/2": 101, "/1/0/6": true, "/3/0/13": 1367491215 };
    for (const format of [SENML_JSON, SENML_CBOR]) {
      await expectWrittenAtOnce(bench, WRITE_NAMES, values, format);
    }
  },
});

export const SERVER_COMPOSITE_CASES: readonly ServerCase[] = [
  ...READS,
  WRITE_COMPOSITE,
  WRITE_SERVER_AND_DEVICE,
];
