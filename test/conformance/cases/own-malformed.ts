/** Payloads that are none, in every format and wherever payloads go: refused, without a trace. */
import { blockOption } from "../../../protocol/coap/block.ts";
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CONTINUE,
  FETCH,
  IPATCH,
  POST,
  PUT,
  REQUEST_ENTITY_TOO_LARGE,
} from "../../../protocol/coap/codes.ts";
import {
  LWM2M_CBOR,
  SENML_CBOR,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
  SENML_JSON,
  TEXT,
  TLV,
} from "../../../protocol/coap/content-formats.ts";
import { BLOCK1, SIZE1, uintOption } from "../../../protocol/coap/options.ts";
import { MINUTE } from "../../../protocol/time/duration.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import { BlockTransfer } from "../block-wise.ts";
import {
  accountAt,
  bootstrapFinish,
  bootstrapRead,
  bootstrapWrite,
  givenRequest,
} from "../bootstrapping.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { PACK_FORMATS } from "../composite.ts";
import { C_3, C_12, C_13, configuredValues } from "../configurations.ts";
import { decodeValues, encodeValues, formatBytes, formatName, TREE_FORMATS } from "../content.ts";
import {
  DOUBLED_ROWS,
  MALFORMED_ROWS,
  type Malformation,
  type MalformedRow,
} from "./malformed-table.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = [
  "LwM2M Transport 1.2.2 §6.7",
  "LwM2M Core 1.2.2 §6.3.3",
  "LwM2M Core 1.2.2 §7.5",
  "LwM2M Core 1.2.2 §C",
];
const ACCOUNT = "/1/0";
const NUMBER = "/1/0/2";

/** Rows in formats that the client claims. */
const rowsFor = ({ formats }: Bench, rows: readonly MalformedRow[] = MALFORMED_ROWS) =>
  rows.filter(({ format }) => formats.includes(format));

function describe({ shown, format }: MalformedRow, { asked, outcome }: Answer): string {
  return `${asked} of ${shown || "nothing"} in ${formatName(format)} was answered by ${outcome}`;
}

const WORDS: Readonly<Record<Malformation, string>> = {
  cut: "one that is cut short, or says that it is longer than it is, is answered by 4.00",
  structure: "so is one that is built otherwise than its format says, or about another path",
  type: "one whose value is of another type than the resource",
  range: "one whose number no resource of this type can hold: not a number, too large",
  text: "one with a text that is no UTF-8, or a number in other digits",
  depth: "and one that is nested hundreds of levels deep",
};

const WRITE = clientCase({
  id: "dormouse-malformed-write",
  title: "A Write of what is no payload is refused",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_3,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: { ...WORDS, unchanged: "and none of them changes the account" },
  async procedure(bench) {
    const before = formatBytes((await bench.read(ACCOUNT)).payload);
    for (const row of rowsFor(bench)) {
      const { criterion, format, path, payload } = row;
      for (const method of path === ACCOUNT ? [PUT, POST] : [PUT]) {
        const answer = await bench.ask({ method, path, format, payload });
        const why = `${describe(row, answer)}, not by 4.00`;
        bench.expect(criterion, answer.code === BAD_REQUEST, why);
      }
      const after = formatBytes((await bench.read(ACCOUNT)).payload);
      bench.expect("unchanged", after === before, `${row.shown} changed the account`);
    }
  },
});

const DOUBLED = clientCase({
  id: "dormouse-malformed-doubled",
  title: "A payload that says one thing twice is refused, or taken at one of its words",
  versions: ALL,
  clauses: [...CLAUSES, "RFC 8259 §4", "RFC 8949 §5.6"],
  configuration: C_3,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: {
    answered: "it is answered by 4.00 or 2.04",
    one: "and the value is then as before, or one of the two",
  },
  async procedure(bench) {
    const usual = configuredValues(bench.configuration, NUMBER)[NUMBER];
    for (const row of rowsFor(bench, DOUBLED_ROWS)) {
      const { format, path, payload } = row;
      const answer = await bench.post(path, format, payload);
      const isTaken = answer.code === CHANGED;
      bench.expect("answered", isTaken || answer.code === BAD_REQUEST, describe(row, answer));
      const read = await bench.read(NUMBER, TEXT);
      const value = Number(new TextDecoder().decode(read.payload));
      const isOne = isTaken ? value === 5 || value === 6 : value === usual;
      bench.expect("one", isOne, `${describe(row, answer)}, and ${NUMBER} is ${value} then`);
      const back = await bench.put(NUMBER, TEXT, `${usual}`);
      bench.given(back.code === CHANGED, `${was(back)}, not by 2.04`);
    }
  },
});

