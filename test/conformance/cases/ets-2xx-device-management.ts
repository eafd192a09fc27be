/** ETS 1.2 group 200-299, Device Management and Service Enablement. */
import {
  CHANGED,
  CONTENT,
  METHOD_NOT_ALLOWED,
  UNAUTHORIZED,
} from "../../../protocol/coap/codes.ts";
import { CBOR, SENML_CBOR, SENML_JSON, TEXT, TLV } from "../../../protocol/coap/content-formats.ts";
import type { Value } from "../../../protocol/model/data-types.ts";
import { was } from "../bench.ts";
import { type ConformanceCase, clientCase, type Version } from "../case.ts";
import { C_1, C_3, C_4, C_12, configuredValues } from "../configurations.ts";
import { bytesOf, encodeValues, formatName } from "../content.ts";
import {
  expectAttributes,
  expectLifetimeTaken,
  expectListed,
  expectRead,
  expectUpdateWithLifetime,
} from "./expectations.ts";

const ALL: readonly Version[] = ["1.0", "1.1", "1.2"];
/** Resource instances, CBOR and SenML came with 1.1. */
const SINCE_1_1: readonly Version[] = ["1.1", "1.2"];

type ServerValues = Readonly<Record<string, Value>>;

/** What object 1 of C.3 holds of what the cases below change and put back. */
const SERVER_BEFORE: ServerValues = { "/1/0/2": 1, "/1/0/3": 10, "/1/0/5": 86400 };
const SERVER_AFTER: ServerValues = { "/1/0/2": 101, "/1/0/3": 1010, "/1/0/5": 2000 };

const SERVER_RESOURCES = Object.keys(SERVER_BEFORE);
const POWER_RESOURCES = ["/3/0/6", "/3/0/7", "/3/0/8"];

const QUERY_TEXT = clientCase({
  id: "LightweightM2M-1.1-int-201",
  title: "Querying basic information in plain text",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §7.4.1"],
  configuration: C_1,
  begins: "registered",
  needs: { formats: [TEXT] },
  criteria: {
    manufacturer: "/3/0/0 is read as text",
    model: "/3/0/1 is read as text",
    serial: "/3/0/2 is read as text",
  },
  async procedure(bench) {
    await expectRead(bench, "manufacturer", "/3/0/0", TEXT);
    await expectRead(bench, "model", "/3/0/1", TEXT);
    await expectRead(bench, "serial", "/3/0/2", TEXT);
  },
});

const QUERY_TLV = clientCase({
  id: "LightweightM2M-1.1-int-203",
  title: "Querying basic information in TLV format",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §7.4.4"],
  configuration: C_1,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: { read: "/3/0 is read as TLV with 0, 1, 2, 3, 11 and 16" },
  async procedure(bench) {
    await expectRead(bench, "read", "/3/0", TLV);
  },
});

const SET_TEXT = clientCase({
  id: "LightweightM2M-1.1-int-205",
  title: "Setting basic information in plain text",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.1.1 §7.4.1"],
  configuration: C_3,
  begins: "registered",
  needs: { resources: SERVER_RESOURCES, formats: [TEXT] },
  criteria: {
    write: "Writes of /1/0/2, /1/0/3 and /1/0/5 are answered by 2.04",
    changed: "the written values are read back",
    restored: "so are the first ones, written again",
  },
  async procedure(bench) {
    const writeAll = async (values: ServerValues, criterion: "changed" | "restored") => {
      for (const [path, value] of Object.entries(values)) {
        bench.expectCode("write", await bench.put(path, TEXT, `${value}`), CHANGED);
      }
      for (const [path, value] of Object.entries(values)) {
        bench.expectValues(criterion, await bench.read(path, TEXT), { [path]: value }, TEXT);
      }
    };
    bench.step("the server writes 101, 1010 and 2000");
    await writeAll(SERVER_AFTER, "changed");
    bench.step("the server writes the first values again");
    await writeAll(SERVER_BEFORE, "restored");
  },
});

