/** All or nothing: one bad value among good ones, in every format that the client claims. */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  formatCode,
  IPATCH,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  POST,
  PUT,
  UNAUTHORIZED,
} from "../../../protocol/coap/codes.ts";
import { LWM2M_JSON } from "../../../protocol/coap/content-formats.ts";
import {
  BOOLEAN,
  type Entry,
  INTEGER,
  OPAQUE,
  STRING,
  type Value,
} from "../../../protocol/model/data-types.ts";
import { type Answer, type Bench, was } from "../bench.ts";
import {
  accountAt,
  bootstrapFinish,
  bootstrapRead,
  bootstrapWrite,
  givenRequest,
} from "../bootstrapping.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { PATCH_FORMATS } from "../composite.ts";
import { C_12, C_13, configuredValues, pathOfText } from "../configurations.ts";
import { encodeEntries, entryOf, formatName, TREE_FORMATS } from "../content.ts";
import { parametersOf } from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];

const trees = ({ formats }: Bench) => formats.filter((format) => TREE_FORMATS.includes(format));
const good = (path: string, value: Value): Entry => entryOf(pathOfText(path), value);
/** A value of another type than the resource has, which no format reads as one of it. */
const bad = (path: string, type: number, value: Value): Entry => ({
  path: pathOfText(path),
  type,
  value,
});
const NO_BOOLEAN = bad("/1/0/6", STRING, "maybe");
/** Bytes that are no UTF-8; in LwM2M JSON, where bytes are a text, a number. */
const noText = (path: string, format: number): Entry =>
  format === LWM2M_JSON
    ? bad(path, INTEGER, 5)
    : bad(path, OPAQUE, Uint8Array.of(0xff, 0xfe, 0xff));

/** What is written to /1/0, and by which code it is refused. */
const BAD_WRITES: readonly (readonly [
  criterion: "type" | "read-only",
  entries: readonly Entry[],
  code: number,
])[] = [
  ["type", [good("/1/0/2", 33), good("/1/0/3", 44), NO_BOOLEAN], BAD_REQUEST],
  ["type", [good("/1/0/1", 9999), NO_BOOLEAN, good("/1/0/7", "U")], BAD_REQUEST],
  ["read-only", [good("/1/0/0", 7), good("/1/0/2", 33), good("/1/0/3", 44)], METHOD_NOT_ALLOWED],
];

const WRITE = clientCase({
  id: "dormouse-atomic-write",
  title: "A Write with one bad value is refused whole, in every format",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.2.2 §6.3.3"],
  configuration: C_12,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: {
    type: "a value of another type among good ones is answered by 4.00, in part or as a whole",
    "read-only": "a value that no server may write is answered by 4.05",
    unchanged: "and the good ones are not written: the account reads as before",
    silent: "and no Update tells of them",
  },
  async procedure(bench) {
    const before = configuredValues(bench.configuration, "/1/0");
    for (const format of trees(bench)) {
      bench.step(`in ${formatName(format)}`);
      for (const [criterion, entries, code] of BAD_WRITES) {
        for (const method of [POST, PUT]) {
          const payload = encodeEntries(format, "/1/0", entries);
          const answer = await bench.ask({ method, path: "/1/0", format, payload });
          bench.expectCode(criterion, answer, code);
          bench.expectValues("unchanged", await bench.read("/1/0"), before);
        }
      }
    }
    await bench.wait(bench.pace.prompt);
    bench.expect("silent", bench.take("update") === undefined, "an Update came");
  },
});