const CREATE = clientCase({
  id: "dormouse-malformed-create",
  title: "A Create from what is no payload is refused",
  versions: ALL,
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §6.3.6"],
  configuration: C_12,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: {
    refused: "each is answered by a client error",
    nothing: "and nothing is created",
  },
  async procedure(bench) {
    const before = formatBytes((await bench.read("/16")).payload);
    for (const row of rowsFor(bench).filter(({ path }) => path === ACCOUNT)) {
      const answer = await bench.post("/16", row.format, row.payload);
      bench.expect("refused", answer.code >> 5 === 4, describe(row, answer));
      const after = formatBytes((await bench.read("/16")).payload);
      bench.expect(
        "nothing",
        after === before,
        `${describe(row, answer)}, and object 16 is another`,
      );
    }
    await bench.wait(bench.pace.prompt);
    bench.expect("nothing", bench.take("update") === undefined, "an Update came");
  },
});

/** What is wrong with a row wherever it is addressed to. */
const EVERYWHERE: readonly Malformation[] = ["cut", "type", "range", "text", "depth"];
const ETCH: Readonly<Record<number, number>> = {
  [SENML_JSON]: SENML_ETCH_JSON,
  [SENML_CBOR]: SENML_ETCH_CBOR,
};

const COMPOSITE = clientCase({
  id: "dormouse-malformed-composite",
  title: "Composite operations with what is no payload are refused",
  versions: ["1.1", "1.2"],
  clauses: [...CLAUSES, "RFC 8132 §2.3", "RFC 8132 §3.4", "RFC 8790 §3"],
  configuration: C_3,
  begins: "registered",
  needs: { features: ["composite"], oneOfFormats: PACK_FORMATS },
  criteria: {
    write: "a Write-Composite is answered by 4.00, also in SenML-ETCH since LwM2M 1.2",
    read: "so is a Read-Composite of a list of paths that is cut short, empty, or nested",
    unchanged: "and nothing is changed",
  },
  async procedure(bench) {
    const before = formatBytes((await bench.read(ACCOUNT)).payload);
    const rows = rowsFor(bench).filter(
      ({ criterion, format, path }) =>
        EVERYWHERE.includes(criterion) && PACK_FORMATS.includes(format) && path === ACCOUNT,
    );
    for (const row of rows) {
      const etch = ETCH[row.format];
      for (const format of [row.format, etch]) {
        if (!bench.formats.includes(format)) continue;
        // That null stands for nothing is SenML-ETCH's own.
        if (format === etch && row.shown.includes("null")) continue;
        const { payload, criterion } = row;
        const write = await bench.ask({ method: IPATCH, path: "/", format, payload });
        const refusal = `${describe({ ...row, format }, write)}, not by 4.00`;
        bench.expect("write", write.code === BAD_REQUEST, refusal);
        if (row.format === LWM2M_CBOR || (criterion !== "cut" && criterion !== "depth")) continue;
        const accept = row.format;
        const read = await bench.ask({ method: FETCH, path: "/", format, accept, payload });
        const why = `${describe({ ...row, format }, read)}, not by 4.00`;
        bench.expect("read", read.code === BAD_REQUEST, why);
      }
      const after = formatBytes((await bench.read(ACCOUNT)).payload);
      bench.expect("unchanged", after === before, `${row.shown} changed the account`);
    }
  },
});