const QUERY_CBOR = clientCase({
  id: "LightweightM2M-1.1-int-211",
  title: "Querying basic information in CBOR format",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §7.4.3"],
  configuration: C_1,
  begins: "registered",
  needs: { formats: [CBOR] },
  criteria: {
    integer: "/1/0/0 is read as CBOR",
    boolean: "/1/0/6 is read as CBOR",
    text: "/1/0/7 is read as CBOR",
  },
  async procedure(bench) {
    await expectRead(bench, "integer", "/1/0/0", CBOR);
    await expectRead(bench, "boolean", "/1/0/6", CBOR);
    await expectRead(bench, "text", "/1/0/7", CBOR);
  },
});

const SET_CBOR = clientCase({
  id: "LightweightM2M-1.1-int-212",
  title: "Setting basic information in CBOR format",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.1.1 §7.4.3"],
  configuration: C_3,
  begins: "registered",
  needs: { resources: ["/1/0/2", "/1/0/3"], formats: [CBOR] },
  criteria: {
    write: "Writes of /1/0/2, /1/0/3 and /1/0/6 are answered by 2.04",
    changed: "the written values are read back",
  },
  async procedure(bench) {
    bench.step("the server writes 101, 1010 and true");
    bench.expectCode("write", await bench.put("/1/0/2", CBOR, bytesOf("18 65")), CHANGED);
    bench.expectCode("write", await bench.put("/1/0/3", CBOR, bytesOf("19 03 F2")), CHANGED);
    bench.expectCode("write", await bench.put("/1/0/6", CBOR, bytesOf("F5")), CHANGED);
    const wanted: ServerValues = { "/1/0/2": 101, "/1/0/3": 1010, "/1/0/6": true };
    for (const [path, value] of Object.entries(wanted)) {
      bench.expectValues("changed", await bench.read(path, CBOR), { [path]: value }, CBOR);
    }
  },
});

const SET_TLV = clientCase({
  id: "LightweightM2M-1.1-int-215",
  title: "Setting basic information in TLV format",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.1.1 §7.4.4"],
  configuration: C_3,
  begins: "registered",
  needs: { resources: SERVER_RESOURCES, formats: [TLV] },
  criteria: {
    write: "a partial Write of /1/0 is answered by 2.04",
    changed: "the written values are read back, the others are as before",
    restore: "a Write of /1/0 with the first values is answered by 2.04",
    restored: "the first values are read back",
  },
  async procedure(bench) {
    const before = configuredValues(bench.configuration, "/1/0");
    bench.step("the server writes 101, 1010, 2000, true and U at once");
    const payload = bytesOf("C1 02 65 C2 03 03 F2 C2 05 07 D0 C1 06 01 C1 07 55");
    bench.expectCode("write", await bench.post("/1/0", TLV, payload), CHANGED);
    const changed = { ...before, ...SERVER_AFTER, "/1/0/6": true };
    bench.expectValues("changed", await bench.read("/1/0", TLV), changed, TLV);
    bench.step("the server replaces the instance by what it was");
    // Without the Short Server ID, which is read-only.
    const { "/1/0/0": _, ...writable } = before;
    const saved = encodeValues(TLV, "/1/0", writable);
    bench.expectCode("restore", await bench.put("/1/0", TLV, saved), CHANGED);
    bench.expectValues("restored", await bench.read("/1/0", TLV), before, TLV);
  },
});

const SECURITY_OBJECT = clientCase({
  id: "LightweightM2M-1.1-int-221",
  title: "Attempt to perform operations on Security Object",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §8.2.2", "LwM2M Core 1.1.1 §E.1"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    read: "Read of /0 is answered by 4.01",
    write: "Write of /0/0/0 is answered by 4.01",
    attributes: "Write-Attributes of /0 is answered by 4.01",
  },
  async procedure(bench) {
    bench.expectCode("read", await bench.read("/0"), UNAUTHORIZED);
    const write = await bench.put("/0/0/0", TEXT, "coap://attacker.test");
    bench.expectCode("write", write, UNAUTHORIZED);
    const attributes = await bench.writeAttributes("/0", ["pmin=30", "pmax=45"]);
    bench.expectCode("attributes", attributes, UNAUTHORIZED);
  },
});