const CREATE = clientCase({
  id: "dormouse-atomic-create",
  title: "A Create with one bad value creates nothing, in every format",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.6", "LwM2M Core 1.2.2 §6.3.6"],
  configuration: C_12,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: {
    refused: "a value of another type among good ones is answered by 4.00",
    conflict: "so is an instance that there is, beside one that there is not",
    nothing: "and no instance is created",
    silent: "and no Update lists one",
  },
  async procedure(bench) {
    const before = configuredValues(bench.configuration, "/16");
    for (const format of trees(bench)) {
      const attempts = [
        ["refused", [good("/16/7/0/0", "a"), noText("/16/7/0/1", format)]],
        ["conflict", [good("/16/0/0/0", "b"), good("/16/7/0/0", "a")]],
      ] as const;
      for (const [criterion, entries] of attempts) {
        const payload = encodeEntries(format, "/16", entries);
        const answer = await bench.post("/16", format, payload);
        const why = `${was(answer)} in ${formatName(format)}, not by 4.00`;
        bench.expect(criterion, answer.code === BAD_REQUEST, why);
        bench.expectCode("nothing", await bench.read("/16/7"), NOT_FOUND);
        bench.expectValues("nothing", await bench.read("/16"), before);
      }
    }
    await bench.wait(bench.pace.prompt);
    bench.expect("silent", bench.take("update") === undefined, "an Update came");
  },
});

/** One bad record, first or last among good ones, and the codes that say what is wrong with it. */
const BAD_RECORDS: readonly (readonly [
  criterion: "absent" | "forbidden" | "type",
  entry: Entry,
  codes: readonly number[],
  isFirst: boolean,
])[] = [
  ["absent", good("/16/9/0/0", "x"), [NOT_FOUND], false],
  ["absent", bad("/32000/0/0", STRING, "x"), [NOT_FOUND], false],
  ["absent", bad("/1/0/32000", BOOLEAN, true), [NOT_FOUND], false],
  ["forbidden", good("/1/0/0", 7), [METHOD_NOT_ALLOWED], true],
  ["forbidden", bad("/3/0/0", STRING, "x"), [METHOD_NOT_ALLOWED], false],
  ["forbidden", good("/0/0/10", 7), [UNAUTHORIZED], true],
  ["type", NO_BOOLEAN, [BAD_REQUEST], false],
];

const COMPOSITE = clientCase({
  id: "dormouse-atomic-composite",
  title: "A Write-Composite with one bad record is refused whole, in every format",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.1.1 §6.3.9", "LwM2M Core 1.2.2 §6.3.9", "RFC 8132 §3", "RFC 8790 §3.2"],
  configuration: C_12,
  begins: "registered",
  needs: { features: ["composite"], oneOfFormats: PATCH_FORMATS },
  criteria: {
    taken: "good records of two objects are written",
    absent: "a record of what is not there, among good ones, is answered by 4.04",
    forbidden: "one of what no server may write is answered by 4.05, one of object 0 by 4.01",
    type: "one of another type is answered by 4.00",
    unchanged: "and none of the good ones is written",
  },
  async procedure(bench) {
    let round = 0;
    for (const format of bench.formats.filter((one) => PATCH_FORMATS.includes(one))) {
      const values = { "/1/0/2": ++round, "/16/0/0/0": `round ${round}` };
      bench.step(`in ${formatName(format)}`);
      bench.expectCode("taken", await patch(bench, format, goodEntries(values)), CHANGED);
      await expectHeld(bench, "taken", values);
      for (const [criterion, entry, codes, isFirst] of BAD_RECORDS) {
        const others = goodEntries({ "/1/0/2": 77, "/16/0/0/0": "never" });
        const entries = isFirst ? [entry, ...others] : [others[0], entry, others[1]];
        const answer = await patch(bench, format, inTreeOrder(entries));
        const wanted = codes.map(formatCode).join(" or ");
        const why = `${was(answer)} with /${entry.path.join("/")} in it, not by ${wanted}`;
        bench.expect(criterion, codes.includes(answer.code), why);
        await expectHeld(bench, "unchanged", values);
      }
    }
  },
});

function goodEntries(values: Readonly<Record<string, Value>>): Entry[] {
  return Object.entries(values).map(([path, value]) => good(path, value));
}

/** As codecs want them. */
function inTreeOrder(entries: readonly Entry[]): readonly Entry[] {
  return [...entries].sort((left, right) => {
    const at = left.path.findIndex((id, i) => id !== right.path[i]);
    return at < 0 ? 0 : left.path[at] - right.path[at];
  });
}

function patch(bench: Bench, format: number, entries: readonly Entry[]): Promise<Answer> {
  const payload = encodeEntries(format, "/", entries);
  return bench.ask({ method: IPATCH, path: "/", format, payload });
}

