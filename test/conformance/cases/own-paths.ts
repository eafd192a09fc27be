/** Answer codes at every level of the tree, for every method and format. */
import {
  BAD_REQUEST,
  CONTENT,
  formatCode,
  GET,
  isSuccess,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  PUT,
} from "../../../protocol/coap/codes.ts";
import { TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { textOption, URI_PATH } from "../../../protocol/coap/options.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_3, C_12, configuredValues } from "../configurations.ts";
import { encodeValues, formatBytes } from "../content.ts";
import {
  FORGIVABLE,
  hiddenRows,
  MISSPELLED,
  PATH_ROWS,
  type PathRow,
  ROW_FORMAT,
  reservedRows,
} from "./path-table.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const NOTHING_THERE: readonly number[] = [NOT_FOUND, METHOD_NOT_ALLOWED, BAD_REQUEST];

/** Asks what a row asks. */
function askRow(bench: Bench, row: PathRow): Promise<Answer> {
  const { method, path, query, accept, observe, text, values } = row;
  const inText =
    text === undefined ? {} : { format: TEXT, payload: new TextEncoder().encode(text) };
  const inValues =
    values === undefined
      ? {}
      : { format: ROW_FORMAT, payload: encodeValues(ROW_FORMAT, path, values) };
  const queries = query === undefined ? undefined : [query];
  return bench.ask({ method, path, query: queries, accept, observe, ...inText, ...inValues });
}

/** Each row of the version is answered by one of its codes. */
async function expectRows<Criterion extends string>(
  bench: Bench<Criterion>,
  rows: readonly PathRow[],
  criterionOf: (row: PathRow) => Criterion,
): Promise<void> {
  for (const row of rows) {
    if (row.since !== undefined && bench.version < row.since) continue;
    const answer = await askRow(bench, row);
    const wanted = row.answers.map(formatCode).join(" or ");
    const why = `${row.asks} ${row.path} was answered by ${answer.outcome}, not by ${wanted}`;
    bench.expect(criterionOf(row), row.answers.includes(answer.code), why);
    // A Read without Observe leaves an observation; this ends it.
    if (row.observe === 0 && isSuccess(answer.code)) {
      await bench.ask({ method: GET, path: row.path, observe: 1 });
    }
  }
}

/** What the rows that succeed do not change. */
async function expectUnchanged<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
): Promise<void> {
  for (const path of Object.keys(bench.configuration.objects).map((id) => `/${id}`)) {
    const values = configuredValues(bench.configuration, path);
    bench.expectValues(criterion, await bench.read(path), values);
  }
}

const LEVELS = clientCase({
  id: "dormouse-paths-levels",
  title: "Every method at every level of the tree is answered by the code for it",
  versions: ALL,
  clauses: [
    "LwM2M Transport 1.2.2 §6.4.4",
    "LwM2M Transport 1.2.2 §6.7",
    "LwM2M Core 1.2.2 §7.4",
    "RFC 7252 §5.8",
  ],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    root: "at the root there is nothing for one operation: 4.04 or 4.05",
    object:
      "at an object: Read, Observe, Discover and Write-Attributes; others are 4.05, an unknown one is 4.04",
    instance:
      "at an instance: these and Write; Execute, and Delete of what has to be there, are 4.05",
    resource: "at a resource: what its definition allows; others are 4.05, an unknown one is 4.04",
    "resource-instance":
      "at a resource instance: Read, Observe, Write, Write-Attributes since LwM2M 1.1; others are refused",
    deeper: "below, everything is refused by 4.05, 4.04 or 4.00",
    unchanged: "afterwards all is as it was",
  },
  async procedure(bench) {
    await expectRows(bench, PATH_ROWS, ({ level }) => level);
    await expectUnchanged(bench, "unchanged");
  },
});