const READ_OBJECT = clientCase({
  id: "LightweightM2M-1.1-int-222",
  title: "Read on Object",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    server: "/1 is read with all that is readable in its instance",
    device: "/3 is read with all that is readable in its instance",
  },
  async procedure(bench) {
    await expectRead(bench, "server", "/1");
    await expectRead(bench, "device", "/3");
  },
});

const READ_INSTANCE = clientCase({
  id: "LightweightM2M-1.1-int-223",
  title: "Read on Object Instance",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1"],
  configuration: C_1,
  begins: "registered",
  criteria: { read: "/1/0 is read with all that is readable in it, without what is executable" },
  async procedure(bench) {
    const values = await expectRead(bench, "read", "/1/0");
    const executable = ["/1/0/4", "/1/0/8", "/1/0/9"].find((path) => values.has(path));
    bench.expect("read", executable === undefined, `${executable} was read, which is executable`);
  },
});

const READ_RESOURCE = clientCase({
  id: "LightweightM2M-1.1-int-224",
  title: "Read on Resource",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.1"],
  configuration: C_1,
  begins: "registered",
  criteria: { read: "/1/0/0, /1/0/1, /1/0/6, /1/0/7 and /3/0/16 are read, each alone" },
  async procedure(bench) {
    for (const path of ["/1/0/0", "/1/0/1", "/1/0/6", "/1/0/7", "/3/0/16"]) {
      const values = await expectRead(bench, "read", path);
      bench.expect("read", values.size === 1, `Read of ${path} gave ${values.size} values`);
    }
  },
});

const READ_RESOURCE_INSTANCE = clientCase({
  id: "LightweightM2M-1.1-int-225",
  title: "Read on Resource Instance",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.1"],
  configuration: C_1,
  begins: "registered",
  criteria: { read: "/3/0/11/0 is read alone" },
  async procedure(bench) {
    const values = await expectRead(bench, "read", "/3/0/11/0");
    bench.expect("read", values.size === 1, `the Read gave ${values.size} values`);
  },
});

const PARTIAL_UPDATE = clientCase({
  id: "LightweightM2M-1.1-int-226",
  title: "Write (Partial Update) on Object Instance",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.1.1 §6.2.2"],
  configuration: C_1,
  begins: "registered",
  needs: { formats: [TLV] },
  criteria: {
    write: "a partial Write of lifetime and storing is answered by 2.04",
    update: "an Update with lt=61 follows",
    changed: "the written values are read back, the others are as before",
  },
  async procedure(bench) {
    const written = { "/1/0/1": 61, "/1/0/6": true };
    bench.step("the server writes lifetime 61 and storing true at once");
    const write = await bench.post("/1/0", TLV, encodeValues(TLV, "/1/0", written));
    bench.expectCode("write", write, CHANGED);
    await expectUpdateWithLifetime(bench, 61, "update");
    const after = { ...configuredValues(bench.configuration, "/1/0"), ...written };
    bench.expectValues("changed", await bench.read("/1/0"), after);
  },
});

const REPLACE_RESOURCE = clientCase({
  id: "LightweightM2M-1.1-int-227",
  title: "Write (Replace) on Resource",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.1.1 §6.2.2"],
  configuration: C_1,
  begins: "registered",
  needs: { formats: [TEXT] },
  criteria: {
    write: "Write of /1/0/1 is answered by 2.04",
    update: "an Update with lt=63 follows",
    changed: "63 is read back",
  },
  async procedure(bench) {
    await expectLifetimeTaken(bench, 63, ["write", "update"]);
    bench.expectValues("changed", await bench.read("/1/0/1"), { "/1/0/1": 63 });
  },
});

