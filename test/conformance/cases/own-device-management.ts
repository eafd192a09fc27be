/** Device management where no ETS case looks: answer codes at every level, atomic Writes, replacing, arguments, attributes. */
import {
  BAD_REQUEST,
  CHANGED,
  CONTENT,
  CREATED,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_FOUND,
  POST,
  UNSUPPORTED_CONTENT_FORMAT,
} from "../../../protocol/coap/codes.ts";
import { LINK_FORMAT, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import { attributeOf } from "../../../protocol/coap/link-format.ts";
import { LOCATION_PATH } from "../../../protocol/coap/options.ts";
import { pathOf } from "../../../protocol/coap/uri.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_3, C_4, C_12, configuredValues } from "../configurations.ts";
import { bytesOf, encodeValues } from "../content.ts";
import { expectAttributes } from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
/** 65000 is private use: no client has it. */
const NO_FORMAT = 65000;

const ANSWER_CODES = clientCase({
  id: "dormouse-answer-codes",
  title: "Refusals say why",
  versions: ALL,
  clauses: ["LwM2M Transport 1.1.1 §6.4.5", "LwM2M Core 1.1.1 §7.3"],
  configuration: C_3,
  begins: "registered",
  criteria: {
    unknown: "what is not there is 4.04 at every level",
    "not-allowed": "what a resource does not allow is 4.05",
    reserved: "a path with the reserved id 65535 is 4.05",
    format: "an unknown Content-Format is 4.15, an unknown Accept 4.06",
    value: "a value that does not fit is 4.00",
  },
  async procedure(bench) {
    for (const path of ["/32000", "/3/7", "/3/0/32000", "/3/0/11/9"]) {
      const isDeep = path.split("/").length === 5;
      if (isDeep && bench.version === "1.0") continue;
      bench.expectCode("unknown", await bench.read(path), NOT_FOUND);
    }
    bench.step(
      "the server reads what is executable, executes what is readable, writes what is not",
    );
    bench.expectCode("not-allowed", await bench.read("/3/0/4"), METHOD_NOT_ALLOWED);
    bench.expectCode("not-allowed", await bench.execute("/3/0/0"), METHOD_NOT_ALLOWED);
    bench.expectCode("not-allowed", await bench.put("/3/0/4", TEXT, "1"), METHOD_NOT_ALLOWED);
    bench.expectCode("reserved", await bench.read("/3/65535"), METHOD_NOT_ALLOWED);
    bench.expectCode("reserved", await bench.read("/3/0/65535"), METHOD_NOT_ALLOWED);
    bench.step("the server uses formats that no client has, and a text where a number belongs");
    const put = await bench.put("/1/0/2", NO_FORMAT, "1");
    bench.expectCode("format", put, UNSUPPORTED_CONTENT_FORMAT);
    bench.expectCode("format", await bench.read("/3/0/0", NO_FORMAT), NOT_ACCEPTABLE);
    bench.expectCode("value", await bench.put("/1/0/2", TEXT, "soon"), BAD_REQUEST);
  },
});

const ATOMIC_WRITE = clientCase({
  id: "dormouse-write-atomic",
  title: "A Write that is refused changes nothing",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3"],
  configuration: C_3,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    refused: "a partial Write with a read-only value among others is answered by 4.05",
    unchanged: "the others are as before",
  },
  async procedure(bench) {
    const mixed = { "/1/0/0": 7, "/1/0/2": 33, "/1/0/3": 44 };
    const write = await bench.post("/1/0", TLV, encodeValues(TLV, "/1/0", mixed));
    bench.expectCode("refused", write, METHOD_NOT_ALLOWED);
    const before = configuredValues(bench.configuration, "/1/0");
    bench.expectValues("unchanged", await bench.read("/1/0"), before);
  },
});

const REPLACE_INSTANCE = clientCase({
  id: "dormouse-write-replace",
  title: "Write replaces, partial Write adds",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    partial:
      "a partial Write of a multiple resource changes and adds instances, and keeps the rest",
    replace: "a Write of it leaves the instances written and no others",
    instance: "a Write of /1/0 without the optional /1/0/2 removes that",
  },
  async procedure(bench) {
    const added = { "/16/0/0/1": "changed", "/16/0/0/9": "added" };
    const post = await bench.post("/16/0/0", TLV, encodeValues(TLV, "/16/0/0", added));
    bench.expectCode("partial", post, CHANGED);
    const all = { ...configuredValues(bench.configuration, "/16/0/0"), ...added };
    const five = bench.expectValues("partial", await bench.read("/16/0/0"), all);
    bench.expect("partial", five.size === 5, `there are ${five.size} instances, not 5`);
    bench.step("the server replaces them by two");
    const two = { "/16/0/0/2": "x", "/16/0/0/3": "y" };
    const put = await bench.put("/16/0/0", TLV, encodeValues(TLV, "/16/0/0", two));
    bench.expectCode("replace", put, CHANGED);
    const left = bench.expectValues("replace", await bench.read("/16/0/0"), two);
    bench.expect("replace", left.size === 2, `there are ${left.size} instances, not 2`);
    bench.step("the server replaces its account without a default pmin");
    const { "/1/0/0": _, "/1/0/2": __, ...rest } = configuredValues(bench.configuration, "/1/0");
    const account = await bench.put("/1/0", TLV, encodeValues(TLV, "/1/0", rest));
    bench.expectCode("instance", account, CHANGED);
    bench.expectCode("instance", await bench.read("/1/0/2"), NOT_FOUND);
    bench.expectValues("instance", await bench.read("/1/0"), rest);
  },
});