const RESERVED = clientCase({
  id: "dormouse-paths-reserved",
  title: "Nothing has the id 65535",
  versions: ALL,
  clauses: ["LwM2M Core 1.2.2 §7.4", "LwM2M Transport 1.2.2 §6.4.4"],
  configuration: C_12,
  begins: "registered",
  criteria: {
    object: "an object of this id is refused by 4.05 or 4.04",
    instance: "a Read of an instance by 4.05, whatever else by a client error",
    resource: "so with a resource",
    "resource-instance": "and a resource instance",
  },
  async procedure(bench) {
    await expectRows(bench, reservedRows(), ({ level }) => level as "object");
  },
});

const HIDDEN = clientCase({
  id: "dormouse-paths-hidden",
  title: "No server touches Security, OSCORE or COSE",
  versions: ALL,
  clauses: ["LwM2M Core 1.2.2 §6.3", "LwM2M Core 1.2.2 §6.4", "LwM2M Core 1.1.1 §E.1"],
  configuration: C_3,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    object:
      "every operation on object 0 is answered by 4.01; since LwM2M 1.1 on 21, since 1.2 on 23",
    instance: "so on its instances",
    resource: "and on their resources",
    unchanged: "the client is reached as before",
  },
  async procedure(bench) {
    const objects = { "1.0": [0], "1.1": [0, 21], "1.2": [0, 21, 23] }[bench.version];
    for (const objectId of objects) {
      await expectRows(bench, hiddenRows(objectId), ({ level }) => level as "object");
    }
    bench.expectCode("unchanged", await bench.read("/3/0"), CONTENT);
  },
});

const SPELLING = clientCase({
  id: "dormouse-paths-spelling",
  title: "A path that is spelled otherwise names nothing",
  versions: ALL,
  clauses: ["RFC 7252 §5.10.1", "LwM2M Core 1.2.2 §7.4", "LwM2M Transport 1.2.2 §6.4.4"],
  configuration: C_3,
  begins: "registered",
  criteria: {
    read: "a Read of a path that is no path of numbers is refused by 4.04, 4.05 or 4.00",
    write: "so is a Write, and nothing is written",
    forgiven: "leading zeros, a trailing slash: the same, or what the plain spelling reads",
  },
  async procedure(bench) {
    const segmentsOf = (segments: readonly string[]) =>
      segments.map((segment) => textOption(URI_PATH, segment));
    const plain = await bench.read("/3/0/1", TEXT);
    bench.given(plain.code === CONTENT, `${was(plain)}, not by 2.05`);
    for (const segments of MISSPELLED) {
      const named = JSON.stringify(segments);
      const options = segmentsOf(segments);
      const { code, outcome } = await bench.ask({ method: GET, path: "/", options });
      const isRefused = NOTHING_THERE.includes(code);
      bench.expect("read", isRefused, `GET of the segments ${named} was answered by ${outcome}`);
      const where = segmentsOf(segments.map((segment) => segment.replace("3", "1")));
      const payload = new TextEncoder().encode("77");
      const question = { method: PUT, path: "/", options: where, format: TEXT, payload };
      const write = await bench.ask(question);
      const why = `PUT to the segments ${named}, with 1 for 3, was answered by ${write.outcome}`;
      bench.expect("write", NOTHING_THERE.includes(write.code), why);
    }
    for (const segments of FORGIVABLE) {
      const options = segmentsOf(segments);
      const answer = await bench.ask({ method: GET, path: "/", options, accept: TEXT });
      const isPlain = formatBytes(answer.payload) === formatBytes(plain.payload);
      const holds = answer.code === CONTENT ? isPlain : NOTHING_THERE.includes(answer.code);
      const why = `GET of the segments ${JSON.stringify(segments)} was answered by ${answer.outcome}`;
      bench.expect("forgiven", holds, why);
    }
    const before = configuredValues(bench.configuration, "/1/0");
    bench.expectValues("write", await bench.read("/1/0"), before);
  },
});

export const OWN_PATH_CASES: readonly ConformanceCase[] = [LEVELS, RESERVED, HIDDEN, SPELLING];
