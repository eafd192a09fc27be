/** ETS 1.2 group 200-239, as far as a server reads: what it sends when a Read is ordered, and what it makes of the answer. */
import {
  BAD_REQUEST,
  FORBIDDEN,
  formatCode,
  GET,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  UNAUTHORIZED,
} from "../../../protocol/coap/codes.ts";
import {
  CBOR,
  LWM2M_CBOR,
  LWM2M_JSON,
  OCTET_STREAM,
  SENML_CBOR,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import type { Version } from "../case.ts";
import { formatName } from "../content.ts";
import { acceptOf } from "../scripted-client.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import type { PathValues } from "../server-under-test.ts";
import {
  ALL,
  expectOrdered,
  expectToldValues,
  ONLY_1_0,
  ONLY_1_2,
  SINCE_1_1,
  toldWords,
} from "./server-expectations.ts";

const OMA = "LightweightM2M-1.1-int-";
const READ = "LwM2M Core 1.1.1 §6.3.1";

/** What the raw clients have for these cases. */
export const DEVICE_VALUES: PathValues = {
  "/1/0/0": 1,
  "/1/0/1": 86400,
  "/1/0/6": false,
  "/1/0/7": "U",
  "/3/0/0": "Open Mobile Alliance",
  "/3/0/1": "Lightweight M2M Client",
  "/3/0/2": "345000123",
  "/3/0/3": "1.0",
  "/3/0/11/0": 0,
  "/3/0/16": "U",
};

/** Registers a client that has these. */
export async function givenDevice(bench: ServerBench, list?: string): Promise<void> {
  for (const [path, value] of Object.entries(DEVICE_VALUES)) bench.client.values.set(path, value);
  await bench.givenRegistered({ list });
}

/** The values at and below a path. */
export function valuesAt(path: string, values: PathValues = DEVICE_VALUES): PathValues {
  const found = Object.entries(values).filter(([at]) => at === path || at.startsWith(`${path}/`));
  return Object.fromEntries(found);
}

interface Reading {
  readonly id: string;
  readonly title: string;
  readonly versions: readonly Version[];
  readonly paths: readonly string[];
  /** Named by the operator; without it the server chooses. */
  readonly format?: number;
  readonly clauses?: readonly string[];
}

/** A case that orders Reads, and judges what is asked and what the operator is told of the answers. */
function reading(stated: Reading): ServerCase {
  const { id, title, versions, paths, format, clauses = [] } = stated;
  const path = paths.join(", ");
  return serverCase({
    id,
    title,
    versions,
    clauses: [READ, ...clauses],
    needs: format === undefined ? ["read"] : ["read", "formats"],
    criteria: {
      request: `a Read that was ordered comes to the client as a GET on ${path}`,
      ...(format !== undefined && { accept: `with Accept for ${formatName(format)}` }),
      told: "what the client answers reaches the operator",
    },
    async procedure(bench: ServerBench) {
      await givenDevice(bench);
      for (const at of paths) {
        const order = { kind: "read", path: at, format } as const;
        const { orderId, request } = await expectOrdered(bench, "request", order, GET);
        if (format !== undefined) {
          const accept = acceptOf(request.message);
          const why = `the Read of ${at} asks for ${formatName(accept)}`;
          bench.expect("accept", accept === format, why);
        }
        await expectToldValues(bench, "told", orderId, valuesAt(at));
      }
    },
  });
}

const READS: readonly ServerCase[] = [
  reading({
    id: `${OMA}201`,
    title: "Querying basic information in plain text",
    versions: ALL,
    paths: ["/3/0/0", "/3/0/1", "/3/0/2"],
    format: TEXT,
  }),
  reading({
    id: `${OMA}203`,
    title: "Querying basic information in TLV format",
    versions: ALL,
    paths: ["/3/0"],
    format: TLV,
    clauses: ["LwM2M Core 1.1.1 §7.4.3"],
  }),
  reading({
    id: `${OMA}204`,
    title: "Querying basic information in JSON format",
    versions: ONLY_1_0,
    paths: ["/3/0"],
    format: LWM2M_JSON,
    clauses: ["LwM2M Core 1.0.2 §6.4"],
  }),
  reading({
    id: `${OMA}211`,
    title: "Querying basic information in CBOR format",
    versions: SINCE_1_1,
    paths: ["/1/0/0", "/1/0/6", "/1/0/7"],
    format: CBOR,
    clauses: ["LwM2M Core 1.1.1 §7.4.2"],
  }),
  reading({
    id: `${OMA}222`,
    title: "Read on Object",
    versions: ALL,
    paths: ["/1", "/3"],
  }),
  reading({
    id: `${OMA}223`,
    title: "Read on Object Instance",
    versions: ALL,
    paths: ["/1/0", "/3/0"],
  }),
  reading({
    id: `${OMA}224`,
    title: "Read on Resource",
    versions: ALL,
    paths: ["/1/0/0", "/1/0/1", "/1/0/6", "/1/0/7", "/3/0/16"],
  }),
  reading({
    id: `${OMA}225`,
    title: "Read on Resource Instance",
    versions: SINCE_1_1,
    paths: ["/3/0/11/0"],
  }),
  reading({
    id: `${OMA}231`,
    title: "Querying basic information in SenML JSON (110)",
    versions: SINCE_1_1,
    paths: ["/1", "/3/0", "/3/0/16", "/3/0/11/0"],
    format: SENML_JSON,
    clauses: ["LwM2M Core 1.1.1 §7.4.5"],
  }),
  reading({
    id: `${OMA}232`,
    title: "Querying basic information in SenML CBOR (112)",
    versions: SINCE_1_1,
    paths: ["/1", "/3/0", "/3/0/16", "/3/0/11/0"],
    format: SENML_CBOR,
    clauses: ["LwM2M Core 1.1.1 §7.4.5"],
  }),
  reading({
    id: "dormouse-server-read-lwm2m-cbor",
    title: "Read in LwM2M CBOR (11544)",
    versions: ONLY_1_2,
    paths: ["/1", "/3/0", "/3/0/16", "/3/0/11/0"],
    format: LWM2M_CBOR,
    clauses: ["LwM2M Core 1.2.2 §7.5.7"],
  }),
];

/** Formats of an instance that a client may answer in when it is asked for none. */
const OF_ITS_CHOICE: Readonly<Record<Version, readonly number[]>> = {
  "1.0": [TLV, LWM2M_JSON],
  "1.1": [TLV, SENML_JSON, SENML_CBOR],
  "1.2": [TLV, SENML_JSON, SENML_CBOR, LWM2M_CBOR],
};

const ANY_FORMAT = serverCase({
  id: `${OMA}237`,
  title: "Read on Object without specifying Content Type",
  versions: ALL,
  clauses: [READ, "LwM2M Core 1.1.1 §7.4"],
  needs: ["read"],
  correction:
    "the client answers in one format after the other, whichever the server asks for: a Read without Accept cannot be had from every server",
  criteria: {
    request: "the Read that was ordered comes to the client as a GET on /3",
    told: "the answer reaches the operator, in whatever format of its version it comes",
  },
  async procedure(bench) {
    await givenDevice(bench);
    for (const format of OF_ITS_CHOICE[bench.version]) {
      bench.step(`the client answers in ${formatName(format)}`);
      bench.client.answer = ({ path, message }) =>
        message.code === GET && path === "/3" ? bench.client.read("/3", format) : undefined;
      const order = { kind: "read", path: "/3" } as const;
      const { orderId } = await expectOrdered(bench, "request", order, GET);
      await expectToldValues(bench, "told", orderId, valuesAt("/3"));
    }
  },
});

const OPAQUE_VALUE = serverCase({
  id: "dormouse-server-read-opaque",
  title: "Read of an opaque value",
  versions: ALL,
  clauses: [READ, "LwM2M Core 1.1.1 §7.4.1"],
  needs: ["read", "formats"],
  criteria: {
    request: "the Read that was ordered comes to the client as a GET on /10/0/8 with Accept 42",
    told: "the bytes reach the operator",
  },
  async procedure(bench) {
    const bytes = Uint8Array.of(0xff, 0x00, 0x80, 0x31);
    bench.client.values.set("/10/0/8", bytes);
    await bench.givenRegistered({ list: "</1/0>,</3/0>,</10/0>" });
    const order = { kind: "read", path: "/10/0/8", format: OCTET_STREAM } as const;
    const { orderId, request } = await expectOrdered(bench, "request", order, GET);
    const accept = acceptOf(request.message);
    bench.expect("request", accept === OCTET_STREAM, `it asks for ${formatName(accept)}`);
    await expectToldValues(bench, "told", orderId, { "/10/0/8": bytes });
  },
});

/** The answers that a client may give to refuse a Read, and that have to reach the operator as refusals. */
const REFUSALS = [BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED];

const REFUSED = serverCase({
  id: "dormouse-server-refusals",
  title: "Refusals reach the operator",
  versions: ALL,
  clauses: [READ],
  needs: ["read"],
  criteria: { told: "each refusal of a Read is told as one, and in finite time" },
  async procedure(bench) {
    await bench.givenRegistered();
    for (const code of REFUSALS) {
      bench.client.answer = ({ message }) => (message.code === GET ? { code } : undefined);
      const outcome = await bench.carryOut({ kind: "read", path: "/3/0/0" });
      const words = `the client answered ${formatCode(code)}; ${toldWords(outcome)}`;
      bench.expect("told", outcome?.isSuccess === false, words);
    }
  },
});

export const SERVER_READING_CASES: readonly ServerCase[] = [
  ...READS,
  ANY_FORMAT,
  OPAQUE_VALUE,
  REFUSED,
];
