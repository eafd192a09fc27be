/** ETS 1.2 group 200-259, as far as a server writes: what it sends when a Write is ordered, and what follows from it. */
import { CHANGED, METHOD_NOT_ALLOWED, POST, PUT } from "../../../protocol/coap/codes.ts";
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
import { answered } from "../raw-clients.ts";
import type { ServerBench } from "../server-bench.ts";
import { type ServerCase, serverCase } from "../server-harness.ts";
import type { InstanceOrder, PathValues, WriteOrder } from "../server-under-test.ts";
import {
  ALL,
  expectDone,
  expectOrdered,
  expectRefusalTold,
  expectWritten,
  ONLY_1_0,
  ONLY_1_2,
  SINCE_1_1,
  sees,
} from "./server-expectations.ts";

const OMA = "LightweightM2M-1.1-int-";
const WRITE = "LwM2M Core 1.1.1 §6.3.3";
const LIST = "</1/0>,</3/0>,</16/0>";

type Write = WriteOrder | InstanceOrder;

/** Formats that a client of the version has, where the operator names none. */
const FORMATS: Readonly<Record<Version, readonly number[]>> = {
  "1.0": [TEXT, OCTET_STREAM, TLV, LWM2M_JSON],
  "1.1": [TEXT, OCTET_STREAM, TLV, CBOR, SENML_JSON, SENML_CBOR],
  "1.2": [TEXT, OCTET_STREAM, TLV, CBOR, SENML_JSON, SENML_CBOR, LWM2M_CBOR],
};

interface Writing {
  readonly id: string;
  readonly title: string;
  readonly versions: readonly Version[];
  readonly writes: readonly Write[];
  readonly clauses?: readonly string[];
  readonly correction?: string;
}

/** A case that orders Writes, and judges each. A client whose lifetime is written says so in an Update. */
function writing({ id, title, versions, writes, clauses = [], correction }: Writing): ServerCase {
  const isNamed = writes.some(({ format }) => format !== undefined);
  const hasInstance = writes.some(({ kind }) => kind !== "write");
  const hasLifetime = writes.some((one) => lifetimeIn(one) !== undefined);
  const what = writes.map(({ kind, path }) => `${kind === "update" ? "POST" : "PUT"} on ${path}`);
  return serverCase({
    id,
    title,
    versions,
    clauses: [WRITE, ...clauses],
    needs: [
      "write",
      ...(hasInstance ? (["write instance"] as const) : []),
      ...(isNamed ? (["formats"] as const) : []),
    ],
    correction,
    criteria: {
      request: `what was ordered comes to the client as a ${what.join(", a ")}`,
      format: isNamed
        ? "in the format that was ordered"
        : "in a format that the client's version knows",
      values: "with the values that were ordered",
      told: "its success reaches the operator",
      ...(hasLifetime && {
        update: "an Update with a lifetime that was written is answered by 2.04",
      }),
    },
    async procedure(bench: ServerBench) {
      await bench.givenRegistered({ list: LIST });
      for (const write of writes) await expectWriteCarriedOut(bench, write);
    },
  });
}

async function expectWriteCarriedOut(bench: ServerBench, write: Write): Promise<void> {
  const method = write.kind === "update" ? POST : PUT;
  const done = await expectOrdered(bench, "request", write, method);
  const values = write.kind === "write" ? { [write.path]: write.value } : write.values;
  const formats = write.format === undefined ? FORMATS[bench.version] : [write.format];
  expectWritten(bench, ["format", "values"], done, values, formats);
  await expectDone(bench, "told", done.orderId);
  const lifetime = lifetimeIn(write);
  if (lifetime !== undefined) await expectLifetimeTaken(bench, "update", lifetime);
}

/** A criterion: the server takes a new lifetime, and shows it as far as it shows any. */
export async function expectLifetimeTaken<Criterion extends string>(
  bench: ServerBench<Criterion>,
  criterion: Criterion,
  lifetime: number,
): Promise<void> {
  const answer = await bench.update([`lt=${lifetime}`]);
  const isTaken = answer?.code === CHANGED;
  bench.expect(criterion, isTaken, answered(`Update with lt=${lifetime}`, answer));
  const isShown = await sees(bench, (client) => (client?.lifetime ?? lifetime) === lifetime);
  bench.expect(criterion, isShown, `the operator sees another lifetime than ${lifetime} s`);
}

function lifetimeIn(write: Write): number | undefined {
  const values: PathValues = write.kind === "write" ? { [write.path]: write.value } : write.values;
  const lifetime = values["/1/0/1"];
  return typeof lifetime === "number" ? lifetime : undefined;
}