const WRITE_RESOURCE_INSTANCE = clientCase({
  id: "LightweightM2M-1.1-int-228",
  title: "Write on Resource Instance",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.3"],
  configuration: C_12,
  begins: "registered",
  needs: { formats: [TEXT] },
  correction: "a PUT where a POST is printed",
  criteria: {
    write: "Write of /16/0/0/1 is answered by 2.04",
    changed: "it alone has changed",
  },
  async procedure(bench) {
    bench.expectCode("write", await bench.put("/16/0/0/1", TEXT, "test"), CHANGED);
    const after = { ...configuredValues(bench.configuration, "/16/0/0"), "/16/0/0/1": "test" };
    const values = bench.expectValues("changed", await bench.read("/16/0/0"), after);
    bench.expect("changed", values.size === 4, `there are ${values.size} identities now, not 4`);
  },
});

const QUERY_SENML_JSON = querySenml(231, SENML_JSON);
const QUERY_SENML_CBOR = querySenml(232, SENML_CBOR);
const SET_SENML_CBOR = setSenml(233, SENML_CBOR);
const SET_SENML_JSON = setSenml(234, SENML_JSON);

const READ_WITHOUT_ACCEPT = clientCase({
  id: "LightweightM2M-1.1-int-237",
  title: "Read on Object without specifying Content Type",
  versions: SINCE_1_1,
  clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §7.4"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    format: "the answer names a format that can hold an object: TLV, SenML JSON or SenML CBOR",
    read: "it holds the values of /1 and of /3",
  },
  async procedure(bench) {
    for (const path of ["/1", "/3"]) {
      const answer = await bench.read(path);
      bench.expectCode("format", answer, CONTENT);
      const fits = [TLV, SENML_JSON, SENML_CBOR].includes(answer.format ?? -1);
      bench.expect("format", fits, `${was(answer)} in ${formatName(answer.format)}`);
      bench.expectValues("read", answer, configuredValues(bench.configuration, path));
    }
  },
});

const REBOOT = clientCase({
  id: "LightweightM2M-1.1-int-241",
  title: "Executable Resource: Rebooting the device",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.5", "LwM2M Core 1.1.1 §E.4"],
  configuration: C_1,
  begins: "registered",
  needs: { features: ["reboot"] },
  criteria: {
    execute: "Execute of /3/0/4 is answered by 2.04",
    register: "the client comes back and registers",
    manageable: "and is there for device management",
  },
  async procedure(bench) {
    bench.expectCode("execute", await bench.execute("/3/0/4"), CHANGED);
    const register = await bench.next("register", bench.now() + bench.pace.patience);
    bench.expect("register", register !== undefined, "no Register came");
    bench.expectCode("manageable", await bench.read("/3/0"), CONTENT);
  },
});

const WRITE_FAILURE = clientCase({
  id: "LightweightM2M-1.1-int-256",
  title: "Write Operation Failure",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Transport 1.1.1 §6.4.5"],
  configuration: C_1,
  begins: "registered",
  criteria: {
    refused: "Write of the read-only /1/0/0 is answered by 4.05",
    unchanged: "its value is as before",
  },
  async procedure(bench) {
    const before = configuredValues(bench.configuration, "/1/0/0");
    const other = before["/1/0/0"] === 123 ? 124 : 123;
    const write = await bench.put("/1/0/0", TEXT, `${other}`);
    bench.expectCode("refused", write, METHOD_NOT_ALLOWED);
    bench.expectValues("unchanged", await bench.read("/1/0/0"), before);
  },
});

