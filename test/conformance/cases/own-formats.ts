/** Which format says what: every Content-Format that the client claims, at every level, read and written. */
import {
  BAD_REQUEST,
  CHANGED,
  CREATED,
  DELETED,
  NOT_ACCEPTABLE,
  POST,
  PUT,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import {
  LINK_FORMAT,
  OCTET_STREAM,
  SENML_ETCH_CBOR,
  SENML_ETCH_JSON,
} from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { type Bench, was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_12, configuredValues } from "../configurations.ts";
import { encodeValues, formatName, ONE_VALUE_FORMATS, TREE_FORMATS } from "../content.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
const CLAUSES = ["LwM2M Core 1.1.1 §7.4", "LwM2M Transport 1.2.2 §6.4.4", "LwM2M Core 1.2.2 §7.5"];
/** Formats of other operations, which neither Read nor Write has. */
const FOREIGN: readonly number[] = [SENML_ETCH_JSON, SENML_ETCH_CBOR];
const REFUSED: readonly number[] = [UNSUPPORTED_CONTENT_FORMAT, BAD_REQUEST];

const OBJECT = "/16";
const INSTANCE = "/16/0";
const MULTIPLE = "/16/0/0";
const ITEM = "/16/0/0/0";
const TEXT_VALUE = "/3/0/1";
const NUMBER = "/1/0/2";
const TREES = [OBJECT, INSTANCE, MULTIPLE];

/** Paths that a version has. */
const pathsOf = ({ version }: Bench, paths: readonly string[]) =>
  version === "1.0" ? paths.filter((path) => path !== ITEM) : paths;

const READ_FORMATS = clientCase({
  id: "dormouse-formats-read",
  title: "A Read is answered in the format that is asked for, or by 4.06",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_12,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: {
    tree: "a format for several values reads at every level, and holds what is there",
    one: "a format for one value reads a resource and a resource instance",
    "not-several": "and is answered by 4.06 where there may be several values",
    bytes: "a text is not readable as bytes: 4.06",
    foreign: "SenML-ETCH, which is for other operations, is answered by 4.06",
  },
  async procedure(bench) {
    const trees = bench.formats.filter((format) => TREE_FORMATS.includes(format));
    for (const format of trees) {
      for (const path of pathsOf(bench, [...TREES, ITEM, TEXT_VALUE, NUMBER])) {
        const wanted = configuredValues(bench.configuration, path);
        bench.expectValues("tree", await bench.read(path, format), wanted, format);
      }
    }
    const ones = bench.formats.filter((format) => ONE_VALUE_FORMATS.includes(format));
    for (const format of ones.filter((one) => one !== OCTET_STREAM)) {
      for (const path of pathsOf(bench, [ITEM, TEXT_VALUE, NUMBER])) {
        const wanted = configuredValues(bench.configuration, path);
        bench.expectValues("one", await bench.read(path, format), wanted, format);
      }
      for (const path of TREES) await expectRefused(bench, "not-several", path, format);
    }
    for (const path of [...TREES, TEXT_VALUE]) {
      await expectRefused(bench, "bytes", path, OCTET_STREAM);
      for (const format of FOREIGN) await expectRefused(bench, "foreign", path, format);
    }
  },
});

async function expectRefused<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  path: string,
  format: number,
): Promise<void> {
  const answer = await bench.read(path, format);
  const why = `${was(answer)} when ${formatName(format)} was asked for, not by 4.06`;
  bench.expect(criterion, answer.code === NOT_ACCEPTABLE, why);
}

const WRITE_FORMATS = clientCase({
  id: "dormouse-formats-write",
  title: "A Write is taken in each format that fits, and refused in those that do not",
  versions: ALL,
  clauses: CLAUSES,
  configuration: C_12,
  begins: "registered",
  needs: { oneOfFormats: TREE_FORMATS },
  criteria: {
    tree: "a format for several values writes an instance in part, a multiple resource and a single value",
    one: "a format for one value writes a resource and a resource instance",
    create: "a format for several values creates an instance",
    misfit:
      "a format for one value where there may be several, and bytes for a number, are answered by 4.15 or 4.00",
    foreign: "so are formats that are for other operations",
    unchanged: "and neither changes anything",
  },
  async procedure(bench) {
    const held: Record<string, Value> = {};
    let number = 20;
    const written = async (criterion: "tree" | "one", format: number, [path, at]: Target) => {
      const value = at === NUMBER ? ++number : `text ${++number}`;
      const method = path === at || path === MULTIPLE ? PUT : POST;
      const payload = encodeValues(format, path, { [at]: value });
      bench.expectCode(criterion, await bench.ask({ method, path, format, payload }), CHANGED);
      held[at] = value;
      bench.expectValues(criterion, await bench.read(at), { [at]: value });
    };
    const items = pathsOf(bench, [ITEM]);
    const usable = [...TREE_FORMATS, ...ONE_VALUE_FORMATS];
    for (const format of bench.formats.filter((one) => usable.includes(one))) {
      bench.step(`in ${formatName(format)}`);
      const isTree = TREE_FORMATS.includes(format);
      const ones: readonly Target[] = [NUMBER, ...items].map((path) => [path, path]);
      const several: readonly Target[] = [
        ["/1/0", NUMBER],
        ...items.map((at): Target => [MULTIPLE, at]),
      ];
      for (const target of format === OCTET_STREAM ? [] : ones) {
        await written(isTree ? "tree" : "one", format, target);
      }
      for (const target of isTree ? several : []) await written("tree", format, target);
      if (isTree) await expectCreated(bench, format);
    }
    bench.step("formats that do not fit");
    await expectMisfit(bench, "misfit", OCTET_STREAM, NUMBER);
    for (const format of ONE_VALUE_FORMATS) {
      for (const path of [INSTANCE, MULTIPLE]) await expectMisfit(bench, "misfit", format, path);
    }
    for (const format of [...FOREIGN, LINK_FORMAT]) {
      for (const path of [INSTANCE, NUMBER]) await expectMisfit(bench, "foreign", format, path);
    }
    for (const [path, value] of Object.entries(held)) {
      bench.expectValues("unchanged", await bench.read(path), { [path]: value });
    }
  },
});

/** Where a Write goes, and where the value is. */
type Target = readonly [path: string, at: string];

async function expectCreated(bench: Bench<"create">, format: number): Promise<void> {
  const path = "/16/9";
  const values = { [`${path}/0/0`]: "created" };
  const create = await bench.post(OBJECT, format, encodeValues(format, OBJECT, values));
  bench.expectCode("create", create, CREATED);
  bench.expectValues("create", await bench.read(path), values);
  const deletion = await bench.delete(path);
  bench.given(deletion.code === DELETED, `${was(deletion)}, not by 2.02`);
}

async function expectMisfit<Criterion extends string>(
  bench: Bench<Criterion>,
  criterion: Criterion,
  format: number,
  path: string,
): Promise<void> {
  const answer = await bench.put(path, format, "31");
  const why = `${was(answer)} in ${formatName(format)}, not by 4.15 or 4.00`;
  bench.expect(criterion, REFUSED.includes(answer.code), why);
}

export const OWN_FORMAT_CASES: readonly ConformanceCase[] = [READ_FORMATS, WRITE_FORMATS];