/** What int-215 and int-220 write. */
const SERVER_VALUES: PathValues = {
  "/1/0/2": 101,
  "/1/0/3": 1010,
  "/1/0/5": 2000,
  "/1/0/6": true,
  "/1/0/7": "U",
};
/** And what there is to be replaced by, with the lifetime that every instance has. */
const FORMER_VALUES: PathValues = {
  "/1/0/0": 1,
  "/1/0/1": 300,
  "/1/0/2": 1,
  "/1/0/3": 10,
  "/1/0/5": 86400,
  "/1/0/6": false,
  "/1/0/7": "U",
};

/** The Writes of int-233 and int-234. */
function severalIn(format: number): Write[] {
  return [
    { kind: "update", path: "/1/0", values: { "/1/0/1": 61, "/1/0/6": true }, format },
    { kind: "write", path: "/16/0/0/0", value: "test", format },
    { kind: "write", path: "/1/0/1", value: 63, format },
  ];
}

function instanceIn(format: number): Write[] {
  return [
    { kind: "update", path: "/1/0", values: SERVER_VALUES, format },
    { kind: "replace", path: "/1/0", values: FORMER_VALUES, format },
  ];
}

const POST_FOR_PUT = "a Write of a resource is printed as a POST, which would be an Execute";

const WRITES: readonly ServerCase[] = [
  writing({
    id: `${OMA}205`,
    title: "Setting basic information in Plain Text format",
    versions: ALL,
    writes: [
      { kind: "write", path: "/1/0/2", value: 101, format: TEXT },
      { kind: "write", path: "/1/0/3", value: 1010, format: TEXT },
      { kind: "write", path: "/1/0/5", value: 2000, format: TEXT },
    ],
  }),
  writing({
    id: `${OMA}212`,
    title: "Setting basic information in CBOR format",
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §7.4.2"],
    writes: [
      { kind: "write", path: "/1/0/2", value: 101, format: CBOR },
      { kind: "write", path: "/1/0/3", value: 1010, format: CBOR },
      { kind: "write", path: "/1/0/6", value: true, format: CBOR },
    ],
  }),
  writing({
    id: `${OMA}215`,
    title: "Setting basic information in TLV format",
    versions: ALL,
    clauses: ["LwM2M Core 1.1.1 §7.4.3"],
    writes: instanceIn(TLV),
  }),
  writing({
    id: `${OMA}220`,
    title: "Setting basic information in JSON format",
    versions: ONLY_1_0,
    clauses: ["LwM2M Core 1.0.2 §6.4"],
    correction: "the printed value 0101 is no JSON: 101",
    writes: instanceIn(LWM2M_JSON),
  }),
  writing({
    id: `${OMA}226`,
    title: "Write (Partial Update) on Object Instance",
    versions: ALL,
    clauses: ["LwM2M Core 1.1.1 §6.2.2"],
    writes: [{ kind: "update", path: "/1/0", values: { "/1/0/1": 61, "/1/0/6": true } }],
  }),
  writing({
    id: `${OMA}227`,
    title: "Write (replace) on Resource",
    versions: ALL,
    clauses: ["LwM2M Core 1.1.1 §6.2.2"],
    writes: [{ kind: "write", path: "/1/0/1", value: 63 }],
  }),
  writing({
    id: `${OMA}228`,
    title: "Write on Resource Instance",
    versions: SINCE_1_1,
    correction: POST_FOR_PUT,
    writes: [{ kind: "write", path: "/16/0/0/0", value: "test" }],
  }),
  writing({
    id: `${OMA}233`,
    title: "Setting basic information in SenML CBOR format",
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §7.4.5"],
    writes: severalIn(SENML_CBOR),
  }),
  writing({
    id: `${OMA}234`,
    title: "Setting basic information in SenML JSON format",
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §7.4.5"],
    writes: severalIn(SENML_JSON),
  }),
  writing({
    id: "dormouse-server-write-lwm2m-cbor",
    title: "Write in LwM2M CBOR (11544)",
    versions: ONLY_1_2,
    clauses: ["LwM2M Core 1.2.2 §7.5.7"],
    writes: [...severalIn(LWM2M_CBOR), ...instanceIn(LWM2M_CBOR).slice(0, 1)],
  }),
];

const WRITE_FAILURE = serverCase({
  id: `${OMA}256`,
  title: "Write Operation Failure",
  versions: ALL,
  clauses: [WRITE],
  needs: ["write"],
  criteria: {
    request: "the Write that was ordered comes to the client as a PUT on /1/0/0",
    told: "the operator is told that it is refused",
  },
  async procedure(bench) {
    await bench.givenRegistered();
    bench.client.answer = () => ({ code: METHOD_NOT_ALLOWED });
    const order = { kind: "write", path: "/1/0/0", value: 123 } as const;
    const { orderId } = await expectOrdered(bench, "request", order, PUT);
    await expectRefusalTold(bench, "told", orderId);
  },
});

export const SERVER_WRITING_CASES: readonly ServerCase[] = [...WRITES, WRITE_FAILURE];