async function expectHeld<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  values: Readonly<Record<string, Value>>,
): Promise<void> {
  for (const [path, value] of Object.entries(values)) {
    const at = path.split("/").slice(0, 3).join("/");
    bench.expectValues(criterion, await bench.read(at), { [path]: value });
  }
}

const BOOTSTRAP = clientCase({
  id: "dormouse-atomic-bootstrap",
  title: "A Bootstrap-Write with one bad value is refused whole, in every format",
  versions: ["1.1", "1.2"],
  clauses: ["LwM2M Core 1.2.2 §6.1.7.5", "LwM2M Core 1.2.2 §6.1.7.4"],
  configuration: C_13,
  begins: "off",
  needs: { features: ["bootstrap"], oneOfFormats: TREE_FORMATS },
  criteria: {
    refused:
      "a value of another type among good ones, in an account that is there, is answered by 4.00",
    resource: "so is a single value of another type",
    unchanged: "and the account reads as before",
    registered: "after Finish the client registers with the lifetime that was written first",
  },
  async procedure(bench) {
    await bench.client.start();
    const session = await givenRequest(bench, bench.pace.patience);
    const account = accountAt(bench);
    for (const path of ["/0", "/1"] as const) {
      const write = await bootstrapWrite(bench, session, path, account[path]);
      bench.given(write.code === CHANGED, `${was(write)}, not by 2.04`);
    }
    const server = bench.servers.length;
    for (const format of trees(bench)) {
      const entries = [good("/1/0/0", 1), good("/1/0/1", 500), NO_BOOLEAN];
      for (const path of ["/1/0", "/1"]) {
        const payload = encodeEntries(format, path, entries);
        const write = await bench.ask({ method: PUT, path, format, payload }, server);
        bench.expectCode("refused", write, BAD_REQUEST);
      }
      const payload = encodeEntries(format, "/1/0/6", [NO_BOOLEAN]);
      const write = await bench.ask({ method: PUT, path: "/1/0/6", format, payload }, server);
      bench.expectCode("resource", write, BAD_REQUEST);
      const read = await bootstrapRead(bench, "/1/0", format);
      bench.expectCode("unchanged", read, CONTENT);
      bench.expectValues("unchanged", read, account["/1"]);
    }
    const finish = await bootstrapFinish(bench);
    bench.given(finish.code === CHANGED, `${was(finish)}, not by 2.04`);
    const register = await bench.next("register", bench.now() + bench.pace.patience);
    if (register === undefined) return bench.expect("registered", false, "no Register came");
    const { lifetime } = parametersOf(bench, register, "registered");
    const isOld = lifetime === account["/1"]["/1/0/1"];
    bench.expect("registered", isOld, `the Register says lt=${lifetime}`);
  },
});

const INSTANCES = clientCase({
  id: "dormouse-atomic-instances",
  title: "A Write of several resource instances with one bad is refused whole",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3"],
  configuration: C_12,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: {
    refused: "bytes that are no text, among texts, are answered by 4.00, in part or as a whole",
    unchanged: "and the resource has the instances that it had",
  },
  async procedure(bench) {
    const before = configuredValues(bench.configuration, "/16/0/0");
    for (const format of trees(bench)) {
      for (const method of [POST, PUT]) {
        const wrong = noText("/16/0/0/8", format);
        const entries = [good("/16/0/0/0", "a"), good("/16/0/0/7", "b"), wrong];
        const payload = encodeEntries(format, "/16/0/0", entries);
        const answer = await bench.ask({ method, path: "/16/0/0", format, payload });
        const why = `${was(answer)} in ${formatName(format)}, not by 4.00`;
        bench.expect("refused", answer.code === BAD_REQUEST, why);
        const read = await bench.read("/16/0/0");
        const values = bench.expectValues("unchanged", read, before);
        const count = Object.keys(before).length;
        bench.expect("unchanged", values.size === count, `there are ${values.size} instances`);
      }
    }
  },
});

export const OWN_ATOMICITY_CASES: readonly ConformanceCase[] = [
  WRITE,
  INSTANCES,
  CREATE,
  COMPOSITE,
  BOOTSTRAP,
];