const BOOTSTRAP = clientCase({
  id: "dormouse-malformed-bootstrap",
  title: "A Bootstrap-Write of what is no payload is refused",
  versions: ["1.1", "1.2"],
  clauses: [...CLAUSES, "LwM2M Core 1.2.2 §6.1.7.5"],
  configuration: C_13,
  begins: "off",
  needs: { features: ["bootstrap"], oneOfFormats: TREE_FORMATS },
  criteria: {
    refused: "each is answered by 4.00, to an instance and to a resource",
    unchanged: "and the account reads as it was written",
    registered: "after Finish the client registers with it",
  },
  async procedure(bench) {
    await bench.client.start();
    const session = await givenRequest(bench, bench.pace.patience);
    const account = accountAt(bench);
    for (const path of ["/0", "/1"] as const) {
      const write = await bootstrapWrite(bench, session, path, account[path]);
      bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
    }
    const { format: usual } = session;
    const before = formatBytes((await bootstrapRead(bench, ACCOUNT, usual)).payload);
    for (const row of rowsFor(bench)) {
      const { path, format, payload } = row;
      const question = { method: PUT, path, format, payload };
      const answer = await bench.ask(question, bench.servers.length);
      const why = `${describe(row, answer)}, not by 4.00`;
      bench.expect("refused", answer.code === BAD_REQUEST, why);
    }
    const read = await bootstrapRead(bench, ACCOUNT, usual);
    bench.expectCode("unchanged", read, CONTENT);
    bench.expect("unchanged", formatBytes(read.payload) === before, "the account reads otherwise");
    const finish = await bootstrapFinish(bench);
    bench.given(finish.code === CHANGED, `${was(finish)}, not by 2.04`);
    const register = await bench.next("register", bench.now() + bench.pace.patience);
    bench.expect("registered", register !== undefined, "no Register came");
  },
});

const LONG = 20_000;
const HUGE = 2 ** 30;

const OVERSIZED = clientCase({
  id: "dormouse-malformed-oversized",
  title: "A body that is too long is refused, or taken whole",
  versions: ALL,
  clauses: [...CLAUSES, "RFC 7959 §2.9.3", "RFC 7959 §4"],
  configuration: C_12,
  begins: "registered",
  needs: { features: ["block-wise"], formats: [TLV] },
  criteria: {
    announced:
      "the first block of a body of 2^30 bytes is answered by 4.13, or by 2.31 as if nothing were said",
    long: "a text of 20,000 bytes is refused by a client or server error, or read back whole",
    unharmed: "and the client is managed as before",
  },
  async procedure(bench) {
    const path = "/16/0/0";
    const size = uintOption(SIZE1, HUGE);
    const first = await bench.ask({
      method: PUT,
      path,
      format: TLV,
      payload: new Uint8Array(64),
      options: [blockOption(BLOCK1, 0, true, 64), size],
    });
    const isKnown = first.code === REQUEST_ENTITY_TOO_LARGE || first.code === CONTINUE;
    bench.expect("announced", isKnown, `${was(first)}, not by 4.13`);
    await bench.wait(MINUTE);
    const values = { [`${path}/0`]: "x".repeat(LONG) };
    const payload = encodeValues(TLV, path, values);
    const question = { method: PUT, path, format: TLV };
    const last = await new BlockTransfer(bench, question, payload, 1024).rest();
    if (last.code === CHANGED) {
      const read = await bench.read(path, TLV);
      const held = decodeValues(read.format, read.payload, path);
      const text = typeof held === "string" ? "" : `${held.get(`${path}/0`)}`;
      bench.expect("long", text.length === LONG, `${text.length} bytes of ${LONG} are there`);
    } else bench.expect("long", last.code >> 5 >= 4, was(last));
    bench.expectCode("unharmed", await bench.read("/3/0"), CONTENT);
    bench.expectCode("unharmed", await bench.put(NUMBER, TEXT, "2"), CHANGED);
  },
});

export const OWN_MALFORMED_CASES: readonly ConformanceCase[] = [
  WRITE,
  DOUBLED,
  CREATE,
  COMPOSITE,
  BOOTSTRAP,
  OVERSIZED,
];