const DISCOVER = clientCase({
  id: "LightweightM2M-1.1-int-260",
  title: "Discover Command",
  versions: ALL,
  clauses: ["LwM2M Core 1.1.1 §6.3.2", "LwM2M Core 1.0.2 §5.4.2"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: POWER_RESOURCES },
  criteria: {
    object: "Discover of /3 lists the object, its instance and its resources",
    "write-attributes": "Write-Attributes of /3 and /3/0/7 are answered by 2.04",
    dimension: "Discover of /3/0 says dim=2 for 6, 7 and 8",
    instance: "it lists what is there with lt, gt and st where they were set",
    resource: "Discover of /3/0/7 says them too, and the inherited pmin and pmax",
  },
  async procedure(bench) {
    const resources = [0, 1, 2, 3, 4, 6, 7, 8, 9, 11, 16].map((id) => `/3/0/${id}`);
    const all = bench.expectLinks("object", await bench.discover("/3"));
    expectListed(bench, "object", all, ["/3", "/3/0", ...resources]);

    bench.step("the server sets pmin and pmax on the object");
    const periods = await bench.writeAttributes("/3", ["pmin=10", "pmax=200"]);
    bench.expectCode("write-attributes", periods, CHANGED);
    const before = bench.expectLinks("dimension", await bench.discover("/3/0"));
    for (const path of ["/3/0/6", "/3/0/7", "/3/0/8"]) {
      expectAttributes(bench, "dimension", before, path, { dim: 2 });
    }

    bench.step("the server sets lt, gt and st on the voltage");
    const limits = await bench.writeAttributes("/3/0/7", ["lt=1", "gt=6", "st=1"]);
    bench.expectCode("write-attributes", limits, CHANGED);
    const instance = bench.expectLinks("instance", await bench.discover("/3/0"));
    expectListed(bench, "instance", instance, ["/3/0", ...resources]);
    expectAttributes(bench, "instance", instance, "/3/0/7", { lt: 1, gt: 6, st: 1 });
    const resource = bench.expectLinks("resource", await bench.discover("/3/0/7"));
    const inherited = { dim: 2, pmin: 10, pmax: 200, lt: 1, gt: 6, st: 1 };
    expectAttributes(bench, "resource", resource, "/3/0/7", inherited);
    const isAlone = [...resource.keys()].every((uri) => uri.startsWith("/3/0/7"));
    bench.expect("resource", isAlone, "Discover of /3/0/7 lists what is not below it");
  },
});

const DISCOVER_DEPTH_1 = clientCase({
  id: "LightweightM2M-1.2-int-264",
  title: "Discover Command with depth 1",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2 §6.3.2"],
  configuration: C_4,
  begins: "registered",
  criteria: {
    depth: "Discover of /3?depth=1 lists object and instance, no resources",
    attributes: "and the pmax that was set on the instance",
  },
  async procedure(bench) {
    const links = bench.expectLinks("depth", await bench.discover("/3", ["depth=1"]));
    expectListed(bench, "depth", links, ["/3", "/3/0"]);
    bench.expect("depth", links.size === 2, `it lists ${[...links.keys()].join(", ")}`);
    await bench.givenAttributes("/3/0", "pmax=200");
    const after = bench.expectLinks("attributes", await bench.discover("/3", ["depth=1"]));
    expectAttributes(bench, "attributes", after, "/3/0", { pmax: 200 });
  },
});

const DISCOVER_DEPTH_3 = clientCase({
  id: "LightweightM2M-1.2-int-266",
  title: "Discover Command with depth 3",
  versions: ["1.2"],
  clauses: ["LwM2M Core 1.2 §6.3.2"],
  configuration: C_4,
  begins: "registered",
  needs: { resources: POWER_RESOURCES },
  criteria: {
    "depth-2": "Discover of /3?depth=2 lists resources and no resource instances",
    "depth-3": "Discover of /3?depth=3 lists resource instances as well",
    attributes: "with the attributes that were set on one of them",
  },
  async procedure(bench) {
    const instances = ["/3/0/6/0", "/3/0/6/1", "/3/0/7/0", "/3/0/7/1", "/3/0/8/0", "/3/0/11/0"];
    const two = bench.expectLinks("depth-2", await bench.discover("/3", ["depth=2"]));
    expectListed(bench, "depth-2", two, ["/3/0/7", "/3/0/16"]);
    const tooDeep = [...two.keys()].find((uri) => uri.split("/").length > 4);
    bench.expect("depth-2", tooDeep === undefined, `it lists ${tooDeep}`);
    await bench.givenAttributes("/3/0/7/1", "pmin=5", "pmax=50");
    const three = bench.expectLinks("depth-3", await bench.discover("/3", ["depth=3"]));
    expectListed(bench, "depth-3", three, instances);
    expectAttributes(bench, "attributes", three, "/3/0/7/1", { pmin: 5, pmax: 50 });
  },
});