const EXECUTE_ARGUMENTS = clientCase({
  id: "dormouse-execute-arguments",
  title: "Arguments of Execute are checked",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.5"],
  configuration: C_3,
  begins: "registered",
  criteria: {
    accepted: "well-formed arguments are taken: none, and since LwM2M 1.1 a binding",
    refused: "others are answered by 4.00",
    instance: "Execute of an instance is answered by 4.05",
  },
  async procedure(bench) {
    for (const text of bench.version === "1.0" ? [""] : ["", "0='U'"]) {
      bench.expectCode("accepted", await bench.execute("/1/0/8", text), CHANGED);
    }
    for (const text of ["a", "0=U", "10", "0,", "0='"]) {
      bench.expectCode("refused", await bench.execute("/1/0/8", text), BAD_REQUEST);
    }
    bench.expectCode("instance", await bench.execute("/1/0"), METHOD_NOT_ALLOWED);
  },
});

const CREATE_RULES = clientCase({
  id: "dormouse-create-rules",
  title: "Create names its instance, or takes the one that is given",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.6"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    taken: "Create of an instance that exists is answered by 4.00, and changes nothing",
    incomplete: "Create without a mandatory resource is refused",
    chosen: "Create without an id is answered by 2.01 with the Location of the new instance",
  },
  async procedure(bench) {
    const again = encodeValues(TLV, "/16", { "/16/0/0/0": "b" });
    bench.expectCode("taken", await bench.post("/16", TLV, again), BAD_REQUEST);
    const before = configuredValues(bench.configuration, "/16");
    bench.expectValues("taken", await bench.read("/16"), before);
    const empty = await bench.post("/16", TLV, bytesOf("00 04"));
    bench.expect("incomplete", empty.code >> 5 === 4, `it was answered by ${empty.outcome}`);
    bench.step("the server leaves the id to the client");
    const payload = encodeValues(TLV, "/16/0", { "/16/0/0/0": "c" });
    const create = await bench.ask({ method: POST, path: "/16", format: TLV, payload });
    bench.expectCode("chosen", create, CREATED);
    const location = pathOf(create.options, LOCATION_PATH);
    const isInstance = /^\/16\/[1-9][0-9]*$/.test(location);
    bench.expect("chosen", isInstance, `the Location is ${location}`);
    bench.expectValues("chosen", await bench.read(location), { [`${location}/0/0`]: "c" });
  },
});

const ATTRIBUTE_RULES = clientCase({
  id: "dormouse-write-attributes-rules",
  title: "Write-Attributes takes all or nothing",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.4", "LwM2M Core 1.1.1 §5.1.2"],
  configuration: C_4,
  begins: "registered",
  criteria: {
    set: "attributes that are set are shown by Discover",
    inconsistent:
      "lt not below gt, or a step too wide, is answered by 4.00, and nothing is applied",
    unset: "a name without value unsets",
  },
  async procedure(bench) {
    const set = await bench.writeAttributes("/3/0/9", [
      "pmin=5",
      "pmax=60",
      "gt=80",
      "lt=20",
      "st=5",
    ]);
    bench.expectCode("set", set, CHANGED);
    const all = { pmin: 5, pmax: 60, gt: 80, lt: 20, st: 5 };
    const links = bench.expectLinks("set", await bench.discover("/3/0/9"));
    expectAttributes(bench, "set", links, "/3/0/9", all);
    for (const query of [["pmin=1", "lt=90"], ["st=30"]]) {
      bench.expectCode("inconsistent", await bench.writeAttributes("/3/0/9", query), BAD_REQUEST);
    }
    const same = bench.expectLinks("inconsistent", await bench.discover("/3/0/9"));
    expectAttributes(bench, "inconsistent", same, "/3/0/9", all);
    bench.expectCode("unset", await bench.writeAttributes("/3/0/9", ["gt", "pmax"]), CHANGED);
    const fewer = bench.expectLinks("unset", await bench.discover("/3/0/9"));
    expectAttributes(bench, "unset", fewer, "/3/0/9", { pmin: 5, lt: 20, st: 5 });
    const link = fewer.get("/3/0/9");
    const gone = link !== undefined && attributeOf(link, "gt") === undefined;
    bench.expect("unset", gone, "gt is still there");
  },
});

const READ_AS_LINKS = clientCase({
  id: "dormouse-discover-refusals",
  title: "Discover of what is not there",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.2"],
  configuration: C_3,
  begins: "registered",
  criteria: {
    unknown: "Discover of an unknown object, instance and resource is answered by 4.04",
    known: "Discover of a resource is answered by 2.05",
  },
  async procedure(bench) {
    for (const path of ["/32000", "/3/7", "/3/0/32000"]) {
      bench.expectCode("unknown", await bench.read(path, LINK_FORMAT), NOT_FOUND);
    }
    bench.expectCode("known", await bench.discover("/3/0/16"), CONTENT);
  },
});

export const OWN_DEVICE_MANAGEMENT_CASES: readonly ConformanceCase[] = [
  ANSWER_CODES,
  ATOMIC_WRITE,
  REPLACE_INSTANCE,
  EXECUTE_ARGUMENTS,
  CREATE_RULES,
  ATTRIBUTE_RULES,
  READ_AS_LINKS,
];