/** Int-231 and 232: all four levels in one of the SenML formats. */
function querySenml(number: number, format: number): ConformanceCase {
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title: `Querying basic information in ${formatName(format)}`,
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §6.3.1", "LwM2M Core 1.1.1 §7.4.5"],
    configuration: C_1,
    begins: "registered",
    needs: { formats: [format] },
    criteria: {
      object: "/1 is read",
      instance: "/3/0 is read",
      resource: "/3/0/16 is read",
      "resource-instance": "/3/0/11/0 is read",
    },
    async procedure(bench) {
      await expectRead(bench, "object", "/1", format);
      await expectRead(bench, "instance", "/3/0", format);
      await expectRead(bench, "resource", "/3/0/16", format);
      await expectRead(bench, "resource-instance", "/3/0/11/0", format);
    },
  });
}

/** Int-233 and 234: instance, resource instance and resource in one of the SenML formats. */
function setSenml(number: number, format: number): ConformanceCase {
  const configuration = C_12;
  return clientCase({
    id: `LightweightM2M-1.1-int-${number}`,
    title: `Setting basic information in ${formatName(format)}`,
    versions: SINCE_1_1,
    clauses: ["LwM2M Core 1.1.1 §6.3.3", "LwM2M Core 1.1.1 §7.4.5"],
    configuration,
    begins: "registered",
    needs: { formats: [format] },
    criteria: {
      write: "the Writes are answered by 2.04",
      update: "an Update with lt=61, later with lt=63, follows",
      instance: "what was written to the instance is read back, the rest is as before",
      "resource-instance": "so is what was written to one identity",
      resource: "so is what was written to the lifetime",
    },
    async procedure(bench) {
      const write = async (path: string, values: Readonly<Record<string, Value>>) => {
        const payload = encodeValues(format, path, values);
        const isInstance = path.split("/").length === 3;
        const answer = await (isInstance
          ? bench.post(path, format, payload)
          : bench.put(path, format, payload));
        bench.expectCode("write", answer, CHANGED);
      };
      const written = { "/1/0/1": 61, "/1/0/6": true };
      bench.step("the server writes lifetime 61 and storing true at once");
      await write("/1/0", written);
      await expectUpdateWithLifetime(bench, 61, "update");
      const after = { ...configuredValues(configuration, "/1/0"), ...written };
      bench.expectValues("instance", await bench.read("/1", format), after, format);
      bench.step("the server writes one identity");
      await write("/16/0/0/0", { "/16/0/0/0": "changed" });
      const identities = { ...configuredValues(configuration, "/16/0"), "/16/0/0/0": "changed" };
      bench.expectValues(
        "resource-instance",
        await bench.read("/16/0", format),
        identities,
        format,
      );
      bench.step("the server writes lifetime 63");
      await write("/1/0/1", { "/1/0/1": 63 });
      await expectUpdateWithLifetime(bench, 63, "update");
      bench.expectValues("resource", await bench.read("/1/0/1", format), { "/1/0/1": 63 }, format);
    },
  });
}

export const DEVICE_MANAGEMENT_CASES: readonly ConformanceCase[] = [
  QUERY_TEXT,
  QUERY_TLV,
  SET_TEXT,
  QUERY_CBOR,
  SET_CBOR,
  SET_TLV,
  SECURITY_OBJECT,
  READ_OBJECT,
  READ_INSTANCE,
  READ_RESOURCE,
  READ_RESOURCE_INSTANCE,
  PARTIAL_UPDATE,
  REPLACE_RESOURCE,
  WRITE_RESOURCE_INSTANCE,
  QUERY_SENML_JSON,
  QUERY_SENML_CBOR,
  SET_SENML_CBOR,
  SET_SENML_JSON,
  READ_WITHOUT_ACCEPT,
  REBOOT,
  WRITE_FAILURE,
  DISCOVER,
  DISCOVER_DEPTH_1,
  DISCOVER_DEPTH_3,
];
